"""Connecting a system: choose it, give its keys, prove the access, choose what to bring, look at the first rows, run."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from longfunnel.app.crm_stages import CrmStage, Feeds
from longfunnel.app.sources import connecting
from longfunnel.connect import connector_named, connector_names
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text, spoken
from longfunnel.web.page import ANALYSTS, Page, Route
from longfunnel.web.pages._settings.stages import Pipelines, by_pipeline
from longfunnel.web.pages._sources.connect_fields import (
    credentials_given,
    opening_shown,
    option_shown,
    options_sent,
    sample_tables,
    ways_sent,
    ways_shown,
)
from longfunnel.web.pages._sources.new_file import begin
from longfunnel.web.pages._sources.offered import GROUPS, PICTURES, adds_of, group_of
from longfunnel.web.pages._sources.one_source import STATES

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.connect._engine import Record
    from longfunnel.core.settings import Source
    from longfunnel.web.visit import Visit

_PATIENCE = 10.0
"""Seconds that a page waits for an ill system."""
_AGREE_SECONDS = 900.0
_waiting: dict[str, tuple[str, str, float]] = {}
"""State of an agreement in a browser → the session that began it, the source, until when it holds."""


def offers(visit: Visit) -> Response[Any]:
    """The systems that can be connected."""
    known: dict[str, list[str]] = {}
    for source in visit.settings.source:
        known.setdefault(source.type, []).append(source.name)
    every = connecting.offers()
    groups = []
    for group in dict.fromkeys((*GROUPS, *(group_of(offer.connector) for offer in every))):
        cards = [
            {
                "type": offer.type,
                "title": visit.text(offer.connector.title),
                "adds": visit.text(adds_of(offer.connector)),
                "connected": known.get(offer.type, []),
            }
            for offer in every
            if group_of(offer.connector) == group
        ]
        if cards:
            groups.append((visit.text(GROUPS[group]), PICTURES[group], cards))
    return visit.show("pages/connect.html", title=visit.text(PAGE.title), groups=groups)


def new(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """The form of a new connection."""
    kind = visit.path["kind"]
    if kind not in connector_names():
        raise visit.missing()
    connector = connector_named(kind)
    taken = {source.name for source in visit.settings.source}
    proposed = next(name for name in (kind, *(f"{kind}-{number}" for number in range(2, 99))) if name not in taken)
    return visit.show(
        "pages/connect_new.html",
        title=visit.text(connector.title),
        kind=kind,
        name=visit.posted("name") or proposed,
        since=visit.posted("since"),
        opening=opening_shown(visit, connector, {}),
        typed={one.name: visit.posted(f"c-{one.name}") for one in connector.credentials if not one.is_secret},
        mistake=mistake,
        status=400 if mistake else 200,
    )


def add(visit: Visit) -> Response[Any]:
    """Write the ``[[source]]``, keep its credentials sealed, and go to its page."""
    kind, name = visit.path["kind"], visit.posted("name")
    if kind not in connector_names():
        raise visit.missing()
    if not name or "/" in name:
        return new(visit, mistake=visit.text(Text("Give it a name without slashes.", "Дайте имя без косой черты.")))
    try:
        source = connecting.add_connection(visit.business, name, kind, {"since": visit.posted("since")})
        given, others = credentials_given(visit, connector_named(kind))
        connecting.keep_credentials(visit.business, source, given, forget=others)
    except LongfunnelError as error:
        return new(visit, mistake=error.to(visit.language))
    visit.audit("connection_added", f"{name} {kind}")
    return visit.redirect(f"/connect/{quote(name, safe='')}")


def show(
    visit: Visit,
    *,
    choices: list[Record] | None = None,
    samples: Any = None,
    stages: Pipelines | None = None,
    said: str = "",
    mistake: str = "",
    agree: str = "",
) -> Response[Any]:
    """One connection: its state, its keys, its choices."""
    source = _source(visit)
    connector = connector_named(source.type)
    known = visit.business.state.connections.all().get(source.name)
    lacking = connecting.lacking(visit.business, source)
    kept = connecting.kept_credentials(visit.business, source)
    return visit.show(
        "pages/connection.html",
        title=source.name,
        name=source.name,
        system=visit.text(connector.title),
        state=known,
        told=visit.text(known.told) if known else "",
        state_words=visit.text(STATES.get(known.state, STATES[""]) if known else STATES[""]),
        opening=opening_shown(visit, connector, kept),
        can_write_back=bool(connector.write_back or connector.conversions),
        options=[option_shown(visit, source, option, choices or []) for option in connector.options],
        choices=[
            {**one, "title": visit.text(spoken(one.get("title") or ""))}
            for one in choices or []
            if one.get("option") not in {option.name for option in connector.options}
        ],
        samples=[
            {
                "title": visit.text(sample.title),
                "trouble": visit.text(sample.trouble),
                "tables": sample_tables(visit, sample.rows),
            }
            for sample in samples or []
        ],
        stages=stages or [],
        feeds=Feeds.of(visit.settings.counting),
        ways=ways_shown(visit, source),
        lacking=lacking,
        needs_browser=not lacking and connecting.needs_browser(visit.business, source),
        agree=agree,
        hook=_hook(visit, source) if connector.hook else "",
        can_register=bool(connector.hook and connector.hook.register),
        said=said,
        mistake=mistake,
        status=400 if mistake else 200,
    )


def act(visit: Visit) -> Response[Any]:
    """What a button of the page asks for."""
    source = _source(visit)
    patient = msgspec.structs.replace(source, patience_seconds=_PATIENCE)
    try:
        match visit.posted("verb"):
            case "credentials":
                given, others = credentials_given(visit, connector_named(source.type))
                connecting.keep_credentials(visit.business, source, given, forget=others)
                visit.audit("credentials_kept", source.name)
                return visit.redirect(f"/connect/{quote(source.name, safe='')}")
            case "check":
                choices = connecting.check_connection(visit.business, patient)
                return show(visit, choices=choices, said=visit.text(_ANSWERS))
            case "preview":
                samples = connecting.preview(visit.business, patient)
                return show(visit, samples=samples, stages=_stages(visit, patient, samples))
            case "options":
                typed = options_sent(visit, connector_named(source.type)) | ways_sent(visit)
                connecting.change_connection(visit.business, source.name, typed)
                visit.audit("connection_changed", source.name)
                return visit.redirect(f"/connect/{quote(source.name, safe='')}")
            case "agree":
                return _agree(visit, source)
            case "register":
                connecting.register_webhooks(visit.business, patient, _hook(visit, source))
                visit.audit("webhooks_registered", source.name)
                return show(visit, said=visit.text(_REGISTERED))
            case "run":
                return visit.redirect(f"/jobs/{begin(visit, 'sync', source.name).number}")
            case _:
                raise visit.missing()
    except LongfunnelError as error:
        return show(visit, mistake=error.to(visit.language))


def back(visit: Visit) -> Response[Any]:
    """Where the system sends the browser back to, with a code. Only the session that began may end it."""
    session, name, until = _waiting.pop(visit.parameter("state"), ("", "", 0.0))
    if not name or time.monotonic() > until or not secrets.compare_digest(session, visit.session):
        raise visit.missing()
    source = next((one for one in visit.settings.source if one.name == name), None)
    if source is None:
        raise visit.missing()
    visit.path["name"] = name
    code = visit.parameter("code")
    if not code:
        refused = Text(
            "The system gave no code: the access was not allowed.", "Система не дала кода: доступ не разрешён."
        )
        return show(visit, mistake=visit.text(refused))
    try:
        connecting.take_code(visit.business, source, code, _redirect(visit))
    except LongfunnelError as error:
        return show(visit, mistake=error.to(visit.language))
    visit.audit("connection_agreed", name)
    return visit.redirect(f"/connect/{quote(name, safe='')}")


def _agree(visit: Visit, source: Source) -> Response[Any]:
    url, state = connecting.authorize_url(visit.business, source, _redirect(visit))
    for old in [one for one, (_, _, until) in _waiting.items() if until < time.monotonic()]:
        del _waiting[old]
    _waiting[state] = (visit.session, source.name, time.monotonic() + _AGREE_SECONDS)
    return show(visit, agree=url)


def _stages(visit: Visit, source: Source, samples: list[connecting.Sample]) -> Pipelines:
    """The stages of the system's deals, pipeline by pipeline, as the system lists them and as the first rows name them."""
    if "stage_entry" not in connector_named(source.type).facts:
        return []
    try:
        choices = connecting.check_connection(visit.business, source)
    except LongfunnelError:
        choices = []
    names = {str(one.get("value")): str(one.get("title")) for one in choices if one.get("option") == "pipelines"}
    found: dict[str, dict[str, None]] = {}
    for one in choices:
        if one.get("option") == "stages":
            name = str(one.get("stage") or one.get("title"))
            before, colon, _ = str(one.get("title")).rpartition(f": {name}")
            pipeline = names.get(str(one.get("pipeline")), "") or (before if colon else "")
            found.setdefault(pipeline, {})[name] = None
    known = {stage for stages in found.values() for stage in stages}
    for sample in samples:
        for _, values in sample.rows:
            stage = values.get("stage")
            if stage and str(stage) not in known:
                found.setdefault(str(values.get("pipeline") or ""), {})[str(stage)] = None
    return by_pipeline(CrmStage(pipeline, stage) for pipeline, stages in found.items() for stage in stages)


def _redirect(visit: Visit) -> str:
    return f"{visit.site.public_url.rstrip('/')}/connect-back"


def _source(visit: Visit) -> Source:
    found = next((one for one in visit.settings.source if one.name == visit.path["name"]), None)
    if found is None or found.type not in connector_names():
        raise visit.missing()
    return found


def _hook(visit: Visit, source: Source) -> str:
    token = visit.business.state.api_keys.token(f"webhook {source.name}")
    return f"{visit.site.public_url.rstrip('/')}/hooks/{quote(source.name)}/{token}"


_ANSWERS = Text("The system answers. Choose what to bring.", "Система отвечает. Выберите, что брать.")
_REGISTERED = Text("The system will tell of changes by itself.", "Система будет сообщать об изменениях сама.")

PAGE = Page(
    title=Text("Connect a system", "Подключить систему"),
    routes=(
        Route("/connect", offers, access=ANALYSTS),
        Route("/connect/new/{kind:str}", new, access=ANALYSTS),
        Route("/connect/new/{kind:str}", add, method="POST", access=ANALYSTS),
        Route("/connect-back", back, access=ANALYSTS),
        Route("/connect/{name:str}", show, access=ANALYSTS),
        Route("/connect/{name:str}", act, method="POST", access=ANALYSTS),
    ),
)
