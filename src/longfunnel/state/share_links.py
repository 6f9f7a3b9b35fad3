"""Links that show one page to whoever has them. Only their hashes are kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from longfunnel.state.access import hash_of, now
from longfunnel.state.account_tables import ShareLinkRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker


@dataclass(frozen=True)
class ShareLink:
    """One page's question, open to whoever has the link."""

    id: int
    user_id: int
    """Who made it: it shows what they may see."""
    title: str
    path: str
    """The page."""
    question: str
    """What it is asked, as a query string."""
    made_at: datetime
    revoked_at: datetime | None


class ShareLinks:
    """The shared links in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, user_id: int, *, title: str, path: str, question: str) -> str:
        """A new link's secret, shown once."""
        secret = secrets.token_urlsafe(32)
        row = ShareLinkRow(
            token_hash=hash_of(secret), user_id=user_id, title=title, path=path, question=question, made_at=now()
        )
        with self._sessions.begin() as session:
            session.add(row)
        return secret

    def find(self, secret: str) -> ShareLink | None:
        """The link, if it holds and its maker may still sign in."""
        with self._sessions() as session:
            row = session.scalar(
                select(ShareLinkRow)
                .join(UserRow, UserRow.id == ShareLinkRow.user_id)
                .where(
                    ShareLinkRow.token_hash == hash_of(secret),
                    ShareLinkRow.revoked_at.is_(None),
                    UserRow.disabled_at.is_(None),
                )
            )
            return _share(row) if row else None

    def all(self, *, user_id: int | None = None) -> list[ShareLink]:
        """Links that hold, newest first: of one user, or of all."""
        wanted = select(ShareLinkRow).where(ShareLinkRow.revoked_at.is_(None)).order_by(ShareLinkRow.id.desc())
        if user_id is not None:
            wanted = wanted.where(ShareLinkRow.user_id == user_id)
        with self._sessions() as session:
            return [_share(row) for row in session.scalars(wanted)]

    def revoke(self, number: int, *, user_id: int | None = None) -> ShareLink | None:
        """Close a link: of one user only, unless ``user_id`` is None. What it was, or None where there is no such open link."""
        with self._sessions.begin() as session:
            row = session.get(ShareLinkRow, number)
            if row is None or row.revoked_at is not None or user_id not in (None, row.user_id):
                return None
            row.revoked_at = now()
            return _share(row)


def _share(row: ShareLinkRow) -> ShareLink:
    return ShareLink(row.id, row.user_id, row.title, row.path, row.question, row.made_at, row.revoked_at)
