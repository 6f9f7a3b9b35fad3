"""A user's own account: name and address, language, theme, password, second factor, sessions, tokens, shared links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import rename, set_password
from longfunnel.app.access.notices import tell_moved
from longfunnel.core.text import Text
from longfunnel.state import AccountError
from longfunnel.web.page import EVERYONE, Page, Route
from longfunnel.web.pages._account.given import close_link, end_session, make_token, revoke_token
from longfunnel.web.pages._account.second_factor import begin, drop, keep, new_codes
from longfunnel.web.pages._account.shown import again, confirm, me, show

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def look(visit: Visit) -> Response[Any]:
    """Keep the theme or the language."""
    theme, language = visit.posted("theme"), visit.posted("language")
    changes = {"theme": "" if theme == "auto" else theme} if theme in ("auto", "light", "dark") else {}
    changes |= {"language": language} if language in ("en", "ru") else {}
    if changes:
        visit.business.state.users.change(me(visit).id, **changes)
    return visit.redirect(visit.posted("next") or "/account")


def profile(visit: Visit) -> Response[Any]:
    """Another name or address, for who knows the password. The address before is told."""
    user, name, email = me(visit), visit.posted("name"), visit.posted("email")
    try:
        visit.site.door.slow_down(user.email, visit.client)
        changed = rename(visit.business, user, name=name, email=email, password=str(visit.form.get("present", "")))
    except AccountError as error:
        typed = {"name": name, "email": email, "token": "", "scopes": [], "lasts": "90"}
        return show(visit, mistake=error.to(visit.language), at="profile", typed=typed, status=422)
    visit.audit("profile_changed", " → ".join(dict.fromkeys((user.email, changed.email))))
    if changed.email != user.email:
        tell_moved(visit.business, changed, user.email, visit.site.public_url)
    return visit.redirect("/account")


def password(visit: Visit) -> Response[Any]:
    """A new password, for who knows the present one. Every other session ends."""
    try:
        confirm(visit)
        set_password(visit.business, me(visit), str(visit.form.get("new", "")))
    except AccountError as error:
        return show(visit, mistake=error.to(visit.language), at="password", status=422)
    visit.audit("password_changed")
    return again(visit)


PAGE = Page(
    title=Text("Account", "Аккаунт"),
    routes=(
        Route("/account", show, access=EVERYONE),
        Route("/account/look", look, method="POST", access=EVERYONE),
        Route("/account/profile", profile, method="POST", access=EVERYONE),
        Route("/account/password", password, method="POST", access=EVERYONE),
        Route("/account/totp", begin, method="POST", access=EVERYONE),
        Route("/account/totp/keep", keep, method="POST", access=EVERYONE),
        Route("/account/totp/drop", drop, method="POST", access=EVERYONE),
        Route("/account/totp/codes", new_codes, method="POST", access=EVERYONE),
        Route("/account/sessions", end_session, method="POST", access=EVERYONE),
        Route("/account/tokens", make_token, method="POST", access=EVERYONE),
        Route("/account/tokens/{number:int}/revoke", revoke_token, method="POST", access=EVERYONE),
        Route("/account/shares/{number:int}/close", close_link, method="POST", access=EVERYONE),
    ),
)
