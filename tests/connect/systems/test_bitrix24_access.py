"""Bitrix24: both ways in, tokens that expire and rotate, limits, blocks, what can be chosen, webhooks, writing back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from tests.connect.systems.bitrix24_business import DEALS, Desk, connected

from longfunnel.app.sources.connected import Secrets, given_of, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import Access, Api, ConnectError, ExpiredError, GoneError, RefusedError
from longfunnel.connect._engine.running import api_of
from longfunnel.connect.bitrix24 import CONNECTOR, current, ensure_field, update
from longfunnel.connect.bitrix24._access import sign, webhook_parts
from longfunnel.connect.bitrix24._calls import Answer, ask_all, batch, query
from longfunnel.connect.bitrix24._errors import classify
from longfunnel.connect.bitrix24._hooks import HOOK
from longfunnel.demo.systems.bitrix24 import CLIENT_ID, CLIENT_SECRET, REFRESH, SECRET, Knobs, webhook

T = TypeVar("T")
APP = {
    "credentials.webhook": None,
    "credentials.client_id": CLIENT_ID,
    "credentials.client_secret": CLIENT_SECRET,
    "credentials.refresh_token": REFRESH,
    "credentials.portal": "mebelles.bitrix24.ru",
}


def ask(desk: Desk, what: Callable[[Api], Awaitable[T]]) -> T:
    """Something of the portal, with the source's access."""

    async def run() -> T:
        given = given_of(desk.business, source_named(desk.business, "crm"))
        async with api_of(given) as api:
            return await what(api)

    return asyncio.run(run())


def _answered(status: int, body: object) -> httpx.Response:
    request = httpx.Request("POST", "https://x.bitrix24.ru/rest/1/s/crm.deal.list")
    return httpx.Response(
        status, content=body if isinstance(body, bytes) else json.dumps(body).encode(), request=request
    )


def test_a_webhook_is_taken_whole_or_in_parts() -> None:
    whole = ("https://x.bitrix24.ru", "/rest/1/abc")
    for spelled in (
        "https://x.bitrix24.ru/rest/1/abc/",
        " https://x.bitrix24.ru/rest/1/abc",
        "https://x.bitrix24.ru/rest/1/abc/profile.json",
    ):
        assert webhook_parts(spelled) == whole
    for spelled in ("1/abc", "/rest/1/abc/", "rest/1/abc"):
        assert webhook_parts(spelled) == ("", "/rest/1/abc")
    assert webhook_parts("https://crm.own.example/b24/rest/17/a1B2/") == (
        "https://crm.own.example/b24",
        "/rest/17/a1B2",
    )
    for wrong in (
        "https://x.bitrix24.ru/",
        "abc",
        "https://x.bitrix24.ru/rest/1/a b/",
        "https://x.bitrix24.ru/crm/deal/",
    ):
        with pytest.raises(RefusedError, match="webhook"):
            webhook_parts(wrong)
    with pytest.raises(ExpiredError, match="webhook"):
        sign(Access({}))


@pytest.mark.parametrize(
    ("status", "code", "kind", "is_retried"),
    [
        (401, "expired_token", "expired", False),
        (401, "NO_AUTH_FOUND", "expired", False),
        (403, "INVALID_CREDENTIALS", "expired", False),
        (403, "insufficient_scope", "forbidden", False),
        (403, "ACCESS_DENIED", "forbidden", False),
        (403, "user_access_error", "forbidden", False),
        (402, "PAYMENT_REQUIRED", "forbidden", False),
        (503, "QUERY_LIMIT_EXCEEDED", "limited", True),
        (429, "OPERATION_TIME_LIMIT", "limited", True),
        (503, "OVERLOAD_LIMIT", "limited", False),
        (500, "INTERNAL_SERVER_ERROR", "temporary", True),
        (500, "PORTAL_DELETED", "gone", False),
        (404, "ERROR_METHOD_NOT_FOUND", "refused", False),
        (400, "INVALID_ARG_VALUE", "refused", False),
        (400, "NOT_FOUND", "gone", False),
    ],
)
def test_every_error_has_its_kind(status: int, code: object, kind: str, is_retried: bool) -> None:
    error = classify(_answered(status, {"error": code, "error_description": "What was not found"}))
    assert error is not None
    assert (error.kind, error.is_worth_retrying) == (kind, is_retried)
    assert "What was not found" in str(error)


def test_errors_without_a_code_speak_by_their_description() -> None:
    assert isinstance(classify(_answered(400, {"error": "", "error_description": "Not found"})), GoneError)
    for denied in ("Access denied.", "Доступ запрещён"):
        error = classify(_answered(400, {"error": "", "error_description": denied}))
        assert error is not None
        assert error.kind == "forbidden"
    assert classify(_answered(200, {"result": [], "error": ""})) is None
    moved = classify(_answered(301, b""))
    assert moved is not None
    assert moved.kind == "gone"
    ill = classify(_answered(502, b"<html>Bad Gateway"))
    assert ill is not None
    assert ill.is_worth_retrying
    later = classify(
        _answered(429, {"error": "OPERATION_TIME_LIMIT", "time": {"operating_reset_at": 1600, "finish": 1000.5}})
    )
    assert getattr(later, "seconds", None) == 599.5


def test_parameters_are_written_as_php_reads_them() -> None:
    assert query({"filter": {">=DATE_MODIFY": "2026-01-01T00:00:00+03:00", "@ID": ["1", "2"]}, "start": -1}) == (
        "filter[>%3DDATE_MODIFY]=2026-01-01T00%3A00%3A00%2B03%3A00&filter[@ID][0]=1&filter[@ID][1]=2&start=-1"
    )


def test_webhooks_are_believed_by_their_token() -> None:
    kind, body = webhook("ONCRMDEALUPDATE", 759, token="right")
    assert [(one.stream, one.id) for one in HOOK.read(kind, body)] == [("deals", "759")]
    assert HOOK.is_genuine({}, kind, body, {"application_token": "right"})
    assert HOOK.is_genuine({}, kind, body, {})
    assert not HOOK.is_genuine({}, kind, body, {"application_token": "other"})
    assert not HOOK.is_genuine({}, "text/plain", body, {"application_token": "right"})
    assert [one.stream for one in HOOK.read(*webhook("ONCRMLEADADD", 9_100_000_000_000_001))] == ["leads"]
    assert HOOK.read(*webhook("ONTASKADD", 1)) == []
    for content_type, odd in (
        ("application/json", b"{}"),
        (kind, b""),
        (kind, b"event=ONCRMDEALADD&data[FIELDS][ID]=x"),
        (kind, b"\xff"),
    ):
        with pytest.raises(ValueError, match="(?i)bitrix24|utf-8"):
            HOOK.read(content_type, odd)


@pytest.mark.slow
def test_an_application_comes_in_by_tokens_that_expire_and_rotate(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(token_requests=3), **APP) as desk:
        desk.sync()
        assert len(desk.rows("1")) == len(DEALS)
        gate = desk.system.gate
        assert gate.renewals > 2
        assert Secrets(desk.business, "crm").tokens()["refresh_token"] == gate.refresh
        before = gate.renewals
        desk.system.knobs.token_requests = None
        gate.since_renewal = 0
        desk.sync()
        assert gate.renewals == before  # never on schedule
        gate.access, gate.refresh = "elsewhere", "elsewhere"
        with pytest.raises(SyncError, match="invalid_grant"):
            desk.sync()
        assert desk.state.state == "expired"


@pytest.mark.slow
def test_an_application_is_allowed_in_the_portal_and_binds_its_events_once(tmp_path: Path) -> None:
    assert CONNECTOR.oauth
    assert CONNECTOR.oauth.authorize
    address = CONNECTOR.oauth.authorize(
        "", {"portal": "x.bitrix24.ru/", "client_id": "app.1"}, "https://lf.example/back", "s t"
    )
    assert address.startswith("https://x.bitrix24.ru/oauth/authorize/?client_id=app.1&state=s+t")
    elsewhere = CONNECTOR.oauth.authorize("", {"portal": "https://x.bitrix24.ru/app/allow"}, "", "")
    assert elsewhere.startswith("https://x.bitrix24.ru/app/allow?")
    with connected(tmp_path, **APP) as desk:
        register = HOOK.register
        assert register is not None
        for _ in range(2):
            ask(desk, lambda api: register(api, "https://lf.example/hooks/crm", {}))
        assert len(desk.portal.bound) == 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("credential", "state"),
    [("https://x.bitrix24.ru/rest/1/wrong/", "expired"), ("nonsense", "refused"), (None, "expired")],
)
def test_a_wrong_webhook_is_a_clear_state(tmp_path: Path, credential: str | None, state: str) -> None:
    with connected(tmp_path, **{"credentials.webhook": credential}) as desk:
        with pytest.raises(SyncError, match="(?i)webhook"):
            desk.sync()
        assert desk.state.state == state
        assert SECRET not in desk.state.told.en + desk.state.told.ru


@pytest.mark.slow
def test_a_page_for_people_is_told_without_the_secret(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(garbled=9)) as desk:
        with pytest.raises(SyncError, match="no JSON"):
            desk.sync()
        assert desk.state.state == "changed_schema"
        assert SECRET not in desk.state.told.en + desk.state.told.ru


@pytest.mark.slow
def test_a_missing_scope_is_a_clear_state(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(scopes=frozenset({"crm"}))) as desk:
        with pytest.raises(SyncError, match="scopes crm and user"):
            desk.sync()
        assert desk.state.state == "forbidden"


@pytest.mark.slow
def test_what_is_only_decoration_may_be_hidden(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(forbidden=frozenset({"crm.company.list", "crm.lead.fields"}))) as desk:
        desk.sync()
        assert desk.rows("count(*), count(company)") == [(len(DEALS), 0)]


@pytest.mark.slow
def test_a_budget_that_is_used_up_says_when_to_come_back(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(operating_budget=0.2, operating_seconds=0.02)) as desk:
        with pytest.raises(SyncError, match="OPERATION_TIME_LIMIT"):
            desk.sync()
        assert desk.state.state == "limited"
        wait = desk.state.not_before - datetime.now(UTC).replace(tzinfo=None)
        assert timedelta(minutes=8) < wait <= timedelta(minutes=10)
        desk.system.knobs.operating_budget = None
        desk.sync()
        assert len(desk.rows("1")) == len(DEALS)


@pytest.mark.slow
def test_a_blocked_portal_is_left_alone(tmp_path: Path) -> None:
    with connected(tmp_path, Knobs(blocked=True)) as desk:
        with pytest.raises(SyncError, match="OVERLOAD_LIMIT"):
            desk.sync()
        assert desk.system.gate.requests == 1


@pytest.mark.slow
def test_the_check_lists_what_can_be_chosen(tmp_path: Path) -> None:
    with connected(tmp_path) as desk:
        check = CONNECTOR.check
        assert check is not None
        found = ask(desk, lambda api: check(api, {}))
        chosen = {(row["option"], row["value"]): row["title"] for row in found}
        assert chosen["pipelines", "3"] == "Кухни"
        stages = ["Новая", "Замер назначен", "Договор", "Сделка успешна", "Сделка провалена"]
        told = [row["title"] for row in found if row["option"] == "stages" and row["value"].startswith("C3:")]
        assert told == [f"Кухни: {stage}" for stage in stages]
        assert chosen["reason_lost_field", "UF_CRM_REASON"] == "Причина отказа"
        assert chosen["cost_field", "UF_CRM_COST"] == "Себестоимость"
        assert chosen["qualified_statuses", "IN_PROCESS"] == "В работе"


@pytest.mark.slow
def test_batches_tell_each_commands_own_error(tmp_path: Path) -> None:
    with connected(tmp_path) as desk:
        row = next(desk.portal.tables["deal"].after())
        some: list[tuple[str, dict[str, Any]]] = [
            ("crm.deal.get", {"id": 5}),
            ("crm.none", {}),
            *[("crm.deal.get", {"id": row["ID"]})] * 49,
        ]
        answers = ask(desk, lambda api: batch(api, some))
        assert isinstance(answers[0], GoneError)
        assert isinstance(answers[1], ConnectError)
        assert isinstance(answers[49], Answer)
        assert answers[49].result["ID"] == row["ID"]
        assert isinstance(answers[50], ConnectError)
        assert "LENGTH" in str(answers[50])
        desk.system.knobs.limited_commands = 2
        assert isinstance(ask(desk, lambda api: ask_all(api, some))[50], Answer)


@pytest.mark.slow
def test_marks_are_written_back_and_every_failure_is_named(tmp_path: Path) -> None:
    with connected(tmp_path) as desk:
        ids = [str(deal.id) for deal in DEALS]
        name = ask(desk, lambda api: ensure_field(api, "deal", "lf_channel", "Longfunnel: канал"))
        assert (
            name
            == ask(desk, lambda api: ensure_field(api, "deal", "UF_CRM_LF_CHANNEL", "again"))
            == "UF_CRM_LF_CHANNEL"
        )
        with pytest.raises(RefusedError, match="cannot be named"):
            ask(desk, lambda api: ensure_field(api, "deal", "канал", "x"))
        odd = {
            ids[0]: "a&fields[OPPORTUNITY]=0",
            ids[1]: "$result[c0][ID]&fields[OPPORTUNITY]=0",
            ids[2]: "кухни «лофт» + 50% 😀",
        }
        changes = {key: {"UTM_CAMPAIGN": odd.get(key, "search"), name: "paid"} for key in [*ids, "5"]}
        outcome = ask(desk, lambda api: update(api, "deal", changes))
        assert {key for key, error in outcome.items() if error} == {"5"}
        assert isinstance(outcome["5"], GoneError)
        now = ask(desk, lambda api: current(api, "deal", [*ids, "5"], [name]))
        assert {key: row["UTM_CAMPAIGN"] for key, row in now.items()} == {
            key: changes[key]["UTM_CAMPAIGN"] for key in ids
        }
        assert {row[name] for row in now.values()} == {"paid"}
        amounts = {row["ID"]: row["OPPORTUNITY"] for row in desk.portal.tables["deal"].after()}
        assert amounts == {str(deal.id): f"{deal.amount:.2f}" for deal in DEALS}
