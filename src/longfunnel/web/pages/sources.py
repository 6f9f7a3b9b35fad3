"""Sources: where facts come from, how each fares, and new ones: files, webhooks, sites. The first run begins here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longfunnel.app.serving.jobs import jobs_of
from longfunnel.app.sources.status import source_states
from longfunnel.app.sources.uploads import ENDINGS, LARGEST
from longfunnel.core.text import Text
from longfunnel.web.page import ANALYSTS, OWNERS, Nav, Page, Route
from longfunnel.web.pages import _jobs, _start
from longfunnel.web.pages._sources import changed, new_file, one_source, pushed
from longfunnel.web.pages._sources.words import FACTS

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def show(visit: Visit) -> Response[Any]:
    """The list; before the first source, the path to it."""
    settings = visit.settings
    may_change = bool(visit.user and visit.user.role in ANALYSTS)
    connection = visit.business.warehouse.cursor()
    try:
        states = source_states(connection, visit.settings.business.zone)
    finally:
        connection.close()
    if not settings.source and not settings.site and not states and may_change:
        return visit.redirect("/start")
    connections = visit.business.state.connections.all()
    named = {source.name: source for source in settings.source}
    sites = {site.name for site in settings.site}
    names = [
        *named,
        *(site for site in sites if site not in named),
        *(name for name in states if name not in named and name not in sites),
    ]
    sources: list[dict[str, Any]] = []
    for name in names:
        source, state = named.get(name), states.get(name)
        sources.append(
            {
                "name": name,
                "url": f"/sources/{quote(name, safe='')}",
                "kind": visit.text(one_source.kind_of(source))
                if name in sites or (source and source.type != "file")
                else "",
                "fact": visit.text(FACTS[source.fact])
                if source and source.fact in FACTS
                else visit.text(FACTS["event"])
                if name in sites
                else "",
                "health": one_source.health_of(
                    visit,
                    state,
                    connections.get(name),
                    waits=name in sites or bool(source and source.type == "webhook"),
                ),
                "state": state,
                "is_pulled": bool(source and source.type != "webhook"),
            }
        )
    order = {"bad": 0, "warn": 1, "good": 2}
    sources.sort(key=lambda item: order[item["health"]["tone"]])
    jobs = jobs_of(visit.business).all()[:8]
    return visit.show(
        "pages/sources.html",
        sources=sources,
        jobs=[(job, _jobs.title_of(visit, job), visit.text(_jobs.STATES[job.state])) for job in jobs],
        missing=_jobs.missing_facts(visit),
        may_change=may_change,
        minutes=settings.schedule.sync_minutes,
        endings=ENDINGS,
        largest=LARGEST >> 30,
        mistake="",
    )


def sync(visit: Visit) -> Response[Any]:
    """Look for what is new in every source."""
    return visit.redirect(f"/jobs/{new_file.begin(visit, 'sync').number}")


PAGE = Page(
    title=Text("Sources", "Источники"),
    lead=Text("Where the facts come from, and how each source fares.", "Откуда приходят данные и всё ли в порядке."),
    nav=Nav("plug-connected", 110),
    routes=(
        Route("/sources", show),
        Route("/sources", sync, method="POST", access=ANALYSTS),
        Route("/start", _start.show, access=ANALYSTS),
        Route("/start", _start.save, method="POST", access=ANALYSTS),
        Route("/sources/upload", new_file.upload, method="POST", access=ANALYSTS, max_body=LARGEST + (1 << 20)),
        Route("/sources/new", new_file.show, access=ANALYSTS),
        Route("/sources/new", new_file.save, method="POST", access=ANALYSTS),
        Route("/sources/webhook", pushed.new_hook, access=ANALYSTS),
        Route("/sources/webhook", pushed.add_hook, method="POST", access=ANALYSTS),
        Route("/sources/site", pushed.new_site, access=ANALYSTS),
        Route("/sources/site", pushed.add_site, method="POST", access=ANALYSTS),
        Route("/sources/{name:str}", one_source.show),
        Route("/sources/{name:str}", one_source.act, method="POST", access=ANALYSTS),
        Route("/sources/{name:str}/columns", changed.show_mapping, access=ANALYSTS),
        Route("/sources/{name:str}/columns", changed.save_mapping, method="POST", access=ANALYSTS),
        Route("/sources/{name:str}/remove", changed.confirm, access=OWNERS),
        Route("/sources/{name:str}/remove", changed.remove, method="POST", access=OWNERS),
        Route("/sources/{name:str}/first-visit", pushed.check_site, access=ANALYSTS),
        Route("/jobs/{number:int}", _jobs.show, access=ANALYSTS),
        Route("/jobs/{number:int}/state", _jobs.state, access=ANALYSTS),
        Route("/jobs/{number:int}/stop", _jobs.stop, method="POST", access=ANALYSTS),
    ),
)
