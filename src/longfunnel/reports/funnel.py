"""The funnel: how many persons, sessions or attempts reach each step of your own steps, how soon, and who is lost where.

The rules are those of ``docs/reference/funnels.md``, the steps are written as ``docs/reference/steps.md`` says. The period is
that of the entry: an attempt counts when its first step falls into it, and may go on after it. Filters, too, speak of the
event that enters; in any order, of every step's event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.reports._engine.report import Report
from longfunnel.reports._funnel.answer import answer_funnel
from longfunnel.reports._funnel.histogram import answer_histogram
from longfunnel.reports._funnel.reading import read_asked

if TYPE_CHECKING:
    from longfunnel.reports._engine.answer import Answer
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


def answer(context: Context, question: Question) -> Answer:
    """Step by step, or the histogram of the time between two of the steps."""
    given = read_asked(context, question)
    return answer_histogram(given) if question.option("histogram") else answer_funnel(given, REPORT.title)


FUNNEL_OPTIONS = {
    "steps": Text("The steps: page:/pricing*, lead, deal.won.", "Шаги: page:/pricing*, lead, deal.won."),
    "window": Text(
        "Longest time from the first step to the last, inclusive: 30d, 12h.",
        "Наибольший срок от первого шага до последнего: 30d, 12h.",
    ),
    "order": Text(
        "ordered (others may come between), strict, or any.",
        "ordered (между шагами бывает другое), strict (подряд) или any (в любом порядке).",
    ),
    "ties": Text(
        "Events of one instant: either (any order), recorded (as recorded), after (none is after another).",
        "События одного мгновения: either (в любом порядке), recorded (как записаны), after (ни одно не позже другого).",
    ),
    "count": Text("persons, sessions or attempts.", "persons (люди), sessions (визиты) или attempts (попытки)."),
    "exclude": Text(
        "Events that void an attempt, with the steps between which they do: refund@1-3.",
        "События, которые отменяют попытку, и между какими шагами: refund@1-3.",
    ),
    "hold": Text(
        "A property that must be equal at every step: deal, product, props.sku.",
        "Свойство, которое одинаково на всех шагах: deal, product, props.sku.",
    ),
    "breakdown": Text("As by: the cut's dimensions.", "То же, что by: разрезы."),
    "breakdown_at": Text(
        "At which step the cut is read: first, last reached, or its number.",
        "На каком шаге берётся разрез: first, last (последний достигнутый) или номер.",
    ),
}
"""What a funnel is made of, besides the question's own fields."""

REPORT = Report(
    title=Text("Funnel", "Воронка"),
    meaning=Text(
        "Your own steps across all systems: how many reach each, what share goes on, how long it takes, what it brings.",
        "Ваши шаги по всем системам: сколько дошло до каждого, какая доля пошла дальше, за какой срок и с какими деньгами.",
    ),
    answer=answer,
    basis="touch",
    options=FUNNEL_OPTIONS
    | {
        "histogram": Text(
            "Times between two steps instead, as 1-3.",
            "Вместо шагов — распределение сроков между двумя из них, например 1-3.",
        )
    },
    refuses={
        "basis": Text("its date is that of the first step", "его дата — дата первого шага"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "sort": Text("steps stand in their own order", "у шагов свой порядок"),
    },
)
