"""Below the picture of a funnel: time between steps, conversion over time, and the funnel cut by a dimension."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.compute as pc

from longfunnel.core.calendar import add_months
from longfunnel.core.text import Text
from longfunnel.reports import Filter
from longfunnel.web.strip import Choice
from longfunnel.web.table import exports_of, table_of

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.core.calendar import Grain
    from longfunnel.reports import Answer, Question
    from longfunnel.web.visit import Visit

_GROUPS = 12
_BAR = 160.0


@dataclass(frozen=True)
class GroupStep:
    """One step of one group."""

    count: int
    conversion: float | None
    url: str


@dataclass(frozen=True)
class Group:
    """The funnel of one value of the cut."""

    title: str
    url: str
    steps: list[GroupStep]
    overall: float | None
    low: float | None
    high: float | None
    x: float
    low_x: float
    high_x: float
    """Places of the conversion and of its interval on a common scale."""
    is_few: bool


@dataclass(frozen=True)
class Groups:
    """The funnel by the values of a cut."""

    title: str
    groups: list[Group]
    exports: list[tuple[str, str]]
    left_out: int
    width: float = _BAR


def groups_of(visit: Visit, question: Question, people_url: Any) -> Groups:
    """One row per value: how many reach each step, and the whole conversion with its interval."""
    answer = visit.ask(msgspec.structs.replace(question, compare="", limit=_GROUPS))
    name = question.by[0]
    by_value: dict[str | None, list[dict[str, Any]]] = {}
    for row in answer.rows:
        by_value.setdefault(row[name], []).append(row)
    top = max((rows[-1]["conversion_from_first_high"] or 0 for rows in by_value.values()), default=0) or 1
    can_open = question.option("breakdown_at") in ("", "first")
    least = visit.settings.counting.min_cases
    groups = []
    for value, rows in by_value.items():
        item = Filter(name, "unknown") if value is None else Filter(name, "is", (value,))
        last = rows[-1]
        overall, low, high = (last[f"conversion_from_first{end}"] for end in ("", "_low", "_high"))
        groups.append(
            Group(
                visit.member(name, value),
                str(visit.address.with_(by=None).with_filter(item)),
                [
                    GroupStep(row["count"], row["conversion"], people_url(number, [item]) if can_open else "")
                    for number, row in enumerate(rows, 1)
                ],
                overall,
                low,
                high,
                *_places(overall, low, high, top),
                is_few=rows[0]["count"] < least,
            )
        )
    left = next((item.count or 0 for item in answer.caveats if item.code == "more_values"), 0)
    return Groups(visit.text(answer.column(name).title), groups, exports_of(visit, answer), left)


def _places(overall: float | None, low: float | None, high: float | None, top: float) -> tuple[float, float, float]:
    """Where the conversion and the ends of its interval stand on the line."""
    x, low_x, high_x = (round(_BAR * (part or 0) / top, 1) for part in (overall, low, high))
    return x, low_x, high_x


def over_time(visit: Visit, question: Question) -> dict[str, Any] | None:
    """The whole conversion by week of entry; periods whose window has not passed are drawn apart. None for a short period."""
    days = (question.until - question.since).days + 1 if question.since and question.until else 400
    if days < 3:
        return None
    grain: Any = "day" if days <= 21 else "week" if days <= 400 else "month"
    answer = visit.ask(msgspec.structs.replace(question, by=(), compare="", grain=grain, limit=0))
    last = max((row["step"] for row in answer.rows), default=0)
    rows = [row for row in answer.rows if row["step"] == last]
    if len(rows) < 2:
        return None
    shown = visit.shown
    values = [
        None if row["conversion_from_first"] is None else round(100 * row["conversion_from_first"], 3) for row in rows
    ]
    ripe = [row["is_mature"] for row in rows]
    # the dashed line begins at the last ripe point, so that the two meet
    begins = next((place for place, is_ripe in enumerate(ripe) if not is_ripe), len(rows))
    texts = [f"{shown.share(row['conversion_from_first'])} · {shown.count(row['count'])}" for row in rows]
    series = [
        _series(visit.text(Text("Conversion", "Конверсия")), [*values[:begins], *[None] * (len(rows) - begins)], texts)
    ]
    if begins < len(rows):
        start = max(begins - 1, 0)
        name = visit.text(Text("may still grow", "ещё может вырасти"))
        series.append(_series(name, [*[None] * start, *values[start:]], texts) | {"dashed": True, "colour": 9})
    known = [value for value in values[:begins] if value is not None]
    title = visit.text(_OVER[grain])
    if len(known) > 1:
        said = Text(": {low} to {high}", ": от {low} до {high}")
        low, high = (shown.share(value / 100) for value in (min(known), max(known)))
        title += visit.text(said.format(low=low, high=high))
    table = table_of(visit, _steps(answer, last), can_sort=False, leave_out=("step", "title", "conversion", "conversion_low",
        "conversion_high", "lost", "median_days", "p90_days"))  # fmt: skip
    return {
        "title": title,
        "young": len(rows) - begins,
        "table": table,
        "data": {
            "type": "time",
            "labels": [shown.day(row[grain]) for row in rows],
            "series": series,
            "urls": [_entered_url(visit, row[grain], grain, question, last) if row["count"] else "" for row in rows],
            "language": visit.language,
            "suffix": " %",
        },
    }


def _entered_url(visit: Visit, begins: date, grain: Grain, question: Question, step: int) -> str:
    """Where the people are who entered in a period and came to a step."""
    if visit.is_shared:
        return ""
    after = add_months(begins, 1) if grain == "month" else begins + timedelta(days=7 if grain == "week" else 1)
    ends = after - timedelta(days=1)
    since, until = max(begins, question.since or begins), min(ends, question.until or ends)
    address = visit.address.to("/funnels/people").with_(by=None, compare=None, _period=None, _step=str(step), _do=None)
    return str(address.with_(since=since.isoformat(), until=until.isoformat()))


def _took_url(visit: Visit, pair: tuple[int, int], row: dict[str, Any]) -> str:
    """Where the people are who took so long between two steps."""
    if visit.is_shared:
        return ""
    address = visit.address.to("/funnels/people").with_(by=None, _step=str(pair[1]), _since=str(pair[0]), _do=None)
    return str(address.with_(_from=repr(row["from_days"]), _to=repr(row["to_days"])))


def _series(name: str, values: list[float | None], texts: list[str]) -> dict[str, Any]:
    shown = [text if value is not None else "—" for value, text in zip(values, texts, strict=True)]
    return {"name": name, "kind": "line", "colour": 1, "values": values, "shown": shown}


def _steps(answer: Answer, step: int) -> Answer:
    """Only the rows of one step."""
    kept = pc.equal(answer.table.column("step"), step)
    places = [place for place, is_kept in enumerate(kept.to_pylist()) if is_kept]
    cases = {name: tuple(values[place] for place in places) for name, values in answer.cases.items()}
    return replace(answer, table=answer.table.filter(kept), cases=cases)


_OVER = {
    "day": Text("Conversion by day of entry", "Конверсия по дням входа"),
    "week": Text("Conversion by week of entry", "Конверсия по неделям входа"),
    "month": Text("Conversion by month of entry", "Конверсия по месяцам входа"),
}


def between_steps(visit: Visit, question: Question, titles: list[str], row: Any) -> dict[str, Any] | None:
    """The times between two steps as bars, with a choice of the two. None where nobody has both.

    ``row`` gives the answer's row of a step, by its number from 1.
    """
    size = len(titles)
    pairs = [(1, size), *((place, place + 1) for place in range(1, size))] if size > 2 else [(1, 2)]
    asked = visit.parameter("_between")
    chosen = next((pair for pair in pairs if f"{pair[0]}-{pair[1]}" == asked), pairs[0])
    options = (*question.options, ("histogram", f"{chosen[0]}-{chosen[1]}"))
    answer = visit.ask(msgspec.structs.replace(question, by=(), compare="", options=tuple(sorted(options))))
    shown = visit.shown
    rows = answer.rows
    if not rows:
        return None
    counts = [item["count"] for item in rows]
    is_whole = chosen == (1, size)
    last = row(chosen[1])
    median, p90 = (last[f"{name}_from_first" if is_whole else name] for name in ("median_days", "p90_days"))
    return {
        "title": visit.text(Text("Half take {median} or less, nine of ten {p90}", "Половина укладывается в {median}, девять из десяти — в {p90}")
            .format(median=_brief(shown.days(median)), p90=_brief(shown.days(p90)))),
        "choices": [
            Choice(f"{titles[a - 1]} → {titles[b - 1]}", str(visit.address.with_(_between=f"{a}-{b}")), (a, b) == chosen)
            for a, b in pairs
        ],
        "table": table_of(visit, answer, can_sort=False),
        "data": {
            "type": "bars",
            "labels": [f"{_brief(shown.days(item['from_days']))} – {_brief(shown.days(item['to_days']))}" for item in rows],
            "values": counts,
            "shown": [f"{shown.count(item['count'])} · {shown.share(item['share'], places=0)}" for item in rows],
            "urls": [_took_url(visit, chosen, item) if item["count"] else "" for item in rows],
            "language": visit.language,
        },
    }  # fmt: skip


def _brief(days: str) -> str:
    """The largest unit of a time in words."""
    return days.split(" ")[0]
