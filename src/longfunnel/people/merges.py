"""The merge log: which persons turned out to be one, and the link that showed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

_MERGES = """
INSERT INTO main.merge_log
WITH pairs AS (
    SELECT DISTINCT s.person_id, o.person_id AS earlier
    FROM people_solved s JOIN people_before o USING (node)
    WHERE s.person_id IS NOT NULL AND o.person_id IS NOT NULL
), merged AS (
    -- of the persons that became one, the smallest stays and the others merge into it
    SELECT person_id, earlier FROM pairs
    QUALIFY count(*) OVER (PARTITION BY person_id) > 1 AND earlier <> min(earlier) OVER (PARTITION BY person_id)
), ends AS (
    SELECT node_a AS inside, node_b AS outside, node_a, node_b FROM people_holding
    UNION ALL SELECT node_b, node_a, node_a, node_b FROM people_holding
), borders AS (
    -- every holding link that leaves a merged person; one to another known person says more than one to a new identifier
    SELECT m.person_id, m.earlier, e.*, o.person_id IS NULL AS is_new
    FROM merged m
    JOIN people_before i ON i.person_id = m.earlier
    JOIN people_solved s ON s.node = i.node AND s.person_id = m.person_id
    JOIN ends e ON e.inside = i.node
    LEFT JOIN people_before o ON o.node = e.outside
    WHERE o.person_id IS DISTINCT FROM m.earlier
), shown AS (
    SELECT * FROM borders
    QUALIFY row_number() OVER (PARTITION BY person_id, earlier ORDER BY is_new, node_a, node_b) = 1
), asserted AS (
    SELECT node_a, node_b, min({{'fact': fact, 'source_system': source_system}}) AS who
    FROM "{schema}".links
    SEMI JOIN shown USING (node_a, node_b) GROUP BY ALL
)
SELECT $noticed_at, $import_id, s.person_id, s.earlier, a.kind, a.value, a.system, b.kind, b.value, b.system,
    coalesce(w.who.fact, 'decision'), coalesce(w.who.source_system, '')
FROM shown s
JOIN "{schema}".identifiers a ON a.node = s.inside
JOIN "{schema}".identifiers b ON b.node = s.outside
LEFT JOIN asserted w ON w.node_a = s.node_a AND w.node_b = s.node_b
ORDER BY s.person_id, s.earlier
"""


def log_merges(connection: duckdb.DuckDBPyConnection, schema: str, *, import_id: int, noticed_at: datetime) -> int:
    """Write down the persons of ``people_before`` that ``people_solved`` has merged; how many they are."""
    written = connection.execute(
        _MERGES.format(schema=schema), {"noticed_at": noticed_at, "import_id": import_id}
    ).fetchall()
    return int(written[0][0])
