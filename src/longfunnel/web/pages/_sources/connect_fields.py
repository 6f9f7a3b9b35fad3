"""The fields of a connection's page: its keys, its options, how it is reached, and its first rows as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text, spoken
from longfunnel.warehouse.facts import facts
from longfunnel.web.pages._sources.words import FACTS, column_title

if TYPE_CHECKING:
    from longfunnel.connect._engine import Connector, Option, Record
    from longfunnel.core.settings import Source
    from longfunnel.web.visit import Visit

_SHOWN_CHOICES = 200
WAYS = {
    "since": (Text("First day", "Первый день"), Text("Empty: a year ago.", "Пусто: год назад."), False),
    "base_url": (
        Text("Address of the system", "Адрес системы"),
        Text("Where it is not the vendor's own: your portal, a proxy.", "Если не обычный: ваш портал, прокси."),
        False,
    ),
    "oauth_url": (Text("Address that gives tokens", "Адрес выдачи токенов"), Text("As above.", "Так же."), False),
    "reread_days": (
        Text("Days read again", "Дней перечитывать"),
        Text(
            "Vendors restate the last days. Empty: as usual for it.",
            "Системы уточняют последние дни. Пусто: как принято.",
        ),
        True,
    ),
    "patience_seconds": (
        Text("Patience, seconds", "Терпение, секунд"),
        Text(
            "How long a sync waits for an ill system. Empty: 120.",
            "Сколько ждать, если система не отвечает. Пусто: 120.",
        ),
        True,
    ),
    "requests_per_second": (
        Text("Requests a second", "Запросов в секунду"),
        Text("Empty: as the vendor allows.", "Пусто: как разрешает система."),
        True,
    ),
}
"""How the system is reached: title, meaning, whether it is a number."""


def credentials_shown(visit: Visit, connector: Connector, kept: dict[str, str]) -> list[dict[str, Any]]:
    """The keys as the page asks for them: what they are, and where each that is known comes from."""
    return [
        {
            "name": one.name,
            "title": visit.text(one.title),
            "meaning": visit.text(one.meaning),
            "is_secret": one.is_secret,
            "is_required": one.is_required,
            "place": kept.get(one.name, ""),
        }
        for one in connector.credentials
    ]


def opening_shown(visit: Visit, connector: Connector, kept: dict[str, str]) -> dict[str, Any]:
    """How the keys are asked for: the ways to open the system, each with its steps and its keys, and the keys of no way."""
    shown = {one["name"]: one for one in credentials_shown(visit, connector, kept)}
    back = f"{visit.site.public_url.rstrip('/')}/connect-back"
    chosen = _way_of(visit, connector, kept)
    ways = [
        {
            "title": visit.text(way.title),
            "is_chosen": number == chosen,
            "steps": [visit.text(step).replace("{back}", back) for step in way.steps],
            "credentials": [
                *({**shown[name], "is_required": True} for name in way.needs),
                *(shown[name] for name in way.also),
            ],
        }
        for number, way in enumerate(connector.ways)
    ]
    of_ways = {name for way in connector.ways for name in (*way.needs, *way.also)}
    return {"ways": ways, "credentials": [one for name, one in shown.items() if name not in of_ways]}


def credentials_given(visit: Visit, connector: Connector) -> tuple[dict[str, str], set[str]]:
    """The keys that were sent, an empty one being not given; and the names of those of the ways that were not chosen, which are
    to be forgotten once another way has been given its keys."""
    given = {one.name: visit.posted(f"c-{one.name}") for one in connector.credentials}
    if not connector.ways:
        return given, set()
    way = connector.ways[_way_of(visit, connector, {})]
    own = {*way.needs, *way.also}
    others = {name for one in connector.ways for name in (*one.needs, *one.also)} - own
    has_own = any(given[name] for name in own)
    return {name: value for name, value in given.items() if name not in others}, others if has_own else set()


def _way_of(visit: Visit, connector: Connector, kept: dict[str, str]) -> int:
    """The way that was chosen, else the one whose keys are there, else the first."""
    posted = visit.posted("way")
    if posted.isdecimal() and int(posted) < len(connector.ways):
        return int(posted)
    return next((number for number, way in enumerate(connector.ways) if any(name in kept for name in way.needs)), 0)


def option_shown(visit: Visit, source: Source, option: Option, choices: list[Record]) -> dict[str, Any]:
    """One option: its value, and what the system offers for it."""
    value = source.options.get(option.name, option.default)
    chosen = (
        [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value is not None else []
    )
    offered = [one for one in choices if one.get("option") == option.name][:_SHOWN_CHOICES]
    return {
        "name": option.name,
        "title": visit.text(option.title),
        "meaning": visit.text(option.meaning),
        "kind": option.kind,
        "value": ", ".join(chosen) if option.kind in ("list", "table") and not isinstance(value, dict) else value,
        "is_on": bool(value),
        "chosen": chosen,
        "is_required": option.is_required,
        "offered": [(str(one.get("value", "")), visit.text(spoken(one.get("title") or ""))) for one in offered],
    }


def options_sent(visit: Visit, connector: Connector) -> dict[str, Any]:
    """The options as they were sent. A table is changed in longfunnel.toml only."""
    typed: dict[str, Any] = {}
    for option in connector.options:
        sent = (
            visit.form.getall(f"o-{option.name}", [])
            if hasattr(visit.form, "getall")
            else [visit.posted(f"o-{option.name}")]
        )
        texts = [str(one).strip() for one in sent if str(one).strip()]
        match option.kind:
            case "table":
                continue
            case "flag":
                typed[option.name] = bool(texts)
            case "list":
                typed[option.name] = [part.strip() for text in texts for part in text.split(",") if part.strip()]
            case "number":
                typed[option.name] = _number(texts[0], option.title) if texts else ""
            case _:
                typed[option.name] = texts[0] if texts else ""
        default = list(option.default) if isinstance(option.default, tuple) else option.default
        if typed[option.name] == default:
            typed[option.name] = ""  # what is the default stays unwritten
    return typed


def ways_sent(visit: Visit) -> dict[str, Any]:
    """How the system is reached, as it was sent; what is not there stays unwritten."""
    ways: dict[str, Any] = {}
    for name, (title, _, is_number) in WAYS.items():
        text = visit.posted(name)
        ways[name] = _number(text, title) if is_number and text else text
    return ways


def ways_shown(visit: Visit, source: Source) -> list[tuple[str, str, str, str]]:
    """How the system is reached: name, title, meaning, value; what is the default is empty."""
    return [
        (name, visit.text(title), visit.text(meaning), _way_shown(getattr(source, name)))
        for name, (title, meaning, _) in WAYS.items()
    ]


def _way_shown(value: Any) -> str:
    return "" if value in (-1, 0, 120.0) else f"{value:g}" if isinstance(value, float) else str(value)


def _number(text: str, title: Text) -> int | float:
    try:
        return int(text) if "." not in text else float(text)
    except ValueError:
        said = Text("{title}: «{text}» is no number.", "{title}: «{text}» — не число.")
        raise LongfunnelError(said.format(title=title, text=text)) from None


def sample_tables(visit: Visit, rows: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows by fact: the columns that any of them fills, and each row's values in their order."""
    tables = []
    for fact in dict.fromkeys(fact for fact, _ in rows):
        own = [values for of, values in rows if of == fact]
        names = [
            name
            for name in facts()[fact].column_by_name
            if name != "props" and any(values.get(name) not in (None, "") for values in own)
        ]
        tables.append(
            {
                "title": visit.text(FACTS[fact]) if fact in FACTS else fact,
                "columns": [visit.text(column_title(name)) for name in names],
                "rows": [[_cell(visit, values.get(name)) for name in names] for values in own],
            }
        )
    return tables


def _cell(visit: Visit, value: Any) -> str:
    match value:
        case None | "":
            return "—"
        case bool():
            return visit.shown.value(value, "flag")
        case datetime():
            at = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return visit.shown.moment(at)
        case _:
            return str(value)
