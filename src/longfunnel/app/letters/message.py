"""The message itself: HTML with a text alternative, the picture inside, the workbook attached."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import UTC
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr, parseaddr
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Language
    from longfunnel.reports import Answer

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
PICTURE = "picture"


class _Folding(EmailPolicy):
    """The usual rules of mail, but words of other alphabets are folded as RFC 2047 says: the library's own folding drops spaces
    between them."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header as it is sent."""
        words = str(value)
        if words.isascii():
            return super().fold_binary(name, value)
        if name.lower() == "subject":
            folded = Header(words, "utf-8", header_name=name).encode(linesep=self.linesep)
        elif name.lower() == "from":
            folded = formataddr(parseaddr(words))
        else:
            return super().fold_binary(name, value)
        return f"{name}: {folded}{self.linesep}".encode()


@dataclass(frozen=True)
class Body:
    """What a letter says, before it has a recipient."""

    owner: str
    """The address of whose letter it is: only they get the link that changes it."""
    subject: str
    template: str
    language: Language
    values: dict[str, Any]
    picture: bytes = b""
    workbook: bytes = b""
    workbook_name: str = ""


def message(
    business: Business,
    body: Body,
    recipient: str,
    *,
    about: str,
    due_at: datetime,
    at: datetime,
    stop_url: str,
    manage_url: str,
) -> EmailMessage:
    """The message for one recipient. ``about`` and ``due_at`` make its Message-ID: the same letter again has the same."""
    settings = business.settings
    name, sender = parseaddr(settings.mail.sender)
    domain = sender.rpartition("@")[2] or "localhost"
    letter = EmailMessage(policy=_Folding())
    letter["From"] = formataddr((_plain(name or settings.business.name or "Longfunnel"), sender))
    letter["To"] = recipient
    letter["Subject"] = _plain(body.subject)
    letter["Date"] = format_datetime(at.replace(tzinfo=UTC), usegmt=True)
    letter["Message-ID"] = f"<{message_key(business, about, due_at)}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    if stop_url:
        letter["List-Unsubscribe"] = f"<{stop_url}>"
    cid = f"{PICTURE}-{message_key(business, about, due_at)}@{domain}"
    picture = f"cid:{cid}" if body.picture else ""
    links = {"stop_url": stop_url, "manage_url": manage_url}
    values = body.values | links | {"business": settings.business.name or "Longfunnel"}
    letter.set_content(written(f"{body.template}.txt", body, values | {"picture": ""}))
    letter.add_alternative(written(f"{body.template}.html", body, values | {"picture": picture}), subtype="html")
    if body.picture:
        page = list(letter.iter_parts())[1]  # the alternative that was just added
        page.add_related(body.picture, "image", "png", cid=f"<{cid}>", filename=f"{PICTURE}.png", disposition="inline")
    if body.workbook:
        letter.add_attachment(body.workbook, *_XLSX, filename=body.workbook_name)
    return letter


def message_key(business: Business, about: str, due_at: datetime) -> str:
    """What is the same each time a letter is made, and is no other installation's."""
    secret = business.state.api_keys.token("letters")
    return hashlib.sha256(f"{secret} {about} {due_at.isoformat()}".encode()).hexdigest()[:32]


def written(template: str, body: Body, values: dict[str, Any]) -> str:
    """A template with its values, in the letter's language."""

    def t(english: str, russian: str) -> str:
        return Text(english, russian).to(body.language)

    shared = {"t": t, "language": body.language, "subject": body.subject}
    return _environment().get_template(template).render(shared | values)


def workbook_of(answer: Answer) -> bytes:
    """The answer as XLSX."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer.xlsx"
        answer.to_xlsx(file)
        return file.read_bytes()


def _plain(words: str) -> str:
    """Words that fit on one line of a header."""
    return " ".join(words.split())


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("longfunnel.app.letters"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
