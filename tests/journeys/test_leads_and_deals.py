"""One request is one lead; which lead a deal grew from."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.business import Facts

from longfunnel.core.settings import Counting, Settings
from longfunnel.journeys.derive.leads import join_requests

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def lead(lead_id: str, at: str, phone: str = "+7900", **more: object) -> dict[str, object]:
    return {"lead_id": lead_id, "created_at": at, "phone": phone, **more}


def counted(business: Facts) -> list[tuple[object, ...]]:
    return business.rows("SELECT lead_id FROM live.leads WHERE is_counted ORDER BY lead_id")


def test_the_same_request_from_form_and_crm_is_one_lead_the_earliest(business: Facts) -> None:
    business.add("lead", lead("c1", "2026-03-01 10:05", manager="Ann", is_qualified=True), source="crm", system="crm")
    business.add("lead", lead("f1", "2026-03-01 10:00", source="vk"), source="form", system="form")
    business.build()
    assert business.rows("SELECT lead_id, is_counted, joined_because, manager, is_qualified FROM live.leads ORDER BY 1") == [
        ("c1", False, "same_person", "Ann", True), ("f1", True, None, "Ann", True),
    ]  # fmt: skip


@pytest.mark.parametrize(("at", "leads"), [("2026-03-02 10:00:00", 1), ("2026-03-02 10:00:01", 2)])
def test_the_time_within_which_leads_join_is_inclusive(business: Facts, at: str, leads: int) -> None:
    business.add("lead", lead("f1", "2026-03-01 10:00"), source="form")
    business.add("lead", lead("c1", at), source="crm")
    business.build()
    assert len(counted(business)) == leads


def test_two_forms_are_two_requests_and_each_takes_its_own_copy(business: Facts) -> None:
    business.add("lead", lead("f1", "2026-03-01 10:00"), lead("f2", "2026-03-01 15:00"), source="form")
    business.add("lead", lead("c1", "2026-03-01 10:01"), lead("c2", "2026-03-01 15:01"), source="crm")
    business.build()
    assert counted(business) == [("f1",), ("f2",)]


def test_equal_ids_join_within_a_system_and_not_across(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-01", "+71"), source="a", system="amo")
    business.add("lead", lead("1", "2026-06-01", "+72"), source="b", system="bitrix")
    business.add("lead", lead("7", "2026-03-01", "+73"), source="c")
    business.add("lead", lead("7", "2026-06-01", "+73"), source="d")
    business.build()
    assert sorted(business.rows("SELECT lead_id, is_counted, joined_because FROM live.leads")) == [
        ("1", True, None), ("1", True, None), ("7", False, "same_id"), ("7", True, None),
    ]  # fmt: skip


def test_a_deleted_lead_counts_nowhere_and_stays(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-01", is_deleted=True))
    business.build()
    assert business.rows("SELECT is_counted, is_deleted FROM live.leads") == [(False, True)]
    assert business.rows("FROM live.credits") == []


def oracle(leads: list[tuple[int, int, int]], within: int) -> list[int]:
    stands: list[int] = []
    requests: list[tuple[int, set[int]]] = []
    for i, (person, at, source) in enumerate(leads):
        for first, sources in requests:
            if leads[first][0] == person and at - leads[first][1] <= within and source not in sources:
                sources.add(source)
                stands.append(first)
                break
        else:
            requests.append((i, {source}))
            stands.append(i)
    return stands


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(1, 3)), max_size=25), st.integers(0, 12))
@settings(deadline=None)
def test_joining_equals_the_plain_rule(leads: list[tuple[int, int, int]], within: int) -> None:
    leads = sorted(leads)
    person, at, source = (
        np.array([row[k] for row in leads], dtype) for k, dtype in ((0, np.uint64), (1, np.int64), (2, np.int64))
    )
    assert join_requests(person, at, source, within).tolist() == oracle(leads, within)


def deal(deal_id: str, at: str, **more: object) -> dict[str, object]:
    return {"deal_id": deal_id, "created_at": at, **more}


def lead_of(business: Facts, deal_id: str = "d") -> object:
    return business.one(
        f"SELECT l.lead_id FROM live.deals d LEFT JOIN live.leads l USING (lead_key) WHERE d.deal_id = '{deal_id}'"
    )


def test_a_deal_s_lead_is_found_by_id_in_its_own_system_first(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-01", "+71", kind="a"), source="a", system="amo")
    business.add("lead", lead("1", "2026-03-01", "+72", kind="b"), source="b", system="bitrix")
    business.add("deal", deal("d", "2026-03-02", lead_id="1"), source="deals", system="bitrix")
    business.build()
    assert business.one("SELECT l.kind FROM live.deals JOIN live.leads l USING (lead_key)") == "b"


def test_a_deal_of_another_system_takes_the_only_lead_with_that_id(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-01"), source="a", system="amo")
    business.add("deal", deal("d", "2026-03-02", lead_id="1"), source="deals", system="erp")
    business.build()
    assert lead_of(business) == "1"


def test_without_an_id_the_person_s_latest_lead_before_the_deal_is_taken(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-01"), lead("2", "2026-03-05"), lead("3", "2026-03-09"))
    business.add("deal", deal("d", "2026-03-08", phone="+7900"))
    business.build()
    assert lead_of(business) == "2"


def test_a_lead_outside_the_lookback_is_not_taken_by_person(business: Facts) -> None:
    business.settings = Settings(counting=Counting(lookback_days=10))
    business.add("lead", lead("1", "2026-03-01"))
    business.add(
        "deal", deal("d", "2026-03-11 00:00:01", phone="+7900"), deal("e", "2026-03-11 00:00:00", phone="+7900")
    )
    business.build()
    assert (lead_of(business, "d"), lead_of(business, "e")) == (None, "1")


def test_a_deal_that_closed_before_its_lead_keeps_the_lead(business: Facts) -> None:
    business.add("lead", lead("1", "2026-03-05", source="vk"))
    business.add("deal", {"deal_id": "d", "lead_id": "1", "closed_at": "2026-03-01", "status": "won"})
    business.build()
    assert lead_of(business) == "1"
    assert business.one("SELECT days_to_order FROM live.orders") == -4.0


def test_words_for_the_status_are_understood(business: Facts) -> None:
    words = {
        "Closed Won": "won",
        "WON": "won",
        "успешно реализовано": "won",
        "142": "won",
        "Lost": "lost",
        "143": "lost",
        "New": "open",
        "???": None,
    }
    business.add("deal", *(deal(word, "2026-03-01", status=word) for word in words))
    business.build()
    assert dict(business.rows("SELECT deal_id, status FROM live.deals")) == words


def test_chosen_stages_win_and_lose_deals_that_the_crm_leaves_open(business: Facts) -> None:
    business.settings = Settings(counting=Counting(won_stages=("Prepaid", "Shipped"), lost_stages=("Silent",)))
    for number, stage, status in (
        ("prepaid", "Prepaid", None), ("shipped", "Shipped", "open"), ("silent", "Silent", None), ("talks", "Talks", None),
        ("refused", "Prepaid", "lost"), ("sold", "Silent", "won"),
    ):  # fmt: skip
        business.add("deal", deal(number, "2026-03-01", stage=stage, status=status))
    for stage, at in (("Talks", "2026-03-02 10:00"), ("Prepaid", "2026-03-03 10:00"), ("Shipped", "2026-03-09 10:00")):
        business.add("stage_entry", {"deal_id": "shipped", "stage": stage, "entered_at": at})
    business.build()
    assert business.rows("SELECT deal_id, status, closed_at::VARCHAR FROM live.deals WHERE closed_at IS NOT NULL OR status = 'won' ORDER BY 1") == [
        ("prepaid", "won", None), ("shipped", "won", "2026-03-03 10:00:00"), ("sold", "won", None),
    ]  # fmt: skip
    assert business.rows("SELECT deal_id FROM live.deals WHERE status = 'lost' ORDER BY 1") == [
        ("refused",),
        ("silent",),
    ]


def test_one_deal_of_one_system_from_two_sources_counts_once(business: Facts) -> None:
    business.add("deal", deal("d", "2026-03-01", status="won", amount="5"), source="old file")
    business.add("deal", deal("d", "2026-03-01", status="won", amount="5"), source="new file", recorded_at="2026-02-01")
    business.build()
    assert business.rows("SELECT source_system, is_deleted, reason FROM live.deals ORDER BY 1") == [
        ("new file", False, "no_lead"), ("old file", True, "duplicate"),
    ]  # fmt: skip
    assert business.one("SELECT sum(revenue) FROM live.orders") == 5


def test_the_order_in_which_facts_arrive_changes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [("lead", lead(f"l{i}", f"2026-03-{1 + i % 5:02} 1{i % 3}:00", f"+7{i % 3}"), f"s{i % 2}") for i in range(8)]
    rows += [
        ("deal", deal(f"d{i}", f"2026-03-{2 + i:02}", phone=f"+7{i % 3}", status="won", amount="3"), "crm")
        for i in range(5)
    ]
    results = []
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        facts = Facts(tmp_path_factory.mktemp("business"))
        for fact, row, source in rows:
            facts.add(fact, row, source=source)
        facts.build()
        results.append(facts.tables())
        facts.close()
    assert results[0] == results[1] == results[2]
