"""A new file: dropped into the browser, proposed as a mapping, mended by hand, imported in the background."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

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
from longfunnel.web.pages._sources.posted import PROPS, posted_headers, posted_source
from longfunnel.web.pages._sources.words import FACTS, KINDS, WORDS, column_title, plainly

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Response

    from longfunnel.app.serving.jobs import Job
    from longfunnel.web.visit import Visit

_BESIDE = ("date_order", "decimal", "new_constant")
"""The fields that a mistake can stand beside; any other is hidden in the form, or stands for nothing that is known."""
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
    known = source_of(visit.business, visit.business.folder / path)
    if not known:
        draft = Source(name="new", fact="lead", path=path.as_posix())
        try:
            columns_of(path, draft, folder=visit.business.folder)
        except LongfunnelError as error:  # no table at all: it is not kept
            (visit.business.folder / path).unlink(missing_ok=True)
            return drop_page(visit, mistake=_named_alone(visit, path, error))
    visit.audit("file_uploaded", path.as_posix())
    if known:
        return visit.redirect(f"/jobs/{begin(visit, 'sync', known).number}")
    return visit.redirect(f"/sources/new?_file={quote(path.as_posix())}")


def drop_page(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """The page with nothing but the drop zone."""
    return visit.show(
        "pages/source_drop.html", title=visit.text(Text("Bring a file in", "Загрузить файл")), mistake=mistake,
        endings=ENDINGS, largest=LARGEST >> 30, is_first=is_first(visit), status=400 if mistake else 200,
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
            return drop_page(visit, mistake=_named_alone(visit, path, broken))
        draft = Source(name=_named(visit, path), fact=fact or "lead", path=path.as_posix())
        return mapping_form(visit, path, Proposal(path, draft, NOTHING, 0.0), mistake=error.to(visit.language))
    return mapping_form(visit, path, proposal)


def save(visit: Visit) -> Response[Any]:
    """Look again at the first rows with the mapping as it is now; or write it, and import in the background."""
    path = _file(visit, visit.posted("_file"))
    source, mistakes = posted_source(visit, path, _named(visit, path))
    business = visit.settings.business
    if mistakes:
        return mapping_form(visit, path, Proposal(path, source, NOTHING, 0.0), mistakes=mistakes)
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


def is_first(visit: Visit) -> bool:
    """Whether this is the first run: no source has come to its end yet, so that the steps to the funnel are still shown."""
    return not visit.settings.source and not visit.settings.site


def begin(visit: Visit, kind: str, name: str = "") -> Job:
    """Import the source (or all of them) in the background."""
    names = [name] if name else None
    by = visit.user.email if visit.user else ""
    return jobs_of(visit.business).begin(kind, name, lambda own, tell: bring_in(own, names, progress=tell), by=by)


def mapping_form(
    visit: Visit,
    path: Path,
    proposal: Proposal,
    *,
    mistake: str = "",
    mistakes: dict[str, str] | None = None,
    is_known: bool = False,
) -> Response[Any]:
    """The columns of the file and what each is, with the first rows as understood; ``is_known``: of a source that is there;
    ``mistakes``: what is wrong with fields of the form, by their names."""
    source = proposal.source
    fact = facts()[source.fact]
    ours: dict[str, str] = {}
    for name, theirs in source.columns.items():
        if name == PROPS and isinstance(theirs, dict):
            ours |= dict.fromkeys(theirs.values(), PROPS)
        else:
            ours |= dict.fromkeys(theirs if isinstance(theirs, list) else [theirs], name)
    try:
        columns = columns_of(path, source, folder=visit.business.folder)
    except SourceError as error:  # how the file is read was said wrong: what was chosen for its columns stays
        if visit.request.method != "POST":
            raise
        mistake = mistake or error.to(visit.language)
        columns = [(header, []) for header, _ in posted_headers(visit)]
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
            {
                visit.text(column_title(name)): _cell(visit, name, value)
                for name, value in row.items()
                if value is not None
            }
            for row in proposal.sample
        ],
        titles={column.name: visit.text(column_title(column.name)) for column in fact.columns},
        shown_columns=[visit.text(column_title(name)) for name in (proposal.sample[0] if proposal.sample else {})],
        warnings=[plainly(visit, text) for text in proposal.warnings],
        has_rows=any(examples for _, examples in columns),
        kinds=[(word, visit.text(WORDS[word])) for word in KINDS["kind"]],
        is_first=is_first(visit),
        notes=[visit.text(text) for text in proposal.notes],
        mistake=mistake,
        mistakes=mistakes or {},
        elsewhere=[said for field, said in (mistakes or {}).items() if field not in _BESIDE],
        typed={name: visit.posted(name) for name in ("new_constant", "new_constant_value") if mistakes},
        status=422 if mistakes else 400 if mistake and visit.request.method == "POST" else 200,
    )


def _named_alone(visit: Visit, path: Path, error: LongfunnelError) -> str:
    """What is wrong with a file, called by its name alone: where it lies on the server tells a browser's user nothing."""
    said = error.to(visit.language)
    return said.replace(str(visit.business.folder / path), f"«{path.name}»").replace(path.as_posix(), f"«{path.name}»")


def _cell(visit: Visit, name: str, value: Any) -> str:
    if isinstance(value, datetime):  # already on the business's clock
        day = visit.shown.day(value.date())
        return f"{day}, {value:%H:%M}" if value.hour or value.minute else day
    if isinstance(value, date):
        return visit.shown.day(value)
    if isinstance(value, bool):
        return visit.shown.value(value, "flag")
    if name in KINDS and value in WORDS:
        return visit.text(WORDS[value])
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
