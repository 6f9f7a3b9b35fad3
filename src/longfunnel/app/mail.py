"""Mail: one letter through the SMTP server of ``[mail]``."""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING

from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Mail

logger = logging.getLogger(__name__)
_SECONDS = 20


class MailError(LongfunnelError):
    """A letter that could not be sent."""

    code = "mail"


def mail(settings: Mail, to: str, subject: str, body: str) -> None:
    """Send a plain letter. Raises MailError."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = settings.sender, to, subject
    letter["Date"], letter["Message-ID"] = (
        formatdate(usegmt=True),
        make_msgid(domain=settings.sender.rpartition("@")[2]),
    )
    letter.set_content(body)
    post(settings, letter)


def post(settings: Mail, letter: EmailMessage) -> None:
    """Hand a ready letter to the SMTP server. Raises MailError."""
    if not settings.host:
        raise MailError("No mail server is set up.", hint="Fill [mail] in longfunnel.toml.")
    context = ssl.create_default_context()
    try:
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
        with server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, os.environ.get(settings.password_env, ""))
            server.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(f"{settings.host}:{settings.port} did not take the letter: {error}.") from error


def mail_later(business: Business, settings: Mail, letter: Callable[[], tuple[str, str, str] | None]) -> None:
    """Send what ``letter`` gives (to, subject, body), in a thread of its own, so that nobody can tell from the time whether
    there was anything to send. A letter that fails is written to the log and to the audit log."""

    def send() -> None:
        wanted = letter()
        if wanted is None:
            return
        try:
            mail(settings, *wanted)
        except MailError as error:
            logger.warning("mail failed", extra={"reason": error.message})
            business.state.audit.add("", "mail_failed", detail=error.message)

    threading.Thread(target=send, name="mail", daemon=True).start()
