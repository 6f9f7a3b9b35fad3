"""Calls that webhooks tell of piece by piece, in any order: at the beginning, at the end, when somebody marks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    import duckdb


def whole_calls(
    connection: duckdb.DuckDBPyConnection, told: list[dict[str, Any]], *, source: str, system: str
) -> list[dict[str, Any]]:
    """The calls in the order they were told of, each with all that is known of it by then.

    A call only grows longer: of two tellings the longer one is the later, whenever it came; of equal ones the newer. Where
    the later one says nothing, the earlier one stands.
    """
    known = _known(connection, [row["call_id"] for row in told], system or source)
    whole = []
    for row in told:
        before = known.get(row["call_id"], {})
        new = {name: value for name, value in row.items() if value is not None}
        has_ended = (before.get("duration_seconds") or 0) > (new.get("duration_seconds") or 0)
        known[row["call_id"]] = {**new, **before} if has_ended else {**before, **new}
        whole.append(known[row["call_id"]])
    return whole


def _known(connection: duckdb.DuckDBPyConnection, ids: list[str], space: str) -> dict[str, dict[str, Any]]:
    """Id → the columns that have a value, of the calls that the warehouse has."""
    fact = facts()["call"]
    names = [column.name for column in fact.columns]
    columns = ", ".join(f'"{name}"' for name in names)
    rows = connection.execute(
        f"""SELECT {columns} FROM ({current_sql(fact)})
        WHERE list_contains($ids, call_id) AND coalesce(nullif(system, ''), source_system) = $space""",
        {"ids": ids, "space": space},
    ).fetchall()
    filled = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
    return {row["call_id"]: row for row in filled}
