"""The people behind a type or a segment of clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.models.fitting import FitError
from longfunnel.models.lifetime import PURCHASE_MODELS
from longfunnel.reports._clients.customers import by_touch, customers_of, model_of
from longfunnel.reports._clients.lifetime import purchases_fit
from longfunnel.reports._engine.identifiers import identifiers_of
from longfunnel.reports._engine.sql import Parameters
from longfunnel.reports.clients import kinds_of, potential_sql

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from numpy.typing import NDArray

    from longfunnel.reports._clients.customers import Customers
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


@dataclass(frozen=True)
class Client:
    """One client."""

    person_id: int
    orders: int
    revenue: Decimal | None
    last_on: date
    """Day of the last order; of who has not ordered, of the first lead."""
    alive: float | None
    """The chance that they have not left for good; None where nothing tells."""
    identifiers: tuple[str, ...]


def clients_of(context: Context, question: Question, which: str, limit: int) -> tuple[list[Client], int]:
    """The clients of the type or segment ``which`` (empty: all who have ordered), at most ``limit``, and how many there are in all.

    Those who have brought most stand first, and of those who have not ordered, the latest. Raises QuestionError.
    """
    asked = by_touch(question)
    if which == "potential":
        return _potential(context, asked, limit)
    customers = customers_of(context, asked)
    if customers is None:
        return [], 0
    is_chosen = customers.is_shown
    if which:
        is_chosen = is_chosen & np.array([kind == which for kind in kinds_of(question, customers)])
    revenue = customers.table.column("revenue").to_pylist()
    places = sorted(
        np.flatnonzero(is_chosen).tolist(), key=lambda place: (revenue[place] is None, -(revenue[place] or 0), place)
    )
    alive = _alive(context, question, customers)
    columns = [customers.table.column(name).to_pylist() for name in ("person_id", "orders", "last_on")]
    chosen = places[:limit]
    names = identifiers_of(context, [columns[0][place] for place in chosen])
    return [
        Client(
            person,
            orders,
            revenue[place],
            last_on,
            None if alive is None else float(alive[place]),
            names.get(person, ()),
        )
        for place in chosen
        for person, orders, last_on in [tuple(column[place] for column in columns)]
    ], len(places)


def _alive(context: Context, question: Question, customers: Customers) -> NDArray[np.float64] | None:
    """P(alive) of each customer by the fitted model; None where the data does not carry it."""
    how = PURCHASE_MODELS[model_of(question)]
    try:
        fit = purchases_fit(context, customers, model_of(question))
    except FitError:
        return None
    found = how.alive(np.array(fit.values), customers.histories)[customers.histories.place]
    return np.asarray(found, dtype=np.float64)


def _potential(context: Context, question: Question, limit: int) -> tuple[list[Client], int]:
    parameters = Parameters()
    sql = potential_sql(context, question, parameters)
    rows = context.connection.execute(
        f"SELECT person_id, created_on, count(*) OVER () FROM ({sql}) ORDER BY created_at DESC NULLS LAST, person_id LIMIT {limit:d}",
        parameters.values,
    ).fetchall()
    names = identifiers_of(context, [person for person, *_ in rows])
    found = [Client(person, 0, None, day, None, names.get(person, ())) for person, day, _ in rows]
    return found, rows[0][2] if rows else 0
