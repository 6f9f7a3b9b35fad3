"""Signing in and out, and a forgotten password. What is answered never tells whether there is such an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import (
    RESET,
    SecondFactorNeededError,
    SignInError,
    TooManyError,
    WrongCodeError,
    set_password,
)
from longfunnel.app.access.notices import send_reset
from longfunnel.core.text import Text
from longfunnel.state import AccountError
from longfunnel.web.page import EVERYONE, PUBLIC, Page, Route
from longfunnel.web.security import SESSION_SECONDS

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import User
    from longfunnel.web.visit import Visit

_TOO_LATE = Text("That took too long. Sign in again.", "Прошло слишком много времени. Войдите заново.")
_SENT = Text(
    "If there is such an account, a link is on its way. It opens for an hour.",
    "Если такой аккаунт есть, ссылка уже в пути. Она действует час.",
)
_SPENT = Text(
    "This link was used already, or its time is over. Ask for a new one.",
    "Эта ссылка уже использована или устарела. Запросите новую.",
)
_SHORT = Text("The password needs at least 10 characters.", "В пароле нужно не меньше 10 знаков.")


def form(visit: Visit, **values: Any) -> Response[Any]:
    """The form."""
    if visit.user:
        return visit.redirect("/")
    if not visit.business.state.users.count():
        return visit.redirect("/welcome")
    shown: dict[str, Any] = {
        "email": "",
        "mistake": "",
        "ticket": "",
        "next": visit.parameter("_next") or "/",
        "status": 200,
    }
    return visit.show("pages/sign_in.html", **(shown | values))


def sign_in(visit: Visit) -> Response[Any]:
    """Open a session, or ask for the code of the second factor."""
    email, password = visit.posted("email"), str(visit.form.get("password", ""))
    back: dict[str, Any] = {"email": email, "next": visit.posted("next") or "/"}
    try:
        user, secret = visit.site.door.sign_in(email, password, address=visit.client, agent=agent_of(visit))
    except SecondFactorNeededError as error:
        return form(visit, **back, ticket=error.ticket)
    except TooManyError as error:
        return _later(error, form(visit, **back, mistake=error.to(visit.language), status=429))
    except SignInError as error:
        return form(visit, **back, mistake=error.to(visit.language), status=401)
    return opened(visit, user, secret, back["next"])


def second_step(visit: Visit) -> Response[Any]:
    """Open a session for a code of the second factor. The ticket of the first step stands for the password."""
    back: dict[str, Any] = {"next": visit.posted("next") or "/"}
    try:
        user, secret = visit.site.door.second_step(
            visit.posted("ticket"), visit.posted("code"), address=visit.client, agent=agent_of(visit)
        )
    except WrongCodeError as error:
        return form(visit, **back, ticket=error.ticket, mistake=error.to(visit.language), status=401)
    except TooManyError as error:
        return _later(error, form(visit, **back, ticket=error.ticket, mistake=error.to(visit.language), status=429))
    except AccountError:
        return form(visit, **back, mistake=visit.text(_TOO_LATE), status=401)
    return opened(visit, user, secret, back["next"])


def _later(error: TooManyError, answer: Response[Any]) -> Response[Any]:
    """The refusal, with the seconds to wait (RFC 9110, 10.2.3)."""
    answer.headers["retry-after"] = str(error.seconds)
    return answer


def agent_of(visit: Visit) -> str:
    """What the browser calls itself."""
    return visit.request.headers.get("user-agent", "")


def opened(visit: Visit, user: User, secret: str, where: str) -> Response[Any]:
    """The answer that lets a browser in."""
    visit.user, visit.session = user, secret
    answer = visit.redirect(where)
    answer.cookies.append(visit.site.cookies.make(visit.site.cookies.session, secret, seconds=SESSION_SECONDS))
    return answer


def sign_out(visit: Visit) -> Response[Any]:
    """End the session."""
    visit.business.state.sessions.close(visit.session)
    visit.audit("sign_out")
    answer = visit.redirect("/sign-in")
    answer.cookies.append(visit.site.cookies.make(visit.site.cookies.session, "", seconds=0))
    return answer


def forgot(visit: Visit, **values: Any) -> Response[Any]:
    """Ask for a link to a new password."""
    return visit.show(
        "pages/forgot.html",
        **{"said": "", "mistake": "", "email": "", "can_mail": bool(visit.settings.mail.host), **values},
    )


def send_link(visit: Visit) -> Response[Any]:
    """Send the link, if there is whom to; the answer is the same, and as quick, either way."""
    email = visit.posted("email")
    try:
        visit.site.door.slow_down(f"forgot {email}", visit.client)
    except TooManyError as error:
        return _later(error, forgot(visit, mistake=error.to(visit.language), email=email, status=429))
    if visit.settings.mail.host:
        send_reset(visit.business, email, visit.site.public_url)
    return forgot(visit, said=visit.text(_SENT))


def reset_form(visit: Visit, **values: Any) -> Response[Any]:
    """Set a new password by a link."""
    token = visit.posted("token") or visit.parameter("token")
    is_open = visit.business.state.one_time_links.holds(RESET, token)
    shown: dict[str, Any] = {"token": token, "is_open": is_open, "mistake": "" if is_open else visit.text(_SPENT)}
    shown["status"] = 200 if is_open else 410
    return visit.show("pages/reset.html", **(shown | values))


def reset(visit: Visit) -> Response[Any]:
    """Keep the new password."""
    password = str(visit.form.get("password", ""))
    if len(password) < 10:
        return reset_form(visit, mistake=visit.text(_SHORT), status=422)
    try:
        number = visit.business.state.one_time_links.use(RESET, visit.posted("token"))
        user = visit.business.state.users.get(number) if number else None
    except AccountError:
        return reset_form(visit)
    if user:
        set_password(visit.business, user, password)
        visit.business.state.audit.add(user.email, "password_reset", address=visit.client)
    return visit.redirect("/sign-in")


PAGE = Page(
    title=Text("Sign in", "Вход"),
    routes=(
        Route("/sign-in", form, access=PUBLIC),
        Route("/sign-in", sign_in, method="POST", access=PUBLIC),
        Route("/sign-in/code", second_step, method="POST", access=PUBLIC),
        Route("/sign-out", sign_out, method="POST", access=EVERYONE),
        Route("/forgot", forgot, access=PUBLIC),
        Route("/forgot", send_link, method="POST", access=PUBLIC),
        Route("/reset", reset_form, access=PUBLIC),
        Route("/reset", reset, method="POST", access=PUBLIC),
    ),
)
