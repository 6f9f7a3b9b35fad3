"""Accounts: the first one, signing in and out, passwords, and the links that open one of these once."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from longfunnel.app.access.second_factor import is_code
from longfunnel.collect.doors.http import RateLimit
from longfunnel.state import AccountError, Role, User

if TYPE_CHECKING:
    from longfunnel.app.business import Business

WELCOME, RESET, READY = "welcome", "reset", "enter"
SHORTEST_PASSWORD = 10
_LASTS = {WELCOME: timedelta(hours=24), RESET: timedelta(hours=1), READY: timedelta(hours=12)}
_BY_ACCOUNT, _BY_ADDRESS = (1 / 60, 8), (1 / 10, 30)
"""Attempts a second in the long run, and how many at once."""


class SignInError(AccountError):
    """The sign-in is refused. It never says whether there is such an account."""

    code = "sign_in"


class SecondFactorNeededError(AccountError):
    """The password is right; the code of the second factor is still needed."""

    code = "second_factor"


class TooManyError(AccountError):
    """Too many attempts. ``seconds`` says when to try again."""

    code = "too_many"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {seconds} seconds.")
        self.seconds = seconds


class Door:
    """Signing in, slowed down for whoever guesses: by account and by address."""

    def __init__(self, business: Business) -> None:
        self._business = business
        self._by_account = RateLimit(*_BY_ACCOUNT)
        self._by_address = RateLimit(*_BY_ADDRESS)

    def sign_in(self, email: str, password: str, code: str, *, address: str, agent: str) -> tuple[User, str]:
        """The user and the session's secret. Raises SignInError, SecondFactorNeededError, TooManyError."""
        self.slow_down(email, address)
        state = self._business.state
        user = state.users.find(email)
        hash_, sealed, last_step = state.users.secrets(user.id) if user else (_nobodys_hash(), "", 0)
        # the same work for an unknown address as for a known one
        if not _is_password(hash_, password) or user is None or user.is_disabled:
            state.audit.add(email.strip().lower()[:200], "sign_in_refused", address=address)
            raise SignInError("The e-mail or the password is not right.")
        if sealed:
            if not code.strip():
                raise SecondFactorNeededError("Enter the code from your authenticator app.")
            step = is_code(self._business, sealed, code, after=last_step)
            if step is None or not state.users.use_totp_step(user.id, step):
                state.audit.add(user.email, "second_factor_refused", address=address)
                raise SignInError("The code is not right.", hint="Check the clock of your phone.")
        if _HASHER.check_needs_rehash(hash_):
            state.users.change(user.id, password_hash=_HASHER.hash(password))
        secret = state.sessions.open(user.id, address=address, agent=agent)
        state.audit.add(user.email, "sign_in", address=address)
        return user, secret

    def slow_down(self, email: str, address: str) -> None:
        """Take one attempt of this account and this address. Raises TooManyError."""
        wait = max(self._by_account.take(email.strip().lower()), self._by_address.take(address))
        if wait:
            raise TooManyError(max(1, math.ceil(wait)))


def add_user(business: Business, *, email: str, name: str, role: Role, password: str = "", manager: str = "") -> User:
    """A new account; without a password it opens by a link only. Raises AccountError that lists every mistake."""
    mistakes = [] if "@" in email.strip()[1:-1] else ["The e-mail must look like name@company.com."]
    mistakes += [] if name.strip() else ["The name is missing."]
    mistakes += [_short()] if password and len(password) < SHORTEST_PASSWORD else []
    if role == "manager" and not manager.strip():
        mistakes.append("A manager needs the name that the CRM calls them: it says whose deals they see.")
    if mistakes:
        raise AccountError(" ".join(mistakes))
    hash_ = _HASHER.hash(password) if password else ""
    return business.state.users.add(email=email, name=name, role=role, password_hash=hash_, manager=manager.strip())


def welcome(business: Business, token: str, *, email: str, name: str, password: str) -> User:
    """The first account, an owner's, by the link that the server printed. Raises AccountError."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(_short())
    if not business.state.one_time_links.holds(WELCOME, token) or business.state.users.count():
        raise AccountError("This link was used already, or its time is over.", hint="Start the server again.")
    user = add_user(business, email=email, name=name, role="owner", password=password)
    business.state.one_time_links.use(WELCOME, token)
    return user


def set_password(business: Business, user: User, password: str) -> User:
    """A new password; it ends every session of the user. Raises AccountError for a short one."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(_short())
    return business.state.users.change(user.id, password_hash=_HASHER.hash(password))


def check_password(business: Business, user: User, password: str) -> None:
    """Nothing when it is the user's. Raises SignInError."""
    if not _is_password(business.state.users.secrets(user.id)[0], password):
        raise SignInError("The present password is not right.")


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


def _short() -> str:
    return f"The password needs at least {SHORTEST_PASSWORD} characters."
