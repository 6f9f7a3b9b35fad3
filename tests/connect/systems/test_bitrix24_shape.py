"""Bitrix24: what odd records mean. They become facts or go to the quarantine; they never stop a reading."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.connect._engine import Row, Shaping
from longfunnel.connect._engine.typed import BadValueError, typed
from longfunnel.connect.bitrix24 import _deleted, _shape, _stages
from longfunnel.connect.bitrix24._calls import number_of, rows_of
from longfunnel.connect.bitrix24._words import Stage, Words
from longfunnel.warehouse.facts import facts

SHAPING = Shaping(
    {"cost_field": "UF_COST", "reason_lost_field": "UF_WHY", "order_id_field": "UF_ORDER", "qualified_statuses": ["В работе"]},
    {"region": "UF_CITY", "cost_of_goods": ["UF_NONE", "UF_COST"]}, ZoneInfo("Europe/Moscow"), "RUB",
)  # fmt: skip
_SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(["", "0", "Y", "2026-01-01T10:00:00+03:00", "1000|RUB"]))  # fmt: skip
_VALUE = st.recursive(
    _SCALAR,
    lambda one: (
        st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(["ID", "VALUE", "0", "x"]), one, max_size=3)
    ),
    max_leaves=5,
)
_FIELDS = (
    "TITLE", "NAME", "OPPORTUNITY", "CURRENCY_ID", "LEAD_ID", "CONTACT_ID", "DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "CLOSEDATE", "UTM_SOURCE",
    "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH", "PHONE", "EMAIL", "UF_COST", "UF_WHY", "UF_CITY", "UF_ORDER", "COMPANY_TITLE", "ADDRESS_CITY",
    "OWNER_ID", "CREATED_TIME",
)  # fmt: skip
_ROW = st.dictionaries(st.sampled_from(_FIELDS), _VALUE, max_size=10).map(lambda row: {"ID": "9100000000000001", **row})
_PERSON = st.none() | _ROW
_RECORD = st.fixed_dictionaries(
    {"row": _ROW},
    optional={
        "contact": _PERSON, "company": _PERSON, "semantics": st.sampled_from(["S", "F", "P", "X", None]), "stage": st.none() | st.text(max_size=5),
        "pipeline": st.none() | st.text(max_size=5), "manager": st.none() | st.text(max_size=5), "number": st.none() | st.integers(1, 9),
        "words": st.dictionaries(st.sampled_from(_FIELDS), st.text(max_size=5), max_size=2), "is_deleted": st.booleans(),
        "products": st.lists(st.dictionaries(st.sampled_from(["productName", "price", "quantity"]), _SCALAR), max_size=3),
    },
)  # fmt: skip
MAY = (BadValueError, KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""What puts a record into the quarantine."""


def _one(record: dict[str, Any], shape: Any = _shape.deal) -> dict[str, Any]:
    row: Row = next(iter(shape(record, SHAPING)))
    return typed(facts()[row.fact], row.values, country="RU")


@settings(deadline=None, max_examples=400)
@given(_RECORD)
def test_any_record_is_understood_or_put_aside(record: dict[str, Any]) -> None:
    for shape in (_shape.deal, _shape.lead, _shape.contact, _stages.shape, _deleted.shape("deal")):
        try:
            for row in shape(json.loads(json.dumps(record)), SHAPING):
                typed(facts()[row.fact], row.values, country="RU")
        except MAY:
            pass


@settings(deadline=None, max_examples=200)
@given(_VALUE, st.sampled_from(["crm.deal.list", "crm.category.list", "crm.stagehistory.list"]))
def test_any_list_is_read_or_told_to_have_changed(value: Any, method: str) -> None:
    from longfunnel.connect._engine import ChangedSchemaError

    try:
        for row in rows_of(value, method):
            number_of(row)
    except ChangedSchemaError as error:
        assert "Bitrix24" in str(error)


@settings(deadline=None)
@given(st.decimals(0, 10**12, places=2, allow_nan=False), st.sampled_from([str, float]))
def test_money_is_what_the_portal_wrote(amount: Decimal, kind: Any) -> None:
    told = kind(amount) if kind is str else float(str(amount))
    row = {"ID": 1, "OPPORTUNITY": told, "UF_COST": f"{amount}|RUB"}
    deal = _one({"row": json.loads(json.dumps(row))})
    assert (deal["amount"], deal["cost_of_goods"]) == (amount, amount)


def test_what_is_unknown_stays_empty() -> None:
    assert _one({"row": {"ID": "1", "CONTACT_ID": "0", "LEAD_ID": "", "UTM_SOURCE": "", "CLOSEDATE": ""}}) == {
        "deal_id": "1",
        "currency": "RUB",
    }


def test_a_deal_is_closed_when_it_moved_to_its_last_stage() -> None:
    row = {"ID": "1", "MOVED_TIME": "2026-05-02T10:00:00+03:00", "CLOSEDATE": "2026-06-01T00:00:00+03:00"}
    assert "closed_at" not in _one({"row": row, "semantics": "P"})
    assert _one({"row": row, "semantics": "S"})["closed_at"] == datetime(2026, 5, 2, 7, tzinfo=UTC).replace(tzinfo=None)
    assert _one({"row": {**row, "MOVED_TIME": None}, "semantics": "F"})["closed_at"] == datetime(
        2026, 5, 31, 21, tzinfo=UTC
    ).replace(tzinfo=None)


def test_the_product_is_what_most_of_the_money_is_for() -> None:
    products = [
        {"productName": "Замер", "price": 1500, "quantity": 1},
        {"productName": "Фасад", "price": "900.10", "quantity": 3},
        {"productName": None, "price": 10**6},
    ]
    assert _one({"row": {"ID": "1"}, "products": products})["product"] == "Фасад"


def test_further_phones_are_evidence_and_each_comes_once() -> None:
    contact = {"ID": 7, "PHONE": [{"VALUE": "1"}, {"VALUE": "2"}, {"VALUE": "2"}, {"VALUE": ""}], "EMAIL": []}
    links = [
        row.values["value_b"]
        for row in _shape.deal({"row": {"ID": "1"}, "contact": contact}, SHAPING)
        if row.fact == "identity_link"
    ]
    assert links == ["2"]


@pytest.mark.parametrize(
    ("semantics", "stage", "is_qualified"),
    [("S", "x", True), ("F", "x", False), ("P", "В работе", True), ("P", "x", None), (None, None, None)],
)
def test_a_lead_is_qualified_by_its_status(semantics: str | None, stage: str | None, is_qualified: bool | None) -> None:
    row = {"ID": "1", "DATE_CREATE": "2026-01-01T00:00:00"}
    lead = _one({"row": row, "semantics": semantics, "stage": stage}, _shape.lead)
    assert lead.get("is_qualified") is is_qualified
    assert lead["created_at"] == datetime(2025, 12, 31, 21, tzinfo=UTC).replace(tzinfo=None)  # of the source's zone


def test_names_that_were_used_stay_and_what_the_portal_dropped_keeps_its_name() -> None:
    words = Words(pipelines={"0": "Новое имя"}, stages={"NEW": Stage("Новая", 1, "P")})
    words.pin({"pipelines": {"0": "Старое имя"}, "stages": {"OLD": "Бывшая"}})
    words.pin({"pipelines": {"0": "Ещё одно"}})
    words.pin(None)
    assert words.pipeline(0) == words.pipeline(None) == "Старое имя"
    assert words.stage("OLD") == Stage("Бывшая")
    assert words.stage("NEW") == Stage("Новая", 1, "P")
    assert words.stage("NONE") == Stage("NONE")
    assert words.names == {"pipelines": {"0": "Старое имя"}, "stages": {"NEW": "Новая", "OLD": "Бывшая"}}
