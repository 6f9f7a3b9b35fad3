"""The ledger: everything stands somewhere, and the sums are those of the import."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.reports.derived import fill, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Business, Settings
from longfunnel.reports import Answer, answer, read_question

DAY = date(2025, 1, 5)
NOW = datetime(2025, 2, 1)
SETTINGS = Settings(business=Business(currency="RUB", language="en"))


def provenance(key: int) -> dict[str, Any]:
    return {
        "source_system": "s",
        "system": "s",
        "recorded_at": NOW,
        "key_hash": key,
        "content_hash": key,
        "import_id": 1,
    }


LIVE = {
    "origins": [{"origin_id": 1, "channel": "Paid search"}],
    "spends": [
        {"spend_key": 1, "source_system": "s", "day_on": DAY, "origin_id": 1, "cost": Decimal("10.10"), "original_cost": Decimal("10.10"), "currency": "RUB"},
        {"spend_key": 2, "source_system": "s", "day_on": DAY, "origin_id": 1, "cost": Decimal("95"), "original_cost": Decimal("1"), "currency": "USD"},
        {"spend_key": 3, "source_system": "s", "day_on": DAY, "origin_id": 1, "original_cost": Decimal("7"), "reason": "currency_missing"},
    ],
    "deals": [{"deal_key": 1, "deal_id": "d1", "created_on": DAY, "amount": 5, "original_amount": 5, "currency": "RUB", "reason": "no_lead", "status": "won"}],
    "payments": [
        {"payment_key": 1, "payment_id": "p1", "paid_on": DAY, "order_key": 9, "kind": "payment", "amount": 50, "original_amount": 50, "currency": "RUB"},
        {"payment_key": 2, "payment_id": "p2", "paid_on": DAY, "order_key": 9, "kind": "refund", "amount": -20, "original_amount": -20, "currency": "RUB"},
    ],
    "credits": [{"subject": "order", "subject_key": 9, "model": "last_non_direct", "origin_id": 1}],
}  # fmt: skip
SPEND = [
    {"day_on": DAY, "cost": Decimal(cost), "currency": currency} | provenance(key)
    for key, (cost, currency) in enumerate((("10.10", "RUB"), ("1", "USD"), ("7", None)), 1)
]


def ask(*, facts: bool = True, **fields: Any) -> Answer:
    with warehouse(LIVE) as connection:
        if facts:
            for table, rows in (
                ("spend", SPEND),
                ("deal", [{"deal_id": "d1", "amount": 5, "currency": "RUB"} | provenance(1)]),
                ("payment", [{"payment_id": "p1", "amount": 50, "currency": "RUB", "kind": "payment"} | provenance(1),
                             {"payment_id": "p2", "amount": 20, "currency": "RUB", "kind": "refund"} | provenance(2)]),
            ):  # fmt: skip
                fill(connection, {table: rows}, schema="facts")
        return answer(connection, SETTINGS, read_question("ledger", fields))


def test_every_row_stands_under_a_channel_or_a_reason() -> None:
    rows = [
        (r["kind"], r["channel"], r["reason"], r["currency"], r["rows"], r["original_amount"], r["amount"])
        for r in ask().rows
    ]
    assert rows == [
        ("spend", "Paid search", None, "RUB", 1, Decimal("10.1000"), Decimal("10.1000")),
        ("spend", "Paid search", None, "USD", 1, Decimal(1), Decimal(95)),
        ("spend", None, "currency_missing", None, 1, Decimal(7), None),
        ("deal", None, "no_lead", "RUB", 1, Decimal(5), Decimal(5)),
        ("payment", "Paid search", None, "RUB", 2, Decimal(30), Decimal(30)),
    ]


def test_a_reason_says_what_to_do() -> None:
    row = next(row for row in ask().rows if row["reason"] == "currency_missing")
    assert row["title"] == "The currency is missing"
    assert row["advice"]


def test_sums_equal_the_import_or_it_is_told() -> None:
    assert [caveat.code for caveat in ask().caveats] == []
    broken = ask(facts=False).caveats
    assert {caveat.code for caveat in broken} == {"does_not_reconcile"}
    assert "imported 0 rows" in broken[0].text.en


def test_a_period_shows_its_part() -> None:
    assert ask(since="2025-01-06").rows == []
    assert len(ask(since="2025-01-05", until="2025-01-05").rows) == 5


def test_the_rows_behind_a_reason_can_be_seen() -> None:
    found = ask(kind="spend", reason="currency_missing")
    assert [(row["day"], row["original_amount"], row["amount"]) for row in found.rows] == [(DAY, Decimal(7), None)]
    assert len(ask(kind="payment", reason="none").rows) == 2
    assert len(ask(kind="spend", limit="2").rows) == 2


def test_a_kind_or_reason_that_is_none_is_refused() -> None:
    with pytest.raises(QuestionError, match="«spend»"):
        ask(kind="spent")
    with pytest.raises(QuestionError, match="«no_lead»"):
        ask(kind="deal", reason="nolead")
