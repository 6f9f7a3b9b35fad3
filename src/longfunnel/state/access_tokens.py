"""Tokens with which programs read in a user's name. Only their hashes are kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from longfunnel.state.access import SEEN_EVERY, hash_of, now
from longfunnel.state.account_tables import AccessTokenRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

TOKEN_PREFIX = "lft_"  # noqa: S105 - how a token begins, not one


@dataclass(frozen=True)
class AccessToken:
    """A program's token, without its secret."""

    id: int
    user_id: int
    name: str
    scopes: tuple[str, ...]
    """What it may read, by name."""
    made_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None
    """From when on it opens nothing; None: it never ends by itself."""

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now()


class AccessTokens:
    """The tokens in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, user_id: int, name: str, scopes: tuple[str, ...], *, expires_at: datetime | None = None) -> str:
        """A new token's secret, shown once."""
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        row = AccessTokenRow(
            token_hash=hash_of(secret), user_id=user_id, name=name.strip(), scopes=" ".join(scopes), made_at=now(), expires_at=expires_at
        )  # fmt: skip
        with self._sessions.begin() as session:
            session.add(row)
        return secret

    def of_user(self, user_id: int) -> list[AccessToken]:
        """A user's tokens, newest first."""
        with self._sessions() as session:
            rows = session.scalars(
                select(AccessTokenRow).where(AccessTokenRow.user_id == user_id).order_by(AccessTokenRow.id.desc())
            )
            return [_token(row) for row in rows]

    def find(self, secret: str) -> AccessToken | None:
        """The token, if it holds, its time is not over, and its user may sign in."""
        with self._sessions.begin() as session:
            row = session.scalar(
                select(AccessTokenRow)
                .join(UserRow, UserRow.id == AccessTokenRow.user_id)
                .where(
                    AccessTokenRow.token_hash == hash_of(secret),
                    AccessTokenRow.revoked_at.is_(None),
                    AccessTokenRow.expires_at.is_(None) | (AccessTokenRow.expires_at > now()),
                    UserRow.disabled_at.is_(None),
                )
            )
            if row is None:
                return None
            if row.used_at is None or row.used_at < now() - SEEN_EVERY:
                row.used_at = now()
            return _token(row)

    def revoke(self, number: int, *, user_id: int) -> AccessToken | None:
        """Let a user's token open nothing any more; what it was, or None where the user has no such token in use."""
        with self._sessions.begin() as session:
            row = session.get(AccessTokenRow, number)
            if row is None or row.user_id != user_id or row.revoked_at is not None:
                return None
            row.revoked_at = now()
            return _token(row)


def _token(row: AccessTokenRow) -> AccessToken:
    scopes = tuple(row.scopes.split())
    return AccessToken(row.id, row.user_id, row.name, scopes, row.made_at, row.used_at, row.revoked_at, row.expires_at)
