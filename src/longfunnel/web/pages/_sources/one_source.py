"""One source: how it fares, what it reads, its runs, its quarantine with what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longfunnel.app.serving.jobs import jobs_of
from longfunnel.app.sources.import_files import files_of
from longfunnel.app.sources.status import SourceState, causes_of, runs_of, source_states
from longfunnel.connect import connector_named, connector_names, corrections_of
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.web.page import ANALYSTS, OWNERS
from longfunnel.web.pages._jobs import title_of
from longfunnel.web.pages._sources.new_file import begin
from longfunnel.web.pages._sources.quarantined import mend_row, mend_values, shown_cause
from longfunnel.web.pages._sources.words import FACTS, WORDS, column_title

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.core.settings import Source
    from longfunnel.state import Connection
    from longfunnel.web.visit import Visit

_STALE_DAYS = 7
STATES = {
    "": Text("Not read yet", "Ещё не читали"),
    "good": Text("In order", "В порядке"),
    "expired": Text("The access has ended: give the keys anew", "Доступ закончился: дайте ключи заново"),
    "forbidden": Text("The access is refused", "Доступ запрещён"),
    "limited": Text("The system asks to come back later", "Система просит прийти позже"),
    "temporary": Text("The system does not answer now", "Система сейчас не отвечает"),
    "gone": Text("What is asked for is not there any more", "Запрошенного больше нет"),
    "changed_schema": Text("The system answers in another form than before", "Система отвечает иначе, чем раньше"),
    "refused": Text("The system refuses the request", "Система отклоняет запрос"),
    "settings": Text("The settings need mending", "Нужно поправить настройки"),
}
"""A connection's state in plain words."""


def show(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """The page. The rows of the quarantine are shown to those who can mend them; ``mistake``: why a row was not."""
    name = visit.path["name"]
    source = next((one for one in visit.settings.source if one.name == name), None)
    site = next((one for one in visit.settings.site if one.name == name), None)
    may_mend = bool(visit.user and visit.user.role in ANALYSTS)
    connection = visit.business.warehouse.cursor()
    try:
        state = source_states(connection, visit.settings.business.zone).get(name)
        if source is None and site is None and state is None:
            raise visit.missing()
        runs = runs_of(connection, name)
        causes = causes_of(connection, name, examples=20) if may_mend else []
        corrections = corrections_of(connection, name) if may_mend else []
    finally:
        connection.close()
    is_hook = source is not None and source.type == "webhook"
    jobs = [one for one in jobs_of(visit.business).all() if one.subject == name][:10]
    return visit.show(
        "pages/source.html",
        title=name,
        name=name,
        source=source,
        site=site,
        fact=visit.text(FACTS[source.fact]) if source and source.fact in FACTS else "",
        kind=visit.text(kind_of(source)),
        health=health_of(visit, state, connection_of(visit, source), waits=site is not None or is_hook),
        is_connected=is_connected(source),
        state=state,
        mapping=_mapping(visit, source),
        runs=runs,
        jobs=[(one, title_of(visit, one)) for one in jobs],
        causes=[shown_cause(visit, source, one) for one in causes],
        corrections=corrections,
        mistake=mistake,
        may_mend=may_mend,
        may_change_columns=may_mend
        and source is not None
        and source.type == "file"
        and bool(files_of(visit.business, source)),
        may_remove=bool(visit.user and visit.user.role in OWNERS) and site is None,
        tag=_tag(visit, name) if site else "",
        hook=_hook(visit, source) if is_hook and may_mend else "",
        minutes=visit.settings.schedule.sync_minutes,
        status=400 if mistake else 200,
    )


def act(visit: Visit) -> Response[Any]:
    """Look for what is new in the source, which tries the quarantine again; before that, say what a value of the source means, or
    correct one row."""
    name = visit.path["name"]
    source = next((one for one in visit.settings.source if one.name == name), None)
    if source is None:
        raise visit.missing()
    match visit.posted("verb"):
        case "values":
            mend_values(visit, source)
        case "row":
            try:
                mend_row(visit, source)
            except QuestionError as error:
                return show(visit, mistake=error.to(visit.language))
    return visit.redirect(f"/jobs/{begin(visit, 'sync', name).number}")


def is_connected(source: Source | None) -> bool:
    """Whether the source reaches an outside system."""
    return source is not None and source.is_connected


def connection_of(visit: Visit, source: Source | None) -> Connection | None:
    """How the connection of the source fares; None for one that has none."""
    return visit.business.state.connections.all().get(source.name) if source and is_connected(source) else None


def health_of(
    visit: Visit, state: SourceState | None, connection: Connection | None = None, *, waits: bool = False
) -> dict[str, str]:
    """How a source fares: good, warn or bad, an icon, and why in a few words. ``waits``: it sends by itself, when it has something."""
    if connection is not None and connection.state not in ("", "good"):
        is_passing = connection.state in ("limited", "temporary")
        return {
            "tone": "warn" if is_passing else "bad",
            "icon": "clock" if is_passing else "circle-x",
            "text": visit.text(STATES.get(connection.state, STATES["temporary"])),
        }
    if connection is not None and connection.state == "good" and (state is None or not state.rows):
        return {
            "tone": "good",
            "icon": "circle-check",
            "text": visit.text(Text("Connected; it has nothing yet", "Подключено; данных пока нет")),
        }
    if waits and (state is None or not (state.rows or state.quarantined)):
        return {
            "tone": "warn",
            "icon": "clock",
            "text": visit.text(Text("Waiting for the first data", "Ждём первых данных")),
        }
    if state is None or (state.recorded_at is None and not state.rows):
        return {
            "tone": "bad",
            "icon": "circle-x",
            "text": visit.text(Text("Nothing has come yet", "Пока ничего не пришло")),
        }
    if state.quarantined:
        rows = visit.shown.plural(state.quarantined, ("row", "rows"), ("строка", "строки", "строк"))
        return {
            "tone": "warn",
            "icon": "alert-triangle",
            "text": visit.text(Text(f"{rows} in the quarantine", f"{rows} в карантине")),
        }
    if state.latest_on and (visit.today - state.latest_on).days > _STALE_DAYS:
        return {
            "tone": "warn",
            "icon": "clock",
            "text": visit.text(Text("No news for more than a week", "Больше недели без новостей")),
        }
    return {"tone": "good", "icon": "circle-check", "text": visit.text(Text("In order", "В порядке"))}


def kind_of(source: Source | None) -> Text:
    """What kind of source it is."""
    if source is None:
        return Text("Site", "Сайт")
    if is_connected(source) and source.type in connector_names():
        return connector_named(source.type).title
    return {"file": Text("File", "Файл"), "webhook": Text("Webhook", "Вебхук")}.get(
        source.type, Text(source.type, source.type)
    )


def _mapping(visit: Visit, source: Source | None) -> list[tuple[str, str, str]]:
    """Theirs, ours in words, ours by name."""
    if source is None:
        return []
    lines = []
    for ours, theirs in source.columns.items():
        if isinstance(theirs, dict):
            lines += [
                (str(header), visit.text(Text("kept as it is", "как есть")), f"props.{name}")
                for name, header in theirs.items()
            ]
        else:
            lines.append(
                (", ".join(theirs) if isinstance(theirs, list) else str(theirs), visit.text(column_title(ours)), ours)
            )
    for ours, value in source.constants.items():
        word = visit.shown.value(value, "flag") if isinstance(value, bool) else str(value)
        word = visit.text(WORDS[word]) if word in WORDS else word
        lines.append((f"= {word}", visit.text(column_title(ours)), ours))
    return lines


def _tag(visit: Visit, name: str) -> str:
    from longfunnel.app.serving.up import tracker_tag
    from longfunnel.collect.plan import Plan

    return tracker_tag(Plan(visit.settings), name, visit.site.public_url.rstrip("/"))


def _hook(visit: Visit, source: Source | None) -> str:
    if source is None:
        return ""
    token = visit.business.state.api_keys.token(f"webhook {source.name}")
    return f"{visit.site.public_url.rstrip('/')}/hooks/{quote(source.name)}/{token}"
