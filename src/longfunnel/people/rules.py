"""Which links hold: guards against shared identifiers, and what people decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from longfunnel.warehouse.identifiers import KINDS, node

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import duckdb
    import numpy as np
    from numpy.typing import NDArray

    from longfunnel.core.settings import Guards
    from longfunnel.state import Decision

_CUT = "SELECT least(stronger, weaker) AS node_a, greatest(stronger, weaker) AS node_b FROM people_cuts"
_STRENGTH = {name: place for place, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Rules:
    """What decides, beside the evidence, who is one person: a value that a build remembers to see what has changed."""

    guards: Guards
    cuts: frozenset[tuple[int, int]] = frozenset()
    """Pairs that are not one person: the node that stronger evidence names comes first."""
    joins: frozenset[tuple[int, int]] = frozenset()
    blocks: frozenset[int] = frozenset()

    @property
    def nodes(self) -> set[int]:
        """Every identifier that a decision speaks of."""
        return {end for pair in self.cuts | self.joins for end in pair} | self.blocks

    def changed(self, earlier: Rules) -> set[int]:
        """The identifiers that a decision speaks of in one of the two and not in the other."""
        pairs = (self.cuts ^ earlier.cuts) | (self.joins ^ earlier.joins)
        return {end for pair in pairs for end in pair} | (self.blocks ^ earlier.blocks)


def rules(guards: Guards, decisions: Iterable[Decision], as_of: datetime | None = None) -> Rules:
    """The rules in force now, or at ``as_of``. Of a cut and a join of the same two identifiers the later one holds."""
    verbs: dict[tuple[int, int], str] = {}
    blocks = set()
    for decision in sorted((d for d in decisions if d.is_active(as_of)), key=lambda d: (d.decided_at, d.id)):
        first = node(decision.kind_a, decision.value_a, decision.system_a)
        if decision.verb == "block":
            blocks.add(first)
        elif decision.kind_b is not None and decision.value_b is not None:
            second = node(decision.kind_b, decision.value_b, decision.system_b or "")
            pair = [(_STRENGTH[decision.kind_a], first), (_STRENGTH[decision.kind_b], second)]
            (_, stronger), (_, weaker) = sorted(pair)
            verbs[stronger, weaker] = decision.verb
    return Rules(
        guards,
        cuts=frozenset(pair for pair, verb in verbs.items() if verb == "cut"),
        joins=frozenset(pair for pair, verb in verbs.items() if verb == "join"),
        blocks=frozenset(blocks),
    )


def write_rules(connection: duckdb.DuckDBPyConnection, in_force: Rules) -> None:
    """Leave the temp tables ``people_cuts`` and ``people_joins`` (stronger, weaker) and ``people_blocks`` (node)."""
    for name, pairs in (("cuts", in_force.cuts), ("joins", in_force.joins)):
        ends = sorted(pairs)
        write_nodes(connection, f"people_{name}", stronger=[a for a, _ in ends], weaker=[b for _, b in ends])
    write_nodes(connection, "people_blocks", node=sorted(in_force.blocks))


def write_nodes(
    connection: duckdb.DuckDBPyConnection, table: str, **columns: Sequence[int] | NDArray[np.uint64]
) -> None:
    """Make a temp table of nodes."""
    given = pa.table({name: pa.array(values, pa.uint64()) for name, values in columns.items()})
    connection.register("people_given", given)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM people_given")
    connection.unregister("people_given")


def find_shared(connection: duckdb.DuckDBPyConnection, schema: str, guards: Guards) -> None:
    """Leave the temp table ``people_shared`` (node, contacts, reason): which of ``people_seeds`` link nobody.

    An identifier is shared when it is linked with more contacts than its guard allows, or when somebody decided so. Its
    contacts are the distinct identifiers of one contact kind (CRM contact, account, e-mail, phone, Telegram) that stand
    with it in fact rows; of several such kinds the largest number counts, so that one client's two phones and two
    e-mails are two contacts and not four. Links that were cut do not count, nor do requests and orders: a loyal client
    has many. All identifiers are judged by the same evidence at once, so no order plays a part.
    """
    contact_kinds = ", ".join(f"'{name}'" for name, kind in KINDS.items() if kind.is_contact)
    limits = {name: int(getattr(guards, kind.guard)) for name, kind in KINDS.items()}
    most = " ".join(f"WHEN '{kind}' THEN {limit}" for kind, limit in limits.items())
    sides = " UNION ALL ".join(
        f"""SELECT DISTINCT e.{near} AS node, c.kind, c.node AS other
        FROM "{schema}".links e SEMI JOIN candidates p ON p.node = e.{near} ANTI JOIN cut USING (node_a, node_b)
        JOIN contact_nodes c ON c.node = e.{far}"""
        for near, far in (("node_a", "node_b"), ("node_b", "node_a"))
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_shared AS
        WITH cut AS ({_CUT}),
        ends AS (SELECT node_a AS node FROM "{schema}".links UNION ALL SELECT node_b FROM "{schema}".links),
        -- nearly all have too few links of any sort to be shared, and need no closer look
        candidates AS (
            SELECT node FROM ends SEMI JOIN people_seeds USING (node) GROUP BY node HAVING count(*) > {min(limits.values())}
        ),
        contact_nodes AS (SELECT node, kind FROM "{schema}".identifiers WHERE kind IN ({contact_kinds})),
        by_kind AS (SELECT node, kind, count(*) AS contacts FROM ({sides}) GROUP BY ALL),
        counted AS (SELECT node, max(contacts) AS contacts FROM by_kind GROUP BY node),
        judged AS (SELECT node FROM counted UNION SELECT node FROM people_blocks SEMI JOIN people_seeds USING (node)),
        known AS (SELECT node, kind FROM "{schema}".identifiers SEMI JOIN judged USING (node))
        SELECT node, coalesce(contacts, 0) AS contacts, if(b.node IS NULL, 'guard', 'decision') AS reason
        FROM known k LEFT JOIN counted USING (node) LEFT JOIN people_blocks b USING (node)
        WHERE b.node IS NOT NULL OR contacts > CASE k.kind {most} END"""
    )


def holding_links_sql(schema: str) -> str:
    """SELECT of the links (node_a, node_b) that hold among ``people_affected``, of which ``people_shared_now`` are shared.

    A link that several facts assert comes as often. A cut takes away what stands between the two identifiers themselves.
    A request, deal or order that names both would still bridge them, so it stays with the stronger one (by the order of
    the kinds; of one kind, the smaller node).
    """
    documents = ", ".join(f"'{name}'" for name, kind in KINDS.items() if kind.is_document)
    return f"""
    WITH cut_ends AS (
        SELECT unnest([stronger, weaker]) AS node FROM people_cuts
    ), near AS (
        SELECT node_a AS node, node_b AS other FROM "{schema}".links SEMI JOIN cut_ends c ON c.node = node_a
        UNION SELECT node_b, node_a FROM "{schema}".links SEMI JOIN cut_ends c ON c.node = node_b
    ), cut AS ({_CUT}), bridged AS (
        SELECT DISTINCT least(c.weaker, s.other) AS node_a, greatest(c.weaker, s.other) AS node_b
        FROM people_cuts c
        JOIN near s ON s.node = c.stronger
        JOIN near w ON w.node = c.weaker AND w.other = s.other
        JOIN "{schema}".identifiers d ON d.node = s.other AND d.kind IN ({documents})
        WHERE c.stronger NOT IN (SELECT node FROM people_shared_now)
        AND (least(c.stronger, s.other), greatest(c.stronger, s.other)) NOT IN (SELECT node_a, node_b FROM cut)
    )
    SELECT node_a, node_b FROM (
        SELECT node_a, node_b FROM "{schema}".links SEMI JOIN people_affected p ON p.node = node_a
        ANTI JOIN cut USING (node_a, node_b) ANTI JOIN bridged USING (node_a, node_b)
        UNION ALL
        SELECT least(stronger, weaker), greatest(stronger, weaker) FROM people_joins
        WHERE stronger IN (SELECT node FROM people_affected) AND weaker IN (SELECT node FROM people_affected)
    )
    WHERE node_a NOT IN (SELECT node FROM people_shared_now)
    AND node_b NOT IN (SELECT node FROM people_shared_now)"""
