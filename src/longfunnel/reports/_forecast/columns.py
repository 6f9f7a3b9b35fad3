"""The columns of the forecast's views."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.reports._engine.answer import Column
from longfunnel.reports._funnel.columns import metric_column

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_LOW, _HIGH = Text("… at least", "… не меньше"), Text("… at most", "… не больше")
_LOWER = Text("Lower end of the 90 % interval.", "Нижняя граница 90-процентного интервала.")
_UPPER = Text("Upper end of the 90 % interval.", "Верхняя граница 90-процентного интервала.")


def columns_of(context: Context, question: Question, view: str, weeks: int) -> tuple[Column, ...]:
    """The columns of a view."""
    currency = context.settings.business.currency

    def metric(
        name: str, title: Text, form: Any, meaning: Text, direction: Any = "up", *, adds_up: bool = False
    ) -> Column:
        return replace(metric_column(name, title, form, meaning, direction, currency), adds_up=adds_up)

    def interval(name: str, form: str) -> list[Column]:
        return [metric(f"{name}_low", _LOW, form, _LOWER, "none"), metric(f"{name}_high", _HIGH, form, _UPPER, "none")]

    orders = [
        metric(
            "expected_orders",
            Text("Orders", "Заказы"),
            "ratio",
            Text("Expected orders.", "Ожидаемые заказы."),
            adds_up=True,
        ),
        *interval("orders", "count"),
    ]
    revenue = [
        metric(
            "expected_revenue",
            Text("Revenue", "Выручка"),
            "money",
            Text("Expected revenue of these orders.", "Ожидаемая выручка этих заказов."),
            adds_up=True,
        ),
        *interval("revenue", "money"),
    ]
    if view == "pipeline":
        return (*_cut(question), *_pipeline(metric, weeks), *orders, *revenue, _age(metric))
    said = Text("Seven days from this one.", "Семь дней, начиная с этого.")
    if view == "backtest":
        said = Text("First of the {n} weeks that were forecast.", "Первая из {n} недель прогноза.").format(n=weeks)
    week = Column("week", Text("Week from", "Неделя с"), "date", said, "dimension")
    came = metric(
        "orders",
        Text("Orders that came", "Пришло заказов"),
        "count",
        Text("Orders of these weeks.", "Заказы этих недель."),
    )
    brought = metric(
        "revenue",
        Text("Revenue that came", "Пришло выручки"),
        "money",
        Text("Revenue of these weeks' orders so far.", "Выручка заказов этих недель на сегодня."),
    )
    if view == "past":
        return (week, came, brought)
    if view == "backtest":
        return (
            week,
            *orders,
            came,
            metric(
                "weeks_within",
                Text("Weeks within", "Недель в интервале"),
                "share",
                Text(
                    "Share of weeks whose orders lay within their own 90 % interval.",
                    "Доля недель, заказы которых попали в свой 90-процентный интервал.",
                ),
                "none",
            ),
            *revenue,
            brought,
        )
    return (
        week,
        *orders,
        metric(
            "open_orders",
            Text("From what is open", "Из открытого"),
            "ratio",
            Text(
                "From deals that are open and leads that wait for one.",
                "Из открытых сделок и лидов, у которых сделки ещё нет.",
            ),
            "none",
            adds_up=True,
        ),
        metric(
            "new_orders",
            Text("From new leads", "Из новых лидов"),
            "ratio",
            Text("From leads and deals still to come.", "Из будущих лидов и сделок."),
            "none",
            adds_up=True,
        ),
        metric(
            "direct_orders",
            Text("Without a lead", "Без лида"),
            "ratio",
            Text(
                "Orders that neither a lead nor a deal comes before.", "Заказы, перед которыми нет ни лида, ни сделки."
            ),
            "none",
            adds_up=True,
        ),
        *revenue,
    )


def _cut(question: Question) -> list[Column]:
    names = [*[name for name in question.by if name not in ("pipeline", "stage")], "pipeline", "stage"]
    return [
        Column(name, entry.title, "text", entry.meaning, "dimension") for name in names if (entry := dimension(name))
    ]


def _pipeline(metric: Any, weeks: int) -> list[Column]:
    within = {"n": weeks}
    return [
        metric(
            "deals",
            Text("Open", "Открыто"),
            "count",
            Text("Deals that stand here now.", "Сделки, которые стоят здесь сейчас."),
            "none",
            adds_up=True,
        ),
        metric(
            "won_share",
            Text("Won in {n} weeks", "Выиграны за {n} нед").format(**within),
            "share",
            Text(
                "Expected share that is won by then (Aalen–Johansen, stage by stage, from the age they have).",
                "Ожидаемая доля выигранных к этому сроку (Аален — Йохансен, этап за этапом, от нынешнего возраста).",
            ),
        ),
        metric(
            "lost_share",
            Text("Lost", "Проиграны"),
            "share",
            Text("Expected share that is lost by then.", "Ожидаемая доля проигранных к этому сроку."),
            "down",
        ),
        metric(
            "open_share",
            Text("Still open", "Ещё открыты"),
            "share",
            Text("Expected share that is open still.", "Ожидаемая доля ещё открытых."),
            "none",
        ),
    ]


def _age(metric: Any) -> Column:
    title = Text("Age in stage", "Возраст на этапе")
    column: Column = metric(
        "median_age",
        title,
        "days",
        Text("Median time in the stage so far.", "Медиана срока на этапе до сих пор."),
        "down",
    )
    return column
