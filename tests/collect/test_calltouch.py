"""Webhooks as Calltouch sends them: form or query or JSON, at a call's beginning and end, and of requests."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from longfunnel.collect.plan import Plan
from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector

SETTINGS = """
[business]
timezone = "Europe/Moscow"
[[source]]
name = "calls"
type = "webhook"
preset = "calltouch"
fact = "call"
columns.manager = "operator"
columns.props.line = "line"
senders = ["92.118.66.0/23"]
[[source]]
name = "requests"
type = "webhook"
preset = "calltouch"
fact = "lead"
"""
CALL = {
    "callId": "123456789",
    "callphase": "calldisconnected",
    "siteId": "555",
    "timestamp": "1480412411",
    "callerNumber": "79991234567",
    "phoneNumber": "74951234567",
    "duration": "65",
    "waitingConnect": "7",
    "successful": "true",
    "uniqueCall": "true",
    "targetCall": "false",
    "utmSource": "yandex",
    "utmMedium": "cpc",
    "utmCampaign": "бренд|123",
    "utmTerm": "<не указано>",
    "city": "Москва",
    "yaClientId": "1700000000123456789",
    "sessionId": "987654321",
    "operator": "Иванов",
    "line": "2",
}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
SENDER = "92.118.67.9"


@pytest.fixture
def calltouch(make: Callable[..., Collector]) -> Collector:
    return make(settings=SETTINGS, hook_tokens={"calls": "c", "requests": "r"})


def test_a_call_by_form_by_query_and_as_json_is_the_same_call(calltouch: Collector) -> None:
    form = urlencode(CALL)
    sent = [("POST", "/hooks/calls/c", form.encode(), FORM), ("GET", f"/hooks/calls/c?{form}", b"", "")]
    sent += [("POST", "/hooks/calls/c", json.dumps(CALL, ensure_ascii=False).encode(), "application/json")]
    for method, path, body, content_type in sent:
        answer = calltouch.ask(method, path, body, address=SENDER, content_type=content_type)
        assert answer.status == 200
    columns = (
        "call_id, started_at, phone, tracking_number, duration_seconds, wait_seconds, is_answered, is_unique, is_target,"
        "source, medium, campaign, term, region, ym_client_id, visit_id, manager, system"
    )
    assert calltouch.rows(f"SELECT {columns} FROM facts.call") == [
        (
            "123456789",
            datetime(2016, 11, 29, 9, 40, 11),
            "+79991234567",
            "74951234567",
            65,
            7,
            True,
            True,
            False,
            "yandex",
            "cpc",
            "бренд|123",
            None,
            "Москва",
            "1700000000123456789",
            "987654321",
            "Иванов",
            "calltouch",
        )
    ]
    [(props,)] = calltouch.rows("SELECT props FROM facts.call")
    assert json.loads(props) == {"callphase": "calldisconnected", "site_id": "555", "line": "2"}


def test_the_end_of_a_call_is_a_new_version_of_its_beginning(calltouch: Collector) -> None:
    begun = {name: CALL[name] for name in ("callId", "timestamp", "callerNumber")} | {"callphase": "callconnected"}
    for fields in (begun, CALL):
        calltouch.ask("POST", "/hooks/calls/c", urlencode(fields).encode(), address=SENDER, content_type=FORM)
        calltouch.loader.load_all()
    assert calltouch.rows("SELECT call_id, duration_seconds FROM facts.call ORDER BY recorded_at") == [
        ("123456789", None),
        ("123456789", 65),
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_beginning_that_comes_after_the_end_takes_nothing_back(calltouch: Collector, at_once: bool) -> None:
    begun = {name: CALL[name] for name in ("callId", "timestamp", "callerNumber")} | {"callphase": "callconnected"}
    begun |= {"duration": "0", "utmContent": "banner", "successful": "false"}
    for fields in (CALL, begun):
        calltouch.ask("POST", "/hooks/calls/c", urlencode(fields).encode(), address=SENDER, content_type=FORM)
        if not at_once:
            calltouch.loader.load_all()
    columns = "duration_seconds, is_answered, content, manager, json_extract_string(props, 'callphase')"
    last = f"SELECT {columns} FROM facts.call ORDER BY recorded_at DESC, import_id DESC LIMIT 1"
    assert calltouch.rows(last) == [(65, True, "banner", "Иванов", "calldisconnected")]
    marked = {name: CALL[name] for name in ("callId", "timestamp")} | {"duration": "65", "targetCall": "true"}
    calltouch.ask("POST", "/hooks/calls/c", urlencode(marked).encode(), address=SENDER, content_type=FORM)
    assert calltouch.rows(last.replace("content", "is_target")) == [(65, True, True, "Иванов", "calldisconnected")]


def test_a_request_becomes_a_lead(calltouch: Collector) -> None:
    request: dict[str, Any] = {"requestId": 555, "dateStr": "29/11/2016 12:00:11", "subject": "Заявка с сайта"}
    request["session"] = {"utmSource": "yandex", "utmMedium": "cpc", "guaClientId": "12.34", "city": "Казань"}
    request["client"] = {"fio": "Анна", "phones": [{"phoneNumber": "79991234567"}]}
    request["client"]["contacts"] = [{"contactType": "EMAIL", "contactValue": "A@b.ru"}]
    body = json.dumps(request, ensure_ascii=False).encode()
    assert calltouch.ask("POST", "/hooks/requests/r", body).status == 200
    columns = "lead_id, created_at, kind, name, phone, email, source, ga_client_id, region"
    assert calltouch.rows(f"SELECT {columns} FROM facts.lead") == [
        ("555", datetime(2016, 11, 29, 9, 0, 11), "form", "Анна", "+79991234567", "a@b.ru", "yandex", "12.34", "Казань")
    ]


def test_only_its_senders_may_send(calltouch: Collector) -> None:
    answer = calltouch.ask("POST", "/hooks/calls/c", urlencode(CALL).encode(), content_type=FORM)
    assert (answer.status, answer.json["error"]["code"]) == (403, "sender")
    assert calltouch.ask("GET", "/hooks/calls/wrong", address=SENDER).status == 404
    assert calltouch.rows("SELECT count(*) FROM main.webhooks") == [(0,)]


@pytest.mark.parametrize(
    ("preset", "fact", "told"),
    [("calltuch", "call", "Did you mean «calltouch»"), ("calltouch", "deal", "sends call and lead, no deal")],
)
def test_a_preset_that_is_not_there_is_told(preset: str, fact: str, told: str) -> None:
    text = f'[[source]]\nname = "x"\ntype = "webhook"\nfact = "{fact}"\npreset = "{preset}"\n'
    with pytest.raises(SettingsError, match=told):
        Plan(parse_settings(text))


def test_a_sender_that_is_no_address_is_told() -> None:
    with pytest.raises(SettingsError, match="senders: «calltouch.ru» is no IP address"):
        parse_settings('[[source]]\nname = "x"\ntype = "webhook"\nfact = "call"\nsenders = ["calltouch.ru"]\n')
