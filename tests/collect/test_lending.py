"""Tracking numbers on the server's side: lent to visits, kept over a restart, and calls matched back to their visits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.collect.calls.lending import Lending, spellings
from longfunnel.collect.loading.events import now_microseconds
from longfunnel.collect.plan import Plan
from longfunnel.collect.wire import Lease, to_payload
from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector

SETTINGS = """
[business]
timezone = "Europe/Moscow"
[[site]]
name = "shop"
origins = ["https://shop.example"]
numbers.pool = ["+7 (495) 111-11-01", "8 495 111 11 02"]
numbers.replaces = ["8 (495) 123-45-67"]
numbers.selector = ".phone"
numbers.minutes = 10
numbers.match_hours = 2
[[source]]
name = "pbx"
type = "webhook"
fact = "call"
columns.call_id = "id"
columns.started_at = "at"
columns.phone = "from"
columns.tracking_number = "to"
columns.is_outgoing = "outgoing"
"""


@pytest.fixture
def lender(make: Callable[..., Collector]) -> Collector:
    return make(settings=SETTINGS, hook_tokens={"pbx": "t"})


def ask(collector: Collector, visitor: str | None, consent: int = 2, **headers: str) -> Any:
    body = json.dumps({"s": "shop", "v": visitor, "c": consent}).encode()
    answer = collector.ask("POST", "/number", body, **{"origin": "https://shop.example", **headers})
    return answer.json if answer.status == 200 else answer.status


def call(collector: Collector, **fields: Any) -> None:
    assert collector.ask("POST", "/hooks/pbx/t", json.dumps(fields).encode()).status == 200


def test_a_visit_gets_a_number_and_keeps_it(lender: Collector) -> None:
    told = ask(lender, "one")
    assert told == {
        "number": "+74951111101",
        "shown": "+7 (495) 111-11-01",
        "seconds": 600.0,
        "selector": ".phone",
        "pattern": spellings("+74951234567"),
    }
    assert ask(lender, "one")["number"] == "+74951111101"
    assert ask(lender, "two")["shown"] == "8 495 111 11 02"
    assert ask(lender, "three") == 204
    assert lender.endpoint._tracking._lending.refused == {"shop": 1}
    assert lender.rows(
        "SELECT number, visitor_id, until_at - leased_at = INTERVAL 10 MINUTE FROM main.number_leases"
    ) == [
        ("+74951111101", "one", True),
        ("+74951111101", "one", True),
        ("+74951111102", "two", True),
    ]


def test_the_cookie_says_who_the_visit_is_as_it_does_for_events(lender: Collector) -> None:
    assert ask(lender, "script", cookie="lf_id=cookie")["number"] == ask(lender, "cookie")["number"]
    assert ask(lender, None) == 204
    assert ask(lender, None, consent=1)["number"] == "+74951111102"


def test_who_may_not_have_a_number_takes_none(lender: Collector) -> None:
    assert ask(lender, "robot", user_agent="Googlebot/2.1") == 204
    assert ask(lender, "refuser", consent=0) == 204
    assert ask(lender, "thief", origin="https://evil.example") == 403
    assert lender.ask("POST", "/number", b"[").status == 400
    assert lender.ask("POST", "/number", b'{"s":"other"}').status == 403
    assert lender.ask("OPTIONS", "/number", origin="https://shop.example").status == 204
    assert lender.endpoint._tracking._lending.lent() == {"shop": 0}


def test_a_restart_leaves_every_visit_its_number(lender: Collector) -> None:
    first = {visitor: ask(lender, visitor)["number"] for visitor in ("one", "two")}
    lender.loader.load_all()
    again = Lending(lender.plan, lender.warehouse)
    assert {visitor: again.lend("shop", visitor, now_microseconds()).number for visitor in ("two", "one")} == first
    assert again.lend("shop", "three", now_microseconds()) is None
    later = again.lend("shop", "three", now_microseconds() + 900_000_000)
    assert later is not None


def test_a_call_is_the_last_visits_that_had_the_number(lender: Collector) -> None:
    start = now_microseconds() - 4 * 3600 * 1_000_000

    def at(minutes: int) -> int:
        return start + minutes * 60_000_000

    for visitor, number, minutes in (("one", "01", 0), ("two", "01", 11), ("three", "02", 5)):
        lease = Lease(at(minutes), "shop", f"+749511111{number}", visitor, at(minutes + 10))
        lender.runner.run(lender.log.append(to_payload(lease)))
    calls = [("a", "8 (495) 111-11-01", 9), ("b", "74951111101", 12), ("c", "+74951111102", 4), ("d", "84951111102", 6)]
    calls += [("e", "+74951111101", 200), ("f", "+74951234567", 7)]
    for number, (identity, to, minutes) in enumerate(calls):
        call(lender, id=identity, at=at(minutes) // 1000, to=to, **{"from": f"+7900100000{number}"})
    call(lender, id="out", at=at(7) // 1000, to="+74951111102", outgoing=True, **{"from": "+79001000009"})
    call(lender, id="hidden", at=at(7) // 1000, to="+74951111102")
    links = "SELECT value_a, value_b, kind_a, kind_b, source_system FROM facts.identity_link ORDER BY ALL"
    expected = [
        (visitor, f"+7900100000{number}", "visitor", "phone", "shop")
        for visitor, number in (("one", 0), ("three", 3), ("two", 1))
    ]
    assert lender.rows(links) == expected
    call(lender, id="a", at=at(9) // 1000, to="+7 495 111 11 01", **{"from": "+79001000000"})
    assert lender.rows(links) == expected


@given(st.sampled_from(["RU", "GB", "US", "KZ", "BR", "DE"]), st.data())
@settings(deadline=None, max_examples=60)
def test_every_usual_spelling_is_found_and_no_longer_number(country: str, data: st.DataObject) -> None:
    example = phonenumbers.example_number(country)
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    written = data.draw(
        st.sampled_from(
            [
                phonenumbers.format_number(example, style)
                for style in (
                    phonenumbers.PhoneNumberFormat.E164,
                    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                    phonenumbers.PhoneNumberFormat.NATIONAL,
                )
            ]
        )
    )
    for between in (" ", "-", "\u00a0", "\u2011", "."):
        text = f"Call {written.replace(' ', between)}, now"
        assert re.sub(spellings(number), "X", text) == "Call X, now"
    assert re.search(spellings(number), "9" + number.removeprefix("+") + "1") is None
    assert re.search(spellings(number), number + "1") is None


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ('pool = ["12"]\nreplaces = ["+74951234567"]', "«12» is no phone number"),
        ('pool = ["+74951111101"]', "replaces or selector"),
        ('minutes = 0', "more than 0"),
    ],
)  # fmt: skip
def test_mistakes_in_the_settings_are_told(numbers: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Plan(parse_settings(f'[business]\ntimezone = "Europe/Moscow"\n[[site]]\nname = "a"\n[site.numbers]\n{numbers}'))


def test_a_number_belongs_to_one_site() -> None:
    site = '[[site]]\nname = "{}"\nnumbers.pool = ["+74951111101"]\nnumbers.selector = "b"\n'
    with pytest.raises(SettingsError, match="in the pool of «a» already"):
        Plan(parse_settings(site.format("a") + site.format("b")))
