"""What a reader of the numbers should know: each caveat appears only when it is true of this very question."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.core.shown import said_day
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.metrics import SUBJECTS, Metric, metrics
from longfunnel.reports._engine.answer import Caveat
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

TABLE_TITLES = {
    "spends": Text("ad spend", "расходы на рекламу"),
    "visits": Text("visits", "визиты"),
    "leads": Text("leads", "лиды"),
    "deals": Text("deals", "сделки"),
    "orders": Text("orders", "заказы"),
    "survey_answers": Text("survey answers", "ответы на опросы"),
}
_LATEST = {"spends": "day_on", "visits": "day_on", "leads": "created_on", "deals": "created_on", "orders": "ordered_on"}

_ROWS: dict[str, tuple[str, str, Text]] = {
    "orders_before_lead": (
        "orders",
        "count(*) FILTER (t.days_to_order < 0)",
        Text(
            "Orders dated before their lead: {n:,}. They count as orders, and enter the times with a negative value: "
            "check the dates in the CRM.",
            "Заказов с датой раньше своего лида: {n:,}. Они считаются заказами, а в сроки входят с минусом: "
            "проверьте даты в CRM.",
        ),
    ),
    "orders_without_revenue": (
        "orders",
        "count(*) FILTER (t.revenue IS NULL)",
        Text(
            "Orders without a known sum: {n:,}. They count as orders and bring no revenue. A row that has no other orders shows no "
            "profit either, so its cost is in the total alone.",
            "Заказов без известной суммы: {n:,}. Они считаются заказами, но выручки не дают. У строки, где других заказов нет, "
            "неизвестна и прибыль: её расход учтён только в итоге.",
        ),
    ),
    "deals_closed_before_lead": (
        "closed_deals",
        "count(*) FILTER (t.closed_at < t.lead_at)",
        Text(
            "Deals closed before their lead came: {n:,}. Check the dates in the CRM.",
            "Сделок закрыто раньше, чем пришёл лид: {n:,}. Проверьте даты в CRM.",
        ),
    ),
    "deals_of_unknown_status": (
        "deals",
        "count(*) FILTER (t.status IS NULL)",
        Text(
            "Deals whose status is not known to be open, won or lost: {n:,}. Translate the source's words under "
            "values.status.",
            "Сделок с неизвестным статусом: {n:,}. Переведите слова источника в разделе values.status.",
        ),
    ),
    "spend_unconverted": (
        "spends",
        "count(*) FILTER (t.cost IS NULL AND t.original_cost IS NOT NULL AND t.reason IS DISTINCT FROM 'duplicate')",
        Text(
            "Rows of spend that are not in the cost, for their currency or its rate is missing: {n:,}. The ledger shows them.",
            "Строк расхода вне суммы: {n:,}. Нет валюты или её курса. Их показывает сверка.",
        ),
    ),
    "old_rate": (
        "spends",
        "count(*) FILTER (t.day_on - t.rate_on > 14)",
        Text(
            "Rows of spend converted by a rate more than 14 days older than they are: {n:,}. Import newer rates.",
            "Строк расхода, пересчитанных по курсу старше их самих больше чем на 14 дней: {n:,}. Загрузите свежие курсы.",
        ),
    ),
    "spend_without_channel": (
        "spends",
        "count(*) FILTER (t.reason IS NOT NULL)",
        Text(
            "Rows of spend under no channel: {n:,}. The ledger says why.",
            "Строк расхода вне каналов: {n:,}. Почему — говорит сверка.",
        ),
    ),
}


def caveats_of(context: Context, question: Question, asked: list[Metric], reported: list[str]) -> tuple[Caveat, ...]:
    """Every caveat that is true of this question and these metrics."""
    names, subjects = _used(asked)
    found: list[Caveat] = []
    for check in (_connected, _unknown_cuts, _counted, _young, _undated, _beyond, _profit, _revenue, _quarantine):
        found += check(context, question, names, subjects)
    if reported:
        titles = Text(
            *(
                ", ".join(context.metrics[name].title.to(language).lower() for name in reported)
                for language in ("en", "ru")
            )
        )
        said = Text(
            "As reported by the sources, for nothing is held row by row: {titles}.",
            "По отчётам источников, поштучных данных нет: {titles}.",
        )
        found.append(Caveat("reported_totals", said.format(titles=titles)))
    return tuple(found)


def few_cases(count: int, least: int) -> Caveat:
    """Some values rest on too few cases."""
    said = Text(
        "Values that rest on fewer than {least} cases: {n:,}. Do not build on them.",
        "Значений, за которыми меньше {least} случаев: {n:,}. Не опирайтесь на них.",
    )
    return Caveat("few_cases", said.format(n=count, least=least), count)


def _used(asked: list[Metric]) -> tuple[set[str], set[str]]:
    """Names of the metrics and the subjects that take part, also through formulas."""
    names: set[str] = set()
    subjects: set[str] = set()
    waiting = list(asked)
    while waiting:
        metric = waiting.pop()
        if metric.name not in names:
            names.add(metric.name)
            subjects |= set(metric.subjects)
            waiting += [metrics()[name] for name in metric.uses]
    return names, subjects


def _connected(context: Context, _question: Question, _names: set[str], subjects: set[str]) -> list[Caveat]:
    missing = sorted({SUBJECTS[name].table for name in subjects} - context.connected)
    if not missing:
        return []
    titles = Text(*(", ".join(TABLE_TITLES[name].to(language) for name in missing) for language in ("en", "ru")))
    said = Text(
        "Not connected: {titles}. What needs them is empty.", "Не подключены: {titles}. То, что на них стоит, пусто."
    )
    return [Caveat("not_connected", said.format(titles=titles))]


def _unknown_cuts(context: Context, question: Question, _names: set[str], subjects: set[str]) -> list[Caveat]:
    found = []
    tables = sorted({SUBJECTS[name].table for name in subjects} & context.connected)
    for name in dict.fromkeys([*question.by, *(item.dimension for item in question.filters)]):
        entry = dimension(name)
        blind = [table for table in tables if entry and entry.sql(table) is None]
        if entry and blind:
            titles = Text(
                *(", ".join(TABLE_TITLES[table].to(language) for table in blind) for language in ("en", "ru"))
            )
            said = Text(
                "Not known by «{cut}»: {titles}; they stand in the row «—».",
                "Не известны в разрезе «{cut}»: {titles}; они стоят в строке «—».",
            )
            found.append(Caveat("unknown_cut", said.format(cut=entry.title, titles=titles)))
    return found


def _counted(context: Context, question: Question, names: set[str], subjects: set[str]) -> list[Caveat]:
    money = {"revenue", "ltv", "aov"} & names
    skipped = {
        "orders_without_revenue": not money,
        "deals_closed_before_lead": "orders" in subjects,
        "spend_unconverted": "cost" not in names,
        "old_rate": "cost" not in names,
    }
    wanted: dict[str, list[str]] = {}
    for code, (subject, _, _) in _ROWS.items():
        if subject in subjects and SUBJECTS[subject].table in context.connected and not skipped.get(code):
            wanted.setdefault(subject, []).append(code)
    found = []
    for subject, codes in wanted.items():
        numbers = _ask(context, question, subject, [_ROWS[code][1] for code in codes])
        found += [Caveat(code, _ROWS[code][2].format(n=n), n) for code, n in zip(codes, numbers, strict=True) if n]
    return found


def _young(context: Context, question: Question, names: set[str], subjects: set[str]) -> list[Caveat]:
    """Leads that have not yet had the time that half of the orders took."""
    if (
        question.basis == "payment"
        or not {"leads", "orders"} <= subjects | names
        or not {"leads", "orders"} <= context.connected
    ):
        return []
    days = context.once(f"SELECT median(days_to_order) FROM {context.table('orders')}")[0][0]
    latest = _latest_day(context, ("leads", "deals", "orders"))
    if not days or days <= 0 or latest is None:
        return []

    def young(parameters: Parameters) -> str:
        return f"count(*) FILTER (t.created_on > {parameters.bind('ripe_on', latest - timedelta(days=days))})"

    (count,) = _ask(context, question, "leads", [young])
    said = Text(
        "Leads younger than the median time to an order ({days} days): {n:,}. Their orders are still to come.",
        "Лидов моложе медианного срока до заказа ({days} дн): {n:,}. Их заказы ещё впереди.",
    )
    return (
        [Caveat("immature", said.format(n=count, days=Text(f"{days:.1f}", f"{days:.1f}".replace(".", ","))), count)]
        if count
        else []
    )


def _undated(context: Context, question: Question, _names: set[str], subjects: set[str]) -> list[Caveat]:
    if not (question.since or question.until):
        return []
    count = 0
    for subject in sorted({"deals", "orders"} & subjects & context.connected):
        rows = scope(context, question, Parameters(), subject, spans(question)[0])
        count += context.once(f"SELECT count(*) FROM {context.table(subject)} AS t WHERE {rows.undated_sql}")[0][0]
    said = Text(
        "Deals and orders without a date, which stand in no period: {n:,}.",
        "Сделок и заказов без даты, которые не попали ни в какой период: {n:,}.",
    )
    return [Caveat("undated", said.format(n=count), count)] if count else []


def _beyond(context: Context, question: Question, _names: set[str], subjects: set[str]) -> list[Caveat]:
    latest = _latest_day(context, tuple({SUBJECTS[name].table for name in subjects}))
    if latest is None or question.until is None or question.until <= latest:
        return []
    said = Text("The data ends on {latest}, the period on {until}.", "Данные кончаются {latest}, а период — {until}.")
    return [
        Caveat(
            "beyond_data",
            said.format(latest=said_day(latest), until=said_day(question.until)),
            (question.until - latest).days,
        )
    ]


def _profit(context: Context, _question: Question, names: set[str], _subjects: set[str]) -> list[Caveat]:
    if "profit" not in names or "orders" not in context.connected:
        return []
    known = context.once(f"SELECT EXISTS (FROM {context.table('orders')} WHERE cost_of_goods IS NOT NULL)")[0][0]
    said = Text(
        "The cost of goods is not known: profit and ROMI are before it.",
        "Себестоимость неизвестна: прибыль и ROMI посчитаны без неё.",
    )
    return [] if known else [Caveat("no_cost_of_goods", said)]


def _revenue(context: Context, _question: Question, names: set[str], subjects: set[str]) -> list[Caveat]:
    if not ({"revenue", "ltv"} & names) or "orders" not in context.connected or not subjects:
        return []
    rule = context.settings.counting.revenue
    if rule == "paid" or (rule == "auto" and "payments" in context.connected):
        said = Text("Revenue is what was paid less what was paid back", "Выручка — оплачено за вычетом возвратов")
        also = Text(
            "; in pipelines and shops where nothing was ever paid, what was won.",
            "; в воронках и магазинах, где оплат нет совсем, — сумма выигранного.",
        )
        dot = Text(".", ".")
        said = Text("{said}{end}", "{said}{end}").format(
            said=said, end=also if rule == "auto" and "deals" in context.connected else dot
        )
    else:
        said = Text("Revenue is the sum of won deals and purchases.", "Выручка — сумма выигранных сделок и покупок.")
    return [Caveat("revenue_rule", said)]


def _quarantine(context: Context, _question: Question, _names: set[str], _subjects: set[str]) -> list[Caveat]:
    count = context.once("SELECT count(*) FROM main.quarantine")[0][0]
    said = Text(
        "Rows of the sources that could not be understood and take no part: {n:,}.",
        "Строк источников, которые не удалось понять и которые не участвуют: {n:,}.",
    )
    return [Caveat("quarantine", said.format(n=count), count)] if count else []


def _ask(
    context: Context, question: Question, subject: str, aggregates: list[str | Callable[[Parameters], str]]
) -> tuple[Any, ...]:
    parameters = Parameters()
    rows = scope(context, question, parameters, subject, spans(question)[0])
    columns = [item if isinstance(item, str) else item(parameters) for item in aggregates]
    return context.one(f"SELECT {', '.join(columns)}\n{rows.from_where(cut=False)}", parameters.values)


def _latest_day(context: Context, tables: tuple[str, ...]) -> Any:
    known = [table for table in tables if table in _LATEST and table in context.connected]
    if not known:
        return None
    return context.once(
        "SELECT greatest(" + ", ".join(f"(SELECT max({_LATEST[t]}) FROM {context.table(t)})" for t in known) + ")"
    )[0][0]
