"""The users of this business, the links that are shared, and the audit log: for owners."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import RESET, add_user, link
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.state import ROLES, AccountError
from longfunnel.web.page import OWNERS, Page, Route

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import User
    from longfunnel.web.visit import Visit

ROLE_WORDS = {
    "owner": (Text("Owner", "Владелец"), Text("Everything, users too.", "Всё, включая пользователей.")),
    "analyst": (
        Text("Analyst", "Аналитик"),
        Text("All numbers and settings of reports.", "Все числа и настройки отчётов."),
    ),
    "manager": (Text("Manager", "Менеджер"), Text("Only their own deals.", "Только свои сделки.")),
    "viewer": (Text("Viewer", "Наблюдатель"), Text("All numbers, changes nothing.", "Все числа, ничего не меняет.")),
}


def show(visit: Visit, **values: Any) -> Response[Any]:
    """The page."""
    state = visit.business.state
    shown: dict[str, Any] = {
        "users": state.users.all(),
        "links": state.share_links.all(),
        "audit": state.audit.latest(100),
        "roles": [(name, visit.text(title), visit.text(meaning)) for name, (title, meaning) in ROLE_WORDS.items()],
        "managers": _managers(visit),
        "invitation": "",
        "mistake": "",
        "typed": {},
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
        return show(visit, mistake=error.message, typed=typed)
    visit.audit("user_added", f"{user.email} {user.role}")
    return show(visit, invitation=link(visit.business, RESET, visit.site.public_url, user=user))


def change(visit: Visit) -> Response[Any]:
    """Another role, or no access any more, or a link to a new password."""
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
            case "reset":
                visit.audit("reset_link_made", user.email)
                return show(visit, invitation=link(visit.business, RESET, visit.site.public_url, user=user))
            case _:
                raise visit.missing()
    except AccountError as error:
        return show(visit, mistake=error.message)
    visit.audit(f"user_{verb}", user.email)
    return visit.redirect("/settings/users")


def revoke(visit: Visit) -> Response[Any]:
    """Close a shared link."""
    visit.business.state.share_links.revoke(visit.path["number"])
    visit.audit("share_revoked", str(visit.path["number"]))
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
