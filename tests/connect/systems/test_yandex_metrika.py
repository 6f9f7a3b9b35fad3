"""Yandex Metrika: visits one by one, through the Logs API's queue, quota and kills; and conversions told back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.systems.yandex import Site, killed_at, make_company, site

from longfunnel.app.sources.connected import given_of, replay, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import Api, RefusedError, Shaping, TemporaryError
from longfunnel.connect._engine.running import api_of
from longfunnel.connect._engine.typed import BadValueError, typed
from longfunnel.connect.yandex_metrika import CONNECTOR, upload_conversions, uploading
from longfunnel.connect.yandex_metrika._table import SHORT, items_of, read_lines, text_of
from longfunnel.demo.systems._metrika_table import Purchase, Writing
from longfunnel.demo.systems.company import Company, Visit
from longfunnel.demo.systems.yandex_metrika import COUNTER, Knobs, app
from longfunnel.warehouse.facts import facts

Make = Callable[..., Site]
CURRENT = "(SELECT * FROM facts.visit QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1)"
TOLD = f"SELECT visit_id, started_at, ym_client_id, source, medium, campaign, term, yclid, vkclid, pages, duration_seconds FROM {CURRENT} ORDER BY 1"


@pytest.fixture(scope="module")
def company() -> Company:
    """The company, till today."""
    return make_company()


@pytest.fixture
def make(tmp_path: Path, company: Company) -> Iterator[Make]:
    """A business connected to an invented Metrika."""
    with ExitStack() as opened:

        def make(knobs: Knobs, *, folder: str = "own", **settings: Any) -> Site:
            return opened.enter_context(
                site(tmp_path / folder, "yandex_metrika", company, app(company, knobs), **settings)
            )

        yield make


def quick(**knobs: Any) -> Knobs:
    """Knobs of a Metrika without limits of frequency."""
    return Knobs(**{"requests_a_second": 0, "polls": 0, **knobs})


def truth(company: Company, stated: Callable[[Visit], Visit | None] = lambda visit: visit) -> list[tuple[Any, ...]]:
    """The visits as the company knows them."""
    return sorted(
        (
            str(visit.id), visit.at.replace(tzinfo=None), visit.person.ym_client_id, visit.source or None, visit.medium or None,
            visit.campaign or None, visit.term or None, visit.click_id if visit.source == "yandex" else None,
            visit.click_id if visit.source == "vk" else None, visit.pages, visit.seconds,
        )
        for one in company.visits if (visit := stated(one))
    )  # fmt: skip


def left_behind(knobs: Knobs) -> list[str]:
    """Log requests that still take of the quota."""
    return [one.status for one in knobs.requests if one.status in ("created", "processed", "awaiting_retry")]


def test_visits_equal_the_companys_and_a_second_sync_adds_nothing(make: Make, company: Company) -> None:
    knobs = quick(polls=1, parts=3)
    made = make(knobs)
    assert made.sync().quarantined == 0
    assert made.rows(TOLD) == truth(company)
    second = made.sync()
    assert (second.added, second.changed) == (0, 0)
    assert made.state()[0] == "good"
    assert left_behind(knobs) == []


@pytest.mark.slow
def test_a_visit_tells_its_goals_device_region_purchase_and_direct_campaign(make: Make, company: Company) -> None:
    one = next(visit for visit in company.visits if visit.source == "yandex")
    writing = Writing(
        purchases={one.id: [Purchase("KK-'1'\\", "1999.90"), Purchase("KK-2", "0.15")]},
        changed={one.id: {"regionCity": "Йошкар-Ола", "deviceCategory": "2", "referer": "https://a.ru/?x=\ty\\z'"}},
    )
    reached = replace(one, goals=(541048197, 541048198, 541048197), pages=1)
    made = make(quick(writing=writing, restated=lambda visit: reached if visit.id == one.id else visit))
    made.sync()
    found = made.rows(
        f"""SELECT goals, device, region, order_id, revenue, currency, is_bounce, referrer, props->>'direct_campaign_id',
        props->>'counter_id', ended_at - started_at FROM {CURRENT} WHERE visit_id = ?""",
        str(one.id),
    )
    assert one.spend is not None
    assert found == [
        (
            "Отправка формы, Клик по телефону", "mobile", "Йошкар-Ола", "KK-'1'\\", Decimal("2000.05"), "RUB", True, "https://a.ru/?x=\ty\\z'",
            str(one.spend.campaign.id), str(COUNTER), timedelta(seconds=one.seconds),
        )
    ]  # fmt: skip


@pytest.mark.slow
def test_arrays_with_escaped_quotes_are_read_alike(make: Make, company: Company) -> None:
    one = company.visits[0]
    writing = Writing(purchases={one.id: [Purchase("It's \\ №1", "5"), Purchase("b", "6")]}, has_escaped_quotes=True)
    made = make(quick(writing=writing))
    made.sync()
    bought = made.rows(f"SELECT order_id, revenue FROM {CURRENT} WHERE visit_id = ?", str(one.id))
    assert bought == [("It's \\ №1", Decimal(11))]


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Vladivostok"])
def test_times_are_right_wherever_the_counter_stands(make: Make, company: Company, zone: str) -> None:
    made = make(quick(counters={COUNTER: zone}))
    made.sync()
    told, known = made.rows(TOLD), truth(company)
    assert set(told) <= set(known)
    midnight = datetime.combine(company.today, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    bound = midnight - timedelta(days=1)  # the last days, by its zone, may not be whole
    is_over = {row for row in known if row[1] < bound}
    assert is_over
    assert is_over <= set(told)


@pytest.mark.slow
def test_a_wrong_setting_of_the_offset_is_found_by_the_counters_zone(make: Make, company: Company) -> None:
    made = make(quick(writing=Writing(ahead_hours=0)))
    made.sync()
    assert made.rows(TOLD) == truth(company)
    other = make(quick(writing=Writing(ahead_hours=0), tells_zones=False), folder="other", utc_field_offset=0)
    other.sync()
    assert other.rows(TOLD) == truth(company)
    named = make(
        quick(writing=Writing(ahead_hours=0), tells_zones=False), folder="named", zones={str(COUNTER): "Europe/Moscow"}
    )
    named.sync()
    assert named.rows(TOLD) == truth(company)


@pytest.mark.slow
def test_several_counters_are_read_and_one_that_is_taken_away_stops_nobody(make: Make, company: Company) -> None:
    knobs = quick(counters={1: "Europe/Moscow", 2: "Asia/Yekaterinburg"})
    made = make(knobs, counters=["1", 77, "2"])
    with pytest.raises(SyncError, match="Access is denied"):
        made.sync()
    assert made.state()[0] == "forbidden"
    assert [row[0] for row in made.rows(TOLD)] == [row[0] for row in truth(company)]
    every = make(knobs, folder="every")
    every.sync()
    assert [row[0] for row in every.rows(TOLD)] == [row[0] for row in truth(company)]


@pytest.mark.slow
def test_visits_that_are_told_otherwise_later_get_a_new_version(make: Make, company: Company) -> None:
    knobs = quick()
    made = make(knobs)
    made.sync()
    recent = company.today - timedelta(days=2)

    def restated(visit: Visit) -> Visit:
        return (
            replace(visit, pages=visit.pages + 5)
            if visit.at.astimezone(ZoneInfo("Europe/Moscow")).date() >= recent
            else visit
        )

    knobs.restated = restated
    report = made.sync()
    assert report.added == 0
    assert made.rows(TOLD) == truth(company, restated)


@pytest.mark.slow
def test_a_sync_that_is_killed_anywhere_orders_nothing_twice_and_leaves_nothing_behind(
    make: Make, company: Company
) -> None:
    write, ordered = 1, 0
    while True:
        knobs = quick(polls=1, parts=1)
        made = make(knobs, folder=f"killed-{write}", days_at_once=6)
        was_killed = killed_at(made, write)
        made.sync()
        assert made.rows(TOLD) == truth(company)
        assert left_behind(knobs) == []
        ordered = max(ordered, len(knobs.requests))
        if not was_killed:
            break
        write += 1
    assert write > 8
    assert ordered <= 4  # two for the days; the last round reads the newest again


@pytest.mark.slow
def test_a_request_that_was_ordered_before_a_kill_is_taken_up_by_its_number(make: Make, company: Company) -> None:
    knobs = quick(polls=10_000)
    made = make(knobs, wait_minutes=0.001)
    with pytest.raises(SyncError, match="goes on waiting"):
        made.sync()
    assert made.cursor()[str(COUNTER)]["request"]["id"] == "1000"
    knobs.requests[0].polls = 0
    made.sync()
    assert len(knobs.requests) == 1
    assert made.rows(TOLD) == truth(company)
    assert left_behind(knobs) == []


@pytest.mark.slow
def test_a_request_whose_answer_was_lost_is_not_ordered_twice(make: Make, company: Company) -> None:
    knobs = quick(loses_orders=1)
    made = make(knobs)
    made.sync()
    assert len(knobs.requests) == 1
    assert made.rows(TOLD) == truth(company)
    assert left_behind(knobs) == []


@pytest.mark.slow
def test_a_request_that_is_gone_or_failed_meanwhile_is_ordered_again(make: Make, company: Company) -> None:
    knobs = quick(becomes=deque(["processing_failed", "cleaned_automatically_as_too_old"]))
    made = make(knobs)
    made.sync()
    assert made.rows(TOLD) == truth(company)
    knobs.becomes.extend(["canceled"] * 3)
    with pytest.raises(SyncError, match="«canceled»"):
        made.sync()
    assert made.state()[0] == "temporary"


@pytest.mark.slow
def test_a_quota_splits_the_days_and_left_overs_of_ours_give_way(make: Make, company: Company) -> None:
    knobs = quick(quota_days=5)
    made = make(knobs)
    made.sync()
    assert made.rows(TOLD) == truth(company)
    assert {(one.until - one.since).days + 1 for one in knobs.requests} == {5, 2}
    left = replace(knobs.requests[0], id=5000, status="processed")
    knobs.requests.append(left)
    made.sync()
    assert left.status == "cleaned_by_user"


@pytest.mark.slow
def test_a_quota_that_others_use_up_is_told(make: Make) -> None:
    knobs = quick(quota_days=5)
    made = make(knobs)
    made.sync()
    knobs.requests.append(replace(knobs.requests[0], id=5000, status="processed", fields=["ym:s:visitID"]))
    with pytest.raises(SyncError, match="no room"):
        made.sync()
    assert made.state()[0] == "limited"
    assert knobs.requests[-1].status == "processed"


@pytest.mark.slow
@pytest.mark.parametrize("names_fields", [True, False])
def test_fields_that_are_spelt_otherwise_are_found(make: Make, company: Company, names_fields: bool) -> None:
    made = make(quick(attributions=("last", ""), names_fields=names_fields))
    made.sync()
    assert made.rows(TOLD) == truth(company)


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["429", "420", "503", "500", "cut"])
def test_a_passing_failure_is_waited_out(make: Make, company: Company, failure: str) -> None:
    made = make(quick(failures=deque([failure])))
    made.sync()
    assert made.rows(TOLD) == truth(company)


@pytest.mark.slow
@pytest.mark.parametrize(("failure", "state"), [("429", "limited"), ("503", "temporary"), ("html", "changed_schema")])
def test_a_lasting_failure_is_told_in_the_words_of_the_vocabulary(make: Make, failure: str, state: str) -> None:
    made = make(quick(failures=deque([failure] * 100)), patience_seconds=0.1)
    with pytest.raises(SyncError):
        made.sync()
    assert made.state()[0] == state


@pytest.mark.slow
def test_the_limits_of_the_vendor_are_kept(make: Make, company: Company) -> None:
    made = make(Knobs(polls=2, parts=8, seconds=0.02), requests_per_second=None, days_at_once=2)
    made.sync()
    assert made.rows(TOLD) == truth(company)


@pytest.mark.slow
def test_a_wrong_token_says_so_and_one_that_ends_is_renewed(make: Make, company: Company) -> None:
    knobs = quick()
    made = make(knobs, **{"credentials.token": "y0_wrong"})
    with pytest.raises(SyncError, match="longfunnel connect"):
        made.sync()
    assert made.state()[0] == "expired"
    made.set(
        **{
            "credentials.refresh_token": knobs.oauth.refresh_token,
            "credentials.client_id": "3fa9c0de",
            "credentials.client_secret": "s3cret",
        }
    )
    made.sync()
    assert knobs.oauth.given == 1
    assert made.rows(TOLD) == truth(company)


@pytest.mark.slow
def test_a_counter_without_visits_is_no_error_and_no_counter_is(make: Make) -> None:
    made = make(quick(restated=lambda _: None))
    assert (made.sync().added, made.state()[0]) == (0, "good")
    none = make(quick(counters={}), folder="none")
    with pytest.raises(SyncError, match="no counter"):
        none.sync()
    assert none.state()[0] == "refused"


@pytest.mark.slow
def test_a_visit_that_makes_no_sense_waits_in_the_quarantine_and_kept_ones_are_shaped_again(
    make: Make, company: Company
) -> None:
    one = company.visits[3]
    knobs = quick(writing=Writing(changed={one.id: {"dateTime": "soon", "dateTimeUTC": "later"}}))
    made = make(knobs)
    assert made.sync().quarantined == 1
    assert made.rows(TOLD) == [row for row in truth(company) if row[0] != str(one.id)]
    report = replay(made.business, source_named(made.business, "ads"), lambda *_: None)
    assert (report.added, report.changed) == (0, 0)


@pytest.mark.slow
def test_check_lists_the_counters_that_there_are_to_choose_from(make: Make) -> None:
    async def asked(api: Api) -> list[Any]:
        assert CONNECTOR.check is not None
        return await CONNECTOR.check(api, {})

    found = with_api(make(quick(counters={1: "Europe/Moscow", 2: "Europe/Moscow"})), asked)
    assert [(one["option"], one["value"]) for one in found] == [("counters", "1"), ("counters", "2")]
    assert found[0]["title"] == "Мебель «Лес» 1 · mebel-les.example · 1"


def with_api(made: Site, ask: Callable[[Api], Any]) -> Any:
    """What ``ask`` gives of the source's system."""

    async def asked() -> Any:
        async with api_of(given_of(made.business, source_named(made.business, "ads"))) as api:
            return await ask(api)

    return asyncio.run(asked())


def conversions(company: Company, *, at: datetime) -> bytes:
    """A table of three: by client, by click, by an id that nobody has."""
    visit = next(one for one in company.visits if one.click_id)
    when = int(at.timestamp())
    lines = [
        "ClientId,Yclid,Target,DateTime,Price,Currency",
        f"{visit.person.ym_client_id},,deal_won,{when},1999.00,RUB",
        f",{visit.click_id},deal_won,{when},,",
        f"42,,deal_won,{when},1,RUB",
    ]
    return "\n".join(lines).encode()


def test_conversions_are_uploaded_and_followed_till_they_are_processed(make: Make, company: Company) -> None:
    made = make(quick())
    table = conversions(company, at=company.now)
    taken = with_api(made, lambda api: upload_conversions(api, str(COUNTER), "BASIC", table, "longfunnel №1 & ко"))
    assert (taken["id"], taken["line_quantity"], taken["comment"], taken["status"]) == (
        101,
        3,
        "longfunnel №1 & ко",
        "PREPARED",
    )

    async def followed(api: Api) -> list[Any]:
        return [await uploading(api, str(COUNTER), taken["id"]) for _ in range(5)]

    told = with_api(made, followed)
    assert [one["status"] for one in told] == ["PREPARED", "UPLOADED", "EXPORTED", "MATCHED", "PROCESSED"]
    assert told[-1]["linked_quantity"] == 2


@pytest.mark.slow
def test_conversions_of_the_future_and_tables_of_another_form_are_refused(make: Make, company: Company) -> None:
    knobs = quick()
    made = make(knobs)
    future = conversions(company, at=datetime.now(UTC) + timedelta(days=1))
    for kind, table, why in (
        ("BASIC", future, "Line 2: DateTime is in the future"),
        ("BASIC", b"ClientId,DateTime\n1,1", "Target"),
        ("CALLS", b"ClientId,Target,DateTime,Colour\n1,x,1,red", "Unknown columns: Colour"),
        ("BASIK", future, "only BASIC, CALLS, CHATS"),
    ):
        with pytest.raises(RefusedError, match=why):
            with_api(made, lambda api, kind=kind, table=table: upload_conversions(api, str(COUNTER), kind, table, ""))
    assert knobs.uploadings == []


@pytest.mark.slow
def test_an_upload_whose_answer_was_lost_is_not_sent_twice(make: Make, company: Company) -> None:
    knobs = quick(loses_answers=1)
    made = make(knobs)
    table = conversions(company, at=company.now)
    first = with_api(made, lambda api: upload_conversions(api, str(COUNTER), "BASIC", table, "batch 7"))
    second = with_api(made, lambda api: upload_conversions(api, str(COUNTER), "BASIC", table, "batch 7"))
    assert first["id"] == second["id"] == 101
    assert len(knobs.uploadings) == 1


@pytest.mark.parametrize(
    ("raw", "items"),
    [
        ("", []), ("[]", []), (r"\N", []), ("[1,22]", ["1", "22"]), ("['a','b,c']", ["a", "b,c"]), (r"['it\'s','\\']", ["it's", "\\"]),
        (r"[\'a\',\'b\']", ["a", "b"]), (r"[\'it\\\'s\']", ["it's"]), ("['']", [""]), ("7", ["7"]), ('["x"]', ["x"]), ("['a''b']", ["a'b"]),
    ],
)  # fmt: skip
def test_arrays_are_read(raw: str, items: list[str]) -> None:
    assert items_of(raw) == items


def test_arrays_that_do_not_end_are_refused() -> None:
    for raw in ("[1,2", "['a]", "['a'b]"):
        with pytest.raises(ValueError, match="array"):
            items_of(raw)


def test_escapes_and_broken_lines() -> None:
    assert text_of(r"a\tb\nc\\d\'e") == "a\tb\nc\\d'e"
    assert text_of(r"\N") is None
    lines = read_lines(b"ym:s:visitID\tym:s:startURL\n1\thttps://a\n2\n3\tx\n")
    assert [line.get(SHORT) for line in lines] == [None, "1 values for 2 fields", None]
    assert list(read_lines(b"")) == []
    with pytest.raises(TemporaryError, match="broken off"):
        list(read_lines(b"ym:s:visitID\tym:s:startURL\n1"))


SHAPING = Shaping({one.name: one.default for one in CONNECTOR.options}, {}, ZoneInfo("Europe/Moscow"), "RUB")


def _visit(zone: Any = "Europe/Moscow", **values: str) -> dict[str, Any]:
    own = {"visitID": "1", "dateTime": "2026-10-01 10:00:00", **values}
    return next(iter(CONNECTOR.streams[0].shape({"counter": "1", "zone": zone, "values": own}, SHAPING))).values


@pytest.mark.parametrize(
    ("values", "source", "medium"),
    [
        ({"UTMSource": "Yandex", "UTMMedium": "CPC"}, "yandex", "cpc"),
        ({"startURL": "https://a.ru/?utm_source=vk&utm_medium=cpm"}, "vk", "cpm"),
        ({"startURL": "https://a.ru/#/cart?utm_source=tg"}, "tg", None),
        ({"TrafficSource": "organic", "SearchEngine": "yandex_search"}, "yandex", "organic"),
        ({"TrafficSource": "ad", "AdvEngine": "google_adwords"}, "google", "cpc"),
        ({"TrafficSource": "ad", "AdvEngine": "ya_direct"}, "yandex", "cpc"),
        ({"TrafficSource": "social", "SocialNetwork": "vkontakte"}, "vkontakte", "social"),
        ({"TrafficSource": "referral", "ReferalSource": "blog.example"}, "blog.example", "referral"),
        ({"TrafficSource": "direct"}, None, None),
        ({}, None, None),
    ],
)
def test_where_a_visit_came_from_is_told_in_the_words_of_marks(
    values: dict[str, str], source: str | None, medium: str | None
) -> None:
    row = _visit(**values)
    assert (row["source"], row["medium"]) == (source, medium)


def test_the_hour_that_autumn_repeats_is_told_apart() -> None:
    for hours, hour in ((0, 5), (1, 6)):
        row = _visit("America/New_York", dateTime="2026-11-01 01:30:00", dateTimeUTC=f"2026-11-01 0{8 + hours}:30:00")
        assert row["started_at"] == datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    assert _visit(180)["started_at"] == _visit(None)["started_at"] == datetime(2026, 10, 1, 7, tzinfo=UTC)


NAMES = [
    "visitID",
    "dateTime",
    "dateTimeUTC",
    "startURL",
    "visitDuration",
    "pageViews",
    "goalsID",
    "purchaseID",
    "purchaseRevenue",
    "bounce",
]
ODD = st.text(max_size=20) | st.sampled_from(
    ["[1", "['", "9" * 30, "-1", "2026-10-01 10:00:00", "http://[x/?utm_source=a", "NaN", "\ud800", r"\N"]
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES), ODD), st.sampled_from(["Europe/Moscow", None, 180]))
def test_an_odd_visit_is_a_row_or_is_refused(values: dict[str, str], zone: Any) -> None:
    try:
        row = _visit(zone, **values)
        typed(facts()["visit"], row, country="RU")
    except (BadValueError, KeyError, TypeError, ValueError, ArithmeticError):
        return
    assert isinstance(row["started_at"], datetime)
