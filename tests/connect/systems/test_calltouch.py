"""Calltouch: every call and request once, whoever tells of it; marks that come later; two orders of day and month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.systems.yandex import Site, killed_at, make_company, site

from longfunnel.app.sources import connecting
from longfunnel.app.sources.connected import source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.collect.calls.pieces import whole_calls
from longfunnel.collect.loading.appending import append_collected
from longfunnel.collect.loading.hooks import hook_rows
from longfunnel.collect.loading.values import Reader
from longfunnel.collect.presets import with_preset
from longfunnel.connect._engine import Shaping
from longfunnel.connect.calltouch import CONNECTOR
from longfunnel.core.settings import Source
from longfunnel.demo.systems.calltouch import Knobs, app, webhook_fields
from longfunnel.demo.systems.company import Company

COMPANY = make_company()


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


def _site(folder: Path, knobs: Knobs, company: Company = COMPANY, **given: Any) -> AbstractContextManager[Site]:
    own = {"credentials.token": knobs.token, "sites": list(knobs.sites)}
    return site(folder, "calltouch", company, app(company, knobs), **{**own, **given})


@pytest.fixture
def here(tmp_path: Path, knobs: Knobs) -> Iterator[Site]:
    with _site(tmp_path, knobs) as made:
        yield made


def _calls() -> list[tuple[Any, ...]]:
    return sorted(
        (
            str(call.id),
            call.at.replace(tzinfo=None),
            call.visit.person.phone,
            call.number.removeprefix("+"),
            call.seconds,
            call.is_answered,
            call.manager,
        )
        for call in COMPANY.calls
    )


def _told(here: Site) -> list[tuple[Any, ...]]:
    return here.rows(
        "SELECT call_id, started_at, phone, tracking_number, duration_seconds, is_answered, manager FROM facts.call ORDER BY call_id"
    )


@pytest.mark.slow
def test_every_call_comes_once_as_it_was(here: Site) -> None:
    here.sync()
    assert _told(here) == _calls()
    again = here.sync()
    assert (again.added, again.changed) == (0, 0)
    assert here.rows("SELECT DISTINCT system FROM facts.call") == [("calltouch",)]
    assert here.rows("SELECT count(*) FROM main.quarantine") == [(0,)]


def test_every_request_is_a_lead_with_its_visit(here: Site) -> None:
    here.sync()
    rows = here.rows(
        """SELECT lead_id, created_at, kind, name, phone, email, ga_client_id, source, medium, campaign, term, vkclid, yclid
        FROM facts.lead ORDER BY lead_id"""
    )
    truth = []
    for one in COMPANY.requests:
        visit, person = one.visit, one.visit.person
        is_vk = visit.spend is not None and visit.source == "vk"
        is_direct = visit.spend is not None and visit.source == "yandex"
        truth.append(
            (str(one.id), one.at.replace(tzinfo=None), "form", person.name, person.phone, person.email, person.ga_client_id,
             visit.source or "(direct)", visit.medium or None, visit.campaign or None, visit.term or None,
             visit.click_id if is_vk else None, visit.click_id if is_direct else None)
        )  # fmt: skip
    assert rows == sorted(truth)


@pytest.mark.slow
def test_marks_that_come_later_are_a_new_version(here: Site, knobs: Knobs) -> None:
    here.sync()
    call, request = COMPANY.calls[-1], COMPANY.requests[-1]
    knobs.tags |= {call.id: ["Замер", "Кухня"], request.id: ["Спам"]}
    knobs.targets |= {call.id, request.id}
    report = here.sync()
    assert (report.added, report.changed) == (0, 2)
    newest = "ORDER BY recorded_at DESC, import_id DESC LIMIT 1"
    assert here.rows(f"SELECT tags, is_target FROM facts.call WHERE call_id = ? {newest}", str(call.id)) == [
        ("Замер, Кухня", True)
    ]
    assert here.rows(f"SELECT is_qualified FROM facts.lead WHERE lead_id = ? {newest}", str(request.id)) == [(True,)]


@pytest.mark.slow
def test_pages_that_overlap_and_several_sites_double_nothing(tmp_path: Path) -> None:
    knobs = Knobs(sites=(11, 22), most=2, twice=True)
    with _site(tmp_path, knobs) as here:
        here.sync()
        assert _told(here) == _calls()
        assert here.rows("SELECT count(*) FROM facts.lead") == [(len(COMPANY.requests),)]


def test_a_call_that_a_webhook_told_too_is_one_call(here: Site) -> None:
    call = COMPANY.calls[-1]
    hook = with_preset(Source(name="hooks", type="webhook", preset="calltouch", fact="call", timezone="Europe/Moscow"))
    zone = ZoneInfo("Europe/Moscow")
    for phase in ("callconnected", "calldisconnected"):
        body = urlencode(webhook_fields(call, 12345, phase)).encode()
        now = datetime.now(UTC).replace(tzinfo=None)
        rows, rejected = hook_rows(
            hook, "application/x-www-form-urlencoded", body, Reader(zone, "RU"), received_at=now, position="1.1"
        )
        assert not rejected
        warehouse = here.business.warehouse
        values = whole_calls(warehouse, [row.values for row in rows], source=hook.name, system=hook.system)
        append_collected(warehouse, "call", values, source=hook.name, system=hook.system, recorded_at=now)
    here.sync()
    assert here.rows("SELECT count(DISTINCT key_hash) FROM facts.call") == [(len(COMPANY.calls),)]
    keys = here.rows(
        "SELECT count(DISTINCT key_hash), count(DISTINCT source_system) FROM facts.call WHERE call_id = ?", str(call.id)
    )
    assert keys == [(1, 2)]


@pytest.mark.slow
def test_calls_are_leads_only_where_that_is_wanted(here: Site, knobs: Knobs) -> None:
    knobs.targets.add(COMPANY.calls[0].id)
    here.set(calls_as_leads="unique_target")
    here.sync()
    assert here.rows("SELECT lead_id, phone FROM facts.lead WHERE kind = 'call'") == [
        (f"call-{COMPANY.calls[0].id}", COMPANY.calls[0].visit.person.phone)
    ]


@pytest.mark.slow
def test_illness_is_waited_out(here: Site, knobs: Knobs) -> None:
    knobs.failures.extend(["500", "", "429", "", "slow"])
    here.sync()
    assert _told(here) == _calls()


@pytest.mark.slow
def test_an_answer_of_another_form_is_a_clear_state(here: Site, knobs: Knobs) -> None:
    knobs.failures.append("html")
    with pytest.raises(SyncError):
        here.sync()
    state, told = here.state()
    assert state == "changed_schema"
    assert knobs.token not in told.en + told.ru
    here.sync()
    assert _told(here) == _calls()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "state"),
    [("credentials.token", "wrong", "expired"), ("sites", [99], "forbidden"), ("sites", ["shop.ru"], "refused")],
)
def test_what_is_set_wrongly_is_a_clear_state(here: Site, name: str, value: object, state: str) -> None:
    here.set(**{name: value})
    with pytest.raises(SyncError):
        here.sync()
    assert here.state()[0] == state


@pytest.mark.slow
@pytest.mark.parametrize("write", [1, 5, 30])
def test_a_run_that_was_killed_goes_on_without_loss(here: Site, write: int) -> None:
    assert killed_at(here, write)
    here.sync()
    assert _told(here) == _calls()
    assert here.rows("SELECT count(*) FROM facts.lead") == [(len(COMPANY.requests),)]


@pytest.mark.slow
def test_only_the_last_week_is_read_again(here: Site, knobs: Knobs) -> None:
    here.sync()
    knobs.asked.clear()
    here.sync()
    assert len(knobs.asked) == 2 * 8  # seven days and today, of calls and of requests


@pytest.mark.slow
def test_a_check_asks_for_each_site(here: Site, knobs: Knobs) -> None:
    found = connecting.check_connection(here.business, source_named(here.business, "ads"))
    assert [one["value"] for one in found] == [str(site) for site in knobs.sites]


@pytest.mark.slow
def test_a_site_without_calls_is_good(tmp_path: Path) -> None:
    empty = make_company()
    empty.calls, empty.requests = [], []
    with _site(tmp_path, Knobs(), empty) as here:
        assert (here.sync().added, here.state()[0]) == (0, "good")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("names", "phones", "url", "fio", "name")), inner)
    ),
    max_leaves=6,
)
_NAMES = (
    "callId",
    "requestId",
    "date",
    "dateStr",
    "timestamp",
    "callTags",
    "client",
    "session",
    "url",
    "orders",
    "comments",
    "callbackInfo",
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(_NAMES), _JSON))
def test_an_odd_record_is_a_row_or_goes_to_the_quarantine(record: dict[str, Any]) -> None:
    shaping = Shaping({"calls_as_leads": "all"}, {}, ZoneInfo("Europe/Moscow"), "RUB")
    for stream in CONNECTOR.streams:
        assert stream.key(record)
        try:
            list(stream.shape(record, shaping))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
            continue
