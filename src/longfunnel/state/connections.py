"""Connections: each connected source's secrets, sealed by the caller, and how its last run fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the mapper reads it
from typing import TYPE_CHECKING

from sqlalchemy import Text as Words
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from longfunnel.core.text import Text, read_stored, stored
from longfunnel.state.tables import Instant, Table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


class ConnectionRow(Table):
    """One source that reaches an outside system."""

    __tablename__ = "connections"

    source: Mapped[str] = mapped_column(Words, primary_key=True)
    sealed: Mapped[str] = mapped_column(Words, default="")
    """Credentials and tokens, encrypted; empty where there are none."""
    state: Mapped[str] = mapped_column(Words, default="")
    """good, or the kind of trouble: expired, forbidden, limited, temporary, gone, changed_schema, refused."""
    told: Mapped[str] = mapped_column(Words, default="")
    """The trouble in plain words, as ``stored`` writes them."""
    looked_at: Mapped[datetime | None] = mapped_column(Instant)
    good_at: Mapped[datetime | None] = mapped_column(Instant)
    not_before: Mapped[datetime | None] = mapped_column(Instant)
    """When the system asked us to come back."""


@dataclass(frozen=True)
class Connection:
    """How a connected source fares."""

    source: str
    state: str
    """Empty before the first run."""
    told: Text
    """The trouble in plain words."""
    looked_at: datetime | None
    """The last run."""
    good_at: datetime | None
    """The last run without trouble."""
    not_before: datetime | None


class Connections:
    """The connections in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def all(self) -> dict[str, Connection]:
        """Every one, by its source's name."""
        with self._sessions() as session:
            return {
                row.source: _value(row) for row in session.scalars(select(ConnectionRow).order_by(ConnectionRow.source))
            }

    def sealed(self, source: str) -> str:
        """The source's sealed secrets; empty where there are none."""
        with self._sessions() as session:
            row = session.get(ConnectionRow, source)
            return row.sealed if row else ""

    def seal(self, source: str, sealed: str) -> None:
        """Keep the source's sealed secrets in place of the ones before."""
        with self._sessions.begin() as session:
            _row(session, source).sealed = sealed

    def note(self, source: str, state: str, told: Text, at: datetime, *, not_before: datetime | None = None) -> None:
        """How the run that ended at ``at`` (naive UTC) fared."""
        with self._sessions.begin() as session:
            row = _row(session, source)
            row.state, row.told, row.looked_at, row.not_before = state, stored(told), at, not_before
            if state == "good":
                row.good_at = at

    def forget(self, source: str) -> None:
        """Delete the source's secrets and its state."""
        with self._sessions.begin() as session:
            row = session.get(ConnectionRow, source)
            if row is not None:
                session.delete(row)


def _row(session: Session, source: str) -> ConnectionRow:
    row = session.get(ConnectionRow, source)
    if row is None:
        row = ConnectionRow(source=source, sealed="", state="", told="")
        session.add(row)
    return row


def _value(row: ConnectionRow) -> Connection:
    return Connection(row.source, row.state, read_stored(row.told), row.looked_at, row.good_at, row.not_before)
