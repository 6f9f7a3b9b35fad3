"""Who is who, the slow and obvious way: a union-find over the pairs that stand in the current fact rows."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import KINDS, Identifier, normalise

if TYPE_CHECKING:
    import duckdb

    from longfunnel.core.settings import Guards
    from longfunnel.state import Decision

Pair = frozenset[Identifier]
STRENGTH = list(KINDS)


def current_rows(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """The latest version of each row of a fact."""
    cursor = connection.execute(f"SELECT * FROM facts.{name}")
    columns = [column[0] for column in cursor.description]
    latest: dict[int, dict[str, Any]] = {}
    for values in cursor.fetchall():
        row = dict(zip(columns, values, strict=True))
        known = latest.get(row["key_hash"])
        if known is None or (row["recorded_at"], row["import_id"]) > (known["recorded_at"], known["import_id"]):
            latest[row["key_hash"]] = row
    return list(latest.values())


def identifiers_of(name: str, row: dict[str, Any]) -> list[Identifier]:
    """The identifiers in a row, in declared order."""
    if name == "identity_link":
        named = [(row["kind_a"], row["value_a"]), (row["kind_b"], row["value_b"])]
        named = [(kind, normalise(kind, value, "RU")) for kind, value in named]
    else:
        named = [(column.identifier, row[column.name]) for column in facts()[name].identifiers]
    return [Identifier(kind, value, row["system"] if KINDS[kind].is_scoped else "") for kind, value in named if value]


class Oracle:
    """Persons of all facts in the warehouse under the guards and decisions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, guards: Guards, decisions: list[Decision]) -> None:
        self.identifiers: set[Identifier] = set()
        links: set[Pair] = set()
        for name in facts():
            for row in current_rows(connection, name):
                present = identifiers_of(name, row)
                self.identifiers |= set(present)
                links |= {frozenset(pair) for pair in combinations(set(present), 2)}
        cuts, joins, blocks = self._decisions(decisions)
        self.shared = self._shared(links - cuts, guards) | (blocks & self.identifiers)
        holding = (links - cuts - self._bridges(links, cuts)) | {pair for pair in joins if pair <= self.identifiers}
        self.person = self._union({pair for pair in holding if not pair & self.shared})

    @staticmethod
    def _decisions(decisions: list[Decision]) -> tuple[set[Pair], set[Pair], set[Identifier]]:
        verb: dict[Pair, str] = {}
        blocks = set()
        for decision in decisions:
            if not decision.is_active():
                continue
            a = Identifier(decision.kind_a, decision.value_a, decision.system_a)
            if decision.kind_b is None:
                blocks.add(a)
            else:
                verb[frozenset((a, Identifier(decision.kind_b, str(decision.value_b), str(decision.system_b))))] = (
                    decision.verb
                )
        return {p for p, v in verb.items() if v == "cut"}, {p for p, v in verb.items() if v == "join"}, blocks

    def _shared(self, links: set[Pair], guards: Guards) -> set[Identifier]:
        found = set()
        for one in self.identifiers:
            contacts: dict[str, int] = defaultdict(int)
            for pair in links:
                if one in pair:
                    (other,) = pair - {one}
                    contacts[other.kind] += KINDS[other.kind].is_contact
            if max(contacts.values(), default=0) > getattr(guards, KINDS[one.kind].guard):
                found.add(one)
        return found

    def _bridges(self, links: set[Pair], cuts: set[Pair]) -> set[Pair]:
        bridges = set()
        for cut in cuts:
            stronger, weaker = sorted(cut, key=lambda identifier: (STRENGTH.index(identifier.kind), identifier.node))
            for document in (one for one in self.identifiers if KINDS[one.kind].is_document):
                first, second = frozenset((document, stronger)), frozenset((document, weaker))
                if (
                    first in links
                    and second in links
                    and first not in cuts
                    and second not in cuts
                    and stronger not in self.shared
                ):
                    bridges.add(second)
        return bridges

    def _union(self, links: set[Pair]) -> dict[Identifier, int | None]:
        leader = {one: one for one in self.identifiers}

        def find(one: Identifier) -> Identifier:
            while leader[one] != one:
                one = leader[one]
            return one

        for a, b in links:
            leader[find(a)] = find(b)
        smallest: dict[Identifier, int] = {}
        for one in self.identifiers:
            smallest[find(one)] = min(smallest.get(find(one), one.node), one.node)
        return {one: None if one in self.shared else smallest[find(one)] for one in self.identifiers}
