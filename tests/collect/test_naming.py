"""Which rows name a person: what is counted is what a look at every row says, and what an erasure then takes out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.people.people_facts import START, Facts

from longfunnel.collect.naming import NAMING
from longfunnel.collect.privacy import DELETED, count_person, erase_facts, export_person
from longfunnel.warehouse.database import open_warehouse, transaction
from longfunnel.warehouse.facts import Type, facts
from longfunnel.warehouse.identifiers import KINDS, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

EMAIL, PHONE = Identifier("email", "a.b@x.ru", ""), Identifier("phone", "+79123456789", "")
VISITOR, LEAD = Identifier("visitor", "v1", ""), Identifier("lead", "1", "crm")
PERSON = frozenset((EMAIL, PHONE, VISITOR, LEAD))
WORDS = st.sampled_from(
    [
        "/", "/?to=A.B@X.ru", "/?to=aXb@x.ru", "/?tel=8(912)345-67-89", "/?tel=912 345\n67.89", "/?tel=912345678", "call 9123 and 456789",
        "9123x456789", "ünï @ 912", "91234567891",
    ]
)  # fmt: skip
MAYBE: dict[str, st.SearchStrategy[Any]] = {
    "email": st.sampled_from(["a.b@x.ru", "c@x.ru"]),
    "phone": st.sampled_from(["+79123456789", "+79990000000"]),
    "visitor_id": st.sampled_from(["v1", "v2"]),
}
LEADS = st.fixed_dictionaries({"lead_id": st.sampled_from(["1", "2", "3"])}, optional={**MAYBE, "name": WORDS})
EVENTS = st.fixed_dictionaries(
    {"event_id": st.integers(0, 9).map(str), "name": st.just("page_view")},
    optional={**MAYBE, "url": WORDS, "title": WORDS},
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    connection = open_warehouse(tmp_path_factory.mktemp("naming"), threads=1)
    yield Facts(connection)
    connection.close()


def names(fact: str, row: dict[str, Any]) -> bool:
    """Whether one row names the person, by looking at it."""
    declared = facts()[fact]
    for column in declared.identifiers:
        kind = str(column.identifier)
        if (
            row[column.name]
            and Identifier(kind, row[column.name], row["system"] if KINDS[kind].is_scoped else "") in PERSON
        ):
            return True
    for column in declared.columns:
        if column.name in NAMING and column.type in (Type.TEXT, Type.PROPS) and row[column.name]:
            text = str(row[column.name])
            if EMAIL.value in text.lower() or PHONE.value[-10:] in re.sub("[^0-9]", "", text):
                return True
    return False


def put(warehouse: Facts, fact: str, rows: list[dict[str, Any]], system: str) -> None:
    key = facts()[fact].key[0]
    once = {row[key]: row for row in rows}  # one import holds one row of a key
    if once:
        warehouse.put(fact, *once.values(), system=system)


@pytest.mark.slow
@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    leads=st.lists(LEADS, max_size=5), events=st.lists(EVENTS, max_size=6), later=st.lists(LEADS, max_size=4),
    system=st.sampled_from(["crm", "other"]),
)  # fmt: skip
@example(leads=[{"lead_id": "1"}], events=[], later=[{"lead_id": "1", "email": "a.b@x.ru"}], system="other")
@example(
    leads=[], events=[{"event_id": "1", "name": "page_view", "url": "/?tel=8(912)345-67-89"}], later=[], system="crm"
)
def test_what_is_counted_is_what_every_row_says_and_what_erasing_takes_out(
    warehouse: Facts,
    leads: list[dict[str, Any]],
    events: list[dict[str, Any]],
    later: list[dict[str, Any]],
    system: str,
) -> None:
    warehouse.clear()
    put(warehouse, "lead", leads, "crm")
    put(warehouse, "event", events, "crm")
    put(warehouse, "lead", later, system)  # files that came later: other versions, other systems
    right: dict[str, int] = {}
    for name in ("lead", "event"):
        rows = warehouse.connection.execute(f"SELECT * FROM facts.{name}")
        columns = [column[0] for column in rows.description or []]
        if many := sum(names(name, dict(zip(columns, row, strict=True))) for row in rows.fetchall()):
            right[name] = many
    assert count_person(warehouse.connection, PERSON) == right
    assert {name: len(rows) for name, rows in export_person(warehouse.connection, PERSON).items()} == right
    with transaction(warehouse.connection):
        gone = erase_facts(warehouse.connection, PERSON, "")
    deleted = sum(many for name, many in right.items() if name in DELETED)
    assert gone == (deleted, sum(right.values()) - deleted)


def test_what_other_systems_sent_is_found_in_any_spelling(warehouse: Facts) -> None:
    warehouse.clear()
    warehouse.put("lead", {"lead_id": "1", "email": "a.b@x.ru"})
    assert count_person(warehouse.connection, []) == {}
    bodies = ["{}", '{"tel": "8 (912) 345-67-89"}', "to=A.B%40x.ru", '{"mail": "A.B@X.RU"}', '{"tel": "9123456780"}']
    warehouse.connection.executemany(
        "INSERT INTO main.raw_records VALUES ('crm', 'leads', ?, ?, ?)",
        [[str(number), START, body] for number, body in enumerate(bodies)],
    )
    assert count_person(warehouse.connection, [EMAIL, PHONE]) == {"lead": 1, "raw_records": 3}
    assert count_person(warehouse.connection, [PHONE]) == {"raw_records": 1}
    warehouse.connection.execute("DELETE FROM main.raw_records")
