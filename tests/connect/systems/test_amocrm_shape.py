"""amoCRM: what records mean, also odd ones."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.connect._engine import Row, Shaping
from longfunnel.connect._engine.typed import BadValueError, typed
from longfunnel.connect.amocrm import CONNECTOR
from longfunnel.connect.amocrm._marks import marks_in
from longfunnel.connect.amocrm._values import Fields, instant
from longfunnel.warehouse.facts import facts

MOSCOW = ZoneInfo("Europe/Moscow")
DEAL: dict[str, Any] = {
    "id": 34079577, "name": "Сделка", "price": 22500, "responsible_user_id": 2079676, "status_id": 142, "pipeline_id": 7670334,
    "loss_reason_id": None, "source_id": 7, "closed_at": 1785411792, "created_at": 1785000000, "updated_at": 1785411792, "is_deleted": False,
    "custom_fields_values": [
        {"field_id": 66339, "field_name": "utm_source", "field_code": "UTM_SOURCE", "field_type": "tracking_data", "values": [{"value": "yandex"}]},
        {"field_id": 66340, "field_name": "Монтаж", "field_code": None, "field_type": "date", "values": [{"value": 1785358800}]},
    ],
    "_embedded": {
        "tags": [{"id": 1, "name": "vip"}], "companies": [{"id": 1}], "contacts": [{"id": 99, "is_main": True}],
        "loss_reason": [{"id": 1, "name": "Дорого"}], "catalog_elements": [{"id": 5, "metadata": {"quantity": 2, "catalog_id": 1001}}],
    },
    "named": {
        "pipeline": "Продажи", "stage": "Успешно", "stage_number": 5, "manager": "Анна", "currency": "RUB", "zone": "Europe/Moscow",
        "company": "ООО", "products": ["Шкаф"], "reason": "",
        "contact": {"id": 99, "name": "Пётр", "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "+7 916 123-45-67"}]}]},
    },
}  # fmt: skip
REQUEST: dict[str, Any] = {
    "uid": "a1", "category": "mail", "pipeline_id": 7670334, "created_at": 1785000000, "source_name": "box",
    "metadata": {"from": {"email": "P@Example.com", "name": "Пётр"}, "subject": "Шкаф", "referer": "https://ya.ru/?utm_source=x"},
    "_embedded": {"leads": [{"id": 5}], "contacts": [{"id": 99}]}, "named": {"pipeline": "Продажи", "zone": "", "contact": {"id": 99}},
}  # fmt: skip
WAY: dict[str, Any] = {
    "id": "5", "created_at": 1785000000, "from": 1780000000,
    "moves": [
        {
            "id": "01k", "at": 1785411792, "by": "Анна",
            "before": {"pipeline_id": "1", "pipeline": "Продажи", "stage": "Новая", "stage_number": 1},
            "after": {"pipeline_id": "1", "pipeline": "Продажи", "stage": "Успешно", "stage_number": 2},
        }
    ],
}  # fmt: skip
RECORDS = {"deals": DEAL, "requests": REQUEST, "stages": WAY, "deletions": {"id": "5", "deleted_at": 1785000000}}


def shaping(**columns: Any) -> Shaping:
    """The settings of a source."""
    return Shaping({"pipelines": (), "deals_are_leads": True}, columns, MOSCOW, "EUR")


def _rows(stream: str, record: dict[str, Any], **columns: Any) -> list[Row]:
    found = CONNECTOR.stream_named(stream)
    assert found
    return list(found.shape(record, shaping(**columns)))


def _typed(row: Row) -> dict[str, Any]:
    return typed(facts()[row.fact], row.values, country="RU")


def test_a_deal_in_full() -> None:
    row = _typed(_rows("deals", DEAL)[0])
    assert row["created_at"] == datetime(2026, 7, 25, 17, 20)
    assert (row["status"], row["source"], row["phone"], row["contact_id"], row["product"]) == (
        "won",
        "yandex",
        "+79161234567",
        "99",
        "Шкаф",
    )
    assert json.loads(row["props"]) == {"Монтаж": date(2026, 7, 30).isoformat(), "tags": "vip", "source_id": 7}
    assert "reason_lost" not in row  # it stays in the deal after it is won at last


def test_marks_come_from_fields_that_people_made_themselves() -> None:
    deal = {
        **DEAL,
        "custom_fields_values": [
            {"field_id": 1, "field_name": "utm_campaign", "field_code": None, "values": [{"value": "brand"}]}
        ],
    }
    assert _rows("deals", deal)[0].values["campaign"] == "brand"
    deal = {**DEAL, "custom_fields_values": None}
    assert _rows("deals", deal)[0].values["source"] is None


def test_own_columns_by_id_code_name_contact_or_key() -> None:
    row = _rows(
        "deals", DEAL, region="66340", audience=["none", "phone"], medium="source_id", props={"when": "монтаж"}
    )[0].values
    assert (row["region"], row["audience"], row["medium"], row["props"]["when"]) == (
        "2026-07-30",
        "+7 916 123-45-67",
        "7",
        "2026-07-30",
    )


def test_a_letter_is_a_lead() -> None:
    row = _typed(_rows("requests", REQUEST)[0])
    assert (row["lead_id"], row["kind"], row["email"], row["name"], row["source"]) == (
        "unsorted-5",
        "email",
        "p@example.com",
        "Пётр",
        "x",
    )
    assert row["lead_id"] == _rows("deals", {**DEAL, "id": 5})[0].values["lead_id"]


def test_the_first_stage_of_a_deal_older_than_the_history_is_unknown() -> None:
    assert [row.values["stage"] for row in _rows("stages", WAY)] == ["Новая", "Успешно"]
    assert [row.values["stage"] for row in _rows("stages", {**WAY, "from": 1785000001})] == ["Успешно"]
    assert [row.values["stage"] for row in _rows("stages", {**WAY, "created_at": None})] == ["Успешно"]


def test_times_and_addresses() -> None:
    assert instant(0) is None
    assert instant("1785000000") == instant(1785000000)
    assert marks_in("https://shop.example/?utm_source=vk&rb_clickid=7&x=%ff")["vkclid"] == "7"
    assert marks_in("http://[broken") == {}
    assert Fields({"custom_fields_values": []}, MOSCOW).first("PHONE") is None


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("\ud800\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, one in inner for place in _places(one, (*at, name)))][0 if at else 1 :]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_an_odd_record_is_understood_or_goes_to_the_quarantine(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(RECORDS)))
    record = copy.deepcopy(RECORDS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(_places(record)))
        inside: Any = record
        for step in way:
            inside = inside[step]
        if data.draw(st.booleans()):
            inside[last] = data.draw(ODD)
        elif isinstance(inside, dict):
            del inside[last]
        if not _places(record):
            return
    stream = CONNECTOR.stream_named(name)
    assert stream
    assert stream.key(record)
    try:
        for row in stream.shape(record, shaping(region="66340")):
            _typed(row)
    except (BadValueError, KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        return  # these are what the engine puts into the quarantine
