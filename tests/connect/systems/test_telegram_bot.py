"""The Telegram bot: starts and phones are leads, nothing is confirmed before it is on disk, one reader at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.systems.yandex import Site, killed_at, make_company, site

from longfunnel.app.sources import connecting
from longfunnel.app.sources.connected import is_genuine, replay, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import Access, Shaping
from longfunnel.connect.telegram_bot import CONNECTOR
from longfunnel.demo.systems.company import Company
from longfunnel.demo.systems.telegram_bot import Knobs, app, blocked, joined, message, pressed

COMPANY = make_company()
CHATS = COMPANY.chats = [replace(chat, payload=f"ya_10002_{number}") for number, chat in enumerate(COMPANY.chats)]
NOW = datetime.now(UTC).replace(microsecond=0)
ANN, BOB = COMPANY.persons[0], COMPANY.persons[1]
NEXT = 880_000_000


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


def _site(folder: Path, knobs: Knobs, company: Company = COMPANY, **given: Any) -> AbstractContextManager[Site]:
    return site(folder, "telegram_bot", company, app(company, knobs), **{"credentials.token": knobs.token, **given})


@pytest.fixture
def here(tmp_path: Path, knobs: Knobs) -> Iterator[Site]:
    with _site(tmp_path, knobs) as made:
        yield made


@pytest.fixture
def quiet(tmp_path: Path, knobs: Knobs) -> Iterator[Site]:
    """A bot that nobody has started yet."""
    company = make_company()
    company.chats = []
    with _site(tmp_path, knobs, company) as made:
        yield made


def _firsts() -> dict[int, Any]:
    firsts: dict[int, Any] = {}
    for chat in CHATS:
        firsts.setdefault(chat.visit.person.telegram_id, chat)
    return firsts


def _leads(here: Site) -> list[tuple[Any, ...]]:
    newest = "QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
    return here.rows(
        f"SELECT lead_id, created_at, telegram_id, phone, source, medium, campaign FROM facts.lead {newest} ORDER BY lead_id"
    )


def _truth() -> list[tuple[Any, ...]]:
    return sorted(
        (f"7001:{one}", chat.at.replace(tzinfo=None, microsecond=0), str(one), None, "telegram", "bot", chat.payload)
        for one, chat in _firsts().items()
    )


def test_the_first_start_of_each_person_is_a_lead(here: Site, knobs: Knobs) -> None:
    here.sync()
    assert _leads(here) == _truth()
    assert not knobs.updates  # confirmed
    again = here.sync()
    assert (again.added, again.changed) == (0, 0)
    assert knobs.asked[-1][1]["offset"] == str(max(chat.update_id for chat in CHATS) + 1)


def test_nothing_is_confirmed_before_it_is_on_disk(here: Site, knobs: Knobs) -> None:
    many = len(knobs.updates)
    assert killed_at(here, 1)
    assert len(knobs.updates) == many
    here.sync()
    assert _leads(here) == _truth()


@pytest.mark.slow
def test_an_answer_that_got_lost_is_asked_for_again(here: Site, knobs: Knobs) -> None:
    knobs.failures.extend(["lost", "", "lost"])
    here.sync()
    assert _leads(here) == _truth()


@pytest.mark.slow
def test_hundreds_of_updates_come_in_several_questions(quiet: Site, knobs: Knobs) -> None:
    knobs.updates += [
        message(NEXT + number, ANN, NOW + timedelta(seconds=number), f"привет {number} 👋") for number in range(250)
    ]
    quiet.sync()
    assert quiet.rows("SELECT count(*), count(DISTINCT message_id) FROM facts.message WHERE kind = 'answered'") == [
        (250, 250)
    ]
    assert not knobs.updates


@pytest.mark.slow
def test_a_phone_of_ones_own_joins_the_lead_and_anothers_does_not(quiet: Site, knobs: Knobs) -> None:
    own = {"phone_number": ANN.phone.removeprefix("+"), "first_name": "Ann", "user_id": ANN.telegram_id}
    foreign = {**own, "phone_number": "79169999999", "user_id": 42}
    knobs.updates += [
        message(NEXT, ANN, NOW, "/start spring"),
        message(NEXT + 1, ANN, NOW + timedelta(minutes=1), "", contact=own),
        message(NEXT + 2, BOB, NOW, "", contact=foreign),
        message(NEXT + 3, ANN, NOW + timedelta(days=1), "/start summer"),
    ]
    quiet.sync()
    assert _leads(quiet) == [
        (
            f"7001:{ANN.telegram_id}",
            NOW.replace(tzinfo=None),
            str(ANN.telegram_id),
            ANN.phone,
            "telegram",
            "bot",
            "spring",
        )
    ]


@pytest.mark.slow
def test_a_phone_that_comes_in_a_later_sync_joins_the_lead(here: Site, knobs: Knobs) -> None:
    here.sync()
    chat = CHATS[0]
    person = chat.visit.person
    contact = {"phone_number": person.phone, "user_id": person.telegram_id}
    knobs.updates.append(message(NEXT, person, NOW, "", contact=contact))
    here.sync()
    assert [row[3] for row in _leads(here) if row[2] == str(person.telegram_id)] == [person.phone]
    assert [(*row[:3], None, *row[4:]) for row in _leads(here)] == _truth()


@pytest.mark.slow
@pytest.mark.parametrize("visitor", ["0123456789abcdef0123456789abcdef", "3f1c2a9e-04b1-4c5d-8e9f-0123456789ab"])
def test_payloads_lead_to_visitors_and_to_marks(quiet: Site, knobs: Knobs, visitor: str) -> None:
    quiet.set(
        payloads={
            "spring": {"source": "vk", "medium": "cpc", "campaign": "весна"},
            "qr1": "utm_source=flyer&utm_medium=qr",
        }
    )
    persons = COMPANY.persons[:5]
    told = (visitor, "ym_1700000000123456789", "spring", "qr1", None)
    knobs.updates += [
        message(NEXT + number, person, NOW, f"/start {payload}" if payload else "/start")
        for number, (person, payload) in enumerate(zip(persons, told, strict=True))
    ]
    quiet.sync()
    rows = quiet.rows("SELECT visitor_id, ym_client_id, source, medium, campaign FROM facts.lead ORDER BY telegram_id")
    assert rows == [
        (visitor, None, None, None, None),
        (None, "1700000000123456789", None, None, None),
        (None, None, "vk", "cpc", "весна"),
        (None, None, "flyer", "qr", None),
        (None, None, None, None, None),
    ]
    assert quiet.rows("SELECT value_a, value_b FROM facts.identity_link WHERE kind_a = 'visitor'") == [
        (visitor, str(ANN.telegram_id))
    ]


@pytest.mark.slow
def test_a_mapping_that_changed_is_replayed_over_the_known_leads(quiet: Site, knobs: Knobs) -> None:
    own = {"phone_number": ANN.phone, "user_id": ANN.telegram_id}
    knobs.updates += [
        message(NEXT, ANN, NOW, "/start spring"),
        message(NEXT + 1, ANN, NOW + timedelta(hours=1), "", contact=own),
    ]
    quiet.sync()
    quiet.set(payloads={"spring": {"source": "vk", "medium": "cpc", "campaign": "весна"}})
    replay(quiet.business, source_named(quiet.business, "ads"), lambda *_: None)
    assert [row[3:] for row in _leads(quiet)] == [(ANN.phone, "vk", "cpc", "весна")]


@pytest.mark.slow
def test_joins_clicks_and_goodbyes_are_facts(quiet: Site, knobs: Knobs) -> None:
    later = NOW + timedelta(minutes=5)
    knobs.updates += [
        joined(NEXT, ANN, NOW, "блогер-осень"),
        joined(NEXT + 1, ANN, later, "", leaves=True),
        pressed(NEXT + 2, BOB, NOW, "color:42"),
        blocked(NEXT + 3, BOB, later),
    ]
    quiet.sync()
    assert quiet.rows("SELECT name, visitor_id, source, campaign FROM facts.event") == [
        ("telegram_join", f"telegram-{ANN.telegram_id}", "telegram", "блогер-осень")
    ]
    assert quiet.rows("SELECT kind, telegram_id, campaign FROM facts.message ORDER BY kind, telegram_id") == [
        ("clicked", str(BOB.telegram_id), None),
        ("sent", str(BOB.telegram_id), None),
        ("unsubscribed", str(ANN.telegram_id), "Мебель и лес 🌲"),
        ("unsubscribed", str(BOB.telegram_id), None),
    ]


@pytest.mark.slow
def test_groups_and_other_bots_make_no_lead(quiet: Site, knobs: Knobs) -> None:
    update = message(NEXT, ANN, NOW, "/start@mebel_les_bot x")
    update["message"]["chat"] = {"id": -100500, "type": "supergroup", "title": "Чат"}
    knobs.updates.append(update)
    quiet.sync()
    assert quiet.rows("SELECT (SELECT count(*) FROM facts.lead), (SELECT count(*) FROM facts.message)") == [(0, 0)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "state", "words"),
    [
        ("409", "refused", "other getUpdates"),
        ("html", "changed_schema", "no answer of its API"),
        ("odd", "changed_schema", "another form"),
    ],
)
def test_trouble_is_a_clear_state_and_loses_nothing(
    here: Site, knobs: Knobs, failure: str, state: str, words: str
) -> None:
    knobs.failures.append(failure)
    with pytest.raises(SyncError):
        here.sync()
    found, told = here.state()
    assert found == state
    assert words in told.en
    assert knobs.token not in told.en + told.ru
    here.sync()
    assert _leads(here) == _truth()


@pytest.mark.slow
def test_a_webhook_of_another_program_is_told_and_never_removed(here: Site, knobs: Knobs) -> None:
    knobs.webhook = "https://bot.example/hook"
    with pytest.raises(SyncError, match="webhook is active"):
        here.sync()
    assert here.state()[0] == "refused"
    assert {method for method, _ in knobs.asked} == {"getUpdates"}
    assert knobs.webhook


@pytest.mark.slow
def test_a_revoked_token_is_a_clear_state(here: Site, knobs: Knobs) -> None:
    knobs.token = "7001:AAother"  # noqa: S105 - of an invented system
    with pytest.raises(SyncError):
        here.sync()
    state, told = here.state()
    assert state == "expired"
    assert "7001" not in told.en + told.ru


@pytest.mark.slow
def test_limits_are_waited_out_as_telegram_asks(here: Site, knobs: Knobs) -> None:
    knobs.retry_after = 1
    knobs.failures.extend(["429", "500"])
    here.sync()
    assert _leads(here) == _truth()


@pytest.mark.slow
def test_a_long_limit_sends_us_away(here: Site, knobs: Knobs) -> None:
    knobs.retry_after = 900
    knobs.failures.append("429")
    with pytest.raises(SyncError):
        here.sync()
    assert here.state()[0] == "limited"


@pytest.mark.slow
def test_numbering_that_began_anew_after_a_quiet_week_loses_nothing(quiet: Site, knobs: Knobs) -> None:
    knobs.updates.append(message(NEXT, ANN, NOW, "/start a"))
    quiet.sync()
    old = {"offset": NEXT + 1, "at": (NOW - timedelta(days=8)).isoformat()}
    quiet.business.warehouse.execute("UPDATE main.cursors SET place = ?", [json.dumps(old)])
    knobs.updates.append(message(5, BOB, NOW, "/start b"))
    quiet.sync()
    assert [row[6] for row in _leads(quiet)] == ["a", "b"]


@pytest.mark.slow
def test_webhooks_are_ours_by_their_secret_and_bring_the_same_facts(quiet: Site, knobs: Knobs) -> None:
    quiet.set(receive="webhook")
    hook = CONNECTOR.hook
    assert hook is not None
    assert hook.register is not None
    sent: list[tuple[str, Any]] = []

    class Registering:
        access = Access({"token": knobs.token})

        async def post(self, path: str, json: Any) -> None:
            sent.append((path, json))

    asyncio.run(hook.register(Registering(), "https://lf.example/hooks/ads/x", {}))  # type: ignore[arg-type]
    path, asked = sent[0]
    assert (path, asked["url"]) == ("setWebhook", "https://lf.example/hooks/ads/x")
    update = message(NEXT, ANN, NOW, "/start spring")
    body = json.dumps(update).encode()
    headers = {"x-telegram-bot-api-secret-token": asked["secret_token"]}
    assert is_genuine(quiet.business, "ads", headers, "application/json", body)
    for wrong in ({}, {"x-telegram-bot-api-secret-token": "ключ"}):
        assert not is_genuine(quiet.business, "ads", wrong, "application/json", body)
    at = NOW.replace(tzinfo=None)
    insert = "INSERT INTO main.webhooks (source_system, received_at, position, content_type, raw) VALUES ('ads', ?, ?, 'application/json', ?)"
    for number, raw in enumerate((body.decode(), body.decode(), "[]", "{")):
        quiet.business.warehouse.execute(insert, [at, f"1.{number}", raw])
    quiet.sync()
    assert [row[0] for row in _leads(quiet)] == [f"7001:{ANN.telegram_id}"]
    assert not [method for method, _ in knobs.asked if method == "getUpdates"]
    assert quiet.sync().added == 0


@pytest.mark.slow
def test_a_preview_takes_nothing_away_from_telegram(quiet: Site, knobs: Knobs) -> None:
    knobs.updates += [message(NEXT, ANN, NOW, "/start a"), message(NEXT + 1, BOB, NOW, "/start b")]
    samples = connecting.preview(quiet.business, source_named(quiet.business, "ads"))
    assert [fact for fact, _ in samples[0].rows] == ["lead", "lead"]
    quiet.sync()
    assert [row[6] for row in _leads(quiet)] == ["a", "b"]


@pytest.mark.slow
def test_a_check_says_whose_bot_it_is(quiet: Site, knobs: Knobs) -> None:
    knobs.webhook = "https://bot.example/hook"
    found = connecting.check_connection(quiet.business, source_named(quiet.business, "ads"))
    assert found[0]["value"] == "webhook"
    assert "@mebel_les_bot" in found[0]["title"].en
    assert "@mebel_les_bot" in found[0]["title"].ru


@pytest.mark.slow
def test_settings_that_say_nothing_are_told(quiet: Site) -> None:
    quiet.set(receive="push", payloads={"a": {"sourse": "vk"}})
    with pytest.raises(SyncError, match=r"neither poll nor webhook.*sourse"):
        quiet.sync()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(("chat", "from", "id", "date", "type", "text", "user", "status", "message_id", "contact")),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(("message", "callback_query", "my_chat_member", "chat_member", "poll")), _JSON))
def test_an_odd_update_is_rows_or_goes_to_the_quarantine(update: dict[str, Any]) -> None:
    shaping = Shaping({"payloads": None}, {}, ZoneInfo("Europe/Moscow"), "RUB")
    try:
        list(CONNECTOR.streams[0].shape({"update_id": 1, **update}, shaping))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        return
