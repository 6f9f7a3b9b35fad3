"""Who is who: guards, decisions, evidence, the merge log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.people.people_facts import START

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.settings import Business, Guards, Settings
from longfunnel.people import decision, evidence, find, parse_identifier, preview, row_node_sql, shared_kinds
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from tests.people.people_facts import Facts

    from longfunnel.state import Decision, Verb

pytestmark = pytest.mark.slow  # each test works on a whole warehouse

A, B, OFFICE = "+79120000001", "+79120000002", "+74950000003"
RU = Settings(business=Business(country="RU"))


def decide(verb: Verb, a: str, b: str | None = None) -> Decision:
    return decision(verb, parse_identifier(a), parse_identifier(b) if b else None, by="Анна", why="", at=START)


def test_identifiers_of_one_row_are_one_person_and_of_others_are_not(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": A}, {"lead_id": "2", "email": "b@x.ru"})
    given.put("event", {"event_id": "e", "name": "page_view", "visitor_id": "v"})
    change = given.build()
    assert given.groups() == {
        frozenset({"lead:1", "email:a@x.ru", f"phone:{A}"}),
        frozenset({"lead:2", "email:b@x.ru"}),
        frozenset({"visitor:v"}),
    }
    assert (change.persons, change.identifiers, change.is_full) == (3, 6, True)


def test_ids_of_two_crms_are_two_people(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru"}, system="amocrm")
    given.put("lead", {"lead_id": "1", "email": "b@x.ru"}, system="bitrix")
    assert given.build().persons == 2


def test_a_corrected_phone_replaces_the_old_one(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "phone": A}, {"lead_id": "2", "phone": B})
    given.put("lead", {"lead_id": "1", "phone": B})
    given.build()
    assert given.groups() == {frozenset({"lead:1", "lead:2", f"phone:{B}"})}


def test_a_build_with_nothing_new_changes_nobody(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "phone": A})
    given.build()
    before = given.tables()
    change = given.build()
    assert (change.is_full, change.dirty, change.merged) == (False, 0, 0)
    assert given.tables() == before


def test_only_the_persons_that_changed_are_dirty(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "phone": A}, {"lead_id": "2", "phone": B})
    given.build()
    given.put("event", {"event_id": "e", "name": "call", "phone": A})
    assert given.build().dirty == 1
    assert given.rows("FROM dirty_persons") == [(given.persons()[f"phone:{A}"],)]


@pytest.mark.parametrize(("contacts", "is_shared"), [(5, False), (6, True)])
def test_a_phone_of_more_contacts_than_the_guard_allows_links_nobody(
    given: Facts, contacts: int, is_shared: bool
) -> None:
    given.put("lead", *({"lead_id": str(n), "phone": OFFICE, "email": f"p{n}@x.ru"} for n in range(contacts)))
    change = given.build(guards=Guards(phone=5))
    assert change.persons == (contacts if is_shared else 1)
    assert given.rows("SELECT contacts, reason FROM live.shared_nodes") == ([(contacts, "guard")] if is_shared else [])
    assert (given.persons()[f"phone:{OFFICE}"] is None) is is_shared


def test_the_contact_that_makes_a_phone_shared_splits_its_people_and_a_looser_guard_joins_them_again(
    given: Facts,
) -> None:
    given.put(
        "lead",
        {"lead_id": "1", "phone": OFFICE, "email": "a@x.ru"},
        {"lead_id": "2", "phone": OFFICE, "email": "b@x.ru"},
    )
    given.build(guards=Guards(phone=2))
    (together,) = set(given.persons().values())
    given.put("lead", {"lead_id": "3", "phone": OFFICE, "email": "c@x.ru"})
    assert given.build(guards=Guards(phone=2)).persons == 3
    apart = {person_id for person_id in given.persons().values() if person_id}
    assert {person_id for (person_id,) in given.rows("FROM dirty_persons")} == {together, *apart}
    change = given.build(guards=Guards(phone=3))
    assert (change.persons, change.merged) == (1, 2)


def test_a_loyal_client_with_many_requests_is_not_a_shared_identifier(given: Facts) -> None:
    given.put("lead", *({"lead_id": str(n), "phone": A, "email": "a@x.ru"} for n in range(50)))
    assert given.build(guards=Guards(phone=1, email=1)).persons == 1


def test_a_row_belongs_to_its_first_identifier_that_is_not_shared(given: Facts) -> None:
    given.put(
        "call",
        *({"call_id": str(n), "phone": OFFICE, "contact_id": str(n)} for n in range(3)),
        {"call_id": "x", "phone": OFFICE},
    )
    given.build(guards=Guards(phone=2))
    for guarded in (None, shared_kinds(given.connection)):
        query = f"""SELECT call_id, i.kind, i.value FROM facts.call c
            LEFT JOIN live.identifiers i ON i.node = {row_node_sql(facts()["call"], "c", guarded=guarded)} ORDER BY call_id"""
        assert given.rows(query) == [
            ("0", "contact", "0"),
            ("1", "contact", "1"),
            ("2", "contact", "2"),
            ("x", None, None),
        ]


def test_a_cut_takes_two_identifiers_of_one_request_apart_and_undoing_it_joins_them(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": A})
    given.build()
    before = given.tables()
    cut = decide("cut", "phone:" + A, "email:a@x.ru")
    assert given.build([cut]).persons == 2
    assert given.groups() == {frozenset({"lead:1", "email:a@x.ru"}), frozenset({f"phone:{A}"})}
    assert given.build([replace(cut, undone_at=START)]).persons == 1
    assert given.tables() == before


def test_a_join_holds_until_undone_and_waits_for_identifiers_that_are_not_there_yet(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru"})
    join = decide("join", "email:a@x.ru", "phone:" + A)
    assert given.build([join]).persons == 1
    given.put("call", {"call_id": "1", "phone": A})
    assert (given.build([join]).persons, given.build([]).persons) == (1, 2)


def test_the_later_of_a_cut_and_a_join_of_the_same_two_holds(given: Facts) -> None:
    given.put("event", {"event_id": "1", "name": "form", "email": "a@x.ru", "phone": A})
    cut = decide("cut", "email:a@x.ru", "phone:" + A)
    join = replace(decide("join", "phone:" + A, "email:a@x.ru"), decided_at=START + timedelta(days=1))
    assert [given.build(decisions).persons for decisions in ([cut], [join, cut], [])] == [2, 1, 1]


def test_a_blocked_identifier_links_nobody(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "phone": OFFICE}, {"lead_id": "2", "phone": OFFICE})
    assert given.build([decide("block", "phone:" + OFFICE)]).persons == 2
    assert given.rows("SELECT reason FROM live.shared_nodes") == [("decision",)]
    assert given.build([]).persons == 1


def test_preview_says_what_the_next_build_does_and_changes_nothing(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": A}, {"lead_id": "2", "email": "b@x.ru"})
    given.build()
    before = given.tables()
    cut = decide("cut", "email:a@x.ru", "phone:" + A)
    shown = preview(given.connection, RU, [cut])
    assert [sorted(map(str, group.identifiers)) for group in shown.before] == [
        ["email:a@x.ru", "lead:1@crm", f"phone:{A}"]
    ]
    assert sorted(sorted(map(str, group.identifiers)) for group in shown.after) == [
        ["email:a@x.ru", "lead:1@crm"],
        [f"phone:{A}"],
    ]
    assert given.tables() == before
    given.build([cut])
    persons = given.persons()
    assert {group.person_id for group in shown.after} == {persons["lead:1"], persons[f"phone:{A}"]}
    assert preview(given.connection, RU, [cut]).after == []


def test_the_merge_log_says_which_link_made_two_persons_one(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru"}, {"lead_id": "2", "phone": A})
    assert given.build().merged == 0
    persons = set(given.persons().values())
    given.put("event", {"event_id": "e", "name": "form", "email": "a@x.ru", "phone": A}, source="site")
    assert given.build(noticed_at=START).merged == 1
    (row,) = given.rows(
        "SELECT noticed_at, import_id, person_id, merged_person_id, value_a, value_b, fact, source_system FROM main.merge_log"
    )
    assert row[:2] == (START, 2)
    assert {row[2], row[3]} == persons
    assert {row[4], row[5]} == {"a@x.ru", A}
    assert row[6:] == ("event", "site")
    assert given.build(full=True).merged == 0


def test_the_merge_log_names_a_decision(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru"}, {"lead_id": "2", "phone": A})
    given.build()
    given.build([decide("join", "email:a@x.ru", "phone:" + A)])
    assert given.rows("SELECT fact FROM main.merge_log") == [("decision",)]


def test_as_of_sees_the_facts_and_the_decisions_known_by_then(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": A}, day=1)
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": B}, day=3)
    cut = replace(decide("cut", "email:a@x.ru", "phone:" + B), decided_at=START + timedelta(days=4))
    given.build([cut])
    live = given.tables()
    for day, groups in [
        (0, []),
        (1, [["email:a@x.ru", "lead:1", f"phone:{A}"]]),
        (3, [["email:a@x.ru", "lead:1", f"phone:{B}"]]),
    ]:
        given.build([cut], schema="earlier", as_of=START + timedelta(days=day))
        assert sorted(map(sorted, given.groups("earlier"))) == groups
    assert given.build([cut], schema="earlier", as_of=START + timedelta(days=4)).persons == 2
    assert given.tables() == live
    given.connection.execute("DROP SCHEMA earlier CASCADE")


def test_identity_links_are_read_in_any_spelling(given: Facts) -> None:
    given.put(
        "identity_link",
        {"kind_a": "Phone", "value_a": "8 (912) 000-00-01", "kind_b": "email", "value_b": "A@X.ru", "seen_at": START},
    )
    given.put(
        "identity_link",
        {"kind_a": "email", "value_a": "a@x.ru", "kind_b": "nonsense", "value_b": "1", "seen_at": START},
    )
    given.build()
    assert given.groups() == {frozenset({f"phone:{A}", "email:a@x.ru"})}


def test_evidence_says_what_holds_a_person_together_and_what_does_not(given: Facts) -> None:
    given.put("lead", {"lead_id": "1", "email": "a@x.ru", "phone": A, "created_at": START + timedelta(days=2)})
    given.put(
        "call",
        {"call_id": "1", "phone": A, "contact_id": "7"},
        {"call_id": "2", "phone": A, "contact_id": "7"},
        source="calls",
    )
    given.put("call", {"call_id": "3", "phone": A, "visitor_id": "kiosk"})
    decisions = [
        decide("cut", "lead:1@crm", "email:a@x.ru"),
        decide("block", "visitor:kiosk"),
        decide("join", "lead:1@crm", "contact:7@crm"),
    ]
    given.build(decisions)
    (known,) = find(given.connection, "8 912 000 00 01", country="RU")
    assert (known.identifier.value, known.facts, known.first_seen_at, known.last_seen_at) == (
        A,
        4,
        START,
        START + timedelta(days=2),
    )
    found = evidence(given.connection, known.person_id or 0)
    assert [str(one.identifier) for one in found.identifiers] == [
        "contact:7@crm",
        "email:a@x.ru",
        f"phone:{A}",
        "lead:1@crm",
    ]
    said = {
        (frozenset((link.a.kind, link.b.kind)), link.fact): (link.facts, link.source_system, link.status)
        for link in found.links
    }
    assert said == {
        (frozenset(("lead", "phone")), "lead"): (1, "files", "holds"),
        (frozenset(("email", "phone")), "lead"): (1, "files", "holds"),
        (frozenset(("lead", "email")), "lead"): (1, "files", "cut"),
        (frozenset(("phone", "contact")), "call"): (2, "calls", "holds"),
        (frozenset(("phone", "visitor")), "call"): (1, "files", "shared"),
        (frozenset(("lead", "contact")), "decision"): (0, "", "holds"),
    }


def test_find_takes_any_spelling_a_kind_a_person_or_a_part(given: Facts) -> None:
    given.put("lead", {"lead_id": "15", "email": "ivan@x.ru"}, {"lead_id": "16", "phone": A})
    given.build()
    person_id = given.persons()["lead:15"]

    def found(text: str) -> list[str]:
        return [str(known.identifier) for known in find(given.connection, text, country="RU")]

    assert found(" Ivan@X.ru ") == ["email:ivan@x.ru"]
    assert found("9120000001") == [f"phone:{A}"]
    assert found("lead:16") == ["lead:16@crm"]
    assert found("email:IVA") == ["email:ivan@x.ru"]
    assert found(str(person_id)) == ["email:ivan@x.ru", "lead:15@crm"]
    assert found("nobody") == []


def test_mistakes_are_explained(given: Facts) -> None:
    for ask in (
        lambda: find(given.connection, "x"),
        lambda: evidence(given.connection, 1),
        lambda: preview(given.connection, RU, []),
    ):
        with pytest.raises(LongfunnelError, match="Nobody is known yet"):
            ask()
    given.build()
    with pytest.raises(LongfunnelError, match="no person 1"):
        evidence(given.connection, 1)
    with pytest.raises(LongfunnelError, match="Did you mean «email»"):
        parse_identifier("emial:a@x.ru")
    with pytest.raises(LongfunnelError, match="names nobody as a phone"):
        parse_identifier("phone:123")
    with pytest.raises(LongfunnelError, match="two different identifiers"):
        decide("cut", "email:a@x.ru", "email:A@x.ru")
