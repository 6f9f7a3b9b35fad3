"""Accounts: the first one, signing in and out, passwords, and the links that open one of these once."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from longfunnel.app.access.second_factor import passes
from longfunnel.collect.doors.http import RateLimit
from longfunnel.core.errors import too_long
from longfunnel.core.text import Text
from longfunnel.state import AccountError, Role, User

if TYPE_CHECKING:
    from longfunnel.app.business import Business

WELCOME, RESET, READY, SECOND_STEP = "welcome", "reset", "enter", "second_step"
SHORTEST_PASSWORD = 10
_LASTS = {
    WELCOME: timedelta(hours=24),
    RESET: timedelta(hours=1),
    READY: timedelta(hours=12),
    SECOND_STEP: timedelta(minutes=10),
}
_BY_ACCOUNT, _BY_ADDRESS = (1 / 60, 8), (1 / 10, 30)
"""Attempts a second in the long run, and how many at once."""


_NAME, _EMAIL = Text("The name", "Имя"), Text("The e-mail", "Почта")
_MANAGER = Text("The manager's name in the CRM", "Имя менеджера в CRM")


class SignInError(AccountError):
    """The sign-in is refused. It never says whether there is such an account."""

    code = "sign_in"


class SecondFactorNeededError(AccountError):
    """The password is right; the code of the second factor is still needed, together with ``ticket``, which opens once."""

    code = "second_factor"

    def __init__(self, ticket: str) -> None:
        super().__init__(
            Text("Enter the code from your authenticator app.", "Введите код из приложения-аутентификатора.")
        )
        self.ticket = ticket


class WrongCodeError(SignInError):
    """The code of the second factor is not right; ``ticket`` is for the next try."""

    def __init__(self, ticket: str) -> None:
        super().__init__(
            Text("The code is not right.", "Код не подходит."),
            hint=Text("Check the clock of your phone.", "Проверьте часы на телефоне."),
        )
        self.ticket = ticket


class TooManyError(AccountError):
    """Too many attempts. ``seconds`` says when to try again."""

    code = "too_many"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Text(
                "Too many attempts. Try again in {seconds} s.", "Слишком много попыток. Повторите через {seconds} с."
            ).format(seconds=seconds)
        )
        self.seconds = seconds
        self.ticket = ""
        """What goes on with a sign-in's second step."""


class Door:
    """Signing in, slowed down for whoever guesses: by account and by address."""

    def __init__(self, business: Business) -> None:
        self._business = business
        self._by_account = RateLimit(*_BY_ACCOUNT)
        self._by_address = RateLimit(*_BY_ADDRESS)

    def sign_in(self, email: str, password: str, *, address: str, agent: str) -> tuple[User, str]:
        """The user and the session's secret. Raises SignInError, SecondFactorNeededError, TooManyError."""
        self.slow_down(email, address)
        state = self._business.state
        user = state.users.find(email)
        hash_ = state.users.secrets(user.id)[0] if user else _nobodys_hash()
        # the same work for an unknown address as for a known one
        if not _is_password(hash_, password) or user is None or user.is_disabled:
            state.audit.add(email.strip().lower()[:200], "sign_in_refused", address=address)
            raise SignInError(
                Text("The e-mail or the password is not right.", "Почта или пароль не подходят."),
            )
        if _HASHER.check_needs_rehash(hash_):
            state.users.change(user.id, password_hash=_HASHER.hash(password))
        if user.has_totp:
            raise SecondFactorNeededError(self._ticket(user))
        return self._let_in(user, "sign_in", address, agent)

    def second_step(self, ticket: str, code: str, *, address: str, agent: str) -> tuple[User, str]:
        """The user and the session's secret, for the ticket of a right password and a code, or a recovery code.

        Raises AccountError when the ticket opens nothing any more, WrongCodeError, TooManyError.
        """
        state = self._business.state
        number = state.one_time_links.use(SECOND_STEP, ticket)
        user = state.users.get(number) if number else None
        if user is None or user.is_disabled:
            raise SignInError(Text("The account is closed.", "Аккаунт закрыт."))
        try:
            self.slow_down(user.email, address)
        except TooManyError as error:
            error.ticket = self._ticket(user)
            raise
        used = passes(self._business, user, code)
        if not used:
            state.audit.add(user.email, "second_factor_refused", address=address)
            raise WrongCodeError(self._ticket(user))
        return self._let_in(user, "sign_in" if used == "code" else "sign_in_recovery", address, agent)

    def _ticket(self, user: User) -> str:
        return self._business.state.one_time_links.make(SECOND_STEP, user_id=user.id, lasts=_LASTS[SECOND_STEP])

    def _let_in(self, user: User, what: str, address: str, agent: str) -> tuple[User, str]:
        secret = self._business.state.sessions.open(user.id, address=address, agent=agent)
        self._business.state.audit.add(user.email, what, address=address)
        return user, secret

    def slow_down(self, email: str, address: str) -> None:
        """Take one attempt of this account and this address. Raises TooManyError."""
        wait = max(self._by_account.take(email.strip().lower()), self._by_address.take(address))
        if wait:
            raise TooManyError(max(1, math.ceil(wait)))


def add_user(business: Business, *, email: str, name: str, role: Role, password: str = "", manager: str = "") -> User:
    """A new account; without a password it opens by a link only. Raises AccountError that lists every mistake."""
    mistakes = _identity_mistakes(email, name)
    mistakes += [_short()] if password and len(password) < SHORTEST_PASSWORD else []
    mistakes += _manager_mistakes(role, manager)
    if mistakes:
        raise AccountError(_joined(mistakes))
    hash_ = _HASHER.hash(password) if password else ""
    return business.state.users.add(email=email, name=name, role=role, password_hash=hash_, manager=manager.strip())


def welcome(business: Business, token: str, *, email: str, name: str, password: str) -> User:
    """The first account, an owner's, by the link that the server printed. Raises AccountError."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(_short())
    if not business.state.one_time_links.holds(WELCOME, token) or business.state.users.count():
        raise AccountError(
            Text("This link was used already, or its time is over.", "Ссылка уже использована или устарела."),
            hint=Text("Start the server again.", "Запустите сервер ещё раз."),
        )
    user = add_user(business, email=email, name=name, role="owner", password=password)
    business.state.one_time_links.use(WELCOME, token)
    return user


def set_password(business: Business, user: User, password: str) -> User:
    """A new password; it ends every session of the user. Raises AccountError for a short one."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(_short())
    return business.state.users.change(user.id, password_hash=_HASHER.hash(password))


def rename(business: Business, user: User, *, name: str, email: str, password: str) -> User:
    """Another name and address of an account, for who knows its password. Raises AccountError that lists every mistake."""
    if mistakes := _identity_mistakes(email, name):
        raise AccountError(_joined(mistakes))
    check_password(business, user, password)
    changes = {"name": name.strip()} | ({"email": email} if email.strip().lower() != user.email else {})
    return business.state.users.change(user.id, **changes)


def set_role(business: Business, user: User, role: Role, manager: str = "") -> User:
    """Another role of an account; it ends every session of the user. Raises AccountError."""
    if mistakes := _manager_mistakes(role, manager):
        raise AccountError(_joined(mistakes))
    return business.state.users.change(user.id, role=role, manager=manager.strip())


def check_password(business: Business, user: User, password: str) -> None:
    """Nothing when it is the user's. Raises SignInError."""
    if not _is_password(business.state.users.secrets(user.id)[0], password):
        raise SignInError(Text("The present password is not right.", "Текущий пароль не подходит."))


def link(business: Business, purpose: str, public_url: str, *, user: User | None = None) -> str:
    """A one-time link: to the first account, to a new password, or straight in (``READY``: for the demo, on loopback only)."""
    token = business.state.one_time_links.make(purpose, user_id=user.id if user else None, lasts=_LASTS[purpose])
    return f"{public_url.rstrip('/')}/{purpose}?{urlencode({'token': token})}"


def first_link(business: Business, public_url: str) -> str:
    """The link to the first account; empty when there are accounts already."""
    return "" if business.state.users.count() else link(business, WELCOME, public_url)


def ready_link(business: Business, public_url: str) -> str:
    """A link straight into the ready account of an invented business, made at the first call. Print it on loopback only."""
    email = "demo@localhost"
    user = business.state.users.find(email) or add_user(business, email=email, name="Demo", role="owner")
    return link(business, READY, public_url, user=user)


_HASHER = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")


def _is_password(hash_: str, password: str) -> bool:
    try:
        return _HASHER.verify(hash_ or _nobodys_hash(), password) and bool(hash_)
    except (VerificationError, InvalidHashError):
        return False


def _short() -> Text:
    return Text("The password needs at least {most} characters.", "В пароле нужно не меньше {most} знаков.").format(
        most=SHORTEST_PASSWORD
    )


def _identity_mistakes(email: str, name: str) -> list[Text]:
    mistakes = []
    if "@" not in email.strip()[1:-1]:
        mistakes.append(
            Text("The e-mail must look like name@company.com.", "Почта должна выглядеть как name@company.ru.")
        )
    if not name.strip():
        mistakes.append(Text("The name is missing.", "Не указано имя."))
    return mistakes + too_long(_NAME, name.strip()) + too_long(_EMAIL, email.strip())


def _manager_mistakes(role: Role, manager: str) -> list[Text]:
    if role == "manager" and not manager.strip():
        return [
            Text(
                "A manager needs the name that the CRM calls them: it says whose deals they see.",
                "Менеджеру нужно имя, под которым его знает CRM: по нему видно, чьи сделки показывать.",
            )
        ]
    return too_long(_MANAGER, manager.strip())


def _joined(mistakes: list[Text]) -> Text:
    return Text(" ".join(one.en for one in mistakes), " ".join(one.ru for one in mistakes))
