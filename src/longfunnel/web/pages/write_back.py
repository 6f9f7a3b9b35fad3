"""Write-back: what would go into a connected system, sending it, its log, taking it back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from longfunnel.app.serving.jobs import jobs_of
from longfunnel.app.settings_file import change_settings, new_row, row_named, rows_of
from longfunnel.app.write_back import plan, send, take_back
from longfunnel.app.write_back.log import done as written
from longfunnel.app.write_back.log import entries, tally
from longfunnel.connect import connector_named, connector_names
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.web.page import ANALYSTS, OWNERS, Page, Route

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.app.business import Business
    from longfunnel.app.write_back import Planned
    from longfunnel.connect._engine import Connector
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import WriteBack
    from longfunnel.web.visit import Visit

_SHOWN = 20
_LOGGED = 200
OURS = {
    "source": Text("Source", "Источник"),
    "medium": Text("Medium", "Тип трафика"),
    "campaign": Text("Campaign", "Кампания"),
    "content": Text("Ad", "Объявление"),
    "term": Text("Keyword", "Ключевое слово"),
    "channel": Text("Channel", "Канал"),
}
"""What can be written of where a record came from."""
STATES = {
    "intended": Text("was being sent", "отправлялось"),
    "done": Text("written", "записано"),
    "same": Text("was there already", "уже стояло"),
    "kept": Text("a person's own edit stays", "правка сотрудника оставлена"),
    "failed": Text("refused", "система отказала"),
    "undone": Text("taken back", "отменено"),
}
"""What became of a value, in words."""


def show(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """What goes back now, and, for an owner, the form that adds to it."""
    connection = visit.business.warehouse.cursor()
    try:
        counts = tally(connection)
    finally:
        connection.close()
    systems = _systems(visit)
    return visit.show(
        "pages/write_back.html",
        title=visit.text(PAGE.title),
        lead=visit.text(PAGE.lead),
        rules=[
            {
                "rule": rule,
                "url": f"/write-back/{quote(rule.name, safe='')}",
                "what": _what(visit, rule),
                "written": counts.get(rule.name, {}).get("done", 0),
                "failed": counts.get(rule.name, {}).get("failed", 0),
            }
            for rule in visit.settings.write_back
        ],
        crms=[(name, visit.text(one.title)) for name, one in systems if one.write_back],
        ads=[(name, visit.text(one.title)) for name, one in systems if one.conversions],
        columns=[(name, visit.text(title)) for name, title in OURS.items()],
        pipelines=_pipelines(visit),
        typed={name: visit.posted(name) for name in ("name", "kind", "to", "to_ads", "fact", "target", "since")},
        chosen=visit.parameter("_to"),
        may_change=_may_change(visit),
        mistake=mistake,
        status=400 if mistake else 200,
    )


def add(visit: Visit) -> Response[Any]:
    """Write a ``[[write_back]]`` into longfunnel.toml and show what it would send."""
    kind = "conversions" if visit.posted("kind") == "conversions" else "source"
    name = visit.posted("name")
    if not name or "/" in name:
        return show(visit, mistake=visit.text(Text("Give it a name without slashes.", "Дайте имя без косой черты.")))
    values: dict[str, Any] = {"name": name, "since": visit.posted("since")}
    if kind == "conversions":
        every = getattr(visit.form, "getall", None)
        pipelines = [str(one) for one in every("pipeline", [])] if every else []
        values |= {"to": visit.posted("to_ads"), "kind": kind, "target": visit.posted("target"), "pipelines": pipelines}
    else:
        fields = {ours: visit.posted(f"field-{ours}") for ours in OURS if visit.posted(f"field-{ours}")}
        values |= {"to": visit.posted("to"), "fact": visit.posted("fact") or "deal", "fields": fields}
    known = dict(_systems(visit))
    if values["to"] not in known:
        return show(visit, mistake=visit.text(Text("Choose the system.", "Выберите систему.")))
    if kind == "conversions" and not values["target"]:
        said = Text("Say which goal or list counts the sales.", "Укажите цель или список, куда засчитывать продажи.")
        return show(visit, mistake=visit.text(said))
    try:
        change_settings(visit.business, lambda document: rows_of(document, "write_back").append(new_row(values)))
    except LongfunnelError as error:
        return show(visit, mistake=error.to(visit.language))
    visit.audit("write_back_added", f"{name} → {values['to']}")
    return visit.redirect(f"/write-back/{quote(name, safe='')}")


def one(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """One rule: what it would send when ``_plan`` asks, and the log of what it has sent."""
    rule = _rule(visit)
    planned: Planned | None = None
    if visit.parameter("_plan") and not mistake:
        try:
            planned = asyncio.run(plan(visit.business, rule))
        except LongfunnelError as error:
            mistake = error.to(visit.language)
    connection = visit.business.warehouse.cursor()
    try:
        logged = entries(connection, rule=rule.name, limit=_LOGGED)
        many_written, counts = len(written(connection, rule.name)), tally(connection).get(rule.name, {})
    finally:
        connection.close()
    own = {"write_back", "write_back_undo"}
    job = next((job for job in jobs_of(visit.business).all() if job.kind in own and job.subject == rule.name), None)
    return visit.show(
        "pages/write_back_one.html",
        title=rule.name,
        rule=rule,
        what=_what(visit, rule),
        plan=_shown(visit, planned) if planned else None,
        log=[(entry, visit.text(STATES[entry.state])) for entry in logged],
        counts=[(visit.text(STATES[state]), many) for state, many in counts.items()],
        has_more=sum(counts.values()) > len(logged),
        written=many_written,
        job=job if job and not job.is_over else None,
        may_change=_may_change(visit),
        mistake=mistake,
        status=400 if mistake else 200,
    )


def act(visit: Visit) -> Response[Any]:
    """Send what the plan shows, or take back what was sent, in the background; or forget the rule."""
    rule = _rule(visit)
    by = visit.user.email if visit.user else ""
    match visit.posted("verb"):
        case "send":
            visit.audit("write_back_sent", f"{rule.name} → {rule.to}")
            job = jobs_of(visit.business).begin("write_back", rule.name, _job(rule.name, send), by=by)
            return visit.redirect(f"/jobs/{job.number}")
        case "undo":
            visit.audit("write_back_undone", f"{rule.name} → {rule.to}")
            job = jobs_of(visit.business).begin("write_back_undo", rule.name, _job(rule.name, take_back), by=by)
            return visit.redirect(f"/jobs/{job.number}")
        case "automatic":
            is_on = visit.posted("automatic") == "1"
            change_settings(visit.business, lambda document: _switch(document, rule.name, is_on=is_on))
            visit.audit("write_back_changed", f"{rule.name} automatic={is_on}")
            return visit.redirect(f"/write-back/{quote(rule.name, safe='')}")
        case "remove":
            if visit.posted("typed") != rule.name:
                said = Text("Type «{name}» to confirm.", "Введите «{name}», чтобы подтвердить.").format(name=rule.name)
                return one(visit, mistake=visit.text(said))
            change_settings(visit.business, lambda document: _drop(document, rule.name))
            visit.audit("write_back_removed", rule.name)
            return visit.redirect("/write-back")
        case _:
            raise visit.missing()


def _job(name: str, do: Any) -> Any:
    def run(own: Business, tell: Progress) -> Text:
        rule = next(rule for rule in own.settings.write_back if rule.name == name)
        said: Text = do(own, rule, tell)
        return said

    return run


def _rule(visit: Visit) -> WriteBack:
    found = next((rule for rule in visit.settings.write_back if rule.name == visit.path["name"]), None)
    if found is None:
        raise visit.missing()
    return found


def _may_change(visit: Visit) -> bool:
    return bool(visit.user and visit.user.role in OWNERS)


def _what(visit: Visit, rule: WriteBack) -> str:
    if rule.kind == "conversions":
        said = Text("won deals as conversions, into «{target}»", "выигранные сделки как конверсии, в «{target}»")
        return visit.text(said.format(target=rule.target))
    leads = Text("where each lead came from", "откуда пришёл каждый лид")
    deals = Text("where each deal came from", "откуда пришла каждая сделка")
    return visit.text(leads if rule.fact == "lead" else deals)


def _systems(visit: Visit) -> list[tuple[str, Connector]]:
    known = set(connector_names())
    return [(source.name, connector_named(source.type)) for source in visit.settings.source if source.type in known]


def _pipelines(visit: Visit) -> list[str]:
    connection = visit.business.warehouse.cursor()
    try:
        rows = connection.execute(
            "SELECT DISTINCT pipeline FROM facts.deal WHERE pipeline <> '' ORDER BY 1 LIMIT 50"
        ).fetchall()
    finally:
        connection.close()
    return [pipeline for (pipeline,) in rows]


def _shown(visit: Visit, planned: Planned) -> dict[str, Any]:
    """The plan as the page shows it: counts, and the first rows of each kind."""
    going = [*(one for some in planned.unsure.values() for one in some), *planned.conversions]
    return {
        "many": len(planned.changes) + len(going),
        "changes": planned.changes[:_SHOWN],
        "conversions": [msgspec.to_builtins(one) for one in going[:_SHOWN]],
        "left": max(0, len(planned.changes) - _SHOWN) + max(0, len(going) - _SHOWN),
        "same": len(planned.same),
        "kept": planned.kept[:_SHOWN],
        "many_kept": len(planned.kept),
        "gone": planned.gone,
        "without": planned.without,
        "ours": {name: visit.text(title) for name, title in OURS.items()},
    }


def _switch(document: Any, name: str, *, is_on: bool) -> None:
    row = row_named(document, "write_back", name)
    if is_on:
        row["automatic"] = True
    else:
        row.pop("automatic", None)


def _drop(document: Any, name: str) -> None:
    rows_of(document, "write_back").remove(row_named(document, "write_back", name))


PAGE = Page(
    title=Text("Send back", "Отправить обратно"),
    lead=Text(
        "What is known here goes into the CRM and the ads: where each deal came from, which clicks became sales.",
        "То, что известно здесь, уходит в CRM и рекламу: откуда каждая сделка и какие клики стали продажами.",
    ),
    routes=(
        Route("/write-back", show, access=ANALYSTS),
        Route("/write-back", add, method="POST", access=OWNERS),
        Route("/write-back/{name:str}", one, access=ANALYSTS),
        Route("/write-back/{name:str}", act, method="POST", access=OWNERS),
    ),
)
