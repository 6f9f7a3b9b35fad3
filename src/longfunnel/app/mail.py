"""Mail: one letter to one recipient through the SMTP server of ``[mail]``; what fails for the moment is tried again."""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING

import stamina

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Mail

logger = logging.getLogger(__name__)
logging.getLogger("stamina").addHandler(logging.NullHandler())  # a retry is no news for whoever stands at the terminal
_SECONDS = 20
_TRIES = 3
_LONGEST_SECONDS = 45
_TEMPORARY = range(400, 500)


class MailError(LongfunnelError):
    """A letter that could not be sent."""

    code = "mail"


class TemporaryMailError(MailError):
    """The server cannot be reached, or says to try later."""

    code = "mail_temporary"


class RefusedMailError(MailError):
    """The server refuses this recipient or this letter for good: trying again changes nothing."""

    code = "mail_refused"


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
    """Hand a ready letter to the SMTP server; a temporary refusal is tried again a few times, within a minute.

    Raises TemporaryMailError when it stays one, RefusedMailError when the letter or its recipient is refused for good, and
    MailError when the server does not work as ``[mail]`` says.
    """
    if not settings.host:
        raise MailError(
            Text("No mail server is set up.", "Почтовый сервер не настроен."),
            hint=Text("Fill [mail] in longfunnel.toml.", "Заполните [mail] в longfunnel.toml."),
        )
    for attempt in stamina.retry_context(
        on=TemporaryMailError, attempts=_TRIES, timeout=_LONGEST_SECONDS, wait_initial=0.5, wait_max=8.0
    ):
        with attempt:
            _hand_over(settings, letter)


def _hand_over(settings: Mail, letter: EmailMessage) -> None:
    context = ssl.create_default_context()
    try:
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, os.environ.get(settings.password_env, ""))
            server.send_message(letter)
            with suppress(smtplib.SMTPException, OSError):
                server.quit()  # the letter is taken: how the server says goodbye changes nothing
        finally:
            server.close()
    except (OSError, smtplib.SMTPException) as error:
        raise _told(settings, str(letter["To"]), error) from error


def _told(settings: Mail, to: str, error: Exception) -> MailError:
    """The error in plain words, of the kind that says whether to try again (RFC 5321, 4.2.1: 4yz is temporary, 5yz is not)."""
    where = f"{settings.host}:{settings.port}"
    code, said = _reply(error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        told = Text(
            "{where} cannot do what the letter needs: {error}.", "{where} не умеет того, что нужно письму: {error}."
        )
        check = Text("Check security and user in [mail].", "Проверьте security и user в [mail].")
        return MailError(
            told.format(where=where, error=error), hint=check if "address" not in str(error).lower() else ""
        )
    if code in _TEMPORARY:
        told = Text(
            "{where} does not take the letter to {to} now ({code}): {said}.",
            "{where} сейчас не принимает письмо для {to} ({code}): {said}.",
        )
        return TemporaryMailError(told.format(where=where, to=to, code=code, said=said))
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)):
        told = Text(
            "{where} refused the letter to {to} ({code}): {said}.",
            "{where} отказался от письма для {to} ({code}): {said}.",
        )
        return RefusedMailError(
            told.format(where=where, to=to, code=code, said=said),
            hint=Text("Check the address, or ask its owner.", "Проверьте адрес или спросите его владельца."),
        )
    if code:
        told = Text("{where} did not take the letter ({code}): {said}.", "{where} не принял письмо ({code}): {said}.")
        return MailError(
            told.format(where=where, code=code, said=said),
            hint=Text(
                "Check user, password_env and sender in [mail].", "Проверьте user, password_env и sender в [mail]."
            ),
        )
    if isinstance(error, ssl.SSLError):
        told = Text(
            "{where} could not be spoken to securely: {error}.", "С {where} не удалось соединиться безопасно: {error}."
        )
        return MailError(
            told.format(where=where, error=error),
            hint=Text("Check security in [mail].", "Проверьте security в [mail]."),
        )
    told = Text("{where} did not take the letter: {error}.", "{where} не принял письмо: {error}.")
    return TemporaryMailError(
        told.format(where=where, error=error),
        hint=Text("Is it the right server and port?", "Верны ли сервер и порт?"),
    )


def _reply(error: Exception) -> tuple[int, str]:
    """The server's code and words; 0 where it said nothing."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return 0, ""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return code, " ".join(words.split()).rstrip(".")


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
            logger.warning("mail failed", extra={"reason": error.code})
            business.state.audit.add("", "mail_failed", detail=error.message)

    threading.Thread(target=send, name="mail", daemon=True).start()
