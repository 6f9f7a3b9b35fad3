"""The invented portal keeps to the vendor's protocol, whoever asks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from longfunnel.demo.systems.bitrix24 import CLIENT_ID, CLIENT_SECRET, REFRESH, SECRET, Bitrix24, Knobs, app
from longfunnel.demo.systems.company import Company

COMPANY = Company(days=20)
DEALS = [deal for deal in COMPANY.deals_of("bitrix24") if not deal.is_deleted]


def ask(
    system: Bitrix24, method: str, params: dict[str, Any] | None = None, *, by: str = f"/rest/1/{SECRET}/", **more: Any
) -> tuple[int, Any]:
    """The status and the body of an answer."""

    async def run() -> tuple[int, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(system), base_url="http://portal") as http:
            response = await http.request("POST", f"{by}{method}", **(more or {"json": params or {}}))
            return response.status_code, response.json()

    return asyncio.run(run())


@pytest.fixture
def system() -> Bitrix24:
    """A portal."""
    return app(COMPANY)


def test_lists_have_fifty_rows_a_page_and_are_counted_unless_the_fast_way_is_asked(system: Bitrix24) -> None:
    system.portal.multiply(4)
    many = len(system.portal.tables["deal"])
    _, page = ask(system, "crm.deal.list", {"order": {"ID": "ASC"}})
    assert (len(page["result"]), page["total"], page["next"]) == (50, many, 50)
    _, last = ask(system, "crm.deal.list", {"order": {"ID": "ASC"}, "start": many // 50 * 50})
    assert (len(last["result"]), "next" in last) == (many % 50, False)
    _, fast = ask(
        system, "crm.deal.list", {"order": {"ID": "ASC"}, "filter": {">ID": page["result"][-1]["ID"]}, "start": -1}
    )
    assert "total" not in fast
    assert int(fast["result"][0]["ID"]) > int(page["result"][-1]["ID"])


def test_values_are_strings_in_the_old_lists_and_typed_in_the_universal_one(system: Bitrix24) -> None:
    _, old = ask(system, "crm.deal.list", {"filter": {"ID": DEALS[0].id}})
    assert old["result"][0]["ID"] == str(DEALS[0].id)
    assert old["result"][0]["OPPORTUNITY"] == f"{DEALS[0].amount:.2f}"
    _, new = ask(system, "crm.item.list", {"entityTypeId": 2, "filter": {"id": DEALS[0].id}})
    assert new["result"]["items"][0]["id"] == DEALS[0].id
    assert new["result"]["items"][0]["stageSemanticId"]


def test_multiple_and_own_fields_come_only_by_their_names(system: Bitrix24) -> None:
    _, plain = ask(system, "crm.lead.list", {"select": ["*"]})
    assert not {"PHONE", "UF_CRM_YM_UID"} & set(plain["result"][0])
    _, asked = ask(system, "crm.lead.list", {"select": ["PHONE", "UF_*"]})
    assert set(asked["result"][0]) == {"ID", "PHONE", "UF_CRM_YM_UID"}


def test_filters_compare_as_the_portal_does(system: Bitrix24) -> None:
    deal = DEALS[len(DEALS) // 2]
    some = {
        ">=DATE_CREATE": deal.created_at.isoformat(), "@STAGE_ID": ["C3:WON", "C3:LOSE"], "!=CURRENCY_ID": "USD", "%TITLE": "кухня", "<=OPPORTUNITY": 10**9,
    }  # fmt: skip
    _, found = ask(system, "crm.deal.list", {"filter": some, "select": ["ID"], "order": {"ID": "ASC"}})
    expected = [
        str(one.id)
        for one in DEALS
        if one.created_at >= deal.created_at.replace(microsecond=0) and one.status != "open"
    ]
    assert [row["ID"] for row in found["result"]] == expected[:50]
    local = deal.created_at.astimezone(None).strftime("%Y-%m-%dT%H:%M:%S")
    assert ask(system, "crm.deal.list", {"filter": {">DATE_CREATE": local}})[0] == 200
    assert ask(system, "crm.deal.list", {"filter": {">DATE_CREATE": "soon"}})[0] == 400


@pytest.mark.parametrize(
    ("method", "given", "status", "code"),
    [
        ("crm.deal.list", {"json": {"limit": 5}}, 400, "INVALID_ARG_VALUE"),
        ("crm.deal.list", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "INVALID_REQUEST"),
        ("crm.deal.list", {"content": b"<x/>", "headers": {"content-type": "text/xml"}}, 400, "INVALID_REQUEST"),
        ("crm.deal.none", {"json": {}}, 404, "ERROR_METHOD_NOT_FOUND"),
        ("crm.deal.get", {"json": {"id": 5}}, 400, ""),
        ("crm.stagehistory.list", {"json": {"entityTypeId": 3}}, 400, "ENTITY_TYPE_NOT_SUPPORTED"),
        ("event.bind", {"json": {"event": "ONCRMDEALADD", "handler": "https://x"}}, 403, "insufficient_scope"),
    ],
)
def test_mistakes_get_the_vendors_errors(
    system: Bitrix24, method: str, given: dict[str, Any], status: int, code: str
) -> None:
    told, body = ask(system, method, **given)
    assert (told, body["error"]) == (status, code)


def test_forms_and_queries_are_read_as_php_does(system: Bitrix24) -> None:
    form = {
        "filter[@ID][0]": str(DEALS[0].id),
        "filter[@ID][1]": str(DEALS[1].id),
        "select[]": "ID",
        "order[ID]": "DESC",
    }
    _, body = ask(system, "crm.deal.list.json", data=form)
    assert [row["ID"] for row in body["result"]] == [str(DEALS[1].id), str(DEALS[0].id)]


def test_a_batch_puts_earlier_results_in_and_writes_empty_maps_as_lists(system: Bitrix24) -> None:
    commands = {"a": "crm.deal.list?order[ID]=ASC&select[]=ID&start=-1", "b": "crm.deal.get?id=$result[a][1][ID]"}
    outcome = ask(system, "batch", {"halt": 0, "cmd": commands})[1]["result"]
    assert outcome["result"]["b"]["ID"] == str(DEALS[1].id)
    assert (outcome["result_error"], outcome["result_total"]) == ([], [])
    halted = ask(system, "batch", {"halt": 1, "cmd": {"a": "batch?cmd[]=x", "b": "crm.deal.list"}})[1]["result"]
    assert halted["result"] == []
    assert halted["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_the_bucket_leaks_and_the_budget_is_renewed() -> None:
    system = app(COMPANY, Knobs(bucket=(0.001, 3), operating_budget=0.015))
    told = [ask(system, "crm.category.list", {"entityTypeId": 2}) for _ in range(4)]
    assert [status for status, _ in told] == [200, 429, 429, 503]
    assert told[1][1]["time"]["operating_reset_at"] > told[1][1]["time"]["finish"]


def test_tokens_rotate_and_an_old_one_is_refused(system: Bitrix24) -> None:
    def token(refresh: str) -> tuple[int, Any]:
        async def run() -> tuple[int, Any]:
            query = {
                "grant_type": "refresh_token",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "refresh_token": refresh,
            }
            async with httpx.AsyncClient(transport=httpx.ASGITransport(system), base_url="http://portal") as http:
                response = await http.get("/oauth/token/", params=query)
                return response.status_code, response.json()

        return asyncio.run(run())

    _, given = token(REFRESH)
    assert token(REFRESH) == (400, {"error": "invalid_grant", "error_description": "Invalid grant"})
    assert ask(system, "crm.category.list", {"entityTypeId": 2, "auth": given["access_token"]}, by="/rest/")[0] == 200
    assert token(given["refresh_token"])[0] == 200
    expired = ask(system, "crm.category.list", {"entityTypeId": 2, "auth": given["access_token"]}, by="/rest/")
    assert (expired[0], expired[1]["error"]) == (401, "expired_token")
    assert ask(system, "crm.category.list", {}, by="/rest/")[1]["error"] == "NO_AUTH_FOUND"


def test_marks_for_the_portals_own_analytics_are_taken(system: Bitrix24) -> None:
    trace = {
        "TRACE": json.dumps({"tags": {"list": {"utm_source": "google"}}}),
        "ENTITIES": [{"TYPE": "DEAL", "ID": DEALS[0].id}],
    }
    assert ask(system, "crm.tracking.trace.add", trace)[1]["result"] == 1
    assert ask(system, "crm.tracking.trace.add", {"TRACE": "{"})[0] == 400
