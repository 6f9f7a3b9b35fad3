"""What other systems send by themselves: a webhook with its address, a site with its line of HTML and a check that it lives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.enums import MediaType

from longfunnel.app.settings_file import change_settings, new_row, rows_of
from longfunnel.collect.presets import presets
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import facts
from longfunnel.web.pages._sources.words import FACTS, column_title
from longfunnel.web.rendering import render

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

_MAIN = (
    "phone",
    "email",
    "name",
    "created_at",
    "started_at",
    "paid_at",
    "amount",
    "source",
    "stage",
    "status",
    "duration_seconds",
)
"""The columns that most senders have."""
_EXAMPLES = {
    "lead_id": "id",
    "deal_id": "id",
    "call_id": "id",
    "payment_id": "id",
    "phone": "contact.phone",
    "created_at": "date",
}
_NO_SLASHES = Text("A name without slashes is needed.", "Нужно название, без косой черты.")
_NO_ADDRESS = Text(
    "Name the site's address, as https://shop.example.", "Укажите адрес сайта, например https://shop.ru."
)
_NO_FIELDS = Text("Say which of its fields is which, one at least.", "Укажите, какое поле что значит, — хотя бы одно.")
_HOOK_FACTS = ("lead", "call", "deal", "stage_entry", "payment", "message", "survey_answer", "event")


def new_hook(visit: Visit, *, wrong: str = "", mistake: str = "") -> Response[Any]:
    """The form of a new webhook; a mistake stands beside what is ``wrong``."""
    fact = visit.posted("fact") or visit.parameter("_fact")
    fact = fact if fact in _HOOK_FACTS else "lead"
    columns = [
        (column.name, visit.text(column_title(column.name)), column.required)
        for column in facts()[fact].columns
        if column.name != "props"
    ]
    return visit.show(
        "pages/source_webhook.html",
        title=visit.text(Text("A webhook", "Вебхук")),
        facts=[(name, visit.text(FACTS[name])) for name in _HOOK_FACTS],
        presets=[
            (name, ", ".join(visit.text(FACTS[fact]) for fact in sent if fact in FACTS))
            for name, sent in presets().items()
        ],
        fact_title=visit.text(FACTS[fact]),
        main=[one for one in columns if one[2] or one[0] in _MAIN],
        more=[one for one in columns if not one[2] and one[0] not in _MAIN],
        examples=_EXAMPLES,
        typed={name: visit.posted(name) for name in ("name", "preset", "system")}
        | {"fact": fact, "mapping": _mapping(visit, fact)},
        mistake="" if wrong else mistake,
        mistakes={wrong: mistake},
        status=400 if mistake else 200,
    )


def add_hook(visit: Visit) -> Response[Any]:
    """Write the ``[[source]]`` of the webhook; its page shows the address. Another fact was chosen: the fields of that one."""
    if visit.posted("verb") == "fact":
        return new_hook(visit)
    name, fact, preset = visit.posted("name"), visit.posted("fact"), visit.posted("preset")
    if fact not in _HOOK_FACTS:
        raise visit.missing()
    if not name or "/" in name:
        return new_hook(visit, wrong="name", mistake=visit.text(_NO_SLASHES))
    mapping = _mapping(visit, fact)
    if not mapping and not preset:
        return new_hook(visit, wrong="mapping", mistake=visit.text(_NO_FIELDS))
    values = {
        "name": name,
        "type": "webhook",
        "fact": fact,
        "preset": preset,
        "system": visit.posted("system"),
        "columns": mapping,
    }
    try:
        change_settings(visit.business, lambda document: rows_of(document, "source").append(new_row(values)))
    except LongfunnelError as error:
        return new_hook(visit, mistake=error.to(visit.language))
    visit.audit("webhook_added", name)
    return visit.redirect(f"/sources/{quote(name)}")


def new_site(visit: Visit, *, wrong: str = "", mistake: str = "") -> Response[Any]:
    """The form of a new site; a mistake stands beside the field that is ``wrong``."""
    title = visit.text(Text("Your site", "Ваш сайт"))
    typed = {"name": visit.posted("name"), "origin": visit.posted("origin")}
    return visit.show(
        "pages/source_site.html",
        title=title,
        typed=typed,
        mistake="" if wrong else mistake,
        mistakes={wrong: mistake},
        status=400 if mistake else 200,
    )


def add_site(visit: Visit) -> Response[Any]:
    """Write the ``[[site]]``; its page shows the line for its pages and waits for the first visit."""
    origin = visit.posted("origin").rstrip("/")
    origin = origin if "://" in origin or not origin else f"https://{origin}"
    try:
        parts = urlsplit(origin)
    except ValueError:  # brackets that are no address
        return new_site(visit, wrong="origin", mistake=visit.text(_NO_ADDRESS))
    address = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    name = visit.posted("name") or (parts.hostname or "").removeprefix("www.")
    if "/" in name:
        return new_site(visit, wrong="name", mistake=visit.text(_NO_SLASHES))
    if not name or (origin and not _is_host(parts.hostname or "")):
        return new_site(visit, wrong="origin", mistake=visit.text(_NO_ADDRESS))
    origins = [address] if address else []
    if address and parts.hostname and parts.hostname.count(".") == 1:
        origins.append(f"{parts.scheme}://*.{parts.netloc}")
    try:
        change_settings(
            visit.business,
            lambda document: rows_of(document, "site").append(new_row({"name": name, "origins": origins})),
        )
    except LongfunnelError as error:
        return new_site(visit, mistake=error.to(visit.language))
    visit.audit("site_added", name)
    return visit.redirect(f"/sources/{quote(name)}")


def check_site(visit: Visit) -> Response[Any]:
    """Whether a visit of the site has come: the part of its page that asks again and again."""
    name = visit.path["name"]
    if name not in {site.name for site in visit.settings.site}:
        raise visit.missing()
    connection = visit.business.warehouse.cursor()
    try:
        row = connection.execute(
            "SELECT count(*), max(happened_at), arg_max(url, happened_at) FROM facts.event WHERE source_system = ?",
            [name],
        ).fetchall()[0]
    finally:
        connection.close()
    return Response(
        render(visit, "parts/first_visit.html", {"name": name, "events": row[0], "at": row[1], "url": row[2]}),
        media_type=MediaType.HTML,
    )


def _is_host(name: str) -> bool:
    """Whether a browser may be at this name: a domain, in whatever letters, an address in numbers, or this machine."""
    try:
        plain = name.encode("idna").decode()
    except UnicodeError:
        return False
    return plain == "localhost" or bool(re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]", plain))


def _mapping(visit: Visit, fact: str) -> dict[str, str]:
    """Ours → theirs, as the form says it."""
    return {
        column.name: theirs
        for column in facts()[fact].columns
        if column.name != "props" and (theirs := visit.posted(f"m-{column.name}"))
    }
