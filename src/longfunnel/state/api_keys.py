"""Secret keys of other systems and the server's own secret. A key is shown once, when it is made; only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from longfunnel.core.errors import LongfunnelError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.state.tables import ApiKeyRow, ServerSecretRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

PREFIX = "lf_"


class ApiKeyError(LongfunnelError):
    """A key that cannot be made or revoked."""

    code = "api_key"


@dataclass(frozen=True)
class ApiKey:
    """A key, without its secret. Its name is the source of the facts that are sent with it."""

    name: str
    made_at: datetime
    revoked_at: datetime | None


class ApiKeys:
    """The keys kept in the state database. 256 random bits need no slow hash: SHA-256 is enough."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def make(self, name: str) -> str:
        """A new key of that name; the secret is returned and never shown again. Raises ApiKeyError for a name in use."""
        if not name.strip():
            raise ApiKeyError(
                Text(
                    "A key needs a name: the facts that are sent with it bear it as their source.",
                    "Ключу нужно имя: под ним, как под именем источника, стоит всё, что с ним прислано.",
                )
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        try:
            with self._sessions.begin() as session:
                session.add(ApiKeyRow(name=name, secret_hash=_hash(secret), made_at=_now()))
        except IntegrityError:
            raise ApiKeyError(
                Text("There is a key «{name}» already.", "Ключ «{name}» уже есть.").format(name=name),
                hint=Text("Choose another name.", "Выберите другое имя."),
            ) from None
        return secret

    def revoke(self, name: str) -> None:
        """Let the key open nothing any more. Its name stays taken, as facts bear it. Raises ApiKeyError for an unknown name."""
        with self._sessions.begin() as session:
            row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.name == name))
            if row is None:
                raise ApiKeyError(
                    Text("There is no key «{name}».", "Ключа «{name}» нет.").format(name=name)
                    + did_you_mean(name, [key.name for key in self.all()])
                )
            row.revoked_at = row.revoked_at or _now()

    def all(self) -> list[ApiKey]:
        """Every key, revoked ones too, oldest first."""
        with self._sessions() as session:
            return [
                ApiKey(row.name, row.made_at, row.revoked_at)
                for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.made_at))
            ]

    def name_of(self, secret: str) -> str | None:
        """The name of a key that holds; None for any other text."""
        with self._sessions() as session:
            row = session.scalar(
                select(ApiKeyRow).where(ApiKeyRow.secret_hash == _hash(secret), ApiKeyRow.revoked_at.is_(None))
            )
            return row.name if row else None

    def token(self, purpose: str) -> str:
        """An unguessable token for a purpose (an address of a webhook): the same each time, made of the server's own secret."""
        with self._sessions.begin() as session:
            row = session.get(ServerSecretRow, 1)
            if row is None:
                row = ServerSecretRow(id=1, secret=secrets.token_hex(32))
                session.add(row)
            key = bytes.fromhex(row.secret)
        return hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest()[:32]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
