"""Letters: what is to be sent to whom. A letter is written down in the same transaction as what it follows from, and only then
sent: a kill loses none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, select, update

from longfunnel.core.text import Text, read_stored, stored
from longfunnel.state.letter_tables import AlertRow, LetterRow, SubscriptionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

Kind = Literal["report", "alarm", "normal"]


@dataclass(frozen=True)
class Letter:
    """One letter to one recipient. Instants are UTC."""

    id: int
    subscription_id: int | None
    alert_id: int | None
    kind: Kind
    recipient: str
    detail: str
    """What the alert's check found, as JSON; empty for a report."""
    due_at: datetime
    tries: int
    try_at: datetime | None
    """When to try next; None when it was sent or given up."""
    sent_at: datetime | None
    trouble: Text


class Letters:
    """The letters in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def write_reports(
        self, number: int, recipients: tuple[str, ...], due_at: datetime, *, next_at: datetime | None = None
    ) -> None:
        """Write down a subscription's letters of one time and set its ``next_at`` (None: it stays).

        Letters of earlier times that still wait are given up: the new ones say the same, newer.
        """
        with self._sessions.begin() as session:
            if session.get(SubscriptionRow, number, with_for_update=True) is None:
                return
            earlier = update(LetterRow).where(
                LetterRow.subscription_id == number, LetterRow.due_at < due_at, LetterRow.recipient.in_(recipients)
            )
            session.execute(earlier.where(LetterRow.try_at.is_not(None)).values(try_at=None))
            for recipient in recipients:
                _write(session, "report", recipient, due_at, subscription_id=number)
            if next_at is not None:
                session.execute(
                    update(SubscriptionRow).where(SubscriptionRow.id == number).values(next_at=next_at, trouble="")
                )

    def write_alert(
        self, number: int, recipients: tuple[str, ...], kind: Kind, due_at: datetime, detail: str, **standing: Any
    ) -> None:
        """Write down the letters of an episode's beginning or end and set the alert's ``standing``."""
        if "trouble" in standing:
            standing["trouble"] = stored(standing["trouble"])
        with self._sessions.begin() as session:
            if session.get(AlertRow, number, with_for_update=True) is None:
                return
            for recipient in recipients:
                _write(session, kind, recipient, due_at, alert_id=number, detail=detail)
            session.execute(update(AlertRow).where(AlertRow.id == number).values(**standing))

    def waiting(self, at: datetime) -> list[Letter]:
        """Letters to be tried now, oldest first."""
        wanted = select(LetterRow).where(LetterRow.try_at <= at).order_by(LetterRow.due_at, LetterRow.id)
        with self._sessions() as session:
            return [_letter(row) for row in session.scalars(wanted)]

    def of(
        self, *, subscription_id: int | None = None, alert_id: int | None = None, due_at: datetime | None = None
    ) -> list[Letter]:
        """The letters of a subscription or an alert, newest first; ``due_at`` keeps those of one time."""
        wanted = select(LetterRow).order_by(LetterRow.due_at.desc(), LetterRow.id)
        if subscription_id is not None:
            wanted = wanted.where(LetterRow.subscription_id == subscription_id)
        if alert_id is not None:
            wanted = wanted.where(LetterRow.alert_id == alert_id)
        if due_at is not None:
            wanted = wanted.where(LetterRow.due_at == due_at)
        with self._sessions() as session:
            return [_letter(row) for row in session.scalars(wanted)]

    def lease(self, letter: Letter, until: datetime) -> bool:
        """Take the letter to send it: until then nobody else tries. False when somebody else has."""
        with self._sessions.begin() as session:
            taken = session.execute(
                update(LetterRow)
                .where(LetterRow.id == letter.id, LetterRow.try_at == letter.try_at)
                .values(try_at=until)
            )
            return bool(cast("Any", taken).rowcount)

    def give_up(self, about: str, recipient: str = "") -> None:
        """Try none of the waiting letters of «subscription 3» or «alert 3» any more, or only those to one recipient."""
        kind, _, number = about.partition(" ")
        column = LetterRow.subscription_id if kind == "subscription" else LetterRow.alert_id
        wanted = update(LetterRow).where(column == int(number), LetterRow.try_at.is_not(None))
        if recipient:
            wanted = wanted.where(LetterRow.recipient == recipient)
        with self._sessions.begin() as session:
            session.execute(wanted.values(try_at=None))

    def note_sent(self, letter: Letter, at: datetime) -> None:
        """It was taken by the mail server."""
        with self._sessions.begin() as session:
            session.execute(
                update(LetterRow)
                .where(LetterRow.id == letter.id)
                .values(sent_at=at, try_at=None, tries=letter.tries + 1, trouble="")
            )
            if letter.subscription_id is not None:
                session.execute(
                    update(SubscriptionRow).where(SubscriptionRow.id == letter.subscription_id).values(sent_at=at)
                )

    def note_failed(self, letter: Letter, trouble: Text, *, try_at: datetime | None) -> None:
        """It was not taken: when to try again, None to give it up. A subscription shows its trouble until its next time."""
        with self._sessions.begin() as session:
            session.execute(
                update(LetterRow)
                .where(LetterRow.id == letter.id)
                .values(try_at=try_at, tries=letter.tries + 1, trouble=stored(trouble))
            )
            session.execute(
                update(SubscriptionRow)
                .where(SubscriptionRow.id == letter.subscription_id)
                .values(trouble=stored(trouble))
            )

    def forget(self, before: datetime) -> None:
        """Let go of letters that were due before and wait for nothing."""
        with self._sessions.begin() as session:
            session.execute(delete(LetterRow).where(LetterRow.due_at < before, LetterRow.try_at.is_(None)))


def _write(session: Session, kind: Kind, recipient: str, due_at: datetime, **about: Any) -> None:
    """One letter, tried at once; the same one again is left as it is."""
    key = f"{kind} {about.get('subscription_id') or about['alert_id']} {due_at.isoformat()} {recipient}"
    if session.scalar(select(LetterRow.id).where(LetterRow.key == key)) is None:
        session.add(
            LetterRow(
                key=key, kind=kind, recipient=recipient, due_at=due_at, try_at=due_at, tries=0, trouble="",
                **({"detail": ""} | about),
            )
        )  # fmt: skip


def _letter(row: LetterRow) -> Letter:
    return Letter(
        row.id, row.subscription_id, row.alert_id, cast("Kind", row.kind), row.recipient, row.detail, row.due_at,
        row.tries, row.try_at, row.sent_at, read_stored(row.trouble),
    )  # fmt: skip
