"""Why a person is, or is not, in a step of a funnel: their events, the attempt that counts, and the rule that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.core.errors import NothingYetError, QuestionError
from longfunnel.core.text import Text
from longfunnel.people import find
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.sql import Statement
from longfunnel.reports._funnel.answer import acts_sql
from longfunnel.reports._funnel.columns import metric_column
from longfunnel.reports._funnel.reading import read_asked
from longfunnel.reports._funnel.verdict import verdict
from longfunnel.reports._paths.trails import act_name
from longfunnel.reports.funnel import FUNNEL_OPTIONS

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._funnel.verdict import Verdict

_EVENTS = """SELECT t."at", a.kind, a.name, a.detail, t.amount, t.fact_key, t.act_id
FROM {timeline} t LEFT JOIN {acts} a USING (act_id)
WHERE t.bucket = $person % 64 AND t.person_id = $person
ORDER BY t."at", t.seq, t.fact_key"""


def answer(context: Context, question: Question) -> Answer:
    """One row per event of the person, in order, and the verdict among the caveats."""
    given = read_asked(context, question)
    person = person_of(context, question.option("person"))
    said = verdict(given, person)
    statement = Statement(
        _EVENTS.format(timeline=context.table("timeline"), acts=context.table("acts")), {"person": person}
    )
    events = context.connection.execute(statement.sql, statement.parameters).fetchall()
    marks = _marks(said)
    rows = []
    for at, kind, name, detail, amount, fact_key, act_id in events:
        steps, exclusions, served = marks.get((fact_key, act_id), (0, 0, ()))
        rows.append(
            {
                "at": f"{at:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip("."),
                "event": act_name(kind, name, detail),
                "amount": amount,
                "matches": _numbers(steps),
                "excludes": _numbers(exclusions),
                "serves": ", ".join(str(step + 1) for step in served),
            }
        )
    columns = _columns(context.settings.business.currency)
    types = {"amount": pa.decimal128(38, 4)}
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist(rows, pa.schema([(c.name, types.get(c.name, pa.string())) for c in columns])),
        totals={},
        caveats=(Caveat(f"why_{said.rule}", said.said),),
        freshness=freshness(context),
        sql=statement.runnable() + acts_sql(given),
        language=context.settings.business.language,
        title=Text("Why: person {id}", "Почему: человек {id}").format(id=person),
    )


def person_of(context: Context, text: str) -> int:
    """The person that ``text`` means: their number, or one of their identifiers in any spelling.

    Raises:
        QuestionError: nobody is named, or several people are meant.
        NothingYetError: nobody is known by it.
    """
    if not text.strip():
        raise QuestionError(
            Text("Whose journey? Name a person.", "Чей путь? Назовите человека."),
            hint=Text(
                "By number, phone, e-mail, or an id as lead:15.",
                "По номеру, телефону, почте или id вида lead:15.",
            ),
        )
    if text.isdecimal() and int(text) < 1 << 64:
        number = int(text)
        sql = f"SELECT EXISTS (FROM {context.table('timeline')} WHERE bucket = $person % 64 AND person_id = $person)"
        if context.one(sql, {"person": number})[0]:
            return number
    known = find(context.connection, text, country=context.settings.business.home_country, schema=context.schema)
    persons = {one.person_id for one in known if one.person_id is not None}
    if not persons:
        raise NothingYetError(
            Text("Nobody is known by «{text}».", "По «{text}» никого не нашлось.").format(text=text),
            hint=Text(
                "Try a phone, an e-mail, or an id as kind:value.",
                "Попробуйте телефон, почту или id вида «вид:значение».",
            ),
        )
    if len(persons) > 1:
        listed = ", ".join(str(one.identifier) for one in known[:10])
        raise QuestionError(
            Text(
                "«{text}» means {count} people: {listed}.", "«{text}» — это несколько человек ({count}): {listed}."
            ).format(text=text, count=len(persons), listed=listed),
            hint=Text("Name one of them as kind:value.", "Назовите одного как «вид:значение»."),
        )
    return persons.pop()


def _marks(said: Verdict) -> dict[tuple[int, int], tuple[int, int, tuple[int, ...]]]:
    """By fact and act: the masks of the steps and exclusions that the event matches, and the steps that it serves."""
    journey, found = said.journey, said.found
    if journey is None or journey.fact_key is None or journey.act is None:
        return {}
    serves: dict[int, list[int]] = {}
    if found is not None and len(found.reached):
        best = int(np.argmax(found.furthest))
        for step, row in enumerate(found.matched[best]):
            if row >= 0:
                serves.setdefault(int(row), []).append(step)
    exclusions = journey.journeys.exclusions
    marks = {}
    for row, number in enumerate(journey.act):
        if number >= 0:
            key = (int(journey.fact_key[row]), int(said.store.act_ids[number]))
            excluded = 0 if exclusions is None else int(exclusions[row])
            marks[key] = (int(journey.journeys.steps[row]), excluded, tuple(serves.get(row, ())))
    return marks


def _numbers(mask: int) -> str:
    return ", ".join(str(bit + 1) for bit in range(mask.bit_length()) if mask >> bit & 1)


def _columns(currency: str) -> tuple[Column, ...]:
    def text(name: str, title: Text, meaning: Text) -> Column:
        return Column(name, title, "text", meaning, "dimension")

    return (
        text("at", Text("When (UTC)", "Когда (UTC)"), Text("When it happened.", "Когда случилось.")),
        text("event", Text("Event", "Событие"), Text("In the words of the steps.", "Словами языка шагов.")),
        metric_column(
            "amount",
            Text("Amount", "Сумма"),
            "money",
            Text("Money in the event.", "Деньги в событии."),
            "none",
            currency,
        ),
        text(
            "matches",
            Text("Fits steps", "Подходит под шаги"),
            Text(
                "Steps that it satisfies, in the period and with the filters.",
                "Под какие шаги подходит — в периоде и с фильтрами.",
            ),
        ),
        text(
            "excludes",
            Text("Excludes", "Исключает"),
            Text("Exclusions that it satisfies.", "Под какие исключения подходит."),
        ),
        text(
            "serves",
            Text("Serves", "Стоит на шаге"),
            Text("The step that it serves in the attempt that counts.", "На каком шаге стоит в учтённой попытке."),
        ),
    )


REPORT = Report(
    title=Text("Why", "Почему"),
    meaning=Text(
        "One person's events, the attempt that counts, and the rule that let them in or kept them out.",
        "События одного человека, учтённая попытка и правило, которое пропустило или остановило.",
    ),
    answer=answer,
    basis="touch",
    options=FUNNEL_OPTIONS
    | {"person": Text("Number, phone, e-mail or id as kind:value.", "Номер, телефон, почта или id как вид:значение.")},
    refuses={
        "basis": Text("its date is that of the first step", "его дата — дата первого шага"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "sort": Text("events stand in their own order", "события идут по времени"),
        "compare": Text("it is about one person", "он об одном человеке"),
        "grain": Text("it is about one person", "он об одном человеке"),
        "by": Text("it is about one person", "он об одном человеке"),
        "limit": Text("it shows all events", "он показывает все события"),
    },
)
