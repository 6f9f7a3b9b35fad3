"""The first visit: whoever holds the link that the server printed becomes the owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import READY, WELCOME, welcome
from longfunnel.core.text import Text
from longfunnel.state import AccountError
from longfunnel.web.page import PUBLIC, Page, Route
from longfunnel.web.pages.sign_in import agent_of, opened

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def form(visit: Visit, **values: Any) -> Response[Any]:
    """The form; without a link that holds it says where to find one."""
    if visit.business.state.users.count():
        return visit.redirect("/sign-in" if visit.user is None else "/")
    token = visit.posted("token") or visit.parameter("token")
    shown: dict[str, Any] = {"token": token, "name": "", "email": "", "mistakes": {}}
    shown["is_open"] = visit.business.state.one_time_links.holds(WELCOME, token)
    shown["status"] = 200 if shown["is_open"] else 410
    return visit.show("pages/welcome.html", **(shown | values))


def make(visit: Visit) -> Response[Any]:
    """Make the first account and sign in."""
    name, email, password = visit.posted("name"), visit.posted("email"), str(visit.form.get("password", ""))
    mistakes = {
        "name": "" if name else visit.text(Text("Say what to call you.", "Напишите, как к вам обращаться.")),
        "email": ""
        if "@" in email[1:-1]
        else visit.text(Text("An e-mail looks like anna@company.com.", "Почта выглядит так: anna@company.ru.")),
        "password": ""
        if len(password) >= 10
        else visit.text(Text("At least 10 characters are needed.", "Нужно не меньше 10 знаков.")),
    }
    if any(mistakes.values()):
        return form(visit, name=name, email=email, mistakes=mistakes, status=422)
    try:
        user = welcome(visit.business, visit.posted("token"), email=email, name=name, password=password)
    except AccountError:
        return form(visit, name=name, email=email, is_open=False, status=410)
    return _in(visit, user, "welcome", to="/" if visit.settings.source or visit.settings.site else "/start")


def ready(visit: Visit) -> Response[Any]:
    """Straight into the ready account of an invented business: its link is printed on loopback only."""
    try:
        number = visit.business.state.one_time_links.use(READY, visit.parameter("token"))
    except AccountError:
        return visit.redirect("/" if visit.user else "/sign-in")
    user = visit.business.state.users.get(number) if number else None
    return _in(visit, user, "ready_link") if user else visit.redirect("/sign-in")


def _in(visit: Visit, user: Any, what: str, *, to: str = "/") -> Response[Any]:
    secret = visit.business.state.sessions.open(user.id, address=visit.client, agent=agent_of(visit))
    visit.business.state.audit.add(user.email, what, address=visit.client)
    return opened(visit, user, secret, to)


PAGE = Page(
    title=Text("Welcome", "Знакомство"),
    routes=(
        Route("/welcome", form, access=PUBLIC),
        Route("/welcome", make, method="POST", access=PUBLIC),
        Route("/enter", ready, access=PUBLIC),
    ),
)
