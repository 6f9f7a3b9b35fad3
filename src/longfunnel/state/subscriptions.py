"""Subscriptions: a page's question that goes out by e-mail on a schedule, with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, select, update

from longfunnel.core.text import Text, read_stored
from longfunnel.state.letter_tables import SubscriptionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

Every = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Subscription:
    """One subscription. Instants are UTC."""

    id: int
    user_id: int
    """Whose it is: the question is asked with this user's rights."""
    name: str
    page: str
    query: str
    language: str
    recipients: tuple[str, ...]
    every: Every
    on_day: int
    """The ISO weekday (every week), the day of the month (every month), 0 (every day)."""
    minute: int
    """Of the day, in the business's zone."""
    made_at: datetime
    next_at: datetime
    sent_at: datetime | None
    """When the last letter of it was sent."""
    paused_at: datetime | None
    trouble: Text
    """Why the last time did not work, in plain words; empty when it did."""


class Subscriptions:
    """The subscriptions in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, user_id: int, *, made_at: datetime, **values: Any) -> Subscription:
        """Keep a new one: name, page, query, language, recipients, every, on_day, minute, next_at."""
        with self._sessions.begin() as session:
            row = SubscriptionRow(user_id=user_id, made_at=made_at, trouble="", **_kept(values))
            session.add(row)
            session.flush()
            return _subscription(row)

    def change(self, number: int, **values: Any) -> None:
        """Set fields of one; one that is gone is left alone."""
        with self._sessions.begin() as session:
            session.execute(update(SubscriptionRow).where(SubscriptionRow.id == number).values(**_kept(values)))

    def get(self, number: int) -> Subscription | None:
        """One subscription, or None."""
        with self._sessions() as session:
            row = session.get(SubscriptionRow, number)
            return _subscription(row) if row else None

    def all(self, *, user_id: int | None = None) -> list[Subscription]:
        """Those of one user, or everybody's; oldest first."""
        wanted = select(SubscriptionRow).order_by(SubscriptionRow.id)
        if user_id is not None:
            wanted = wanted.where(SubscriptionRow.user_id == user_id)
        with self._sessions() as session:
            return [_subscription(row) for row in session.scalars(wanted)]

    def due(self, at: datetime) -> list[Subscription]:
        """Those whose time has come and that are not paused."""
        wanted = select(SubscriptionRow).where(SubscriptionRow.next_at <= at, SubscriptionRow.paused_at.is_(None))
        with self._sessions() as session:
            return [_subscription(row) for row in session.scalars(wanted.order_by(SubscriptionRow.id))]

    def remove(self, number: int) -> None:
        """Forget one, and its letters."""
        with self._sessions.begin() as session:
            session.execute(delete(SubscriptionRow).where(SubscriptionRow.id == number))


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return values | ({"recipients": "\n".join(values["recipients"])} if "recipients" in values else {})


def _subscription(row: SubscriptionRow) -> Subscription:
    return Subscription(
        row.id, row.user_id, row.name, row.page, row.query, row.language, tuple(row.recipients.split("\n")),
        cast("Every", row.every), row.on_day, row.minute, row.made_at, row.next_at, row.sent_at, row.paused_at,
        read_stored(row.trouble),
    )  # fmt: skip
