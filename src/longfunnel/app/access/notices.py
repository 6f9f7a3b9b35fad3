"""Letters about an account itself, in its user's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.access.accounts import RESET, link
from longfunnel.app.mail import mail_later
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.core.settings import Language
    from longfunnel.state import User

_RESET = (
    Text("A new password for Longfunnel", "Новый пароль для Longfunnel"),
    Text(
        "Set a new password here; the link opens once, within an hour:\n\n{url}\n\nIf you did not ask for it, do nothing.\n",
        "Задайте новый пароль по ссылке; она сработает один раз, в течение часа:\n\n{url}\n\nЕсли вы этого не просили, ничего не делайте.\n",
    ),
)
_MOVED = (
    Text("Your address in Longfunnel was changed", "Ваша почта в Longfunnel изменена"),
    Text(
        "The account of {name} signs in with {new} from now on, not with this address.\n\n"
        "If it was not you, tell the owner of the account at once: {url}\n",
        "В аккаунт «{name}» теперь входят с адресом {new}, а не с этим.\n\n"
        "Если это сделали не вы, сразу скажите владельцу аккаунта: {url}\n",
    ),
)


def language_of(business: Business, user: User) -> Language:
    """The language that the user chose, else the business's."""
    if user.language in ("en", "ru"):
        return "ru" if user.language == "ru" else "en"
    return business.settings.business.language


def send_reset(business: Business, email: str, public_url: str) -> None:
    """Send a link to a new password, if there is such an account; it takes as long either way."""

    def letter() -> tuple[str, str, str] | None:
        user = business.state.users.find(email)
        if user is None or user.is_disabled:
            return None
        url = link(business, RESET, public_url, user=user)
        return _written(_RESET, language_of(business, user), user.email, url=url)

    mail_later(business, business.settings.mail, letter)


def tell_moved(business: Business, user: User, old_email: str, public_url: str) -> None:
    """Tell the old address of an account that another one signs in now; nothing without a mail server."""
    if business.settings.mail.host:
        told = _written(_MOVED, language_of(business, user), old_email, name=user.name, new=user.email, url=public_url)
        mail_later(business, business.settings.mail, lambda: told)


def _written(words: tuple[Text, Text], language: Language, to: str, **values: str) -> tuple[str, str, str]:
    subject, body = words
    return to, subject.to(language), body.format(**values).to(language)
