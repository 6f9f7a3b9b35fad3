"""Secrets that belong to no source, sealed by the caller: the password of the mail server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text as Words
from sqlalchemy.orm import Mapped, mapped_column

from longfunnel.state.tables import Table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


class SealedRow(Table):
    """One secret, encrypted."""

    __tablename__ = "sealed"

    name: Mapped[str] = mapped_column(Words, primary_key=True)
    sealed: Mapped[str] = mapped_column(Words)


class Sealed:
    """The sealed secrets in the state database, by name."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def get(self, name: str) -> str:
        """The sealed secret; empty where there is none."""
        with self._sessions() as session:
            row = session.get(SealedRow, name)
            return row.sealed if row else ""

    def keep(self, name: str, sealed: str) -> None:
        """Keep the secret in place of the one before; an empty one is forgotten."""
        with self._sessions.begin() as session:
            row = session.get(SealedRow, name)
            if row is not None:
                session.delete(row)
                session.flush()
            if sealed:
                session.add(SealedRow(name=name, sealed=sealed))
