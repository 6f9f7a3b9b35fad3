"""What lets a browser in: its session, one-time links, recovery codes. Only hashes are kept.

Each secret has at least 80 random bits, so SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, func, select

from longfunnel.core.text import Text
from longfunnel.state.account_tables import OneTimeLinkRow, RecoveryCodeRow, SessionRow, UserRow
from longfunnel.state.users import AccountError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

IDLE = timedelta(days=14)
"""A session that nobody uses ends after this."""
LONGEST = timedelta(days=90)
"""Every session ends after this."""
SEEN_EVERY = timedelta(minutes=5)
"""How exactly «last used» is kept."""
RECOVERY_CODES = 10
_CODE_BYTES = 10


@dataclass(frozen=True)
class OpenSession:
    """One signed-in browser, without its secret."""

    id: str
    """The hash of its cookie: it names the session and opens nothing."""
    user_id: int
    made_at: datetime
    seen_at: datetime
    address: str
    """Where it signed in from."""
    agent: str
    """What the browser calls itself."""


class Sessions:
    """Signed-in browsers."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def open(self, user_id: int, *, address: str, agent: str) -> str:
        """Begin a session; its secret goes into the cookie and is kept nowhere. Sessions that ended are swept away."""
        secret, at = secrets.token_urlsafe(32), now()
        with self._sessions.begin() as session:
            session.execute(
                delete(SessionRow).where((SessionRow.seen_at < at - IDLE) | (SessionRow.made_at < at - LONGEST))
            )
            session.add(
                SessionRow(
                    id_hash=hash_of(secret), user_id=user_id, made_at=at, seen_at=at, address=address, agent=agent[:300]
                )
            )
        return secret

    def user_of(self, secret: str) -> int | None:
        """Whose session it is; None for one that ended, never was, or whose user is disabled."""
        at = now()
        with self._sessions() as session:
            row = session.get(SessionRow, hash_of(secret))
            if row is None or row.seen_at < at - IDLE or row.made_at < at - LONGEST:
                return None
            user = session.get_one(UserRow, row.user_id)
            if user.disabled_at is not None:
                return None
            if row.seen_at < at - SEEN_EVERY:
                row.seen_at = at
                session.commit()
            return row.user_id

    def all(self, *, user_id: int | None = None) -> list[OpenSession]:
        """Sessions that hold, the last used first: of one user, or of all."""
        at = now()
        wanted = (
            select(SessionRow)
            .where(SessionRow.seen_at >= at - IDLE, SessionRow.made_at >= at - LONGEST)
            .order_by(SessionRow.seen_at.desc(), SessionRow.made_at.desc())
        )
        if user_id is not None:
            wanted = wanted.where(SessionRow.user_id == user_id)
        with self._sessions() as session:
            return [
                OpenSession(row.id_hash, row.user_id, row.made_at, row.seen_at, row.address, row.agent)
                for row in session.scalars(wanted)
            ]

    def number_of(self, secret: str) -> str:
        """The id of the session of this secret."""
        return hash_of(secret)

    def close(self, secret: str) -> None:
        """End a session."""
        with self._sessions.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.id_hash == hash_of(secret)))

    def end(self, user_id: int, *, number: str = "", but: str = "") -> int:
        """End one session of a user by its id, or all of them, but for the one of the secret ``but``. Returns how many."""
        wanted = delete(SessionRow).where(SessionRow.user_id == user_id)
        if number:
            wanted = wanted.where(SessionRow.id_hash == number)
        if but:
            wanted = wanted.where(SessionRow.id_hash != hash_of(but))
        with self._sessions.begin() as session:
            return int(cast("Any", session.execute(wanted)).rowcount)


class OneTimeLinks:
    """Links, and steps of a sign-in, that open one thing once."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, purpose: str, *, user_id: int | None = None, lasts: timedelta) -> str:
        """A new link's secret. Earlier links of the same purpose and user open nothing any more."""
        secret = secrets.token_urlsafe(32)
        with self._sessions.begin() as session:
            session.execute(
                delete(OneTimeLinkRow).where(
                    (OneTimeLinkRow.expires_at < now())
                    | ((OneTimeLinkRow.purpose == purpose) & OneTimeLinkRow.user_id.is_not_distinct_from(user_id))
                )
            )
            session.add(
                OneTimeLinkRow(token_hash=hash_of(secret), purpose=purpose, user_id=user_id, expires_at=now() + lasts)
            )
        return secret

    def holds(self, purpose: str, secret: str) -> bool:
        """Whether the link would open; it stays unused."""
        with self._sessions() as session:
            row = session.get(OneTimeLinkRow, hash_of(secret))
            return row is not None and row.purpose == purpose and row.expires_at > now()

    def use(self, purpose: str, secret: str) -> int | None:
        """Use the link up: the user that it is for, or None for nobody yet. Raises AccountError when it does not open."""
        with self._sessions.begin() as session:
            row = session.get(OneTimeLinkRow, hash_of(secret), with_for_update=True)
            if row is None or row.purpose != purpose or row.expires_at <= now():
                raise AccountError(
                    Text("This link was used already, or its time is over.", "Ссылка уже использована или устарела."),
                    hint=Text("Ask for a new one.", "Запросите новую."),
                )
            session.delete(row)
            return row.user_id


class RecoveryCodes:
    """Codes that stand in for a lost second factor, each once."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, user_id: int) -> list[str]:
        """Ten new codes, shown once; the earlier ones open nothing any more."""
        codes = [b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
        with self._sessions.begin() as session:
            session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
            session.add_all(RecoveryCodeRow(user_id=user_id, code_hash=hash_of(code)) for code in codes)
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]

    def left(self, user_id: int) -> int:
        """How many of a user's codes are unused."""
        with self._sessions() as session:
            wanted = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
            return session.scalar(wanted) or 0

    def use(self, user_id: int, code: str) -> bool:
        """Use a code up; False when it is none of the user's, or was used before. Dashes, spaces and case are free."""
        plain = "".join(letter for letter in code.lower() if letter.isalnum())
        with self._sessions.begin() as session:
            gone = session.execute(
                delete(RecoveryCodeRow).where(
                    RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.code_hash == hash_of(plain)
                )
            )
            return bool(cast("Any", gone).rowcount)


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def now() -> datetime:
    """This instant: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
