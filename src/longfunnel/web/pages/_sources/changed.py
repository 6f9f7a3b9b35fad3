"""A source that is there already: its mapping changed, the source removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.app.serving.jobs import jobs_of
from longfunnel.app.sources.changing import change_mapping, read_anew, remove_source, take_out
from longfunnel.app.sources.import_files import files_of
from longfunnel.app.sources.status import source_states
from longfunnel.connect import Proposal, preview
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import NOTHING, Text
from longfunnel.warehouse.facts import facts
from longfunnel.web.pages._sources.new_file import begin, mapping_form
from longfunnel.web.pages._sources.posted import posted_source

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Response

    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Source
    from longfunnel.web.visit import Visit

_FORM = ("fact", "columns", "constants", "values", "system", "timezone", "date_order", "decimal")


def show_mapping(visit: Visit) -> Response[Any]:
    """The mapping as it is, to be changed; ``_fact`` for rows that are something else."""
    source, path = _file_source(visit)
    fact = visit.parameter("_fact")
    if fact in facts() and fact != source.fact:
        known = facts()[fact].column_by_name
        columns = {name: theirs for name, theirs in source.columns.items() if name in known}
        constants = {name: value for name, value in source.constants.items() if name in known}
        values = {name: words for name, words in source.values.items() if name in known}
        source = msgspec.structs.replace(source, fact=fact, columns=columns, constants=constants, values=values)
    return _previewed(visit, path, source)


def save_mapping(visit: Visit) -> Response[Any]:
    """Look again at the first rows; or write the mapping and read the files by it, with or without what was loaded before."""
    source, path = _file_source(visit)
    posted, mistakes = posted_source(visit, path, source.name)
    changed = msgspec.structs.replace(source, **{name: getattr(posted, name) for name in _FORM})
    if mistakes:
        proposal = Proposal(path, changed, NOTHING, 0.0)
        return mapping_form(visit, path, proposal, mistakes=mistakes, is_known=True)
    if visit.posted("verb") != "accept":
        return _previewed(visit, path, changed)
    name = source.name
    try:
        preview(path, changed, business=visit.settings.business, folder=visit.business.folder)
        change_mapping(visit.business, changed)
    except LongfunnelError as error:
        proposal = Proposal(path, changed, NOTHING, 0.0)
        return mapping_form(visit, path, proposal, mistake=error.to(visit.language), is_known=True)
    visit.audit("source_changed", name)
    if visit.posted("loaded") == "keep":
        return visit.redirect(f"/jobs/{begin(visit, 'import', name).number}")
    by = visit.user.email if visit.user else ""
    job = jobs_of(visit.business).begin("import", name, lambda own, tell: read_anew(own, name, progress=tell), by=by)
    return visit.redirect(f"/jobs/{job.number}")


def confirm(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """What removing the source would do, and the name to be typed."""
    name = visit.path["name"]
    connection = visit.business.warehouse.cursor()
    try:
        state = source_states(connection, visit.settings.business.zone).get(name)
    finally:
        connection.close()
    is_set = any(source.name == name for source in visit.settings.source)
    if not is_set and state is None:
        raise visit.missing()
    return visit.show(
        "pages/source_remove.html",
        title=visit.text(Text("Remove «{name}»", "Убрать «{name}»").format(name=name)),
        name=name,
        rows=state.rows if state else 0,
        is_set=is_set,
        chosen=visit.posted("facts") or ("keep" if is_set else "out"),
        typed=visit.posted("typed"),
        mistake=mistake,
        status=400 if mistake else 200,
    )


def remove(visit: Visit) -> Response[Any]:
    """Remove the source; with its rows, where that was chosen, in the background."""
    name = visit.path["name"]
    if visit.posted("typed") != name:
        said = Text("Type the name exactly: {name}", "Введите название точно: {name}").format(name=name)
        return confirm(visit, mistake=visit.text(said))
    is_out = visit.posted("facts") == "out"
    if any(source.name == name for source in visit.settings.source):
        try:
            remove_source(visit.business, name)
        except LongfunnelError as error:
            return confirm(visit, mistake=error.to(visit.language))
    visit.audit("source_removed", f"{name}{' with its rows' if is_out else ''}")
    visit.site.answering.refresh()
    if not is_out:
        return visit.redirect("/sources")

    def run(own: Any, tell: Progress) -> Text:
        gone = take_out(own, name, progress=tell)
        return Text("{gone:,} rows were taken out.", "Убрано строк: {gone:,}.").format(gone=gone)

    by = visit.user.email if visit.user else ""
    return visit.redirect(f"/jobs/{jobs_of(visit.business).begin('remove', name, run, by=by).number}")


def _previewed(visit: Visit, path: Path, source: Source) -> Response[Any]:
    try:
        proposal = preview(path, source, business=visit.settings.business, folder=visit.business.folder)
    except LongfunnelError as error:
        proposal = Proposal(path, source, NOTHING, 0.0)
        return mapping_form(visit, path, proposal, mistake=error.to(visit.language), is_known=True)
    return mapping_form(visit, path, proposal, is_known=True)


def _file_source(visit: Visit) -> tuple[Source, Path]:
    """The source that reads files, and the newest of them, by which its mapping is shown."""
    source = next((one for one in visit.settings.source if one.name == visit.path["name"]), None)
    if source is None or source.type != "file":
        raise visit.missing()
    files = files_of(visit.business, source)
    if not files:
        raise visit.missing()
    return source, files[-1]
