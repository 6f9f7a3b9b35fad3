"""Attribution: what each channel has earned, by many models side by side, with intervals.

One row is one channel by one model; or, side by side, one row is one channel and each model a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.journeys.attribution.compare import compare
from longfunnel.metrics import metrics
from longfunnel.reports._attribution.asked import read_asked
from longfunnel.reports._attribution.caveats import disagreement, footing
from longfunnel.reports._attribution.reading import read_journeys
from longfunnel.reports._attribution.table import arrow_of, columns_of, ledger_of, table_of, totals_of
from longfunnel.reports._engine.answer import Answer
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


def answer(context: Context, question: Question) -> Answer:
    """Read the journeys once, work out every model, and set the cost beside them."""
    asked = read_asked(context, question)
    read = read_journeys(context, question, asked)
    given = compare(read.journeys, asked.models, asked.sampling)
    ledger = ledger_of(context, question, given, read.labels)
    language = context.settings.business.language
    columns = columns_of(context, question, asked)
    rows = table_of(ledger, asked, question, language)
    shown = rows[: question.limit] if question.limit else rows
    caveats = caveats_of(context, question, [metrics()[asked.measure.metric]], [])
    return Answer(
        report=question.report,
        question=question,
        columns=tuple(columns),
        table=arrow_of(shown, columns),
        totals=totals_of(ledger, asked),
        caveats=(*disagreement(ledger, asked), *caveats, *footing(read, ledger, asked)),
        freshness=freshness(context),
        sql=f"{read.sql};\n\n{ledger.sql}",
        language=language,
        title=REPORT.title,
    )


REPORT = Report(
    title=Text("Attribution", "Атрибуция"),
    meaning=Text(
        "What each channel has earned over whole journeys, by many models side by side, with intervals and cost.",
        "Сколько заработал каждый канал на всём пути клиента: много моделей рядом, с интервалами и расходом.",
    ),
    answer=answer,
    basis="payment",
    by=("channel",),
    in_shares=True,
    options={
        "measure": Text(
            "What is shared out: orders, revenue, profit (revenue less cost of goods), ltv (all orders of a buyer to date), "
            "leads or deals.",
            "Что делится: orders (заказы), revenue (выручка), profit (выручка без себестоимости), ltv (все заказы "
            "покупателя на сегодня), leads (лиды) или deals (сделки).",
        ),
        "models": Text(
            "first, last, last_non_direct, last_paid, last_from, linear, position, time_decay, j_shape, inverse_j, w_shape, "
            "full_path, markov, markov_2, shapley, shapley_lift, custom; or all.",
            "first, last, last_non_direct, last_paid, last_from, linear, position, time_decay, j_shape, inverse_j, w_shape, "
            "full_path, markov, markov_2, shapley, shapley_lift, custom; или all (все).",
        ),
        "view": Text(
            "rows: a row for each channel and model, with intervals; side: the models side by side.",
            "rows: строка на канал и модель, с интервалами; side: модели рядом, столбцами.",
        ),
        "touches": Text(
            "Which touches take part: visit, click (a visit from an ad), call, message, email, chat, lead, deal; all without it.",
            "Какие касания участвуют: visit, click (визит с рекламы), call, message, email, chat, lead, deal; без неё — все.",
        ),
        "direct": Text(
            "count, or skip: direct visits leave journeys that have any other touch.",
            "count (считать) или skip: прямые заходы выпадают из путей, где есть другие касания.",
        ),
        "journey": Text(
            "sale: a journey runs to the sale; lead: to the lead, as in the other reports.",
            "sale: путь идёт до продажи; lead: до лида, как в других отчётах.",
        ),
        "after": Text(
            "window: all touches of the window; previous: only those after the person's sale before.",
            "window: все касания окна; previous: только после прошлой продажи этого человека.",
        ),
        "from": Text("For last_from: the channel, or several.", "Для last_from: канал или несколько."),
        "weights": Text(
            "For custom: shares of first, lead, deal, last and rest, as first=40, last=40, rest=20.",
            "Для custom: доли first, lead, deal, last и rest, как first=40, last=40, rest=20.",
        ),
        "half_life": Text("For time_decay, in days: 7.", "Для time_decay, в днях: 7."),
        "draws": Text(
            "How often persons are drawn for the intervals: 200; 0: none.",
            "Сколько выборок людей для интервалов: 200; 0 — без них.",
        ),
        "interval": Text("The level of the intervals in percent: 90.", "Уровень интервалов в процентах: 90."),
        "seed": Text("Start of the random numbers: 1.", "Начало случайных чисел: 1."),
    },
    refuses={
        "metrics": Text(
            "its columns are fixed; name the measure", "его столбцы заданы; назовите, что делить (measure)"
        ),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "grain": Text("its rows are channels and models", "его строки — каналы и модели"),
        "sort": Text("the largest credit stands first", "сначала идёт самый большой вклад"),
    },
)
