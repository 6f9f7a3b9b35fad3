"""Signing in and out, and a forgotten password. What is answered never tells whether there is such an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.access.accounts import (
    RESET,
    SecondFactorNeededError,
    SignInError,
    TooManyError,
    link,
    set_password,
)
from longfunnel.app.mail import mail_later
from longfunnel.core.text import Text
from longfunnel.state import AccountError
from longfunnel.web.page import EVERYONE, PUBLIC, Page, Route
from longfunnel.web.security import SESSION_SECONDS

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.app.business import Business
    from longfunnel.state import User
    from longfunnel.web.visit import Visit

_WRONG = Text("The e-mail or the password is not right.", "Почта или пароль не подходят.")
_WRONG_CODE = Text(
    "The code is not right. Check the clock of your phone.", "Код не подходит. Проверьте часы на телефоне."
)
_TOO_MANY = Text("Too many attempts. Try again in {seconds} s.", "Слишком много попыток. Повторите через {seconds} с.")
_SENT = Text(
    "If there is such an account, a link is on its way. It opens for an hour.",
    "Если такой аккаунт есть, ссылка уже в пути. Она действует час.",
)
_SPENT = Text(
    "This link was used already, or its time is over. Ask for a new one.",
    "Эта ссылка уже использована или устарела. Запросите новую.",
)
_SHORT = Text("The password needs at least 10 characters.", "В пароле нужно не меньше 10 знаков.")
_SUBJECT = Text("A new password for Longfunnel", "Новый пароль для Longfunnel")
_BODY = Text(
    "Set a new password here; the link opens once, within an hour:\n\n{url}\n\nIf you did not ask for it, do nothing.\n",
    "Задайте новый пароль по ссылке; она сработает один раз, в течение часа:\n\n{url}\n\nЕсли вы этого не просили, ничего не делайте.\n",
)


def form(visit: Visit, **values: Any) -> Response[Any]:
    """The form."""
    if visit.user:
        return visit.redirect("/")
    if not visit.business.state.users.count():
        return visit.redirect("/welcome")
    shown: dict[str, Any] = {
        "email": "",
        "mistake": "",
        "needs_code": False,
        "next": visit.parameter("_next") or "/",
        "status": 200,
    }
    return visit.show("pages/sign_in.html", **(shown | values))


def sign_in(visit: Visit) -> Response[Any]:
    """Open a session."""
    email, password, code = visit.posted("email"), str(visit.form.get("password", "")), visit.posted("code")
    back: dict[str, Any] = {"email": email, "next": visit.posted("next") or "/"}
    agent = visit.request.headers.get("user-agent", "")
    try:
        user, secret = visit.site.door.sign_in(email, password, code, address=visit.client, agent=agent)
    except SecondFactorNeededError:
        return form(visit, **back, needs_code=True, password=password)
    except TooManyError as error:
        return form(visit, **back, mistake=visit.text(_TOO_MANY.format(seconds=error.seconds)), status=429)
    except SignInError:
        return form(
            visit, **back, mistake=visit.text(_WRONG_CODE if code else _WRONG), needs_code=bool(code), status=401
        )
    return opened(visit, user, secret, back["next"])


def opened(visit: Visit, user: User, secret: str, where: str) -> Response[Any]:
    """The answer that lets a browser in."""
    visit.user = user
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
    return visit.show("pages/forgot.html", **{"said": "", "can_mail": bool(visit.settings.mail.host), **values})


def send_link(visit: Visit) -> Response[Any]:
    """Send the link, if there is whom to; the answer is the same, and as quick, either way."""
    email = visit.posted("email")
    try:
        visit.site.door.slow_down(f"forgot {email}", visit.client)
    except TooManyError as error:
        return forgot(visit, said=visit.text(_TOO_MANY.format(seconds=error.seconds)))
    if visit.settings.mail.host:
        mail_later(visit.business, visit.settings.mail, lambda: _letter(visit.business, visit, email))
    return forgot(visit, said=visit.text(_SENT))


def _letter(business: Business, visit: Visit, email: str) -> tuple[str, str, str] | None:
    user = business.state.users.find(email)
    if user is None or user.is_disabled:
        return None
    url = link(business, RESET, visit.site.public_url, user=user)
    return user.email, visit.text(_SUBJECT), visit.text(_BODY.format(url=url))


def reset_form(visit: Visit, **values: Any) -> Response[Any]:
    """Set a new password by a link."""
    token = visit.posted("token") or visit.parameter("token")
    is_open = visit.business.state.one_time_links.holds(RESET, token)
    shown: dict[str, Any] = {"token": token, "is_open": is_open, "mistake": "" if is_open else visit.text(_SPENT)}
    return visit.show("pages/reset.html", **(shown | values))


def reset(visit: Visit) -> Response[Any]:
    """Keep the new password."""
    password = str(visit.form.get("password", ""))
    if len(password) < 10:
        return reset_form(visit, mistake=visit.text(_SHORT))
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
        Route("/sign-out", sign_out, method="POST", access=EVERYONE),
        Route("/forgot", forgot, access=PUBLIC),
        Route("/forgot", send_link, method="POST", access=PUBLIC),
        Route("/reset", reset_form, access=PUBLIC),
        Route("/reset", reset, method="POST", access=PUBLIC),
    ),
)
