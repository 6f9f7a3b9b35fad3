"""The server-side API and the webhooks: rows that other systems send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from tests.collect.conftest import Answer, Collector


def submit(collector: Collector, fact: str, rows: Any, **headers: str) -> Answer:
    return collector.ask(
        "POST", f"/api/v1/{fact}", json.dumps(rows).encode(), **{"authorization": "Bearer lf_secret", **headers}
    )


def test_rows_of_a_fact_are_taken_as_its_columns(collector: Collector) -> None:
    lead = {
        "lead_id": 7,
        "created_at": "2025-03-01T12:00:00+03:00",
        "email": "A@b.ru",
        "phone": "8(912)345-67-89",
        "is_qualified": True,
        "props": {"x": 1},
    }
    answer = submit(collector, "lead", lead)
    assert (answer.status, answer.json) == (202, {"accepted": 1})
    submit(
        collector,
        "payment",
        [
            {"payment_id": "p", "paid_at": 1740819600, "amount": "1 200,50"},
            {"payment_id": "q", "paid_at": "01.03.2025 12:00", "amount": 5},
        ],
    )
    columns = "lead_id, created_at, email, phone, is_qualified, props, source_system"
    assert collector.rows(f"SELECT {columns} FROM facts.lead") == [
        ("7", datetime(2025, 3, 1, 9), "a@b.ru", "+79123456789", True, '{"x":1}', "crm")
    ]
    assert collector.rows("SELECT payment_id, paid_at, amount FROM facts.payment ORDER BY 1") == [
        ("p", datetime(2025, 3, 1, 9), Decimal("1200.5000")),
        ("q", datetime(2025, 3, 1, 9), Decimal("5.0000")),
    ]


def test_a_changed_row_is_a_new_version_and_the_same_again_is_nothing(collector: Collector) -> None:
    for quality in ("new", "new", "good", "good"):
        submit(collector, "lead", {"lead_id": "1", "created_at": "2025-01-01", "quality": quality})
        collector.loader.load_all()
    assert collector.rows("SELECT quality FROM facts.lead ORDER BY recorded_at") == [("new",), ("good",)]


def test_of_versions_that_come_together_the_last_stands(collector: Collector) -> None:
    for quality in ("a", "b", "c"):
        submit(collector, "lead", {"lead_id": "1", "created_at": "2025-01-01", "quality": quality})
    assert collector.rows("SELECT quality FROM facts.lead") == [("c",)]


def test_an_idempotency_key_makes_a_repeated_request_harmless(collector: Collector) -> None:
    events = [
        {"name": "purchase", "amount": 10, "happened_at": "2025-01-01"},
        {"name": "purchase", "amount": 10, "happened_at": "2025-01-01"},
    ]
    for key in ("k1", "k1", "k2"):
        assert submit(collector, "event", events, idempotency_key=key).status == 202
        collector.loader.load_all()
    assert collector.rows("SELECT count(*) FROM facts.event") == [(4,)]


def test_a_row_without_a_time_happened_when_it_came(collector: Collector) -> None:
    submit(collector, "event", {"event_id": "e", "name": "x"})
    assert collector.rows("SELECT now()::TIMESTAMP - happened_at < INTERVAL 1 MINUTE FROM facts.event") == [(True,)]


SEVERAL = {"[1].created_at": "no time", "[1].is_qualified": "neither", "[1].lead_id": "Idempotency-Key"}


@pytest.mark.parametrize(
    ("fact", "rows", "status", "told"),
    [
        ("lead", {"lead_id": "1", "emial": "a@b.ru"}, 422, {"emial": "Did you mean \u00abemail\u00bb"}),
        ("lead", {"lead_id": "1", "phone": "12"}, 422, {"phone": "no Phone"}),
        ("lead", [{"lead_id": "1"}, {"created_at": "soon", "is_qualified": "perhaps"}], 422, SEVERAL),
        ("payment", {"payment_id": "1", "amount": "x"}, 422, {"amount": "no number"}),
        ("payment", {"payment_id": "1", "amount": 1e30}, 422, {"amount": "more money"}),
        ("payment", {"payment_id": "1"}, 422, {"amount": "missing"}),
        ("call", {"call_id": "1", "duration_seconds": 1.5}, 422, {"duration_seconds": "whole"}),
        ("call", {"call_id": {"a": 1}}, 422, {"call_id": "object"}),
        ("lead", ["x"], 422, {"[0]": "object"}),
        ("lead", [], 400, {}),
        ("leed", {}, 404, {}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_field_by_field_and_nothing_is_kept(
    collector: Collector, fact: str, rows: Any, status: int, told: dict[str, str]
) -> None:
    answer = submit(collector, fact, rows)
    assert answer.status == status
    fields = {field["field"]: field["reason"] for field in answer.json["error"].get("fields", [])}
    assert fields.keys() == told.keys()
    for name, words in told.items():
        assert words in fields[name]
    collector.loader.load_all()
    assert collector.loader.rows == 0


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer lf_wrong", "Basic lf_secret"])
def test_without_a_key_nobody_enters(collector: Collector, authorization: str) -> None:
    answer = submit(collector, "lead", {"lead_id": "1"}, authorization=authorization)
    assert (answer.status, answer.json["error"]["code"]) == (401, "unauthorized")


def hook(collector: Collector, body: bytes, name: str = "tilda/t0ken", **headers: str) -> Answer:
    return collector.ask("POST", f"/hooks/{name}", body, **headers)


def test_a_json_webhook_is_mapped_as_its_source_says_and_its_body_is_kept(collector: Collector) -> None:
    body = {
        "id": 5,
        "date": "01.03.2025 12:00:00",
        "client": {"phones": ["8 912 345 67 89"], "name": "Анна"},
        "type": "Заявка",
        "extra": {"color": "red"},
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert hook(collector, raw, content_type="application/json").status == 200
    columns = "lead_id, created_at, phone, name, kind, source, props, source_system, system"
    assert collector.rows(f"SELECT {columns} FROM facts.lead") == [
        ("5", datetime(2025, 3, 1, 9), "+79123456789", "Анна", "form", "tilda", '{"color":"red"}', "tilda", "crm")
    ]
    assert collector.rows("SELECT source_system, content_type, raw FROM main.webhooks") == [
        ("tilda", "application/json", raw.decode())
    ]


def test_a_form_encoded_webhook_is_mapped_too(collector: Collector) -> None:
    body = urlencode({"id": "9", "client.phones.0": "+7 912 345-67-89", "client.name": "Анна"}).encode()
    assert hook(collector, body, content_type="application/x-www-form-urlencoded; charset=utf-8").status == 200
    assert collector.rows("SELECT lead_id, phone, name FROM facts.lead") == [("9", "+79123456789", "Анна")]


def test_a_webhook_that_cannot_be_mapped_waits_in_the_quarantine(collector: Collector) -> None:
    for body in (b'{"date": "2025-01-01"}', b'{"id": 1, "date": "soon"}', b"not json"):
        assert hook(collector, body).status == 200
    assert collector.rows("SELECT count(*) FROM facts.lead") == [(0,)]
    assert {row[0] for row in collector.rows("SELECT column_name FROM main.quarantine")} == {
        "lead_id",
        "created_at",
        None,
    }
    assert collector.rows("SELECT count(*) FROM main.webhooks") == [(3,)]


def test_a_phone_that_cannot_be_read_does_not_cost_the_lead(collector: Collector) -> None:
    hook(collector, b'[{"id": 1, "client": {"phones": ["call me"]}}, {"id": 2}]')
    assert collector.rows("SELECT lead_id, phone, props FROM facts.lead ORDER BY 1") == [
        ("1", None, '{"phone":"call me"}'),
        ("2", None, None),
    ]


@pytest.mark.parametrize("name", ["tilda/wrong", "tilda", "nothing/t0ken", "leads/t0ken"])
def test_a_webhook_needs_its_token(collector: Collector, name: str) -> None:
    assert hook(collector, b"{}", name).status == 404


@pytest.mark.parametrize("form", ["{hex}", "sha256={hex}", "{b64}"])
def test_a_signed_webhook_is_checked(collector: Collector, form: str) -> None:
    body = b'{"id": 1, "sum": 10}'
    digest = hmac.new("сек".encode(), body, hashlib.sha256).digest()
    good = form.format(hex=digest.hex(), b64=base64.b64encode(digest).decode())
    assert hook(collector, body, "signed/s0", x_signature=good).status == 200
    assert hook(collector, body + b" ", "signed/s0", x_signature=good).status == 401
    assert hook(collector, body, "signed/s0").status == 401
    assert collector.rows("SELECT amount FROM facts.payment") == [(Decimal("10.0000"),)]
