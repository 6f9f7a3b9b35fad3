"""What opens a door: sessions of browsers, one-time links, tokens of programs, share links. Only hashes are kept.

Each secret has 256 random bits, so SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from longfunnel.state.account_tables import AccessTokenRow, OneTimeLinkRow, SessionRow, ShareLinkRow, UserRow
from longfunnel.state.users import AccountError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

TOKEN_PREFIX = "lft_"  # noqa: S105 - how a token begins, not one
IDLE = timedelta(days=14)
"""A session that nobody uses ends after this."""
LONGEST = timedelta(days=90)
"""Every session ends after this."""
_SEEN_EVERY = timedelta(minutes=5)


class Sessions:
    """Signed-in browsers."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def open(self, user_id: int, *, address: str, agent: str) -> str:
        """Begin a session; its secret goes into the cookie and is kept nowhere. Sessions that ended are swept away."""
        secret, now = secrets.token_urlsafe(32), _now()
        with self._sessions.begin() as session:
            session.execute(
                delete(SessionRow).where((SessionRow.seen_at < now - IDLE) | (SessionRow.made_at < now - LONGEST))
            )
            session.add(
                SessionRow(
                    id_hash=_hash(secret), user_id=user_id, made_at=now, seen_at=now, address=address, agent=agent[:300]
                )
            )
        return secret

    def user_of(self, secret: str) -> int | None:
        """Whose session it is; None for one that ended, never was, or whose user is disabled."""
        now = _now()
        with self._sessions() as session:
            row = session.get(SessionRow, _hash(secret))
            if row is None or row.seen_at < now - IDLE or row.made_at < now - LONGEST:
                return None
            user = session.get_one(UserRow, row.user_id)
            if user.disabled_at is not None:
                return None
            if row.seen_at < now - _SEEN_EVERY:
                row.seen_at = now
                session.commit()
            return row.user_id

    def close(self, secret: str) -> None:
        """End a session."""
        with self._sessions.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.id_hash == _hash(secret)))


class OneTimeLinks:
    """Links that open one thing once."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, purpose: str, *, user_id: int | None = None, lasts: timedelta) -> str:
        """A new link's secret. Earlier links of the same purpose and user open nothing any more."""
        secret = secrets.token_urlsafe(32)
        with self._sessions.begin() as session:
            session.execute(
                delete(OneTimeLinkRow).where(
                    (OneTimeLinkRow.expires_at < _now())
                    | ((OneTimeLinkRow.purpose == purpose) & OneTimeLinkRow.user_id.is_not_distinct_from(user_id))
                )
            )
            session.add(
                OneTimeLinkRow(token_hash=_hash(secret), purpose=purpose, user_id=user_id, expires_at=_now() + lasts)
            )
        return secret

    def holds(self, purpose: str, secret: str) -> bool:
        """Whether the link would open; it stays unused."""
        with self._sessions() as session:
            row = session.get(OneTimeLinkRow, _hash(secret))
            return row is not None and row.purpose == purpose and row.expires_at > _now()

    def use(self, purpose: str, secret: str) -> int | None:
        """Use the link up: the user that it is for, or None for nobody yet. Raises AccountError when it does not open."""
        with self._sessions.begin() as session:
            row = session.get(OneTimeLinkRow, _hash(secret), with_for_update=True)
            if row is None or row.purpose != purpose or row.expires_at <= _now():
                raise AccountError("This link was used already, or its time is over.", hint="Ask for a new one.")
            session.delete(row)
            return row.user_id


@dataclass(frozen=True)
class AccessToken:
    """A program's token, without its secret."""

    id: int
    user_id: int
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class AccessTokens:
    """Tokens with which programs read in a user's name."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, user_id: int, name: str, scopes: tuple[str, ...]) -> str:
        """A new token's secret, shown once."""
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with self._sessions.begin() as session:
            session.add(
                AccessTokenRow(
                    token_hash=_hash(secret),
                    user_id=user_id,
                    name=name.strip(),
                    scopes=" ".join(scopes),
                    made_at=_now(),
                )
            )
        return secret

    def of_user(self, user_id: int) -> list[AccessToken]:
        """A user's tokens, newest first."""
        with self._sessions() as session:
            rows = session.scalars(
                select(AccessTokenRow).where(AccessTokenRow.user_id == user_id).order_by(AccessTokenRow.id.desc())
            )
            return [_token(row) for row in rows]

    def find(self, secret: str) -> AccessToken | None:
        """The token, if it holds and its user may sign in."""
        with self._sessions.begin() as session:
            row = session.scalar(
                select(AccessTokenRow)
                .join(UserRow, UserRow.id == AccessTokenRow.user_id)
                .where(
                    AccessTokenRow.token_hash == _hash(secret),
                    AccessTokenRow.revoked_at.is_(None),
                    UserRow.disabled_at.is_(None),
                )
            )
            if row is None:
                return None
            if row.used_at is None or row.used_at < _now() - _SEEN_EVERY:
                row.used_at = _now()
            return _token(row)

    def revoke(self, number: int, *, user_id: int) -> None:
        """Let a user's token open nothing any more; another user's is left alone."""
        with self._sessions.begin() as session:
            session.execute(
                update(AccessTokenRow)
                .where(AccessTokenRow.id == number, AccessTokenRow.user_id == user_id)
                .values(revoked_at=_now())
            )


@dataclass(frozen=True)
class ShareLink:
    """One page's question, open to whoever has the link."""

    id: int
    user_id: int
    title: str
    path: str
    question: str
    """As a query string."""
    made_at: datetime
    revoked_at: datetime | None


class ShareLinks:
    """Links that show one question to whoever has them."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, user_id: int, *, title: str, path: str, question: str) -> str:
        """A new link's secret, shown once."""
        secret = secrets.token_urlsafe(32)
        with self._sessions.begin() as session:
            session.add(
                ShareLinkRow(
                    token_hash=_hash(secret), user_id=user_id, title=title, path=path, question=question, made_at=_now()
                )
            )
        return secret

    def find(self, secret: str) -> ShareLink | None:
        """The link, if it holds and its maker may still sign in."""
        with self._sessions() as session:
            row = session.scalar(
                select(ShareLinkRow)
                .join(UserRow, UserRow.id == ShareLinkRow.user_id)
                .where(
                    ShareLinkRow.token_hash == _hash(secret),
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

    def revoke(self, number: int, *, user_id: int | None = None) -> None:
        """Close a link: of one user only, unless ``user_id`` is None."""
        wanted = update(ShareLinkRow).where(ShareLinkRow.id == number)
        if user_id is not None:
            wanted = wanted.where(ShareLinkRow.user_id == user_id)
        with self._sessions.begin() as session:
            session.execute(wanted.values(revoked_at=_now()))


def _token(row: AccessTokenRow) -> AccessToken:
    scopes = tuple(row.scopes.split())
    return AccessToken(row.id, row.user_id, row.name, scopes, row.made_at, row.used_at, row.revoked_at)


def _share(row: ShareLinkRow) -> ShareLink:
    return ShareLink(row.id, row.user_id, row.title, row.path, row.question, row.made_at, row.revoked_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
