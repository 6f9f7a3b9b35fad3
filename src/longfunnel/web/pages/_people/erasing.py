"""Personal data of one person: taken along, and taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response
from litestar.enums import MediaType

from longfunnel.app.business import Business
from longfunnel.app.privacy.erasure import confirm_erasure, erase, export, load_waiting
from longfunnel.app.privacy.own_files import files_that_mention
from longfunnel.app.serving.jobs import jobs_of
from longfunnel.collect.privacy import count_person
from longfunnel.core.text import Text
from longfunnel.people import identifiers_of
from longfunnel.web.pages._people.masked import sees_whole, shown_identifier
from longfunnel.web.pages._sources.words import FACTS as FACT_TITLES
from longfunnel.web.rendering import render

if TYPE_CHECKING:
    from longfunnel.warehouse.identifiers import Identifier
    from longfunnel.web.visit import Visit

_NOT_FACTS = {
    "webhooks": Text("Webhooks", "Вебхуки"),
    "quarantine": Text("Quarantine", "Карантин"),
    "raw_records": Text("Records as they came", "Записи, как они пришли"),
}
"""What else is held about a person."""


def export_person(visit: Visit) -> Response[Any]:
    """Everything that is held about the person, as JSON."""
    with Business(visit.business.folder) as own:
        held = export(own, str(visit.path["person_id"]))
    visit.audit("person_exported", str(visit.path["person_id"]))
    return visit.file(
        msgspec.json.format(msgspec.json.encode(held, enc_hook=str), indent=2),
        f"person-{visit.path['person_id']}.json",
        "application/json",
    )


def consider(visit: Visit) -> Response[Any]:
    """Who would be erased. What is held about them is looked for meanwhile (``held``)."""
    return _consider(visit, mistake=False)


def confirm(visit: Visit) -> Response[Any]:
    """Once the word is typed: what is to be done is kept before the answer, and a job does it."""
    if visit.posted("word").lower() != _word(visit):
        return _consider(visit, mistake=True)
    person_id = visit.path["person_id"]
    identifiers = _identifiers(visit)
    subject, by = f"person {person_id}", visit.user.email if visit.user else ""
    confirm_erasure(visit.business, identifiers, subject)
    visit.audit("person_erased", str(person_id))
    job = jobs_of(visit.business).begin(
        "erase", subject, lambda own, tell: erase(own, identifiers, progress=tell)[0], by=by
    )
    return visit.redirect(f"/jobs/{job.number}")


def held(visit: Visit) -> Response[Any]:
    """A part of that page: the rows that name the person, or the business's own files that mention them."""
    identifiers = _identifiers(visit)
    part = "files" if visit.parameter("_part") == "files" else "rows"
    values: dict[str, Any] = {"part": part}
    if part == "files":
        values["own_files"] = list(files_that_mention(visit.business, identifiers))
    else:
        connection = visit.cursor()
        try:
            rows = count_person(connection, identifiers)
        finally:
            connection.close()
        values["rows"] = {visit.text((FACT_TITLES | _NOT_FACTS)[name]): many for name, many in rows.items()}
    return Response(render(visit, "parts/held.html", values), media_type=MediaType.HTML)


def _consider(visit: Visit, *, mistake: bool) -> Response[Any]:
    load_waiting(visit.business)
    visit.site.answering.refresh()
    whole = sees_whole(visit)
    return visit.show(
        "pages/erase.html",
        title=visit.text(Text("Erase the person", "Стереть человека")),
        person_id=visit.path["person_id"],
        identifiers=[shown_identifier(one.kind, one.value, whole=whole) for one in _identifiers(visit)],
        word=_word(visit),
        mistake=mistake,
    )


def _identifiers(visit: Visit) -> list[Identifier]:
    connection = visit.cursor()
    try:
        return identifiers_of(connection, visit.path["person_id"])
    finally:
        connection.close()


def _word(visit: Visit) -> str:
    return visit.text(Text("erase", "стереть"))
