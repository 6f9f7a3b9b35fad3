"""Who did what, when, from where. Entries are only added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from longfunnel.state.account_tables import AuditRow

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session, sessionmaker


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did. ``what`` is a stable code: ``sign_in``, ``user_added`` …"""

    id: int
    happened_at: datetime
    who: str
    what: str
    detail: str
    address: str


class Audit:
    """The audit log in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, who: str, what: str, *, detail: str = "", address: str = "") -> None:
        """Write one entry, now."""
        at = datetime.now(UTC).replace(tzinfo=None)
        with self._sessions.begin() as session:
            session.add(AuditRow(happened_at=at, who=who, what=what, detail=detail[:500], address=address))

    def latest(self, limit: int | None = 200, *, skip: int = 0, who: str | None = None) -> list[AuditEntry]:
        """The newest entries, newest first, after the ``skip`` newest: of one account, or of all; ``limit`` None: to the first."""
        wanted = _of(select(AuditRow), who).order_by(AuditRow.id.desc()).limit(limit).offset(skip)
        with self._sessions() as session:
            return [
                AuditEntry(row.id, row.happened_at, row.who, row.what, row.detail, row.address)
                for row in session.scalars(wanted)
            ]

    def count(self, *, who: str | None = None) -> int:
        """How many entries there are: of one account, or of all."""
        with self._sessions() as session:
            return session.scalar(_of(select(func.count()).select_from(AuditRow), who)) or 0


def _of(wanted: Select[Any], who: str | None) -> Select[Any]:
    return wanted if who is None else wanted.where(AuditRow.who == who)
