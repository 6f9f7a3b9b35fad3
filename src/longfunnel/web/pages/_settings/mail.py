"""Mail in the settings: the server's password, typed once and kept sealed, and a letter to see that all of it works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from longfunnel.app.mail import MailError, keep_password, keeps_password, mail, password_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

HERE = "/settings/mail"
_SUBJECT = Text("A test letter from {name}", "Проверочное письмо от {name}")
_BODY = Text(
    "This letter was asked for in Settings, Mail. It came, so reports, alerts and links to a new password will come too.\n\n{url}\n",
    "Это письмо попросили отправить в разделе «Настройки → Почта». Раз оно пришло, придут и отчёты, и оповещения, и ссылки на новый пароль.\n\n{url}\n",
)
_TAKEN = Text(
    "{where} took the letter to {to} and answered: {answer}", "{where} принял письмо для {to} и ответил: {answer}"
)


def shown(visit: Visit, *, said: str = "", mistake: str = "", hint: str = "") -> dict[str, Any]:
    """What the page says of the password, and what came of a test letter."""
    settings = visit.settings.mail
    return {
        "mail": {
            "host": settings.host,
            "variable": settings.password_env if os.environ.get(settings.password_env) else "",
            "is_kept": keeps_password(visit.business),
            "to": visit.user.email if visit.user else "",
            "said": said,
            "mistake": mistake,
            "hint": hint,
            "kept": visit.parameter("_kept"),
        }
    }


def keep(visit: Visit) -> Response[Any]:
    """Keep the password, or forget it."""
    forgotten = bool(visit.posted("forget"))
    password = "" if forgotten else str(visit.form.get("password", ""))
    if not password and not forgotten:
        return visit.redirect(f"{HERE}#password")
    keep_password(visit.business, password)
    visit.audit("settings_changed", "mail")
    return visit.redirect(f"{HERE}?_kept={'no' if forgotten else 'yes'}#password")


def tried(visit: Visit) -> dict[str, Any]:
    """Send a letter to the user's own address, once, and give what the mail server answered."""
    settings, name = visit.settings.mail, visit.settings.business.name or "Longfunnel"
    to = visit.user.email if visit.user else ""
    subject, body = visit.text(_SUBJECT.format(name=name)), visit.text(_BODY.format(url=visit.site.public_url))
    try:
        password = password_of(visit.business) if settings.user else ""
        answer = mail(settings, to, " ".join(subject.split()), body, password=password, is_patient=False)
    except MailError as error:
        return shown(visit, mistake=visit.text(error.said), hint=visit.text(error.advice))
    where = f"{settings.host}:{settings.port}"
    return shown(visit, said=visit.text(_TAKEN.format(where=where, to=to, answer=answer)))
