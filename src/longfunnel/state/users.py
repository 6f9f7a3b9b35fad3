"""The users: who may sign in, in which role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from longfunnel.core.errors import LongfunnelError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.state.account_tables import OneTimeLinkRow, RecoveryCodeRow, SessionRow, UserRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

Role = Literal["owner", "analyst", "manager", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


class AccountError(LongfunnelError):
    """An account that cannot be made or changed, or a sign-in that is refused."""

    code = "account"


@dataclass(frozen=True)
class User:
    """Somebody who may sign in."""

    id: int
    email: str
    name: str
    role: Role
    manager: str = ""
    """The name in the CRM whose deals a user of the role manager sees."""
    has_totp: bool = False
    language: str = ""
    """en, ru, or empty: the business's."""
    theme: str = ""
    """light, dark, or empty: the browser's."""
    is_disabled: bool = False


class Users:
    """The users kept in the state database. E-mail addresses are compared without regard to case."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, *, email: str, name: str, role: Role, password_hash: str, manager: str = "") -> User:
        """Keep a new user. Raises AccountError for an address in use."""
        row = UserRow(
            email=_plain(email), name=name.strip(), role=role, manager=manager, password_hash=password_hash,
            totp_secret="", totp_step=0, language="", theme="", made_at=_now(),
        )  # fmt: skip
        try:
            with self._sessions.begin() as session:
                session.add(row)
                session.flush()
                return _user(row)
        except IntegrityError:
            raise AccountError(_in_use(_plain(email))) from None

    def count(self) -> int:
        """How many there are, disabled ones too."""
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(UserRow)) or 0

    def all(self) -> list[User]:
        """Every user, oldest first."""
        with self._sessions() as session:
            return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.id))]

    def get(self, number: int) -> User | None:
        """The user of that number."""
        with self._sessions() as session:
            row = session.get(UserRow, number)
            return _user(row) if row else None

    def of(self, email: str) -> User:
        """The user of that address. Raises AccountError that names the nearest ones."""
        found = self.find(email)
        if found is None:
            said = Text("There is no account of {email}.", "Аккаунта {email} нет.").format(email=_plain(email))
            raise AccountError(said + did_you_mean(_plain(email), [user.email for user in self.all()]))
        return found

    def find(self, email: str) -> User | None:
        """The user of that address, or None."""
        with self._sessions() as session:
            row = session.scalar(select(UserRow).where(UserRow.email == _plain(email)))
            return _user(row) if row else None

    def secrets(self, number: int) -> tuple[str, str, int]:
        """The password's hash, the sealed second factor, and the last half minute whose code was used."""
        with self._sessions() as session:
            row = session.get_one(UserRow, number)
            return row.password_hash, row.totp_secret, row.totp_step

    def use_totp_step(self, number: int, step: int) -> bool:
        """Mark the code of that half minute as used; False when it, or a later one, was used before."""
        with self._sessions.begin() as session:
            changed = session.execute(
                update(UserRow).where(UserRow.id == number, UserRow.totp_step < step).values(totp_step=step)
            )
            return bool(cast("Any", changed).rowcount)

    def change(self, number: int, **values: Any) -> User:
        """Set columns of a user: name, email, role, manager, password_hash, totp_secret, language, theme, disabled_at.

        The last owner who can sign in keeps the role (AccountError), and an address is one user's alone (AccountError). A new
        password, role or second factor, and a disabled account, sign the user out everywhere; a new password, another address
        and a disabled account end their one-time links; the recovery codes go with the second factor.
        """
        if "email" in values:
            values["email"] = _plain(values["email"])
        with self._sessions.begin() as session:
            row = session.get_one(UserRow, number, with_for_update=True)
            for name, value in values.items():
                setattr(row, name, value)
            try:
                session.flush()
            except IntegrityError:
                raise AccountError(_in_use(values["email"])) from None
            owners = select(func.count()).where(UserRow.role == "owner", UserRow.disabled_at.is_(None))
            if not session.scalar(owners):
                raise AccountError(
                    Text("The last owner must stay an owner.", "Последний владелец должен остаться владельцем."),
                    hint=Text("Make another user an owner first.", "Сначала сделайте владельцем кого-то ещё."),
                )
            if {"password_hash", "role", "manager", "totp_secret", "disabled_at"} & set(values):
                session.execute(delete(SessionRow).where(SessionRow.user_id == number))
            if {"password_hash", "email", "disabled_at"} & set(values):
                session.execute(delete(OneTimeLinkRow).where(OneTimeLinkRow.user_id == number))
            if "totp_secret" in values:
                session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == number))
            return _user(row)


def _in_use(email: str) -> Text:
    return Text("There is an account of {email} already.", "Аккаунт {email} уже есть.").format(email=email)


def _plain(email: str) -> str:
    return email.strip().lower()


def _user(row: UserRow) -> User:
    return User(
        row.id, row.email, row.name, cast("Role", row.role), row.manager, bool(row.totp_secret), row.language, row.theme,
        row.disabled_at is not None,
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
