"""The pictures of the forecast: a fan of weeks, the ends of open deals, forecasts of the past beside what came."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from babel.dates import format_skeleton

from longfunnel.core.text import Text
from longfunnel.web.address import Address
from longfunnel.web.pages._money.pictures import Line, number, ranges, short
from longfunnel.web.rows_behind import rows_url
from longfunnel.web.table import explain_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_FORMS = {"orders": "ratio", "revenue": "money"}
_ROWS = 14


def fan(visit: Visit, past: Answer, ahead: Answer, name: str) -> dict[str, Any] | None:
    """The weeks that were and those ahead with their interval, ``name`` being orders or revenue; None where either is unknown."""
    before, after, form = past.rows, ahead.rows, _FORMS[name]
    if not after or after[0][f"expected_{name}"] is None:
        return None
    known = [row for row in before if row[name] is not None]
    gap = [None] * len(known)
    last = [number(known[-1][name])] if known else []
    came = {
        "name": visit.text(Text("Came", "Пришло")),
        "kind": "line",
        "colour": 9,
        "urls": [came_url(visit, name, row["week"], 7) for row in known],
        "values": [number(row[name]) for row in known] + [None] * len(after),
        "shown": [_said(visit, row[name], form) for row in known] + [""] * len(after),
    }
    # the fan opens at the last week that is known
    start = [*gap[:-1], *last]
    expected = {
        "name": visit.text(Text("Expected", "Ожидается")),
        "kind": "line",
        "colour": 1,
        "dashed": True,
        "url": "" if visit.is_shared else explain_url(visit.address, ahead, f"expected_{name}"),
        "values": start + [number(row[f"expected_{name}"]) for row in after],
        "low": start + [number(row[f"{name}_low"]) for row in after],
        "high": start + [number(row[f"{name}_high"]) for row in after],
        "shown": [""] * len(known) + [_with_ends(visit, row, name, form) for row in after],
    }
    return {
        "title": _expected(visit, ahead, name, form),
        "data": {
            "type": "fan",
            "labels": [week_of(visit, row["week"]) for row in (*known, *after)],
            "series": [came, expected],
            "language": visit.language,
        },
    }


def week_of(visit: Visit, day: date) -> str:
    """Seven days by the first and the last: 1–7 Nov."""
    until = day + timedelta(days=6)
    first, last = (str(format_skeleton("MMMd", one, locale=visit.language)) for one in (day, until))
    return f"{first} – {last}"


def came_url(visit: Visit, name: str, since: date, days: int) -> str:
    """Where the orders are that came in these days."""
    found = rows_url(visit, name)
    if not found:
        return ""
    until = since + timedelta(days=days - 1)
    address = Address.of(*found.split("?", 1)).with_(_period=None, model=None, basis="payment")
    return str(address.with_(since=since.isoformat(), until=until.isoformat()))


def _said(visit: Visit, value: Any, form: str) -> str:
    return visit.shown.count(value) if form == "ratio" else short(visit, value, form)


def _with_ends(visit: Visit, row: dict[str, Any], name: str, form: str) -> str:
    low, high = (short(visit, row[f"{name}_{end}"], form) for end in ("low", "high"))
    return f"{short(visit, row[f'expected_{name}'], form)} ({low} … {high})"


def _expected(visit: Visit, ahead: Answer, name: str, form: str) -> str:
    totals = ahead.totals
    said = {
        "orders": Text("{n}: {value} orders, {low} to {high}", "{n}: {value} заказов, от {low} до {high}"),
        "revenue": Text("{n}: {value} of revenue, {low} to {high}", "{n}: {value} выручки, от {low} до {high}"),
    }[name]
    weeks = visit.shown.plural(len(ahead.rows), ("week", "weeks"), ("неделя", "недели", "недель"))
    parts = {
        key: totals[column]
        for key, column in zip(
            ("value", "low", "high"), (f"expected_{name}", f"{name}_low", f"{name}_high"), strict=True
        )
    }

    def text(value: Any) -> str:
        return visit.shown.count(round(value)) if form == "ratio" else short(visit, value, form)

    return visit.text(said.format(n=weeks, **{key: text(value) for key, value in parts.items()}))


def deals_picture(
    visit: Visit, answer: Answer, cut: str, url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """How the open deals of each stage, or of each value of the cut, are expected to end; None without open deals."""
    rows = [row for row in answer.rows if row["pipeline"] is not None or cut]
    if not rows:
        return None
    first = {_place(row, cut): row for row in reversed(rows)}
    names = list(dict.fromkeys(_place(row, cut) for row in rows))
    ends = {
        end: [sum(row["deals"] * row[f"{end}_share"] for row in rows if _place(row, cut) == name) for name in names]
        for end in ("won", "open", "lost")
    }
    order = range(len(names))
    if cut:
        order = sorted(order, key=lambda place: -ends["won"][place])  # type: ignore[assignment]
    shown = list(order)[:_ROWS]
    several = len({name[0] for name in names}) > 1 and not cut
    series = [
        {
            "name": visit.text(title),
            "kind": "bar",
            "colour": colour,
            "values": [round(ends[end][place], 2) for place in shown],
            "shown": [short(visit, ends[end][place], "ratio") for place in shown],
        }
        for end, title, colour in (
            ("won", Text("will be won", "будут выиграны"), 3),
            ("open", Text("still open", "ещё открыты"), 9),
            ("lost", Text("will be lost", "будут проиграны"), 2),
        )
    ]
    won, every = sum(ends["won"]), sum(row["deals"] for row in rows)
    said = Text("Of {n} open deals, about {won} will be won", "Из открытых сделок ({n}) выиграем около {won}")
    return {
        "title": visit.text(said.format(n=visit.shown.count(every), won=visit.shown.count(round(won)))),
        "data": {
            "type": "bars",
            "stacked": True,
            "labels": [_label(visit, names[place], cut, several=several) for place in shown],
            "series": series,
            "urls": [url(first[names[place]]) for place in shown],
            "language": visit.language,
            "height": 34 * len(shown) + 44,
        },
    }


def _place(row: dict[str, Any], cut: str) -> tuple[Any, ...]:
    return (row[cut],) if cut else (row["pipeline"], row["stage"])


def _label(visit: Visit, name: tuple[Any, ...], cut: str, *, several: bool) -> str:
    if cut:
        return visit.member(cut, name[0])
    return f"{name[1]} · {name[0]}" if several and name[0] else str(name[1])


def check_picture(visit: Visit, answer: Answer, name: str, weeks: str) -> dict[str, Any] | None:
    """Forecasts of the past with their intervals, and what came; None where nothing could be tried."""
    rows = [row for row in answer.rows if row[f"expected_{name}"] is not None]
    if not rows:
        return None
    rows = rows[::-1]
    lines = [
        Line(
            f"expected_{name}", visit.text(Text("Was expected", "Ожидалось")), 1, low=f"{name}_low", high=f"{name}_high"
        ),
        Line(name, visit.text(Text("Came", "Пришло")), 9, kind="tick"),
    ]
    said = {
        "orders": Text(
            "Orders: {held} of {n} forecasts held what came", "Заказы: в интервал попали {held} из {n} прогнозов"
        ),
        "revenue": Text(
            "Revenue: {held} of {n} forecasts held what came", "Выручка: в интервал попали {held} из {n} прогнозов"
        ),
    }[name]
    held = sum(row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] for row in rows)
    days = timedelta(days=7 * int(weeks) - 1)
    labels = [visit.shown.days_between(row["week"], row["week"] + days) for row in rows]
    came = [came_url(visit, name, row["week"], 7 * int(weeks)) for row in rows]
    return {
        "title": visit.text(said.format(held=held, n=len(rows))),
        "data": ranges(visit, answer, rows, labels, lines, urls=[[""] * len(rows), came]),
    }
