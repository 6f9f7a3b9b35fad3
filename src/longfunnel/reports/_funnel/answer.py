"""The answer of the funnel: one row per step, per value of the cut and per period of entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from longfunnel.core.calendar import start_of_day
from longfunnel.core.shown import said_moment
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.steps import unmatched
from longfunnel.reports._engine.answer import Answer, Caveat
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.scope import spans
from longfunnel.reports._engine.sql import Statement
from longfunnel.reports._funnel.columns import funnel_columns, schema_of
from longfunnel.reports._funnel.groups import Groups, grouped, instant, next_period
from longfunnel.reports._funnel.numbers import StepNumbers, previous_of, step_numbers, wilson
from longfunnel.reports._funnel.reading import micros

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._funnel.groups import Key
    from longfunnel.reports._funnel.reading import Asked

Row = dict[str, Any]


def answer_funnel(given: Asked, title: Text) -> Answer:
    """The rows of every group, the largest group first, with what a reader should know."""
    context, question, funnel = given.context, given.question, given.funnel
    now, *earlier = [grouped(given, span) for span in spans(question)]
    keys, dropped = _order(given, now, earlier)
    ends_at = data_end(given)
    size = len(funnel.steps)
    rows: list[Row] = []
    cases: dict[str, list[int | None]] = {"conversion": [], "conversion_from_first": []}
    for key in keys:
        numbers = _numbers(now, key, size)
        before = _numbers(earlier[0], key, size) if earlier else None
        for number, row in enumerate(_rows(given, key, numbers, before)):
            if question.grain:
                row["is_mature"] = is_mature(given, key[-1], ends_at)
            rows.append(row)
            previous = previous_of(funnel)[number]
            cases["conversion"].append(None if previous is None else numbers[previous].count)
            cases["conversion_from_first"].append(numbers[0].count if number else None)
    columns = funnel_columns(given)
    shown = replace_by(given)
    return Answer(
        report=question.report,
        question=shown,
        columns=columns,
        table=pa.Table.from_pylist(rows, schema_of(columns)),
        totals={},
        caveats=caveats_of(context, shown, [], []) + funnel_caveats(given, now, ends_at) + dropped,
        freshness=freshness(context),
        sql=Statement(now.store.sql(), now.store.values).runnable() + acts_sql(given),
        cases={name: tuple(values) for name, values in cases.items()},
        min_cases=context.settings.counting.min_cases,
        language=context.settings.business.language,
        title=title,
    )


def replace_by(given: Asked) -> Question:
    """The question with the cut that was answered."""
    return msgspec.structs.replace(given.question, by=given.by)


def acts_sql(given: Asked) -> str:
    """What each step names, as statements on the dictionary of acts."""
    texts = []
    for item in given.alternatives:
        role = f"step {item.step + 1}" if item.step >= 0 else f"exclusion {item.exclusion + 1}"
        texts.append(f"\n-- {role}: {item.act}: {len(item.act_ids)} acts")
    return ";" + "".join(texts)


def _order(given: Asked, now: Groups, earlier: list[Groups]) -> tuple[list[Key], tuple[Caveat, ...]]:
    """The groups to be shown: the values of the cut by how many entered, those beyond the limit left out; periods in time."""
    has_grain = bool(given.question.grain)
    sizes: dict[Key, int] = {}
    for groups in (now, *earlier):
        for key, places in groups.places.items():
            cut = key[:-1] if has_grain else key
            sizes[cut] = sizes.get(cut, 0) + (len(places) if groups is now else 0)
    ordered = sorted(sizes, key=lambda cut: (-sizes[cut], tuple((value is None, value or "") for value in cut)))
    limit = given.question.limit if given.by else 0
    shown = ordered[:limit] if limit else ordered
    place = {cut: number for number, cut in enumerate(shown)}
    keys = {key for groups in (now, *earlier) for key in groups.places if (key[:-1] if has_grain else key) in place}
    found = sorted(keys, key=lambda key: (place[key[:-1]], key[-1]) if has_grain else (place[key], 0))
    left = len(ordered) - len(shown)
    said = Text("{n:,} more values of the cut are not shown.", "Ещё значений разреза, которых нет в ответе: {n:,}.")
    return found, (Caveat("more_values", said.format(n=left), left),) if left else ()


def _numbers(groups: Groups, key: Key, steps: int) -> list[StepNumbers]:
    if key in groups.places:
        return step_numbers(groups.units, groups.places[key], steps)
    return [StepNumbers(0, (None, None), (None, None), None)] * steps


def _rows(given: Asked, key: Key, numbers: list[StepNumbers], before: list[StepNumbers] | None) -> list[Row]:
    """The rows of one group."""
    names = [*given.by, *([given.question.grain] if given.question.grain else [])]
    rows = []
    for number, (step, previous) in enumerate(zip(given.funnel.steps, previous_of(given.funnel), strict=True)):
        mine = numbers[number]
        of = None if previous is None else numbers[previous].count
        first = numbers[0].count if number else None
        row: Row = dict(zip(names, key, strict=True)) | {
            "step": number + 1,
            "title": _any_title(given, number) if given.funnel.order == "any" else step.predicate,
            "count": mine.count,
            "lost": None if of is None else of - mine.count,
            "conversion": share(mine.count, of),
            "conversion_from_first": share(mine.count, first),
            "median_days": mine.times[0],
            "p90_days": mine.times[1],
            "median_days_from_first": mine.times_from_first[0],
            "p90_days_from_first": mine.times_from_first[1],
            "revenue": mine.revenue,
        }
        row["conversion_low"], row["conversion_high"] = (None, None) if of is None else wilson(mine.count, of)
        from_first = (None, None) if first is None else wilson(mine.count, first)
        row["conversion_from_first_low"], row["conversion_from_first_high"] = from_first
        if before is not None:
            row["count_before"] = before[number].count
            row["count_change"] = mine.count / before[number].count - 1 if before[number].count else None
            row["conversion_before"] = None if previous is None else share(before[number].count, before[previous].count)
        rows.append(row)
    return rows


def _any_title(given: Asked, number: int) -> str:
    language = given.context.settings.business.language
    return Text("any {n} of {all}", "любые {n} из {all}").format(n=number + 1, all=len(given.funnel.steps)).to(language)


def share(count: int, of: int | None) -> float | None:
    """count / of; empty without cases."""
    return None if not of else count / of


def data_end(given: Asked) -> int:
    """The instant (µs) of the last event of all."""
    (latest,) = given.context.one(f'SELECT max("at") FROM {given.context.table("timeline")}', {})
    return micros(latest)


def is_mature(given: Asked, period: date, ends_at: int) -> bool:
    """Whether everybody who entered in the period has had the whole window by the end of the data."""
    assert given.question.grain  # noqa: S101 - asked for a period only
    ends = micros(start_of_day(next_period(period, given.question.grain), given.context.settings.business.zone)) - 1
    return ends + window_micros(given) <= ends_at


def window_micros(given: Asked) -> int:
    """The funnel's window in µs."""
    window = given.funnel.window
    return (window.days * 86_400 + window.seconds) * 1_000_000 + window.microseconds


def funnel_caveats(given: Asked, groups: Groups, ends_at: int) -> tuple[Caveat, ...]:
    """What is true of this funnel: steps that match nothing, entries that may still convert, cuts that a step does not know."""
    found = []
    for item in unmatched(given.context.connection, given.context.schema, list(given.alternatives)):
        near = Text(
            *(f" {words} {' / '.join(f'«{name}»' for name in item.near)}?" for words in ("Did you mean", "Может быть,"))
        )
        said = Text("Nothing matches «{step}» today.{near}", "Сегодня ничто не подходит под «{step}».{near}")
        found.append(
            Caveat("step_matches_nothing", said.format(step=item.predicate, near=near if item.near else ""), 0)
        )
    units = groups.units
    last = len(given.funnel.steps) - 1
    young = int(((units.entered_at + window_micros(given) > ends_at) & (units.furthest < last)).sum())
    if young:
        said = Text(
            "{n:,} entered less than the window before the end of the data ({end}), and may still go on.",
            "Вошли позже, чем за срок воронки до конца данных ({end}), и ещё могут пройти дальше: {n:,}.",
        )
        found.append(
            Caveat(
                "immature",
                said.format(n=young, end=said_moment(instant(ends_at), given.context.settings.business.zone)),
                young,
            )
        )
    found += _blind(given)
    return tuple(found)


def _blind(given: Asked) -> list[Caveat]:
    """Cuts that the events of some step know nothing of."""
    at = given.funnel.breakdown_at
    wanted = {at - 1} if isinstance(at, int) else {0} if at == "first" else set(range(len(given.funnel.steps)))
    kinds = list(dict.fromkeys(item.act.kind for item in given.alternatives if item.step in wanted))
    found = []
    for name in given.by:
        blind = [
            kind
            for kind in kinds
            if not given.properties.is_origin(name) and given.properties.values_sql(name, kind) is None
        ]
        if blind:
            said = Text(
                "«{cut}» is not known of: {kinds}. They stand in the row «—»; breakdown_at names another step.",
                "«{cut}» не известен у: {kinds}. Они стоят в строке «—»; другой шаг задаёт breakdown_at.",
            )
            found.append(Caveat("unknown_cut", said.format(cut=name, kinds=", ".join(blind))))
    return found
