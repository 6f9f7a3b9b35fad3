"""Mail: one letter to one recipient through the SMTP server of ``[mail]``; what fails for the moment is tried again."""

from __future__ import annotations

import logging
import os
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any

import stamina
from cryptography.fernet import InvalidToken

from longfunnel.app.access.sealing import box
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text, spoken

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
_PASSWORD = "mail"  # noqa: S105 - what it is kept under, not what it is
_SILENCE = (
    (socket.gaierror, Text("there is no server of that name", "сервера с таким именем нет")),
    (TimeoutError, Text("it does not answer", "он не отвечает")),
    (ConnectionRefusedError, Text("nobody answers at that port", "на этом порту никто не отвечает")),
    (smtplib.SMTPServerDisconnected, Text("it broke off the talk", "он оборвал разговор")),
)
"""Why a server said nothing, by the error."""


class MailError(LongfunnelError):
    """A letter that could not be sent."""

    code = "mail"


class TemporaryMailError(MailError):
    """The server cannot be reached, or says to try later."""

    code = "mail_temporary"


class RefusedMailError(MailError):
    """The server refuses this recipient or this letter for good: trying again changes nothing."""

    code = "mail_refused"


def password_of(business: Business) -> str:
    """The mail server's password: of the environment variable that ``[mail]`` names, else the one that was typed in the settings' page;
    empty where there is none. Raises MailError for a kept one that cannot be read."""
    given = os.environ.get(business.settings.mail.password_env, "")
    sealed = "" if given else business.state.sealed.get(_PASSWORD)
    if not sealed:
        return given
    try:
        return box(business).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise MailError(
            Text(
                "The password of the mail server cannot be read: the key file is not the one that sealed it.",
                "Пароль почтового сервера не читается: файл ключа не тот, которым он запечатан.",
            ),
            hint=Text("Type it again: Settings, Mail.", "Введите его ещё раз: Настройки, Почта."),
        ) from None


def keep_password(business: Business, password: str) -> None:
    """Keep the mail server's password, sealed, in place of the one before; an empty one is forgotten."""
    business.state.sealed.keep(_PASSWORD, box(business).encrypt(password.encode()).decode() if password else "")


def keeps_password(business: Business) -> bool:
    """Whether a password was typed in the settings' page."""
    return bool(business.state.sealed.get(_PASSWORD))


def mail(settings: Mail, to: str, subject: str, body: str, *, password: str = "", is_patient: bool = True) -> str:
    """Send a plain letter; what ``post`` gives. Raises MailError."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = settings.sender, to, subject
    letter["Date"], letter["Message-ID"] = (
        formatdate(usegmt=True),
        make_msgid(domain=settings.sender.rpartition("@")[2]),
    )
    letter.set_content(body)
    return post(settings, letter, password=password, is_patient=is_patient)


def post(settings: Mail, letter: EmailMessage, *, password: str = "", is_patient: bool = True) -> str:
    """Hand a ready letter to the SMTP server, and give its answer: ``250 OK queued``. A temporary refusal is tried again a few times,
    within a minute, unless somebody who is not patient waits for the answer.

    Raises TemporaryMailError when it stays one, RefusedMailError when the letter or its recipient is refused for good, and
    MailError when the server does not work as ``[mail]`` says.
    """
    if not settings.host:
        raise MailError(
            Text("No mail server is set up.", "Почтовый сервер не настроен."),
            hint=Text("Fill [mail] in longfunnel.toml.", "Заполните [mail] в longfunnel.toml."),
        )
    for attempt in stamina.retry_context(
        on=TemporaryMailError,
        attempts=_TRIES if is_patient else 1,
        timeout=_LONGEST_SECONDS,
        wait_initial=0.5,
        wait_max=8.0,
    ):
        with attempt:
            return _hand_over(settings, letter, password)
    raise AssertionError  # the attempts end with an answer or with an error


class _Heard(smtplib.SMTP):
    """A talk with a server that keeps what it said when it took the letter."""

    taken: tuple[int, bytes] = (0, b"")

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.taken = super().data(msg)
        return self.taken


class _HeardOverTls(_Heard, smtplib.SMTP_SSL):
    """The same, secure from its first word."""


def _hand_over(settings: Mail, letter: EmailMessage, password: str) -> str:
    context = ssl.create_default_context()
    try:
        if settings.security == "tls":
            server: _Heard = _HeardOverTls(settings.host, settings.port, timeout=_SECONDS, context=context)
        else:
            server = _Heard(settings.host, settings.port, timeout=_SECONDS)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, password)
            server.send_message(letter)
            with suppress(smtplib.SMTPException, OSError):
                server.quit()  # the letter is taken: how the server says goodbye changes nothing
            code, said = server.taken
            return f"{code} {_one_line(said)}".strip()
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
    if isinstance(error, smtplib.SMTPAuthenticationError):
        told = Text(
            "{where} does not let «{user}» in ({code}): {said}.", "{where} не пускает «{user}» ({code}): {said}."
        )
        return MailError(
            told.format(where=where, user=settings.user, code=code, said=said),
            hint=Text(
                "Check the name and the password; some services want a password made for programs.",
                "Проверьте имя и пароль; некоторым службам нужен отдельный пароль для приложений.",
            ),
        )
    if code:
        told = Text("{where} did not take the letter ({code}): {said}.", "{where} не принял письмо ({code}): {said}.")
        return MailError(
            told.format(where=where, code=code, said=said),
            hint=Text(
                "Check user, its password and sender in [mail].", "Проверьте user, его пароль и sender в [mail]."
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
    told = Text("{where} did not take the letter: {why}.", "{where} не принял письмо: {why}.")
    why = next((words for kind, words in _SILENCE if isinstance(error, kind)), spoken(str(error)))
    return TemporaryMailError(
        told.format(where=where, why=why),
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
    return code, _one_line(said).rstrip(".")


def _one_line(said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(words.split())


def mail_later(business: Business, settings: Mail, letter: Callable[[], tuple[str, str, str] | None]) -> None:
    """Send what ``letter`` gives (to, subject, body), in a thread of its own, so that nobody can tell from the time whether
    there was anything to send. A letter that fails is written to the log and to the audit log."""

    def send() -> None:
        wanted = letter()
        if wanted is None:
            return
        try:
            mail(settings, *wanted, password=password_of(business))
        except MailError as error:
            logger.warning("mail failed", extra={"reason": error.code})
            business.state.audit.add("", "mail_failed", detail=error.message)

    threading.Thread(target=send, name="mail", daemon=True).start()
