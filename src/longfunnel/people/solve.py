"""Works out who is who among the identifiers that a change can reach, without writing it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.people.components import components
from longfunnel.people.rules import find_shared, holding_links_sql, write_nodes, write_rules

if TYPE_CHECKING:
    import duckdb

    from longfunnel.people.rules import Rules

_TEMPORARY = (
    *("before", "touched", "seeds", "cuts", "joins", "blocks", "shared", "shared_now"),
    *("toggled", "near", "affected", "holding", "components", "solved"),
)


def solve(connection: duckdb.DuckDBPyConnection, schema: str, in_force: Rules, *, everywhere: bool = False) -> None:
    """Find the persons that hold under the rules, around the identifiers in the temp table ``people_seeds`` (node).

    The seeds are the identifiers whose evidence or decisions differ from those that the schema's persons were built with.
    The temp table ``people_before`` (node, person_id) has the persons of the build before, with identifiers that are gone.
    Leaves the temp tables ``people_solved`` (node, person_id, is_shared: all identifiers whose person may differ),
    ``people_holding`` (node_a, node_b: the links that hold among them), ``people_toggled`` (node: began or ceased to be
    shared), ``people_near`` (node: linked with one of those) and ``people_shared`` (see ``find_shared``). A person is named
    by the smallest node among its identifiers; a shared identifier has no person. ``everywhere`` spares the search for
    what the seeds reach, where they are all identifiers.
    """
    write_rules(connection, in_force)
    # a bridge depends on evidence about three identifiers, and a join waits for both: theirs are always looked at
    connection.execute(
        """INSERT INTO people_seeds
        SELECT unnest([stronger, weaker]) AS node FROM (FROM people_cuts UNION ALL FROM people_joins)
        EXCEPT SELECT node FROM people_seeds"""
    )
    find_shared(connection, schema, in_force.guards)
    all_nodes = f'SELECT node FROM "{schema}".identifiers'
    reached_nodes = f"""
        WITH wanted AS (SELECT node FROM people_seeds UNION SELECT node FROM people_near),
        reached AS MATERIALIZED (SELECT node, person_id FROM "{schema}".identifiers SEMI JOIN wanted USING (node)),
        persons AS (SELECT DISTINCT person_id FROM reached WHERE person_id IS NOT NULL
                    -- an identifier that is gone has left its person, whose others may fall apart
                    UNION SELECT person_id FROM people_before SEMI JOIN people_seeds USING (node) WHERE person_id IS NOT NULL)
        SELECT node FROM reached UNION {all_nodes} SEMI JOIN persons USING (person_id)"""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_shared_now AS
        SELECT node FROM "{schema}".shared_nodes ANTI JOIN people_seeds USING (node) UNION SELECT node FROM people_shared;

        CREATE OR REPLACE TEMP TABLE people_toggled AS
        SELECT node FROM "{schema}".identifiers SEMI JOIN people_seeds USING (node)
        WHERE is_shared <> (node IN (SELECT node FROM people_shared));

        CREATE OR REPLACE TEMP TABLE people_near AS
        SELECT node_a AS node FROM "{schema}".links SEMI JOIN people_toggled t ON t.node = node_b
        UNION SELECT node_b FROM "{schema}".links SEMI JOIN people_toggled t ON t.node = node_a;

        CREATE OR REPLACE TEMP TABLE people_affected AS {all_nodes if everywhere else reached_nodes}"""
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE people_holding AS {holding_links_sql(schema)}")
    ends = connection.execute("SELECT node_a, node_b FROM people_holding").fetchnumpy()
    nodes, persons = components(ends["node_a"], ends["node_b"])
    write_nodes(connection, "people_components", node=nodes, person_id=persons)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE people_solved AS
        SELECT node, s.node IS NOT NULL AS is_shared, CASE WHEN s.node IS NULL THEN coalesce(c.person_id, node) END AS person_id
        FROM people_affected LEFT JOIN people_shared_now s USING (node) LEFT JOIN people_components c USING (node)"""
    )


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temp tables that building persons leaves."""
    for table in _TEMPORARY:
        connection.execute(f"DROP TABLE IF EXISTS temp.people_{table}")
