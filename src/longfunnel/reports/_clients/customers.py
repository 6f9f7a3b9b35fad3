"""Customers as the models of lifetime value read them: what each has bought, and when, to the end of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from longfunnel.core.errors import QuestionError, did_you_mean, must_be
from longfunnel.core.text import Text
from longfunnel.models.lifetime import PURCHASE_MODELS, PurchaseModel, Values
from longfunnel.models.purchases import Histories, histories
from longfunnel.reports._engine.context import quoted
from longfunnel.reports._engine.question import DEFAULT_MODEL
from longfunnel.reports._engine.scope import scope, spans
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa
    from numpy.typing import NDArray

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

WEEK: Final = 7.0
"""Days in the models' unit of time."""


@dataclass(frozen=True)
class Customers:
    """Everybody who has ordered, one row each. ``table`` has the cut, ``is_shown`` and their sums to date."""

    table: pa.Table
    histories: Histories
    values: Values
    valued_share: float
    """Of purchases whose sum is known, how many brought anything: the others were paid back in full."""
    ends_on: date
    """The last day that the CRM or the shop speaks of."""
    sql: str

    @property
    def is_shown(self) -> NDArray[np.bool_]:
        """Whether the customer is one that the question asks about."""
        return np.asarray(self.table.column("is_shown").to_numpy(zero_copy_only=False), dtype=np.bool_)


def ends_on(context: Context) -> date | None:
    """The last day that leads, deals or orders speak of."""
    days = {"leads": "created_on", "deals": "created_on", "orders": "ordered_on"}
    known = ", ".join(f"(SELECT max({day}) FROM {context.table(table)})" for table, day in days.items())
    found: date | None = context.one(f"SELECT greatest({known})", {})[0]
    return found


def customers_of(context: Context, question: Question) -> Customers | None:
    """All customers, those marked whose first order the question asks about; None where nobody has ordered.

    Orders of one day are one purchase.
    """
    end = ends_on(context)
    if end is None:
        return None
    parameters = Parameters()
    statement = Statement(_sql(context, question, parameters, end), parameters.values)
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    if not table.num_rows:
        return None

    def numbers(name: str) -> NDArray[np.float64]:
        return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)

    purchases, valued, known = numbers("purchases"), numbers("valued"), numbers("known")
    found = histories(purchases - 1, numbers("last_days") / WEEK, numbers("watched_days") / WEEK)
    mean = np.divide(numbers("value"), valued, out=np.ones(len(valued)), where=valued > 0)
    return Customers(
        table,
        found,
        Values(valued, mean),
        float(valued.sum() / known.sum()) if known.sum() else 0.0,
        end,
        statement.runnable(),
    )


def _sql(context: Context, question: Question, parameters: Parameters, end: date) -> str:
    rows = scope(context, question, parameters, "buyers", spans(question)[0])
    last = parameters.bind("ends_on", end)
    cut = [quoted(name) for name in [*question.by, *([question.grain] if question.grain else [])]]
    columns = ["t.person_id", *rows.columns()]
    return f"""WITH shown AS (
SELECT {", ".join(columns)}
{rows.from_where(more=("t.person_id IS NOT NULL",))}
),
days AS (
SELECT person_id, ordered_on, sum(revenue) AS value, count(*) AS orders
FROM {context.table("orders")}
WHERE person_id IS NOT NULL AND ordered_on IS NOT NULL
GROUP BY person_id, ordered_on
),
customers AS (
SELECT person_id, count(*) AS purchases, date_diff('day', min(ordered_on), max(ordered_on)) AS last_days,
  date_diff('day', min(ordered_on), {last}) AS watched_days, max(ordered_on) AS last_on, sum(orders)::BIGINT AS orders, sum(value) AS revenue,
  count(value) AS known, count_if(value > 0) AS valued, coalesce(sum(value) FILTER (value > 0), 0)::DOUBLE AS value
FROM days GROUP BY person_id
)
SELECT c.*, s.person_id IS NOT NULL AS is_shown{"".join(f", s.{name}" for name in cut)}
FROM customers AS c LEFT JOIN shown AS s ON s.person_id = c.person_id
ORDER BY c.person_id"""


def model_of(question: Question) -> PurchaseModel:
    """The model of purchases that option ``model`` names. Raises QuestionError for an unknown one."""
    word = question.option("purchases") or "bg_nbd"
    if word not in PURCHASE_MODELS:
        raise QuestionError(must_be("purchases", word, PURCHASE_MODELS))
    return word  # type: ignore[return-value]


TOUCHES: Final = ("first", "last", "last_non_direct")


def by_touch(question: Question) -> Question:
    """The question with the model that says where a customer's first order came from: option ``touch``, or the model asked for,
    or the first touch. Raises QuestionError for one that shares an order between touches."""
    asked = "" if question.model == DEFAULT_MODEL else question.model
    word = question.option("touch") or asked or "first"
    if word not in TOUCHES:
        raise QuestionError(
            Text(
                "touch is «{word}», and must be one of {known}: a customer stands in one place.",
                "touch: значения «{word}» нет, возможные — {known}: клиент стоит в одном месте.",
            ).format(word=word, known=", ".join(TOUCHES))
            + did_you_mean(word, TOUCHES)
        )
    return msgspec.structs.replace(question, model=word)


def whole_number(question: Question, name: str, usual: int, most: int) -> int:
    """Option ``name`` as a whole number from 1 to ``most``; ``usual`` where it is not given. Raises QuestionError."""
    text = (question.option(name) or str(usual)).strip().removesuffix("d")
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise QuestionError(
            Text(
                "{name} is «{text}»; it is a whole number from 1 to {most}, as {usual}.",
                "{name}: нужно целое число от 1 до {most}, например {usual}, а не «{text}».",
            ).format(name=name, text=text, most=most, usual=usual)
        )
    return int(text)


def group_codes(
    table: pa.Table, names: list[str], is_shown: NDArray[np.bool_]
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """The distinct values of the cut in order of appearance, and for each row its place among them; −1 for a row that is not shown."""
    rows = np.flatnonzero(is_shown)
    shown = table.select(names).take(rows)
    joined = np.zeros(len(rows), np.int64)
    for column in shown.columns:
        coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        joined = joined * len(coded.dictionary) + coded.indices.to_numpy()
    _, first, place = np.unique(joined, return_index=True, return_inverse=True)
    order = np.argsort(first)
    codes = np.full(table.num_rows, -1, dtype=np.int64)
    codes[rows] = np.argsort(order)[place]
    values = [tuple(row.values()) for row in shown.take(first[order]).to_pylist()] if names else [()] * len(first)
    return values, codes
