"""The ledger: every unit of spend, every deal and every payment stands under a channel or under one named reason.

The sums equal what was imported, in each original currency too, over all time; a period shows the part that belongs to it.
Deals stand at the day they were made, payments at the day they were paid, by the default model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.journeys.reasons import REASONS, UNMET
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.question import DEFAULT_MODEL
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.row_columns import TITLES, row_column
from longfunnel.reports._engine.sql import Parameters, Statement
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


@dataclass(frozen=True)
class Book:
    """One kind of row that must be accounted for."""

    table: str
    fact: str
    key: str
    day: str
    amount: str
    original: str
    fact_amount: str
    """SQL of the signed amount in the fact."""
    credit: str
    """The subject whose credit says the channel, and its key; empty where the row has its own origin."""
    credit_key: str
    shown: tuple[str, ...]
    """Columns that let a person find the row where it came from."""


BOOKS = {
    "spend": Book(
        "spends", "spend", "spend_key", "day_on", "cost", "original_cost", "cost", "", "",
        ("source_system", "account", "device", "region", "impressions", "clicks", "rate_on", "rate_source"),
    ),
    "deal": Book(
        "deals", "deal", "deal_key", "created_on", "amount", "original_amount", "amount", "deal", "deal_key",
        ("source_system", "deal_id", "status", "pipeline", "stage", "manager"),
    ),
    "payment": Book(
        "payments", "payment", "payment_key", "paid_on", "amount", "original_amount",
        "CASE WHEN kind = 'refund' THEN -abs(amount) ELSE amount END", "order", "order_key",
        ("source_system", "payment_id", "kind"),
    ),
}  # fmt: skip

_KINDS = {
    "spend": Text("Spend", "Расход"),
    "deal": Text("Deals", "Сделки"),
    "payment": Text("Payments", "Оплаты"),
}
_NOWHERE = Text("Neither a channel nor a reason", "Ни канала, ни причины")

_COLUMNS = (
    Column("kind", Text(
        "Kind",
        "Вид",
    ), "text", Text("spend, deal or payment.", "spend, deal или payment."), "dimension"),
    Column("channel", Text(
        "Channel",
        "Канал",
    ), "text", Text("The channel that the rows stand under.", "Канал, под которым стоят строки."), "dimension", is_code=True),
    Column("reason", Text(
        "Reason",
        "Причина",
    ), "text", Text("Why they stand under none: a code.", "Почему не стоят ни под каким: код."), "dimension"),
    Column("title", Text(
        "Where it stands",
        "Где стоит",
    ), "text", Text("The channel, or the reason in words.", "Канал или причина словами."), "dimension"),
    Column("currency", Text(
        "Currency",
        "Валюта",
    ), "text", Text("Of the original amounts.", "Исходных сумм."), "dimension"),
    Column("rows", Text("Rows", "Строк"), "count", Text("How many rows.", "Сколько строк."), unit="count"),
    Column("original_amount", Text(
        "Original amount",
        "Исходная сумма",
    ), "money", Text(
        "In the original currency; adds up within one.",
        "В исходной валюте; складывается внутри одной.",
    ), adds_up=False),
    Column("amount", Text(
        "Amount",
        "Сумма",
    ), "money", Text(
        "In the business currency, as far as it could be converted.",
        "В валюте бизнеса, насколько удалось пересчитать.",
    ), adds_up=False),
    Column("advice", Text(
        "What to do",
        "Что делать",
    ), "text", Text("What to do about the reason.", "Что делать с причиной."), "dimension"),
)  # fmt: skip


def answer(context: Context, question: Question) -> Answer:
    """One row per kind, channel or reason, and original currency."""
    if question.option("reason") or question.option("kind"):
        return _behind(context, question)
    parameters = Parameters()
    sql = "\nUNION ALL\n".join(_summed(context, question, parameters, kind) for kind in BOOKS)
    statement = Statement(
        f"{sql}\nORDER BY place, reason NULLS FIRST, rows DESC, channel NULLS LAST, currency NULLS LAST",
        parameters.values,
    )
    result = context.connection.execute(statement.sql, statement.parameters).to_arrow_table().drop_columns(["place"])
    language = context.settings.business.language
    said = [_said(row["channel"], row["reason"]) for row in result.select(["channel", "reason"]).to_pylist()]
    table = (
        result.append_column("title", [[title.to(language) for title, _ in said]])
        if said
        else _with_empty(result, "title")
    )
    table = (
        table.append_column("advice", [[advice.to(language) if advice else None for _, advice in said]])
        if said
        else _with_empty(table, "advice")
    )
    columns = tuple(replace(c, unit=context.settings.business.currency) if c.name == "amount" else c for c in _COLUMNS)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=table.select([column.name for column in columns]),
        totals={"rows": sum(table["rows"].to_pylist())},
        caveats=_reconciled(context, question),
        freshness=freshness(context),
        sql=statement.runnable(),
        language=language,
        title=REPORT.title,
    )


def _with_empty(table: Any, name: str) -> Any:
    return table.append_column(name, table["channel"])


def _said(channel: str | None, reason: str | None) -> tuple[Text, Text | None]:
    if reason is None:
        return (Text(channel, channel), None) if channel else (_NOWHERE, None)
    known = next((entry for code, entry in REASONS.items() if code == reason), None)
    return (known.title, known.advice) if known else (Text(reason, reason), None)


def _from_where(context: Context, question: Question, parameters: Parameters, kind: str) -> str:
    """Rows ``t`` with their channel in ``o``; a row with a reason stands under the reason, whatever its origin says."""
    book = BOOKS[kind]
    lines = [f"FROM {context.table(book.table)} AS t"]
    origin = "t.origin_id"
    if book.credit:
        model = parameters.bind("model", DEFAULT_MODEL)
        lines.append(
            f"LEFT JOIN (SELECT subject_key, origin_id FROM {context.table('credits')} WHERE subject = "
            f"'{book.credit}' AND model = {model}) AS c "
            f"ON c.subject_key = t.{book.credit_key}"
        )
        origin = "c.origin_id"
    lines.append(f"LEFT JOIN {context.table('origins')} AS o ON o.origin_id = {origin}")
    days = [f"t.{book.day} >= {parameters.bind('since', question.since)}"] if question.since else []
    days += [f"t.{book.day} <= {parameters.bind('until', question.until)}"] if question.until else []
    if days:
        lines.append("WHERE " + " AND ".join(days))
    return "\n".join(lines)


def _summed(context: Context, question: Question, parameters: Parameters, kind: str) -> str:
    book = BOOKS[kind]
    return f"""SELECT {list(BOOKS).index(kind)} AS place, '{kind}' AS kind, CASE WHEN t.reason IS NULL THEN o.channel END AS channel, t.reason AS reason,
  t.currency AS currency, count(*) AS rows, CAST(sum(t.{book.original}) AS DECIMAL(38,4)) AS original_amount,
  CAST(sum(t.{book.amount}) AS DECIMAL(38,4)) AS amount
{_from_where(context, question, parameters, kind)}
GROUP BY ALL"""


def _reconciled(context: Context, question: Question) -> tuple[Caveat, ...]:
    """A caveat for each kind whose ledger differs from what was imported, over all time; none when they are equal."""
    found = []
    values: dict[str, Any] = {"own": context.settings.business.currency}
    values |= {"as_of": question.as_of} if question.as_of else {}
    # a row without a currency may be taken to be in the business's own: the two are compared as one
    currency_sql = "coalesce(upper(currency), $own) AS currency"
    for kind, book in BOOKS.items():
        imported = (
            f"SELECT {currency_sql}, count(*) AS rows, coalesce(sum({book.fact_amount}), 0) AS amount "
            f"FROM ({current_sql(facts()[book.fact], as_of=question.as_of is not None)}) GROUP BY ALL"
        )
        kept = (
            f"SELECT {currency_sql}, count(*) AS rows, coalesce(sum({book.original}), 0) AS amount "
            f"FROM {context.table(book.table)} GROUP BY ALL"
        )
        different = context.once(
            f"""SELECT coalesce(i.currency, k.currency), coalesce(i.rows, 0), coalesce(k.rows, 0), coalesce(i.amount, 0), coalesce(k.amount, 0)
            FROM ({imported}) i FULL JOIN ({kept}) k USING (currency)
            WHERE i.rows IS DISTINCT FROM k.rows OR i.amount IS DISTINCT FROM k.amount ORDER BY 1""",
            values,
        )
        said = Text(
            "{kind} in {currency}: imported {rows} rows for {amount}, in the ledger {kept} rows for {sum}. Build "
            "again: longfunnel build.",
            "{kind}, {currency}: загружено строк {rows} на {amount}, в сверке {kept} на {sum}. Пересоберите: "
            "longfunnel build.",
        )
        for currency, rows, kept_rows, amount, kept_amount in different:
            words = {
                "kind": _KINDS[kind],
                "currency": currency,
                "rows": rows,
                "amount": f"{amount:,.2f}",
                "kept": kept_rows,
                "sum": f"{kept_amount:,.2f}",
            }
            found.append(Caveat("does_not_reconcile", said.format(**words), abs(rows - kept_rows)))
    return tuple(found)


def _behind(context: Context, question: Question) -> Answer:
    """The rows behind a reason (or, with ``reason=none``, those under a channel) of one kind."""
    kind, reason = question.option("kind") or "spend", question.option("reason")
    if kind not in BOOKS:
        raise QuestionError(
            Text("There is no kind «{kind}» in the ledger.", "Раздела «{kind}» в сверке нет.").format(kind=kind)
            + did_you_mean(kind, BOOKS),
            hint=Text("Kinds: {names}.", "Разделы: {names}.").format(names=", ".join(BOOKS)),
        )
    codes = [str(code) for code in REASONS]
    if reason and reason not in (*codes, "none"):
        raise QuestionError(
            Text("There is no reason «{reason}».", "Причины «{reason}» нет.").format(reason=reason)
            + did_you_mean(reason, codes),
            hint=Text("Reasons: {codes}, none.", "Причины: {codes}, none.").format(codes=", ".join(codes)),
        )
    book, parameters = BOOKS[kind], Parameters()
    rest = _from_where(context, question, parameters, kind)
    if reason:
        column = "unmatched" if kind == "spend" and reason in UNMET.values() else "reason"
        condition = "t.reason IS NULL" if reason == "none" else f"t.{column} = {parameters.bind('reason', reason)}"
        rest += ("\n  AND " if "\nWHERE " in rest else "\nWHERE ") + condition
    shown = ", ".join(f"t.{name}" for name in book.shown)
    sql = (
        f"SELECT t.{book.day} AS day, t.{book.amount} AS amount, t.{book.original} AS original_amount, t.currency, "
        f"CASE WHEN t.reason IS NULL THEN o.channel END AS channel, t.reason, {shown}, o.source, o.medium, "
        f"o.campaign\n{rest}\n"
        f"ORDER BY day NULLS LAST, t.{book.key}" + (f"\nLIMIT {question.limit}" if question.limit else "")
    )
    statement = Statement(sql, parameters.values)
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    columns = tuple(_behind_column(name, context.settings.business.currency) for name in table.column_names)
    language = context.settings.business.language
    return Answer(
        question.report,
        question,
        columns,
        table,
        {},
        (),
        freshness(context),
        statement.runnable(),
        language=language,
        title=REPORT.title,
    )


def _behind_column(name: str, currency: str) -> Column:
    known = next((column for column in _COLUMNS if column.name == name), None)
    return row_column(name, currency) if name in TITLES or known is None else known


REPORT = Report(
    title=Text("Ledger", "Сверка"),
    meaning=Text(
        "Where every unit of spend, every deal and every payment stands: under a channel, or under a reason with "
        "what to do about it.",
        "Где стоит каждая единица расхода, каждая сделка и каждая оплата: под каналом или под причиной — и что с "
        "ней делать.",
    ),
    answer=answer,
    basis="payment",
    options={
        "kind": Text("Show the rows of spend, deal or payment.", "Показать строки: spend, deal или payment."),
        "reason": Text(
            "Show the rows behind this reason; none: those under a channel.",
            "Показать строки за этой причиной; none — те, что под каналом.",
        ),
    },
    refuses={
        "by": Text("its rows are channels and reasons", "его строки — каналы и причины"),
        "grain": Text("its rows are channels and reasons", "его строки — каналы и причины"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "filters": Text("all of the money is shown", "он показывает все деньги"),
        "model": Text("it stands on the default model", "он стоит на модели по умолчанию"),
        "window_days": Text("it stands on the setting «Lookback window»", "он стоит на настройке «Окно атрибуции»"),
        "sort": Text("its order is fixed", "его порядок задан"),
    },
)
