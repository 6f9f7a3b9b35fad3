"""What the chosen rules (model, basis, window) change on the channels page, and models side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.reports import BASIS_WORDS, DEFAULT_MODEL, MODELS, Question, reports, sense
from longfunnel.web.strip import Choice, model_title
from longfunnel.web.table import Table, table_of

if TYPE_CHECKING:
    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_MEASURES = ("leads", "orders", "revenue")
_WATCHED = ("leads", "orders", "revenue", "profit")
_MOVES = 4


@dataclass(frozen=True)
class Shift:
    """One number by the chosen rules beside the default ones."""

    title: str
    now: str
    usual: str
    difference: str
    sense: str


@dataclass(frozen=True)
class Difference:
    """What the chosen rules change against the default ones."""

    said: str
    """The rules that differ, in words."""
    totals: list[Shift]
    moved: list[Shift]
    """The rows whose revenue (or leads) moved most."""
    moved_metric: str
    usual_url: str


@dataclass(frozen=True)
class Models:
    """Models side by side."""

    table: Table
    measures: list[Choice]
    said: str


def difference(visit: Visit, question: Question) -> Difference | None:
    """What differs from the default rules; None where they are chosen."""
    usual_basis = reports()["channels"].basis
    said = []
    if question.model != DEFAULT_MODEL:
        said.append(f"{model_title(visit, question.model)} ← {model_title(visit, DEFAULT_MODEL)}")
    if question.basis not in ("", usual_basis):
        said.append(f"{visit.text(BASIS_WORDS[question.basis])} ← {visit.text(BASIS_WORDS[usual_basis])}")
    lookback = visit.settings.counting.lookback_days
    if question.window_days not in (None, lookback):
        days = [
            visit.shown.plural(n, ("day", "days"), ("день", "дня", "дней"))
            for n in (question.window_days or 0, lookback)
        ]
        said.append(f"{days[0]} ← {days[1]}")
    if not said:
        return None
    asked = msgspec.structs.replace(question, metrics=_WATCHED, compare="", sort="", limit=0)
    now = visit.ask(asked)
    usual = visit.ask(msgspec.structs.replace(asked, model=DEFAULT_MODEL, basis="", window_days=None))
    key = "revenue" if now.totals["revenue"] else "leads"
    return Difference(
        " · ".join(said),
        [
            _shift(visit, now, name, visit.text(now.column(name).title), now.totals[name], usual.totals[name])
            for name in _WATCHED
        ],
        _moved(visit, question, now, usual, key),
        visit.text(now.column(key).title),
        str(visit.address.with_(model=None, basis=None, window_days=None)),
    )


def _moved(visit: Visit, question: Question, now: Answer, usual: Answer, key: str) -> list[Shift]:
    of = [{tuple(row[name] for name in question.by): row[key] or 0 for row in each.rows} for each in (now, usual)]
    places = sorted({*of[0], *of[1]}, key=lambda place: -abs(of[0].get(place, 0) - of[1].get(place, 0)))
    return [
        _shift(
            visit, now, key, " · ".join(map(visit.member, question.by, place)), of[0].get(place, 0), of[1].get(place, 0)
        )
        for place in places[:_MOVES]
        if of[0].get(place, 0) != of[1].get(place, 0)
    ]


def _shift(visit: Visit, answer: Answer, name: str, title: str, now: Any, usual: Any) -> Shift:
    column = answer.column(name)
    gap = (now or 0) - (usual or 0)
    text = visit.shown.card(abs(gap), column.format) if gap else ""
    return Shift(
        title,
        visit.shown.card(now, column.format),
        visit.shown.card(usual, column.format),
        f"{'+' if gap > 0 else '−'}{text}" if gap else "",
        sense(gap, "none"),
    )


def side_by_side(visit: Visit, question: Question) -> Models:
    """One row per value of the cut, one column per model, each with its difference to the default model.

    All models of the attribution report where it can cut so; with filters by origin, the models of one touch.
    """
    measure = visit.parameter("_measure")
    measure = measure if measure in _MEASURES else "revenue"
    cuts = [dimension(name) for name in (*question.by, *(item.dimension for item in question.filters))]
    of_rows = any(cut is None or not cut.is_origin for cut in cuts[: len(question.by)])
    filtered = any(cut is not None and cut.is_origin for cut in cuts[len(question.by) :])
    whole = "attribution" in reports() and not of_rows and not filtered
    return Models(
        _of_attribution(visit, question, measure) if whole else _of_touches(visit, question, measure),
        [
            Choice(visit.text(visit.metrics[name].title), str(visit.address.with_(_measure=name)), name == measure)
            for name in _MEASURES
        ],
        visit.text(_ALL if whole else _SINGLE),
    )


def _of_attribution(visit: Visit, question: Question, measure: str) -> Table:
    options = (
        ("draws", "0"),
        ("measure", measure),
        ("models", "first, last, last_non_direct, linear, position, time_decay, markov, shapley"),
        ("view", "side"),
    )
    answer = visit.ask(
        Question(
            "attribution", question.since, question.until, filters=question.filters, by=question.by,
            basis=question.basis or reports()["channels"].basis, window_days=question.window_days, as_of=question.as_of,
            options=options,
        )
    )  # fmt: skip
    names = [column.name for column in answer.columns if column.name not in (*question.by, "cost")]
    return _against_default(visit, table_of(visit, answer, can_sort=False), answer.rows, names)


def _of_touches(visit: Visit, question: Question, measure: str) -> Table:
    asked = msgspec.structs.replace(question, metrics=(measure,), compare="", sort="", limit=0)
    by_model = {name: visit.ask(msgspec.structs.replace(asked, model=name)) for name in MODELS}
    base = by_model[DEFAULT_MODEL]
    columns, totals = [*base.columns[: len(question.by)]], {}
    keys = list(dict.fromkeys(tuple(row[n] for n in question.by) for each in by_model.values() for row in each.rows))
    table = base.table.select(question.by)
    rows = [dict(zip(question.by, key, strict=True)) for key in keys]
    for name, each in by_model.items():
        columns.append(replace(each.column(measure), name=name, title=Text(*[model_title(visit, name)] * 2)))
        totals[name] = each.totals[measure]
        values = {tuple(row[n] for n in question.by): row[measure] for row in each.rows}
        for key, row in zip(keys, rows, strict=True):
            row[name] = values.get(key)
    rows.sort(key=lambda row: -(row[DEFAULT_MODEL] or 0))
    fields = [table.schema.field(name) for name in question.by] + [
        base.table.schema.field(measure).with_name(name) for name in by_model
    ]
    shown = replace(
        base, columns=tuple(columns), table=type(table).from_pylist(rows, schema=_schema(fields)), totals=totals,
        cases={}, total_cases={},
    )  # fmt: skip
    return _against_default(visit, table_of(visit, shown, can_sort=False), rows, list(by_model))


def _schema(fields: list[Any]) -> Any:
    import pyarrow as pa

    return pa.schema(fields)


def _against_default(visit: Visit, table: Table, rows: list[dict[str, Any]], names: list[str]) -> Table:
    """The table with each model's difference to the default one inside its cell."""
    place_of = {head.name: place for place, head in enumerate(table.heads)}
    made = []
    for row, cells in zip(rows, table.rows, strict=True):
        changed = list(cells)
        usual = row.get(DEFAULT_MODEL)
        for name in names:
            value = row[name]
            if name == DEFAULT_MODEL or value is None or not usual:
                continue
            change = float(value) / float(usual) - 1
            changed[place_of[name]] = replace(
                changed[place_of[name]],
                change=visit.shown.change(change) if round(change, 3) else "",
                change_sense="same",
            )
        made.append(changed)
    return replace(table, rows=made)


_ALL = Text(
    "Each model shares out the same total. Small grey figures: the difference to the default, last non-direct touch.",
    "Каждая модель делит один и тот же итог. Мелкие серые цифры — разница с моделью по умолчанию, последним непрямым касанием.",
)
_SINGLE = Text(
    "Models of one touch: with a filter by origin, longer journeys cannot be shared out. Small grey figures: the difference to the default.",
    "Модели одного касания: с фильтром по источнику длинные пути не разделить. Мелкие серые цифры — разница с моделью по умолчанию.",
)
