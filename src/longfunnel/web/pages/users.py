"""The users of this business and the links that are shared: for owners."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import RESET, add_user, link
from longfunnel.app.access.second_factor import turn_off
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.state import ROLES, AccountError
from longfunnel.web.page import OWNERS, Page, Route
from longfunnel.web.pages._settings.nav import sections
from longfunnel.web.pages._users.events import ROLE_WORDS

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import User
    from longfunnel.web.visit import Visit


def show(visit: Visit, **values: Any) -> Response[Any]:
    """The page."""
    state = visit.business.state
    users = state.users.all()
    shown: dict[str, Any] = {
        "users": users,
        "sessions": Counter(one.user_id for one in state.sessions.all()),
        "links": [
            (one, next(user.name for user in users if user.id == one.user_id)) for one in state.share_links.all()
        ],
        "roles": [(name, visit.text(title), visit.text(meaning)) for name, (title, meaning) in ROLE_WORDS.items()],
        "managers": _managers(visit),
        "invitation": "",
        "mistake": "",
        "typed": {},
        "sections": sections(visit, "users"),
    }
    return visit.show("pages/users.html", **(shown | values))


def add(visit: Visit) -> Response[Any]:
    """A new account; its link is shown once, to be handed over."""
    typed = {name: visit.posted(name) for name in ("email", "name", "role", "manager")}
    role = typed["role"]
    if role not in ROLES:
        raise visit.missing()
    try:
        user = add_user(visit.business, email=typed["email"], name=typed["name"], role=role, manager=typed["manager"])
    except AccountError as error:
        return show(visit, mistake=error.to(visit.language), typed=typed, status=422)
    visit.audit("user_added", f"{user.email} {user.role}")
    return show(visit, invitation=link(visit.business, RESET, visit.site.public_url, user=user))


def change(visit: Visit) -> Response[Any]:
    """Another role, no access any more, signed out everywhere, no second factor, or a link to a new password."""
    user = _user(visit)
    verb = visit.posted("verb")
    users = visit.business.state.users
    try:
        match verb:
            case "role" if visit.posted("role") in ROLES:
                users.change(user.id, role=visit.posted("role"), manager=visit.posted("manager"))
            case "disable":
                users.change(user.id, disabled_at=datetime.now(UTC).replace(tzinfo=None))
            case "enable":
                users.change(user.id, disabled_at=None)
            case "sign_out":
                visit.business.state.sessions.end(user.id)
            case "totp_off" if user.has_totp and user != visit.user:  # one's own asks for the password, under Account
                turn_off(visit.business, user)
            case "reset":
                visit.audit("reset_link_made", user.email)
                return show(visit, invitation=link(visit.business, RESET, visit.site.public_url, user=user))
            case _:
                raise visit.missing()
    except AccountError as error:
        return show(visit, mistake=error.to(visit.language), status=422)
    visit.audit(f"user_{verb}", user.email)
    return visit.redirect("/settings/users")


def revoke(visit: Visit) -> Response[Any]:
    """Close a shared link."""
    link = visit.business.state.share_links.revoke(visit.path["number"])
    if link is None:
        raise visit.missing()
    visit.audit("share_revoked", link.title)
    return visit.redirect("/settings/users")


def _user(visit: Visit) -> User:
    user = visit.business.state.users.get(visit.path["number"])
    if user is None:
        raise visit.missing()
    return user


def _managers(visit: Visit) -> list[str]:
    try:
        answer = visit.ask(Question("summary", by=("manager",), metrics=("deals",), limit=200))
    except LongfunnelError:
        return []
    return [row["manager"] for row in answer.rows if row["manager"]]


PAGE = Page(
    title=Text("Users", "Пользователи"),
    routes=(
        Route("/settings/users", show, access=OWNERS),
        Route("/settings/users", add, method="POST", access=OWNERS),
        Route("/settings/users/{number:int}", change, method="POST", access=OWNERS),
        Route("/settings/shares/{number:int}/revoke", revoke, method="POST", access=OWNERS),
    ),
)
