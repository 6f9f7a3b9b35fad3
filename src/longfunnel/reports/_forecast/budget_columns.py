"""The columns of the budget's answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.reports._engine.answer import Column
from longfunnel.reports._engine.table import cut_columns
from longfunnel.reports._funnel.columns import metric_column

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


def columns_of(context: Context, question: Question) -> tuple[Column, ...]:
    """The cut, what it spends and gets, what is advised and gained, and why it has no curve."""
    currency = context.settings.business.currency
    low, high = Text("… at least", "… не меньше"), Text("… at most", "… не больше")
    lower = Text("Lower end of the 90 % interval.", "Нижняя граница 90-процентного интервала.")
    upper = Text("Upper end of the 90 % interval.", "Верхняя граница 90-процентного интервала.")

    def metric(
        name: str, title: Text, form: Any, meaning: Text, direction: Any = "none", *, adds_up: bool = False
    ) -> Column:
        return replace(metric_column(name, title, form, meaning, direction, currency), adds_up=adds_up)

    return (
        *cut_columns(question),
        metric(
            "spend",
            Text("Spend a week", "Расход в неделю"),
            "money",
            Text("Mean of the last weeks (option recent).", "Среднее последних недель (опция recent)."),
            adds_up=True,
        ),
        metric(
            "leads",
            Text("Leads a week", "Лидов в неделю"),
            "ratio",
            Text("Mean of the same weeks.", "Среднее тех же недель."),
            "up",
            adds_up=True,
        ),
        metric(
            "worth",
            Text("A lead brings", "Лид приносит"),
            "money",
            Text(
                "Revenue less cost of goods per lead, among leads that have had the time nine of ten orders took.",
                "Выручка за вычетом себестоимости на лид — по лидам, у которых прошёл срок девяти из десяти заказов.",
            ),
            "up",
        ),
        metric(
            "marginal",
            Text("The last unit brings", "Последний рубль приносит"),
            "ratio",
            Text(
                "Revenue less cost of goods that one more unit of money brings at this spend; below 1 it does not pay for itself.",
                "Выручка за вычетом себестоимости, которую приносит ещё одна единица денег при этом расходе; меньше 1 — не окупается.",
            ),
            "up",
        ),
        metric("marginal_low", low, "ratio", lower),
        metric("marginal_high", high, "ratio", upper),
        metric(
            "advised",
            Text("Advised a week", "Совет в неделю"),
            "money",
            Text(
                "Spend at which the last unit brings the same everywhere, within the limits.",
                "Расход, при котором последняя единица всюду приносит одинаково, в заданных пределах.",
            ),
            adds_up=True,
        ),
        metric(
            "change",
            Text("Change", "Изменение"),
            "money",
            Text("Advised less spent.", "Совет минус расход."),
            adds_up=True,
        ),
        metric(
            "gain",
            Text("Gain a week", "Выгода в неделю"),
            "money",
            Text(
                "Change of revenue less cost of goods, less the change of spend.",
                "Изменение выручки за вычетом себестоимости минус изменение расхода.",
            ),
            "up",
            adds_up=True,
        ),
        metric("gain_low", low, "money", lower),
        metric("gain_high", high, "money", upper),
        Column(
            "note",
            Text("No curve, for", "Нет кривой:"),
            "text",
            Text(
                "Why the history of this channel carries no curve.", "Почему по истории канала нельзя построить кривую."
            ),
            "dimension",
        ),
    )


def points_columns_of(context: Context, question: Question) -> tuple[Column, ...]:
    """The cut, a spend, and what it brings in leads and in money."""
    currency = context.settings.business.currency
    low, high = Text("… at least", "… не меньше"), Text("… at most", "… не больше")
    lower = Text("Lower end of the 90 % interval.", "Нижняя граница 90-процентного интервала.")
    upper = Text("Upper end of the 90 % interval.", "Верхняя граница 90-процентного интервала.")
    spend = Text("A steady spend in a week.", "Ровный расход в неделю.")
    leads = Text("Leads a week that this spend brings.", "Сколько лидов в неделю приносит такой расход.")
    brings = Text(
        "What these leads are worth: revenue less cost of goods.",
        "Сколько принесут эти лиды: выручка за вычетом себестоимости.",
    )
    named: tuple[tuple[str, Text, Any, Text], ...] = (
        ("spend", Text("Spend a week", "Расход в неделю"), "money", spend),
        ("leads", Text("Leads it brings", "Приносит лидов"), "ratio", leads),
        ("leads_low", low, "ratio", lower),
        ("leads_high", high, "ratio", upper),
        ("brings", Text("Money it brings", "Приносит денег"), "money", brings),
        ("brings_low", low, "money", lower),
        ("brings_high", high, "money", upper),
    )
    return (
        *cut_columns(question),
        *(metric_column(name, title, form, said, "none", currency) for name, title, form, said in named),
    )
