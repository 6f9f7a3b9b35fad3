"""What is known of a person: the identifiers, where each was seen, and the evidence that holds them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from longfunnel.core.errors import NothingYetError
from longfunnel.core.text import Text
from longfunnel.people.mark import read_mark
from longfunnel.people.rules import holding_links_sql, write_rules
from longfunnel.people.solve import forget
from longfunnel.warehouse.identifiers import KINDS, Identifier, normalise

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from longfunnel.people.rules import Rules

_MOST_FOUND = 50


@dataclass(frozen=True)
class Known:
    """An identifier that facts mention."""

    identifier: Identifier
    person_id: int | None
    """Empty for a shared identifier: it belongs to nobody."""
    is_shared: bool
    facts: int
    """Fact rows that mention it."""
    first_seen_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True)
class Link:
    """What one fact of one source says about two identifiers."""

    a: Identifier
    b: Identifier
    fact: str
    """The fact whose rows name both; ``decision`` for a join that somebody decided."""
    source_system: str
    facts: int
    """Rows that name both."""
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    status: Literal["holds", "shared", "cut"]
    """Whether it makes the two one person; if not, because one is shared, or because of a cut."""


@dataclass(frozen=True)
class Evidence:
    """Why identifiers are one person."""

    person_id: int
    identifiers: list[Known]
    links: list[Link]
    """Those among the person's identifiers, and those to others that do not hold."""


def find(connection: duckdb.DuckDBPyConnection, text: str, *, country: str = "", schema: str = "live") -> list[Known]:
    """The identifiers that ``text`` means: a phone or e-mail in any spelling, an id, ``kind:value``, a person's number.

    Where nothing is exactly so, those that contain the text, at most 50. Raises NothingYetError before the first build.
    """
    _require_built(connection, schema)
    text = text.strip()
    kind, colon, value = text.partition(":")
    asked = {kind: value} if colon and kind in KINDS else dict.fromkeys(KINDS, text)
    spelled = [(name, spelling) for name, raw in asked.items() if (spelling := normalise(name, raw, country))]
    conditions = " OR ".join(["(kind = ? AND value = ?)"] * len(spelled)) or "FALSE"
    parameters: list[str | int] = [part for pair in spelled for part in pair]
    if text.isdecimal() and int(text) < 2**64:
        conditions += " OR person_id = ?"
        parameters.append(int(text))
    found = _known(connection, schema, conditions, parameters)
    return (
        found
        or _known(
            connection, schema, "contains(lower(value), ?)", [(value if colon and kind in KINDS else text).lower()]
        )[:_MOST_FOUND]
    )


def evidence(connection: duckdb.DuckDBPyConnection, person_id: int, *, schema: str = "live") -> Evidence:
    """All identifiers of one person and all links at them. Raises NothingYetError when there is no such person."""
    mark = _require_built(connection, schema)
    identifiers = _known(connection, schema, "person_id = ?", [person_id])
    if not identifiers:
        raise _nobody(person_id)
    write_rules(connection, mark)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE people_shared_now AS SELECT node FROM "{schema}".shared_nodes;
        CREATE OR REPLACE TEMP TABLE people_affected AS SELECT node FROM "{schema}".identifiers WHERE person_id = {int(person_id)}"""
    )
    rows = connection.execute(
        f"""WITH holding AS (SELECT DISTINCT * FROM ({holding_links_sql(schema)})),
        stated AS (
            SELECT * FROM "{schema}".links
            WHERE node_a IN (SELECT node FROM people_affected) OR node_b IN (SELECT node FROM people_affected)
            UNION ALL
            SELECT least(stronger, weaker), greatest(stronger, weaker), 'decision', '', 0, NULL, NULL FROM people_joins
            WHERE stronger IN (SELECT node FROM people_affected) OR weaker IN (SELECT node FROM people_affected)
        )
        SELECT a.kind, a.value, a.system, b.kind, b.value, b.system, fact, source_system, facts, first_seen_at, last_seen_at,
            CASE WHEN h.node_a IS NOT NULL THEN 'holds' WHEN a.is_shared OR b.is_shared THEN 'shared' ELSE 'cut' END
        FROM stated s
        JOIN "{schema}".identifiers a ON a.node = s.node_a JOIN "{schema}".identifiers b ON b.node = s.node_b
        LEFT JOIN holding h ON h.node_a = s.node_a AND h.node_b = s.node_b
        ORDER BY s.node_a, s.node_b, fact, source_system"""
    ).fetchall()
    forget(connection)
    links = [Link(Identifier(*row[:3]), Identifier(*row[3:6]), *row[6:]) for row in rows]
    return Evidence(person_id, identifiers, links)


def identifiers_of(connection: duckdb.DuckDBPyConnection, person_id: int, *, schema: str = "live") -> list[Identifier]:
    """The identifiers of one person, in the order of their kinds. Raises NothingYetError when there is no such person."""
    _require_built(connection, schema)
    rows = connection.execute(
        f'SELECT kind, value, system FROM "{schema}".identifiers WHERE person_id = ?', [person_id]
    ).fetchall()
    if not rows:
        raise _nobody(person_id)
    order = list(KINDS)
    return [Identifier(*row) for row in sorted(rows, key=lambda row: (order.index(row[0]), row[1], row[2]))]


def _nobody(person_id: int) -> NothingYetError:
    return NothingYetError(
        Text("There is no person {number}.", "Человека {number} нет.").format(number=person_id),
        hint=Text(
            "Persons change with builds: find one by phone, e-mail or id.",
            "Номера людей меняются с каждым построением: найдите по телефону, почте или id.",
        ),
    )


def _require_built(connection: duckdb.DuckDBPyConnection, schema: str) -> Rules:
    mark = read_mark(connection, schema)
    if mark is None:
        raise NothingYetError(
            Text("Nobody is known yet.", "Людей пока нет."),
            hint=Text("Import some facts and run: longfunnel build", "Загрузите данные и запустите: longfunnel build"),
        )
    return mark.rules


def _known(
    connection: duckdb.DuckDBPyConnection, schema: str, condition: str, parameters: list[str | int]
) -> list[Known]:
    rows = connection.execute(
        f"""WITH meant AS (SELECT * FROM "{schema}".identifiers WHERE {condition})
        SELECT kind, value, system, any_value(person_id), any_value(is_shared), coalesce(sum(facts), 0)::BIGINT,
            min(first_seen_at), max(last_seen_at)
        FROM meant LEFT JOIN "{schema}".evidence e ON e.node_a = node AND e.node_b = node
        GROUP BY kind, value, system, node""",
        parameters,
    ).fetchall()
    order = list(KINDS)
    rows.sort(key=lambda row: (order.index(row[0]), row[1], row[2]))
    return [Known(Identifier(*row[:3]), *row[3:]) for row in rows]
