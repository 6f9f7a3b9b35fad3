"""amoCRM: webhooks, what there is to choose from, and writing back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from tests.connect.systems.amocrm import Desk, connected

from longfunnel.connect._engine import Api, Touched
from longfunnel.connect.amocrm import CONNECTOR, current, ensure_field, update

pytestmark = pytest.mark.slow
T = TypeVar("T")
ADDRESS = "https://longfunnel.example/in/webhook/amo/secret"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A business connected to the account."""
    with connected(tmp_path) as desk:
        yield desk


def _ask(desk: Desk, what: Callable[[Api], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with desk.api() as api:
            return await what(api)

    return asyncio.run(asked())


def _read(body: str) -> list[Touched]:
    assert CONNECTOR.hook
    return CONNECTOR.hook.read("application/x-www-form-urlencoded", body.encode())


def test_a_webhook_names_its_records_each_once() -> None:
    told = {
        "leads[status][0][id]": "25399013",
        "leads[status][0][status_id]": "142",
        "leads[status][0][custom_fields][0][id]": "66339",
        "leads[status][0][custom_fields][0][values][0][value]": "Ёж & «сыновья» 😀",
        "leads[update][1][id]": "25399014",
        "leads[update][0][id]": "25399013",
        "contacts[add][0][id]": "17",
        "unsorted[add][0][uid]": "a1b2",
        "task[add][0][id]": "5",
        "account[subdomain]": "mebelles",
    }
    assert _read(urlencode(told)) == [
        Touched("deals", "25399013"),
        Touched("deals", "25399014"),
        Touched("contacts", "17"),
        Touched("requests", "a1b2"),
    ]


@pytest.mark.parametrize("body", ["", "{}", "hello", "a=b&c", "%ff%fe=1"])
def test_what_is_no_webhook_of_amocrm(body: str) -> None:
    with pytest.raises(ValueError, match="webhook"):
        _read(body)


def test_webhooks_bring_the_records_anew_out_of_order_and_twice(desk: Desk) -> None:
    desk.sync()
    first, second, third = list(desk.account.leads)[:3]
    desk.account.leads[first]["price"] = 1  # without a new updated_at: only the webhook tells
    desk.account.leads[second]["price"] = 2
    desk.account.binned[third] = {**desk.account.leads.pop(third), "is_deleted": True}
    uid = next(iter(desk.account.unsorted))
    desk.hook(1, f"leads[update][0][id]={first}&leads[update][1][id]={second}")
    desk.hook(2, f"leads[delete][0][id]={third}&leads[delete][0][status_id]=142")
    desk.hook(
        3,
        f"leads[add][0][id]={first}&leads[add][1][id]=99999999&unsorted[add][0][uid]={uid}&unsorted[add][1][uid]=gone",
    )
    desk.hook(4, "not=theirs")
    assert desk.sync() == (0, 3)
    prices = desk.now("deal", "amount::INT, is_deleted", f"deal_id IN ('{first}', '{second}', '{third}')")
    assert prices[:2] == [(1, False), (2, False)]
    assert prices[2][1]
    assert desk.sync() == (0, 0)


def test_registering_twice_makes_one_webhook(desk: Desk) -> None:
    hook = CONNECTOR.hook
    assert hook
    assert hook.register
    register = hook.register
    for _ in range(2):
        _ask(desk, lambda api: register(api, ADDRESS, {}))
    assert [one["destination"] for one in desk.account.webhooks] == [ADDRESS]
    assert {"status_lead", "delete_lead"} <= set(desk.account.webhooks[0]["settings"])
    assert sum("webhooks" in path for path in desk.system.asked) == 3


def test_check_lists_what_there_is_to_choose_from(desk: Desk) -> None:
    check = CONNECTOR.check
    assert check
    found = _ask(desk, lambda api: check(api, {}))
    titles = {
        option: [one["title"] for one in found if one["option"] == option]
        for option in ("subdomain", "pipelines", "stages", "columns")
    }
    assert titles["subdomain"] == ["Мебель Лес: шкафы"]
    assert titles["pipelines"] == ["Шкафы", "Сервис и гарантия"]
    assert titles["stages"][:2] == ["Неразобранное", "Первичный контакт"]
    assert "Комментарий «замерщика» 📐" in titles["columns"]


def test_values_and_tags_are_written_and_only_where_they_differ(desk: Desk) -> None:
    deals = [str(one["id"]) for one in desk.account.leads.values()][:3]
    wanted: dict[str, dict[str, Any]] = {
        deal: {"UTM_SOURCE": f"source {deal}", "66333": "brand", "tags": ["mkt:yandex"]} for deal in deals
    }
    assert _ask(desk, lambda api: update(api, wanted)) == dict.fromkeys(deals)
    known = _ask(desk, lambda api: current(api, [*deals, "1"]))
    assert sorted(known) == sorted(deals)
    for deal in deals:
        assert known[deal]["66331"] == known[deal]["UTM_SOURCE"] == f"source {deal}"
        assert known[deal]["UTM_CAMPAIGN"] == "brand"
        assert "mkt:yandex" in known[deal]["tags"]
    assert any("шкаф" in known[deal]["tags"] for deal in deals)  # those that stood there stay
    assert _ask(desk, lambda api: update(api, wanted)) == dict.fromkeys(deals)
    assert len(desk.account.patched) == 1
    assert _ask(desk, lambda api: update(api, {deals[0]: {"UTM_SOURCE": None}})) == {deals[0]: None}
    assert "UTM_SOURCE" not in _ask(desk, lambda api: current(api, deals))[deals[0]]


def test_one_unknown_field_refuses_its_deal_only(desk: Desk) -> None:
    deals = [str(one["id"]) for one in desk.account.leads.values()]
    wanted: dict[str, dict[str, Any]] = {deal: {"UTM_SOURCE": "back"} for deal in deals}
    wanted[deals[1]] = {"NO_SUCH": "1"}
    wanted[deals[-1]] = {"123": "1", "UTM_SOURCE": "back"}
    wanted["77"] = {"UTM_SOURCE": "back"}
    outcome = _ask(desk, lambda api: update(api, wanted))
    assert {deal for deal, why in outcome.items() if why} == {deals[1], deals[-1], "77"}
    assert "not a valid choice" in str(outcome[deals[1]])
    written = {
        deal
        for deal, values in _ask(desk, lambda api: current(api, deals)).items()
        if values.get("UTM_SOURCE") == "back"
    }
    assert written == set(deals) - {deals[1], deals[-1]}
    assert max(len(body) for body in desk.account.patched) <= 50


def test_a_refusal_that_names_nobody_is_narrowed_down(desk: Desk) -> None:
    deals = [str(one["id"]) for one in desk.account.leads.values()][:5]
    desk.knobs.failures = [("PATCH", 400)]
    assert _ask(desk, lambda api: update(api, {deal: {"UTM_SOURCE": "halves"} for deal in deals})) == dict.fromkeys(
        deals
    )
    assert sorted(len(body) for body in desk.account.patched) == [2, 3]


def test_what_the_engine_of_writing_back_asks_for(desk: Desk) -> None:
    back = CONNECTOR.write_back
    assert back
    deal = str(next(one["id"] for one in desk.account.leads.values() if one["custom_fields_values"]))
    fields = list(back.fields.values())
    before = _ask(desk, lambda api: back.current(api, "deal", [deal, "1"], fields))
    assert set(before) == {deal}
    wanted = {deal: {"UTM_SOURCE": "found", "UTM_CONTENT": "found", "UTM_TERM": ""}, "1": {"UTM_SOURCE": "x"}}
    told = _ask(desk, lambda api: back.update(api, "deal", wanted))
    assert told[deal] == ""
    assert told["1"]
    held = _ask(desk, lambda api: back.current(api, "deal", [deal], fields))[deal]
    assert held == {**before[deal], "UTM_SOURCE": "found", "UTM_CONTENT": "found", "UTM_TERM": ""}


def test_a_field_is_made_once(desk: Desk) -> None:
    made = _ask(desk, lambda api: ensure_field(api, "Longfunnel: канал"))
    assert _ask(desk, lambda api: ensure_field(api, "longfunnel: Канал")) == made
    assert _ask(desk, lambda api: ensure_field(api, "utm_source")) == "66331"
    deal = str(next(iter(desk.account.leads)))
    assert _ask(desk, lambda api: update(api, {deal: {made: "Контекст"}})) == {deal: None}
    assert _ask(desk, lambda api: current(api, [deal]))[deal][made] == "Контекст"
