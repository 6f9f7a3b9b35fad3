"""The users of this business and the links that are shared: for owners."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import RESET, add_user, link, set_role
from longfunnel.app.access.second_factor import turn_off
from longfunnel.core.errors import LongfunnelError, did_you_mean
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


_NOBODYS = Text(
    "No lead and no deal is of the manager «{manager}»: until some are, this account sees none.",
    "Лидов и сделок менеджера «{manager}» в данных нет: пока они не появятся, в этом аккаунте будет пусто.",
)


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
        "warning": "",
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
    invitation = link(visit.business, RESET, visit.site.public_url, user=user)
    return show(visit, invitation=invitation, warning=_unknown_manager(visit, user))


def change(visit: Visit) -> Response[Any]:
    """Another role, no access any more, signed out everywhere, no second factor, or a link to a new password."""
    user = _user(visit)
    verb = visit.posted("verb")
    users = visit.business.state.users
    try:
        match verb:
            case "role" if (role := visit.posted("role")) in ROLES:
                user = set_role(visit.business, user, role, visit.posted("manager"))
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
    if verb == "role" and (warning := _unknown_manager(visit, user)):
        return show(visit, warning=warning)
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


def _unknown_manager(visit: Visit, user: User) -> str:
    """That nobody's deals are this manager's, with the nearest names; nothing where some are, or where no names are known yet."""
    known = _managers(visit) if user.role == "manager" else []
    if not known or user.manager in known:
        return ""
    return visit.text(_NOBODYS.format(manager=user.manager) + did_you_mean(user.manager, known))


def _managers(visit: Visit) -> list[str]:
    """Who has leads or deals, by the names of the CRM."""
    try:
        answer = visit.ask(Question("summary", by=("manager",), metrics=("leads", "deals")))
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
