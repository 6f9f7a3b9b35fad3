"""One sale is one order; revenue, refunds, currencies, spend."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from longfunnel.core.settings import Counting, Settings

if TYPE_CHECKING:
    from tests.journeys.business import Facts

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def won(deal_id: str, amount: str, at: str = "2026-01-10", **more: str) -> dict[str, str]:
    return {"deal_id": deal_id, "created_at": at, "closed_at": at, "status": "won", "amount": amount, **more}


def paid(payment_id: str, amount: str, at: str = "2026-01-12", **more: str) -> dict[str, str]:
    return {"payment_id": payment_id, "paid_at": at, "amount": amount, **more}


def test_a_deal_its_payments_and_the_purchase_event_are_one_order(business: Facts) -> None:
    business.add("deal", won("d", "100", order_id="o1"))
    business.add("payment", paid("1", "60", deal_id="d"), paid("2", "30", order_id="o1"), source="bank")
    business.add(
        "event",
        {
            "event_id": "e",
            "happened_at": "2026-01-09",
            "name": "purchase",
            "visitor_id": "v",
            "order_id": "o1",
            "amount": "95",
        },
    )
    business.build()
    assert business.rows("SELECT order_id, won_amount, paid_amount, revenue, ordered_at::VARCHAR FROM live.orders") == [
        ("o1", Decimal(100), Decimal(90), Decimal(90), "2026-01-09 00:00:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(("setting", "revenue"), [("auto", [0, 60]), ("paid", [0, 60]), ("won", [40, 100])])
def test_revenue_is_what_the_setting_says(business: Facts, setting: str, revenue: list[int]) -> None:
    business.settings = Settings(counting=Counting(revenue=setting))  # type: ignore[arg-type]
    business.add("deal", won("d", "100"), won("unpaid", "40"))
    business.add("payment", paid("1", "60", deal_id="d"))
    business.build()
    assert sorted(row[0] for row in business.rows("SELECT revenue FROM live.orders")) == revenue


def test_auto_takes_what_was_won_where_no_payments_are_connected(business: Facts) -> None:
    business.add("deal", won("d", "100", pipeline="shop"), won("b2b", "40", pipeline="b2b"))
    business.add("payment", paid("1", "60", deal_id="d"))
    business.build()
    assert sorted(row[0] for row in business.rows("SELECT revenue FROM live.orders")) == [40, 60]


def test_a_won_deal_without_an_amount_is_an_order_of_unknown_revenue(business: Facts) -> None:
    business.add("deal", {"deal_id": "d", "closed_at": "2026-01-01", "status": "won"})
    business.build()
    assert business.one("SELECT revenue FROM live.orders") is None


def test_a_file_of_payments_alone_gives_orders(business: Facts) -> None:
    business.add(
        "payment",
        paid("1", "10", "2026-01-01", user_id="u"),
        paid("2", "20", "2026-02-01", user_id="u"),
        paid("3", "5"),
    )
    business.build()
    assert business.rows("SELECT revenue, order_number, is_repeat FROM live.orders ORDER BY revenue") == [
        (Decimal(5), 1, False), (Decimal(10), 1, False), (Decimal(20), 2, True),
    ]  # fmt: skip
    assert sorted(business.rows("SELECT payment_id, reason FROM live.payments")) == [
        ("1", "no_lead"), ("2", "no_lead"), ("3", "payment_without_person"),
    ]  # fmt: skip


def test_payments_that_name_only_a_person_are_their_deal_s_until_it_is_paid(business: Facts) -> None:
    business.add("deal", won("d", "100", user_id="u"), won("other", "100", user_id="v"))
    business.add(
        "payment",
        paid("1", "60", user_id="u"),
        paid("2", "40", "2026-01-20", user_id="u"),
        paid("3", "100", "2026-02-12", user_id="u"),
        paid("4", "5", "2026-01-01", user_id="v"),
    )
    business.build()
    assert business.rows("SELECT deal_key IS NULL, paid_amount, order_number FROM live.orders ORDER BY coalesce(paid_amount, 0), deal_key IS NULL") == [
        (False, None, 2), (True, 5, 1), (False, 100, 1), (True, 100, 2),
    ]  # fmt: skip
    assert (
        business.one("SELECT count(*) FROM live.payments p JOIN live.deals d USING (order_key) WHERE d.deal_id = 'd'")
        == 2
    )


def test_a_payment_that_names_its_order_leaves_less_for_those_that_do_not(business: Facts) -> None:
    business.add("deal", won("d", "100", user_id="u", order_id="o"))
    business.add("payment", paid("1", "100", order_id="o"), paid("2", "30", "2026-02-12", user_id="u"))
    business.build()
    assert business.rows("SELECT order_id, paid_amount FROM live.orders ORDER BY ordered_at") == [
        ("o", 100),
        (None, 30),
    ]


def test_refunds_reduce_revenue_and_find_their_order_by_person(business: Facts) -> None:
    business.add(
        "payment",
        paid("1", "10", user_id="u", order_id="o"),
        paid("2", "3", kind="refund", order_id="o"),
        paid("3", "-2", "2026-01-13", user_id="u"),
        paid("4", "1", kind="refund", user_id="stranger"),
    )
    business.build()
    assert business.rows("SELECT paid_amount, refunded_amount, revenue FROM live.orders") == [(10, 5, 5)]
    assert sorted(business.rows("SELECT payment_id, amount, reason FROM live.payments WHERE kind = 'refund'")) == [
        ("2", Decimal(-3), "no_lead"), ("3", Decimal(-2), "no_lead"), ("4", Decimal(-1), "refund_without_order"),
    ]  # fmt: skip


def test_a_payment_that_names_only_a_person_pays_that_person_s_won_deal_until_it_is_paid(business: Facts) -> None:
    business.add("deal", won("d", "100", user_id="u"))
    business.add(
        "payment",
        *(paid(str(day), "60", f"2026-01-{day}", user_id="u") for day in (12, 13, 14)),
        paid("x", "9", user_id="v"),
    )
    business.build()
    assert business.rows("SELECT deal_key IS NOT NULL, revenue FROM live.orders ORDER BY revenue DESC") == [
        (True, 120), (False, 60), (False, 9),
    ]  # fmt: skip


def test_the_shop_s_purchase_is_no_order_while_its_deal_is_not_won(business: Facts) -> None:
    business.add("deal", {"deal_id": "d", "created_at": "2026-01-01", "status": "lost", "order_id": "o1"})
    purchase = {"happened_at": "2026-01-09", "name": "purchase", "visitor_id": "v", "amount": "95"}
    business.add(
        "event", {"event_id": "1", "order_id": "o1", **purchase}, {"event_id": "2", "order_id": "o2", **purchase}
    )
    business.build()
    assert business.rows("SELECT order_id, revenue FROM live.orders") == [("o2", Decimal(95))]


def test_a_purchase_event_sent_twice_is_one_order(business: Facts) -> None:
    purchase = {"happened_at": "2026-01-09", "name": "purchase", "visitor_id": "v", "order_id": "o", "amount": "95"}
    business.add("event", {"event_id": "1", **purchase}, {"event_id": "2", **purchase})
    business.build()
    assert business.one("SELECT sum(revenue) FROM live.orders") == 95


def test_money_is_converted_by_the_last_rate_on_or_before_the_day(business: Facts) -> None:
    business.add(
        "fx_rate",
        {"day_on": "2026-01-05", "currency": "EUR", "rate": 1.1},
        {"day_on": "2026-01-10", "currency": "EUR", "rate": 1.25},
    )
    business.add("deal", *(won(day, "10", f"2026-01-{day}", currency="EUR") for day in ("04", "05", "09", "10", "30")))
    business.build()
    assert business.rows("SELECT deal_id, amount, reason FROM live.deals ORDER BY 1") == [
        ("04", None, "no_exchange_rate"), ("05", Decimal(11), "no_lead"), ("09", Decimal(11), "no_lead"),
        ("10", Decimal("12.5"), "no_lead"), ("30", Decimal("12.5"), "no_lead"),
    ]  # fmt: skip


def test_spend_stands_under_a_channel_or_a_reason_and_loses_nothing(business: Facts) -> None:
    business.add(
        "spend",
        {"day_on": "2026-01-01", "source": "yandex", "medium": "cpc", "cost": "10.10", "campaign": "a"},
        {"day_on": "2026-01-01", "cost": "5", "campaign": None},
        {"day_on": "2026-01-01", "source": "vk", "cost": "7", "currency": "EUR"},
    )
    business.add("spend", {"day_on": "2026-01-01", "account": "1", "cost": "2"}, source="nameless")
    business.build()
    assert sorted(business.rows("SELECT original_cost, reason FROM live.spends")) == [
        (Decimal(2), "spend_without_source"), (Decimal(5), "currency_missing"), (Decimal(7), "no_exchange_rate"),
        (Decimal("10.1"), "currency_missing"),
    ]  # fmt: skip


def test_a_link_that_carries_a_campaign_s_id_bears_the_campaign_s_latest_name(business: Facts) -> None:
    business.add(
        "visit", {"visit_id": "1", "started_at": "2026-01-01", "source": "yandex", "medium": "cpc", "campaign": "77"}
    )
    business.build()
    spend = {"source": "yandex", "medium": "cpc", "campaign_id": "77", "cost": "1"}
    business.add(
        "spend",
        {"day_on": "2026-01-01", "campaign": "Old", **spend},
        {"day_on": "2026-01-02", "campaign": "New", **spend},
    )
    business.build(dirty_only=True)
    assert set(business.rows("SELECT campaign, campaign_id FROM live.origins")) == {("New", "77")}


def test_stages_are_numbered_by_usual_order_and_know_when_they_were_left(business: Facts) -> None:
    business.add("deal", {"deal_id": "1", "created_at": "2026-01-01"}, {"deal_id": "2", "created_at": "2026-01-01"})
    entries = [("1", "new", 1), ("1", "call", 2), ("1", "bill", 3), ("2", "new", 1), ("2", "bill", 2)]
    business.add("stage_entry", *({"deal_id": d, "stage": s, "entered_at": f"2026-01-0{day}"} for d, s, day in entries))
    business.build()
    assert business.rows(
        "SELECT stage, stage_number, next_stage, date_diff('day', entered_at, left_at) FROM live.stage_entries ORDER BY deal_key, entered_at"
    ) in (
        [
            ("new", 1, "call", 1),
            ("call", 2, "bill", 1),
            ("bill", 3, None, None),
            ("new", 1, "bill", 1),
            ("bill", 3, None, None),
        ],
        [
            ("new", 1, "bill", 1),
            ("bill", 3, None, None),
            ("new", 1, "call", 1),
            ("call", 2, "bill", 1),
            ("bill", 3, None, None),
        ],
    )


def test_without_stage_entries_a_deal_s_versions_show_its_way(business: Facts) -> None:
    versions = [("new", "2026-01-01"), ("new", "2026-01-02"), ("bill", "2026-01-05"), ("won", "2026-01-09")]
    for stage, day in versions:
        business.add(
            "deal", {"deal_id": "d", "created_at": "2025-12-31", "stage": stage, "modified_at": day}, recorded_at=day
        )
    business.build()
    assert business.rows("SELECT stage, entered_at::DATE::VARCHAR FROM live.stage_entries ORDER BY entered_at") == [
        ("new", "2025-12-31"), ("bill", "2026-01-05"), ("won", "2026-01-09"),
    ]  # fmt: skip
