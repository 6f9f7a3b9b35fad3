"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost phone. The secret of the codes is kept sealed
with a key that is not in the database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import pyotp
from cryptography.fernet import InvalidToken

from longfunnel.app.access.sealing import box
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.state import User

_STEP_SECONDS = 30


class SecondFactorError(LongfunnelError):
    """A second factor that cannot be turned on or read."""

    code = "second_factor"


def new_secret() -> str:
    """A fresh secret for an authenticator app, in base 32."""
    return pyotp.random_base32()


def address(secret: str, user: User, business_name: str) -> str:
    """What the QR code says: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=f"Longfunnel {business_name}".strip())


def turn_on(business: Business, user: User, secret: str, code: str) -> list[str]:
    """Ask for codes of ``secret`` from the next sign-in on. The recovery codes, to be shown once.

    Raises SecondFactorError for a code that does not fit.
    """
    if _step_of(secret, code, after=0) is None:
        raise SecondFactorError(
            Text("The code is not right.", "Код не подходит."),
            hint=Text(
                "Check the clock of your phone and try the next code.",
                "Проверьте часы на телефоне и введите следующий код.",
            ),
        )
    business.state.users.change(user.id, totp_secret=box(business).encrypt(secret.encode()).decode(), totp_step=0)
    return business.state.recovery_codes.make(user.id)


def turn_off(business: Business, user: User) -> User:
    """Ask for no code any more, and forget the recovery codes; it ends every session of the user."""
    return business.state.users.change(user.id, totp_secret="")


def passes(business: Business, user: User, code: str) -> Literal["", "code", "recovery"]:
    """What ``code`` is, now used up: one of the app's, or a recovery code; nothing when it opens nothing.

    Raises SecondFactorError when the codes cannot be checked.
    """
    _, sealed, last_step = business.state.users.secrets(user.id)
    if not sealed:
        return "code"  # it was turned off between the two steps
    step = _is_code(business, sealed, code, after=last_step)
    if step is not None and business.state.users.use_totp_step(user.id, step):
        return "code"
    return "recovery" if business.state.recovery_codes.use(user.id, code) else ""


def _is_code(business: Business, sealed: str, code: str, *, after: int) -> int | None:
    """The half minute whose code this is (now, one earlier or one later), later than ``after``; None when it fits none."""
    try:
        secret = box(business).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SecondFactorError(
            Text(
                "The second factor cannot be read: its key file is not the one that sealed it.",
                "Второй фактор не прочитать: файл с ключом не тот, которым он запечатан.",
            ),
            hint=Text("Turn it off with: longfunnel user reset EMAIL", "Выключите его: longfunnel user reset ПОЧТА"),
        ) from None
    return _step_of(secret, code, after=after)


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    said = code.strip().replace(" ", "")
    now = int(time.time()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    fitting = [step for step in (now - 1, now, now + 1) if pyotp.utils.strings_equal(said, totp.generate_otp(step))]
    return next((step for step in fitting if step > after), None)
