"""Who did what, when, from where. Entries are only added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from longfunnel.state.account_tables import AuditRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did. ``what`` is a stable code: ``sign_in``, ``user_added`` …"""

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

    def latest(self, limit: int = 200) -> list[AuditEntry]:
        """The newest entries, newest first."""
        with self._sessions() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(limit))
            return [AuditEntry(row.happened_at, row.who, row.what, row.detail, row.address) for row in rows]
