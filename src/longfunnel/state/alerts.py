"""Alerts: a number that is watched, and where its episode stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, select, update

from longfunnel.core.text import Text, read_stored, stored
from longfunnel.state.letter_tables import AlertRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

Rule = Literal["above", "below", "unusual"]
AlertState = Literal["unknown", "normal", "alarm"]


@dataclass(frozen=True)
class Alert:
    """One alert. Instants are UTC."""

    id: int
    user_id: int
    """Whose it is: the question is asked with this user's rights."""
    name: str
    page: str
    query: str
    language: str
    recipients: tuple[str, ...]
    metric: str
    rule: Rule
    threshold: Decimal | None
    """For above and below; a share is in 0..1."""
    made_at: datetime
    paused_at: datetime | None
    checked_at: datetime | None
    state: AlertState
    """unknown: never checked, or the last check could not tell."""
    reading: str
    """What the last check found, as JSON; empty before the first."""
    episode: int
    """The number of the episode that goes on or was last; 0 before the first."""
    alarm_at: datetime | None
    """When that episode began."""
    normal_at: datetime | None
    """Since when the number has been back within its bounds while the episode is not over yet."""
    trouble: Text


class Alerts:
    """The alerts in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, user_id: int, *, made_at: datetime, **values: Any) -> Alert:
        """Keep a new one: name, page, query, language, recipients, metric, rule, threshold."""
        with self._sessions.begin() as session:
            row = AlertRow(
                user_id=user_id, made_at=made_at, state="unknown", reading="", episode=0, trouble="", **_kept(values)
            )
            session.add(row)
            session.flush()
            return _alert(row)

    def change(self, number: int, **values: Any) -> None:
        """Set fields of one; one that is gone is left alone."""
        with self._sessions.begin() as session:
            session.execute(update(AlertRow).where(AlertRow.id == number).values(**_kept(values)))

    def get(self, number: int) -> Alert | None:
        """One alert, or None."""
        with self._sessions() as session:
            row = session.get(AlertRow, number)
            return _alert(row) if row else None

    def all(self, *, user_id: int | None = None) -> list[Alert]:
        """Those of one user, or everybody's; oldest first."""
        wanted = select(AlertRow).order_by(AlertRow.id)
        if user_id is not None:
            wanted = wanted.where(AlertRow.user_id == user_id)
        with self._sessions() as session:
            return [_alert(row) for row in session.scalars(wanted)]

    def remove(self, number: int) -> None:
        """Forget one, and its letters."""
        with self._sessions.begin() as session:
            session.execute(delete(AlertRow).where(AlertRow.id == number))


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    kept = dict(values)
    if "recipients" in kept:
        kept["recipients"] = "\n".join(kept["recipients"])
    if kept.get("threshold") is not None:
        kept["threshold"] = format(kept["threshold"], "f")
    if "trouble" in kept:
        kept["trouble"] = stored(kept["trouble"])
    return kept


def _alert(row: AlertRow) -> Alert:
    return Alert(
        row.id, row.user_id, row.name, row.page, row.query, row.language, tuple(row.recipients.split("\n")), row.metric,
        cast("Rule", row.rule), None if row.threshold is None else Decimal(row.threshold), row.made_at, row.paused_at,
        row.checked_at, cast("AlertState", row.state), row.reading, row.episode, row.alarm_at, row.normal_at,
        read_stored(row.trouble),
    )  # fmt: skip
