"""A build after new facts gives the same rows as a full one; as-of builds; the timeline's shape."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.business import TABLES, Facts

from longfunnel.core.settings import ChannelRule, Counting, Settings

pytestmark = pytest.mark.slow  # each test works on a whole warehouse

VISITORS, PHONES, DAYS = st.sampled_from("abc"), st.sampled_from(["+71", "+72"]), st.integers(1, 9)


def day(number: int, hour: int = 10) -> str:
    return f"2026-01-0{number} {hour}:00"


@st.composite
def fact(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    """One row of some fact, with its source; few values, so that rows meet."""
    kind = draw(
        st.sampled_from(
            ["event", "event", "visit", "lead", "deal", "payment", "spend", "stage_entry", "call", "fx_rate"]
        )
    )
    number, when, hour = draw(st.integers(1, 4)), draw(DAYS), draw(st.integers(10, 12))
    source = draw(st.sampled_from(["crm", "site"]))
    mark = draw(
        st.sampled_from([{}, {"source": "vk", "medium": "cpc", "campaign": "7"}, {"source": "Сайт"}, {"source": "zzz"}])
    )
    visitor, phone = draw(VISITORS), draw(PHONES)
    money = draw(st.sampled_from([{}, {"currency": "EUR"}]))
    amount = str(draw(st.integers(1, 3)))
    rows: dict[str, dict[str, Any]] = {
        "event": {"event_id": f"{when}{hour}{visitor}{number}", "happened_at": day(when, hour), "name": draw(st.sampled_from(["page_view", "purchase"])),
                  "visitor_id": visitor, "order_id": f"o{number}", "amount": amount, **mark, **money},
        "visit": {"visit_id": f"v{number}", "started_at": day(when, hour), "visitor_id": visitor, **mark},
        "lead": {"lead_id": f"l{number}", "created_at": day(when, hour), "phone": phone, "visitor_id": visitor, **mark},
        "deal": {"deal_id": f"d{number}", "created_at": day(when), "closed_at": day(when, 12), "status": draw(st.sampled_from(["won", "lost"])),
                 "amount": amount,
                 "phone": phone, "stage": draw(st.sampled_from(["A", "B"])), **money, **mark},
        "payment": {"payment_id": f"p{number}", "paid_at": day(when), "amount": amount, "kind": draw(st.sampled_from(["payment", "refund"])),
                    "phone": phone, **draw(st.sampled_from([{}, {"deal_id": f"d{number}"}, {"order_id": f"o{number}"}])), **money},
        "spend": {"day_on": day(when)[:10], "source": "vk", "campaign_id": "7", "campaign": draw(st.sampled_from(["x", "y"])), "cost": amount, **money},
        "stage_entry": {"deal_id": f"d{number}", "stage": draw(st.sampled_from(["A", "B", "C"])), "entered_at": day(when)},
        "call": {"call_id": f"c{number}", "started_at": day(when), "phone": phone, "visit_id": f"v{number}", **mark},
        "fx_rate": {"day_on": day(when)[:10], "currency": "EUR", "rate": draw(st.sampled_from([1.5, 2.0]))},
    }  # fmt: skip
    return kind, rows[kind], source


@given(st.lists(st.lists(fact(), min_size=1, max_size=8), min_size=2, max_size=4), st.booleans())
@settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
@pytest.mark.slow
def test_a_build_in_batches_equals_a_full_one(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[str, dict[str, Any], str]]], is_shared: bool
) -> None:
    facts = Facts(tmp_path_factory.mktemp("business"))
    for number, batch in enumerate(batches):
        for at, (name, row, source) in enumerate(batch):
            facts.add(name, row, source=source, recorded_at=f"2026-02-0{number + 1} 10:00:0{at}")
        if number == 1 and is_shared:
            facts.shared = {("visitor", "a")}
        facts.build(dirty_only=True)
    after_batches = facts.tables()
    facts.build()
    in_full = facts.tables()
    facts.close()
    for table in TABLES:
        assert after_batches[table] == in_full[table], table


def grow(business: Facts) -> None:
    business.add("visit", {"visit_id": "1", "started_at": day(1), "visitor_id": "a", "source": "vk", "medium": "cpc"})
    business.add("event", {"event_id": "1", "happened_at": day(2), "name": "page_view", "visitor_id": "b"})
    business.add("lead", {"lead_id": "1", "created_at": day(3), "visitor_id": "a", "source": "zzz"})


def test_only_the_persons_concerned_are_walked(business: Facts) -> None:
    grow(business)
    assert business.build(dirty_only=True).is_full
    assert business.build(dirty_only=True).persons == 0
    business.add("event", {"event_id": "2", "happened_at": day(4), "name": "page_view", "visitor_id": "b"})
    done = business.build(dirty_only=True)
    assert (done.is_full, done.persons) == (False, 1)


@pytest.mark.parametrize(
    ("changed", "is_full"),
    [
        (Settings(channel=(ChannelRule(name="Mine", source="zzz"),)), False),
        (Settings(counting=Counting(session_minutes=10)), True),
    ],
)
def test_a_changed_rule_reaches_everybody(business: Facts, changed: Settings, is_full: bool) -> None:
    grow(business)
    business.build()
    business.settings = changed
    assert business.build(dirty_only=True).is_full == is_full
    after = business.tables()
    business.build()
    assert after == business.tables()


def test_merged_persons_leave_nothing_behind(business: Facts) -> None:
    grow(business)
    business.build()
    business.add("lead", {"lead_id": "9", "created_at": day(5), "visitor_id": "b", "phone": "+71"})
    business.add("lead", {"lead_id": "8", "created_at": day(5), "visitor_id": "a", "phone": "+71"}, source="other")
    assert not business.build(dirty_only=True).is_full
    after = business.tables()
    business.build()
    assert after == business.tables()
    assert business.one("SELECT count(DISTINCT person_id) FROM live.timeline") == 1


def test_a_person_s_acts_stand_together_and_in_order(business: Facts) -> None:
    for number in range(1, 5):
        for visitor in "abcdef":
            business.add(
                "event",
                {
                    "event_id": f"{visitor}{number}",
                    "happened_at": day(number),
                    "name": "page_view",
                    "visitor_id": visitor,
                    "page": "/p",
                },
            )
        business.build(dirty_only=True)
    rows = business.rows('SELECT person_id, "at", seq, bucket FROM live.timeline')
    blocks = [rows[0][0]] + [after[0] for before, after in pairwise(rows) if before[0] != after[0]]
    assert len(blocks) == len(set(blocks)) == 6
    assert all(before[1:3] <= after[1:3] for before, after in pairwise(rows) if before[0] == after[0])
    assert all(bucket == person % 64 for person, _, _, bucket in rows)


def test_as_of_builds_what_was_known_then(business: Facts) -> None:
    deal = {"deal_id": "d", "created_at": day(1), "closed_at": day(2), "amount": "5", "source": "vk"}
    business.add("deal", {**deal, "status": "won"}, recorded_at="2026-02-01")
    business.add("deal", {**deal, "status": "lost"}, recorded_at="2026-03-01")
    business.build()
    business.build(schema="earlier", as_of="2026-02-15")
    assert business.one("SELECT status FROM live.deals") == "lost"
    assert business.one("SELECT status FROM earlier.deals") == "won"
    assert business.one("SELECT revenue FROM earlier.orders") == 5


def test_a_build_that_fails_leaves_the_earlier_one(business: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(business)
    business.build()
    before = business.tables()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    business.add("lead", {"lead_id": "2", "created_at": day(4), "visitor_id": "b"})
    monkeypatch.setattr("longfunnel.journeys.derive.build.build_credits", stop)
    with pytest.raises(KeyboardInterrupt):
        business.build(dirty_only=True)
    assert business.tables() == before
