"""Which person a fact row belongs to: that of its first identifier which is not shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.warehouse.identifiers import KINDS, node_sql

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from longfunnel.warehouse.facts import Fact


def row_node_sql(fact: Fact, alias: str, *, schema: str = "live", guarded: Collection[str] | None = None) -> str:
    """SQL of the node that stands for a row of the fact, to join with ``identifiers.node``.

    ``alias`` names the fact's table in the query. The node is the node that of the row's first identifier, in the
    fact's declared order, that is not shared; NULL for a row without one, which belongs to nobody. ``guarded`` (see
    ``shared_kinds``) names the kinds that have shared identifiers at all: the others need no look, which is faster.
    """
    looked_at = KINDS.keys() if guarded is None else guarded
    nodes = []
    for column in fact.identifiers:
        node = node_sql(str(column.identifier), f'{alias}."{column.name}"', f"{alias}.system")
        if column.identifier in looked_at:
            node = f'CASE WHEN {node} NOT IN (SELECT node FROM "{schema}".shared_nodes) THEN {node} END'
        nodes.append(node)
    return f"coalesce({', '.join(nodes)})" if nodes else "NULL::UBIGINT"


def shared_kinds(connection: duckdb.DuckDBPyConnection, schema: str = "live") -> frozenset[str]:
    """The kinds of which at least one identifier is shared in the schema."""
    rows = connection.execute(f'SELECT DISTINCT kind FROM "{schema}".identifiers WHERE is_shared').fetchall()
    return frozenset(kind for (kind,) in rows)
