"""A user's own account: language, theme, password, second factor, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import segno
from markupsafe import Markup

from longfunnel.app.access.accounts import check_password, set_password
from longfunnel.app.access.second_factor import SecondFactorError, address, new_secret, turn_on
from longfunnel.core.text import Text
from longfunnel.state import AccountError
from longfunnel.web.api import READ
from longfunnel.web.page import EVERYONE, Page, Route
from longfunnel.web.pages.sign_in import opened

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import User
    from longfunnel.web.visit import Visit

_WRONG_PASSWORD = Text("The present password is not right.", "Нынешний пароль не подходит.")
_SHORT = Text("The password needs at least 10 characters.", "В пароле нужно не меньше 10 знаков.")
_WRONG_CODE = Text(
    "The code is not right. Check the clock of your phone.", "Код не подходит. Проверьте часы на телефоне."
)
_NEEDS_NAME = Text("Name the token, so that you know it again.", "Назовите токен, чтобы потом его узнать.")


def show(visit: Visit, **values: Any) -> Response[Any]:
    """The page."""
    shown: dict[str, Any] = {
        "mistake": "",
        "token": "",
        "totp": "",
        "tokens": visit.business.state.access_tokens.of_user(_me(visit).id),
    }
    shown |= values
    return visit.show("pages/account.html", **shown, code=_picture(visit, str(shown["totp"])) if shown["totp"] else "")


def look(visit: Visit) -> Response[Any]:
    """Keep the theme or the language."""
    theme, language = visit.posted("theme"), visit.posted("language")
    changes = {"theme": "" if theme == "auto" else theme} if theme in ("auto", "light", "dark") else {}
    changes |= {"language": language} if language in ("en", "ru") else {}
    if changes:
        visit.business.state.users.change(_me(visit).id, **changes)
    return visit.redirect(visit.posted("next") or "/account")


def password(visit: Visit) -> Response[Any]:
    """A new password, for who knows the present one. Every other session ends."""
    user, new = _me(visit), str(visit.form.get("new", ""))
    visit.site.door.slow_down(user.email, visit.client)
    try:
        check_password(visit.business, user, str(visit.form.get("present", "")))
    except AccountError:
        return show(visit, mistake=visit.text(_WRONG_PASSWORD))
    if len(new) < 10:
        return show(visit, mistake=visit.text(_SHORT))
    set_password(visit.business, user, new)
    visit.audit("password_changed")
    return _again(visit, user)


def begin_totp(visit: Visit) -> Response[Any]:
    """Show the QR code of a new second factor."""
    return show(visit, totp=new_secret())


def keep_totp(visit: Visit) -> Response[Any]:
    """Turn the second factor on."""
    secret = visit.posted("secret")
    try:
        turn_on(visit.business, _me(visit), secret, visit.posted("code"))
    except SecondFactorError:
        return show(visit, totp=secret, mistake=visit.text(_WRONG_CODE))
    visit.audit("second_factor_on")
    return _again(visit, _me(visit))


def drop_totp(visit: Visit) -> Response[Any]:
    """Turn the second factor off, for who knows the password."""
    user = _me(visit)
    visit.site.door.slow_down(user.email, visit.client)
    try:
        check_password(visit.business, user, str(visit.form.get("present", "")))
    except AccountError:
        return show(visit, mistake=visit.text(_WRONG_PASSWORD))
    visit.business.state.users.change(user.id, totp_secret="")
    visit.audit("second_factor_off")
    return _again(visit, user)


def make_token(visit: Visit) -> Response[Any]:
    """A new token, shown once."""
    name = visit.posted("name")
    if not name:
        return show(visit, mistake=visit.text(_NEEDS_NAME))
    token = visit.business.state.access_tokens.make(_me(visit).id, name, (READ,))
    visit.audit("token_made", name)
    return show(visit, token=token)


def revoke_token(visit: Visit) -> Response[Any]:
    """Let a token open nothing any more."""
    visit.business.state.access_tokens.revoke(visit.path["number"], user_id=_me(visit).id)
    visit.audit("token_revoked", str(visit.path["number"]))
    return visit.redirect("/account")


def _me(visit: Visit) -> User:
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    return visit.user


def _picture(visit: Visit, secret: str) -> Markup:
    """The QR code as SVG inside the page: the secret is in no address that a log would keep."""
    said = address(secret, _me(visit), visit.settings.business.name)
    picture = segno.make(said, error="m").svg_inline(scale=5, border=2, dark="#14181f", light="#ffffff")
    return Markup(picture)  # noqa: S704 - drawn by us, of our own text


def _again(visit: Visit, user: User) -> Response[Any]:
    """A session anew: the change ended all of them."""
    agent = visit.request.headers.get("user-agent", "")
    secret = visit.business.state.sessions.open(user.id, address=visit.client, agent=agent)
    return opened(visit, user, secret, "/account")


PAGE = Page(
    title=Text("Account", "Аккаунт"),
    routes=(
        Route("/account", show, access=EVERYONE),
        Route("/account/look", look, method="POST", access=EVERYONE),
        Route("/account/password", password, method="POST", access=EVERYONE),
        Route("/account/totp", begin_totp, method="POST", access=EVERYONE),
        Route("/account/totp/keep", keep_totp, method="POST", access=EVERYONE),
        Route("/account/totp/drop", drop_totp, method="POST", access=EVERYONE),
        Route("/account/tokens", make_token, method="POST", access=EVERYONE),
        Route("/account/tokens/{number:int}/revoke", revoke_token, method="POST", access=EVERYONE),
    ),
)
