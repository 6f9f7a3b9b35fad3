"""A new file: dropped into the browser, proposed as a mapping, mended by hand, imported in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from litestar.datastructures import UploadFile

from longfunnel.app.serving.jobs import jobs_of
from longfunnel.app.sources.import_files import add_source, propose_source, source_of
from longfunnel.app.sources.status import bring_in
from longfunnel.app.sources.uploads import ENDINGS, LARGEST, keep_upload, uploaded
from longfunnel.connect import Proposal, columns_of, preview
from longfunnel.core.errors import LongfunnelError, SourceError
from longfunnel.core.settings import Source
from longfunnel.core.text import NOTHING, Text
from longfunnel.warehouse.facts import Type, facts
from longfunnel.web.pages._sources.words import FACTS, column_title

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Response

    from longfunnel.app.serving.jobs import Job
    from longfunnel.web.visit import Visit

OPTIONS = ("date_order", "decimal", "timezone", "system")
PROPS = "props"
_TITLE = Text("What is in this file", "Что в этом файле")


def upload(visit: Visit) -> Response[Any]:
    """Keep the file, then ask what its columns mean; one that is read already is synced."""
    file = visit.form.get("file")
    if isinstance(file, list):
        file = next((one for one in file if isinstance(one, UploadFile)), None)
    if not isinstance(file, UploadFile) or not file.filename:
        return drop_page(visit, mistake=visit.text(Text("Choose a file first.", "Сначала выберите файл.")))
    try:
        path = keep_upload(visit.business, file.file, file.filename)
    except SourceError as error:
        return drop_page(visit, mistake=error.to(visit.language))
    visit.audit("file_uploaded", path.as_posix())
    known = source_of(visit.business, visit.business.folder / path)
    if known:
        return visit.redirect(f"/jobs/{begin(visit, 'sync', known).number}")
    return visit.redirect(f"/sources/new?_file={quote(path.as_posix())}")


def drop_page(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """The page with nothing but the drop zone."""
    return visit.show(
        "pages/source_drop.html", title=visit.text(Text("Bring a file in", "Загрузить файл")), mistake=mistake,
        endings=ENDINGS, largest=LARGEST >> 30, status=400 if mistake else 200,
    )  # fmt: skip


def show(visit: Visit) -> Response[Any]:
    """The proposed mapping of ``_file``, to be mended."""
    if not visit.parameter("_file"):
        return drop_page(visit)
    path = _file(visit, visit.parameter("_file"))
    fact = visit.parameter("_fact") if visit.parameter("_fact") in facts() else ""
    full = visit.business.folder / path
    try:
        proposal = propose_source(visit.business, full, fact=fact)
    except SourceError as error:
        try:
            columns_of(
                path, Source(name="new", fact=fact or "lead", path=path.as_posix()), folder=visit.business.folder
            )
        except LongfunnelError as broken:  # no table at all: no mapping mends it
            return drop_page(visit, mistake=broken.to(visit.language))
        draft = Source(name=_named(visit, path), fact=fact or "lead", path=path.as_posix())
        return mapping_form(visit, path, Proposal(path, draft, NOTHING, 0.0), mistake=error.to(visit.language))
    return mapping_form(visit, path, proposal)


def save(visit: Visit) -> Response[Any]:
    """Look again at the first rows with the mapping as it is now; or write it, and import in the background."""
    path = _file(visit, visit.posted("_file"))
    source = posted_source(visit, path)
    business = visit.settings.business
    try:
        proposal = preview(path, source, business=business, folder=visit.business.folder)
    except LongfunnelError as error:
        return mapping_form(visit, path, Proposal(path, source, NOTHING, 0.0), mistake=error.to(visit.language))
    if visit.posted("verb") != "accept":
        return mapping_form(visit, path, proposal)
    try:
        name = add_source(visit.business, proposal)
    except LongfunnelError as error:
        return mapping_form(visit, path, proposal, mistake=error.to(visit.language))
    visit.audit("source_added", name)
    return visit.redirect(f"/jobs/{begin(visit, 'import', name).number}")


def begin(visit: Visit, kind: str, name: str = "") -> Job:
    """Import the source (or all of them) in the background."""
    names = [name] if name else None
    by = visit.user.email if visit.user else ""
    return jobs_of(visit.business).begin(kind, name, lambda own, tell: bring_in(own, names, progress=tell), by=by)


def mapping_form(
    visit: Visit, path: Path, proposal: Proposal, *, mistake: str = "", is_known: bool = False
) -> Response[Any]:
    """The columns of the file and what each is, with the first rows as understood; ``is_known``: of a source that is there."""
    source = proposal.source
    fact = facts()[source.fact]
    ours: dict[str, str] = {}
    for name, theirs in source.columns.items():
        if name == PROPS and isinstance(theirs, dict):
            ours |= dict.fromkeys(theirs.values(), PROPS)
        else:
            ours |= dict.fromkeys(theirs if isinstance(theirs, list) else [theirs], name)
    columns = columns_of(path, source, folder=visit.business.folder)
    choices = [
        (column.name, visit.text(column_title(column.name)), column.required)
        for column in fact.columns
        if column.type is not Type.PROPS
    ]
    mapped = set(ours.values()) | set(source.constants)
    return visit.show(
        "pages/source_new.html",
        title=source.name if is_known else visit.text(_TITLE),
        is_known=is_known,
        action=f"/sources/{quote(source.name, safe='')}/columns" if is_known else "/sources/new",
        file=path.as_posix(),
        source=source,
        fact=source.fact,
        facts=[(name, visit.text(FACTS[name])) for name in facts()],
        why=visit.text(proposal.why),
        columns=[(header, examples, ours.get(header, "")) for header, examples in columns],
        choices=choices,
        has_props=PROPS in fact.column_by_name,
        constants=list(source.constants.items()),
        more_constants=[(name, title) for name, title, _ in choices if name not in mapped],
        values=[(name, theirs, word) for name, words in source.values.items() for theirs, word in words.items()],
        sample=[
            {visit.text(column_title(name)): _cell(visit, value) for name, value in row.items() if value is not None}
            for row in proposal.sample
        ],
        titles={column.name: visit.text(column_title(column.name)) for column in fact.columns},
        shown_columns=[visit.text(column_title(name)) for name in (proposal.sample[0] if proposal.sample else {})],
        warnings=[visit.text(text) for text in proposal.warnings],
        notes=[visit.text(text) for text in proposal.notes],
        mistake=mistake,
        status=400 if mistake and visit.request.method == "POST" else 200,
    )


def posted_source(visit: Visit, path: Path) -> Source:
    """The source as the form says it."""
    fact = visit.posted("fact")
    if fact not in facts():
        raise visit.missing()
    columns: dict[str, Any] = {}
    number = 0
    while f"h{number}" in visit.form:
        header, ours = str(visit.form[f"h{number}"]), visit.posted(f"c{number}")
        number += 1
        if not ours:
            continue
        if ours == PROPS:
            columns.setdefault(PROPS, {})["_".join(header.lower().split()) or f"column_{number}"] = header
        elif ours in facts()[fact].column_by_name:
            before = columns.get(ours)
            columns[ours] = header if before is None else [*(before if isinstance(before, list) else [before]), header]
    constants = {
        name.removeprefix("k_"): _constant(visit.posted(name))
        for name in visit.form
        if name.startswith("k_") and visit.posted(name)
    }
    if visit.posted("new_constant") and visit.posted("new_constant_value"):
        constants[visit.posted("new_constant")] = _constant(visit.posted("new_constant_value"))
    values: dict[str, dict[str, str]] = {}
    number = 0
    while f"vn{number}" in visit.form:
        if word := visit.posted(f"vo{number}"):
            values.setdefault(visit.posted(f"vn{number}"), {})[str(visit.form[f"vt{number}"])] = word
        number += 1
    kept = {name: visit.posted(name) for name in ("encoding", "delimiter", "sheet", "unit")}
    made = {
        "name": visit.posted("name") or _named(visit, path),
        "fact": fact,
        "path": path.as_posix(),
        "skip_rows": int(visit.posted("skip_rows") or 0),
    }
    made |= {name: visit.posted(name) for name in OPTIONS} | kept
    return msgspec.convert({**made, "columns": columns, "constants": constants, "values": values}, Source)


def _constant(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text)


def _cell(visit: Visit, value: Any) -> str:
    from datetime import datetime

    if isinstance(value, datetime):  # already on the business's clock
        return f"{value:%Y-%m-%d %H:%M}" if value.hour or value.minute else f"{value:%Y-%m-%d}"
    if isinstance(value, bool) or value is None:
        return visit.shown.value(value, "flag") if value is not None else "—"
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _file(visit: Visit, text: str) -> Path:
    path = uploaded(visit.business, text)
    if path is None:
        raise visit.missing()
    return path


def _named(visit: Visit, path: Path) -> str:
    known = {source.name for source in visit.settings.source}
    stem = "_".join(path.name.partition(".")[0].lower().split()) or "file"
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 1000))) if name not in known)
