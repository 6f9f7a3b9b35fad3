"""Yandex Direct: spend to the keyword and the kopeck, through queues, restatements, limits and kills."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.systems.yandex import Site, killed_at, make_company, site

from longfunnel.app.sources.connected import replay, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import ChangedSchemaError, Shaping, TemporaryError
from longfunnel.connect._engine.typed import BadValueError, typed
from longfunnel.connect.yandex_direct import CONNECTOR
from longfunnel.connect.yandex_direct._errors import classify
from longfunnel.connect.yandex_direct._reports import read_report
from longfunnel.demo.systems.company import Company, Spend
from longfunnel.demo.systems.yandex_direct import Knobs, app
from longfunnel.warehouse.facts import facts

Make = Callable[..., Site]
CURRENT = "(SELECT * FROM facts.spend QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1)"
TOTALS = f"SELECT sum(impressions)::BIGINT, sum(clicks)::BIGINT, sum(cost) FROM {CURRENT}"


@pytest.fixture(scope="module")
def company() -> Company:
    """The company, till today."""
    return make_company()


@pytest.fixture
def make(tmp_path: Path, company: Company) -> Iterator[Make]:
    """A business connected to an invented Direct."""
    with ExitStack() as opened:

        def make(knobs: Knobs | None = None, *, folder: str = "own", **settings: Any) -> Site:
            made = knobs or Knobs(polls=0)
            made.requests_in_10_seconds = made.requests_in_10_seconds if knobs else 0
            return opened.enter_context(
                site(tmp_path / folder, "yandex_direct", company, app(company, made), **settings)
            )

        yield make


def truth(company: Company, stated: Callable[[Spend], Spend | None] = lambda spend: spend) -> tuple[int, int, Decimal]:
    """Impressions, clicks and cost of Direct, as the company knows them."""
    spends = [spend for one in company.spend_of("direct") if (spend := stated(one))]
    return sum(s.impressions for s in spends), sum(s.clicks for s in spends), sum((s.cost for s in spends), Decimal(0))


def quick(**knobs: Any) -> Knobs:
    """Knobs of a Direct without a limit of requests."""
    return Knobs(**{"requests_in_10_seconds": 0, "polls": 0, **knobs})


def test_spend_equals_the_companys_to_the_kopeck_and_a_second_sync_adds_nothing(make: Make, company: Company) -> None:
    made = make(quick(polls=2))
    assert made.sync().quarantined == 0
    assert made.rows(TOTALS) == [truth(company)]
    second = made.sync()
    assert (second.added, second.changed) == (0, 0)
    assert made.state()[0] == "good"


@pytest.mark.slow
def test_a_row_tells_its_day_campaign_group_ad_phrase_device_currency_and_vat(make: Make, company: Company) -> None:
    made = make(quick())
    made.sync()
    one = max(company.spend_of("direct"), key=lambda spend: spend.cost)
    found = made.rows(
        f"""SELECT account, source, medium, campaign, ad_group, term, currency, has_vat, props->>'keyword_id', props->>'ad_group_id', sum(cost)
        FROM {CURRENT} WHERE day_on = ? AND campaign_id = ? AND ad = ? AND (props->>'keyword_id') = ? GROUP BY ALL""",
        one.day, str(one.campaign.id), str(one.group.ad_id), str(one.keyword.id),
    )  # fmt: skip
    named = ("mebel-les", "yandex", "cpc", one.campaign.name, one.group.name, one.keyword.text, "RUB", True)
    assert found == [(*named, str(one.keyword.id), str(one.group.id), one.cost)]
    assert made.rows(f"SELECT DISTINCT device FROM {CURRENT} ORDER BY 1") == [("desktop",), ("mobile",)]


@pytest.mark.slow
def test_days_that_are_restated_and_rows_that_are_withdrawn_are_taken_over(make: Make, company: Company) -> None:
    knobs = quick(polls=1)
    made = make(knobs)
    made.sync()
    yesterday = company.today - timedelta(days=1)

    def restated(spend: Spend) -> Spend | None:
        if spend.day != yesterday:
            return spend
        return (
            None if spend.group.id % 2 else replace(spend, clicks=spend.clicks // 2, cost=spend.cost + Decimal("1.01"))
        )

    knobs.restated = restated
    made.sync()
    assert made.rows(TOTALS) == [truth(company, restated)]
    replay(made.business, source_named(made.business, "ads"), lambda *_: None)
    assert made.rows(TOTALS) == [truth(company, restated)]  # what was withdrawn does not come back


@pytest.mark.slow
def test_a_campaign_that_was_renamed_is_not_counted_twice(make: Make, company: Company) -> None:
    knobs = quick()
    made = make(knobs)
    made.sync()
    renamed = company.campaigns[0]
    knobs.names[renamed.id] = "Кухни\t2.0 «new» 😀"
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]
    names = made.rows(f"SELECT DISTINCT campaign FROM {CURRENT} WHERE campaign_id = ? AND cost > 0", str(renamed.id))
    assert ("Кухни 2.0 «new» 😀",) in names


@pytest.mark.slow
def test_a_sync_that_is_killed_at_any_page_goes_on_with_the_same_reports(make: Make, company: Company) -> None:
    undisturbed = quick(polls=1)
    make(undisturbed, folder="undisturbed").sync()
    for write in (1, 2, 3):
        knobs = quick(polls=1)
        made = make(knobs, folder=f"killed-{write}")
        assert killed_at(made, write)
        made.sync()
        assert made.rows(TOTALS) == [truth(company)]
        assert knobs.ordered == undisturbed.ordered


@pytest.mark.slow
def test_a_report_that_is_not_built_in_time_is_found_by_the_next_sync(make: Make, company: Company) -> None:
    knobs = quick(polls=3, retry_in="1")
    made = make(knobs, wait_minutes=0.001)
    with pytest.raises(SyncError, match="not built"):
        made.sync()
    assert made.state()[0] == "temporary"
    knobs.retry_in = "0.05"
    made.set(wait_minutes=5)
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]
    assert len(knobs.ordered) == len(set(knobs.ordered)) == 2


@pytest.mark.slow
def test_reports_that_are_too_heavy_are_asked_for_in_shorter_pieces(make: Make, company: Company) -> None:
    made = make(quick(heaviest_days=2))
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]


@pytest.mark.slow
def test_a_day_that_is_too_heavy_alone_says_what_may_help(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longfunnel.connect.yandex_direct._TRIES", 1)
    made = make(quick(failures=deque(["502"] * 50)))
    with pytest.raises(SyncError, match='level = "ad"'):
        made.sync()
    assert made.state()[0] == "temporary"


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["502", "500", "1000", "1001", "1002", "52", "56", "506", "9000"])
def test_a_passing_failure_is_waited_out(make: Make, company: Company, failure: str) -> None:
    made = make(quick(failures=deque([failure])))
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "state"),
    [("152", "limited"), ("54", "forbidden"), ("8000", "refused"), ("53", "expired"), ("cut", "changed_schema")],
)
def test_a_lasting_failure_is_told_in_the_words_of_the_vocabulary(make: Make, failure: str, state: str) -> None:
    made = make(quick(failures=deque([failure] * 5)))
    with pytest.raises(SyncError):
        made.sync()
    assert made.state()[0] == state


@pytest.mark.slow
def test_the_limits_of_the_vendor_are_kept(make: Make, company: Company) -> None:
    knobs = Knobs(polls=3, failures=deque())
    made = make(knobs, requests_per_second=None)
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]


@pytest.mark.slow
def test_a_wrong_token_and_a_missing_one_say_so(make: Make) -> None:
    made = make(quick(), **{"credentials.token": "y0_wrong"})
    with pytest.raises(SyncError, match="longfunnel connect"):
        made.sync()
    assert made.state()[0] == "expired"
    made.set(**{"credentials.token": None})
    with pytest.raises(SyncError, match="not connected"):
        made.sync()


@pytest.mark.slow
def test_a_token_that_ends_is_renewed_and_the_rotated_one_is_kept(make: Make, company: Company) -> None:
    knobs = quick()
    opened = {
        "credentials.token": None,
        "credentials.refresh_token": knobs.oauth.refresh_token,
        "credentials.client_id": "3fa9c0de",
        "credentials.client_secret": "s3cret",
    }
    made = make(knobs, **opened)
    made.sync()
    knobs.oauth.revoke()
    made.sync()
    assert knobs.oauth.given == 2
    assert made.rows(TOTALS) == [truth(company)]


@pytest.mark.slow
def test_an_agencys_clients_are_read_each_and_one_that_left_stops_nobody(make: Make, company: Company) -> None:
    knobs = quick(is_agency=True, clients=("mebel-les", "les-opt"))
    made = make(knobs, logins=["les-opt", "gone", "mebel-les"])
    with pytest.raises(SyncError, match="code 54"):
        made.sync()
    assert made.state()[0] == "forbidden"
    assert made.rows(TOTALS) == [truth(company)]
    assert made.rows(f"SELECT DISTINCT account FROM {CURRENT} ORDER BY 1") == [("les-opt",), ("mebel-les",)]
    made.set(logins=["mebel-les", "les-opt"])
    assert made.sync().added == 0
    assert made.state()[0] == "good"


@pytest.mark.slow
def test_an_account_that_never_advertised_is_no_error(make: Make, company: Company) -> None:
    made = make(quick(restated=lambda _: None))
    report = made.sync()
    assert (report.added, made.state()[0]) == (0, "good")


@pytest.mark.slow
def test_money_in_micros_and_without_vat_is_the_same_money(make: Make, company: Company) -> None:
    made = make(quick(), money_in_micros=True)
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]
    bare = make(quick(), folder="bare", with_vat=False)
    bare.sync()
    net = sum((round(spend.cost * 100 / 122, 2) for spend in company.spend_of("direct")), Decimal(0))
    assert bare.rows(f"SELECT sum(cost), bool_or(has_vat) FROM {CURRENT}") == [(net, False)]


@pytest.mark.slow
def test_the_network_may_have_a_medium_of_its_own_and_the_level_may_be_coarser(make: Make, company: Company) -> None:
    made = make(quick(), network_medium="display", level="campaign")
    made.sync()
    assert made.rows(TOTALS) == [truth(company)]
    assert made.rows(f"SELECT DISTINCT medium FROM {CURRENT} ORDER BY 1") == [("cpc",), ("display",)]
    made.set(level="keywords")
    with pytest.raises(SyncError, match="Did you mean «keyword»"):
        made.sync()


@pytest.mark.slow
def test_kept_records_are_shaped_again_to_the_same_rows(make: Make, company: Company) -> None:
    made = make(quick())
    made.sync()
    report = replay(made.business, source_named(made.business, "ads"), lambda *_: None)
    assert (report.added, report.changed, report.quarantined) == (0, 0, 0)


SHAPING = Shaping({one.name: one.default for one in CONNECTOR.options}, {}, ZoneInfo("Europe/Moscow"), "RUB")


def _row(**line: str | None) -> dict[str, Any]:
    lines = [{"Date": "2026-10-01", "CampaignId": "1", "Impressions": "5", "Clicks": "1", "Cost": "2.50", **line}]
    record = {"id": "x", "account": "a", "currency": None, "has_vat": True, "in_micros": False, "lines": lines}
    return next(iter(CONNECTOR.streams[0].shape(record, SHAPING))).values


@pytest.mark.parametrize(
    ("criterion", "kind", "term"),
    [
        ("кухни на заказ -дешево -бу", "KEYWORD", "кухни на заказ"),
        ('"!кухни +на [заказ срочно]"', "KEYWORD", "кухни на заказ срочно"),
        ("c++ курсы -python", "KEYWORD", "c++ курсы"),
        ("купить кухню ---autotargeting", "KEYWORD", "купить кухню"),
        ("---autotargeting", "AUTOTARGETING", "---autotargeting"),
        ("wi-fi роутер", None, "wi-fi роутер"),
        ("Были на сайте -30 дней [все]", "RETARGETING", "Были на сайте -30 дней [все]"),
        (None, None, None),
    ],
)
def test_a_term_is_the_phrase_as_links_carry_it(criterion: str | None, kind: str | None, term: str | None) -> None:
    assert _row(Criterion=criterion, CriterionType=kind)["term"] == term


def test_what_direct_does_not_know_stays_unknown() -> None:
    row = _row(Impressions=None, Clicks=None, Cost=None, Device=None)
    assert [row[name] for name in ("impressions", "clicks", "cost", "device")] == [None] * 4


FIELDS = ["Date", "CampaignId", "Cost"]


def _report(text: str) -> list[Any]:
    return read_report(httpx.Response(200, content=text.encode()), FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "Date\tCampaignId\tCost\n2026-10-01\t1\t--\n",
        '"spend (2026-10-01 - 2026-10-02)"\nDate\tCampaignId\tCost\n2026-10-01\t1\t--\nTotal rows: 1\n',
        "\ufeffspend (x)\r\nDate\tCost\tCampaignId\r\n2026-10-01\t--\t1\r\nВсего строк: 1\r\n",
    ],
)
def test_a_report_is_read_with_and_without_its_title_and_count(text: str) -> None:
    assert _report(text) == [{"Date": "2026-10-01", "CampaignId": "1", "Cost": None}]


def test_a_report_that_is_cut_off_or_of_another_form_is_not_taken() -> None:
    with pytest.raises(TemporaryError, match="tells of 2"):
        _report("Date\tCampaignId\tCost\n2026-10-01\t1\t5\nTotal rows: 2\n")
    with pytest.raises(TemporaryError, match="broken off"):
        _report("Date\tCampaignId\tCost\n2026-10-01\t1\t5\n2026-10")
    with pytest.raises(ChangedSchemaError, match="lacks Cost"):
        _report("Date\tCampaignId\n2026-10-01\t1\n")
    with pytest.raises(ChangedSchemaError, match="no line of field names"):
        _report("<html>")
    assert _report("") == []


def test_errors_under_a_good_status_are_errors() -> None:
    request = httpx.Request("POST", "https://api.direct.yandex.com/json/v5/clients")
    said = {"error": {"error_code": "53", "error_string": "Authorization error", "error_detail": ""}}
    trouble = classify(httpx.Response(200, json=said, request=request))
    assert trouble is not None
    assert trouble.kind == "expired"
    assert classify(httpx.Response(200, json={"result": {}}, request=request)) is None


ODD = (
    st.none()
    | st.text(max_size=20)
    | st.sampled_from(["--", "1e400", "NaN", "-1", "2026-13-01", "\x00", "\ud800", "5,5"])
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from([*FIELDS, "Impressions", "Clicks", "Criterion", "CampaignName", "Device"]), ODD))
def test_an_odd_line_is_a_row_or_is_refused(line: dict[str, str | None]) -> None:
    try:
        values = _row(**line)
        typed(facts()["spend"], values, country="RU")
    except (BadValueError, KeyError, TypeError, ValueError, ArithmeticError):
        return
    assert date.fromisoformat(str(values["day_on"]))


@pytest.mark.slow
def test_check_lists_the_advertisers_that_there_are_to_choose_from(make: Make) -> None:
    import asyncio

    from longfunnel.app.sources.connected import given_of
    from longfunnel.connect._engine.running import api_of

    async def asked(made: Site) -> list[Any]:
        given = given_of(made.business, source_named(made.business, "ads"))
        async with api_of(given) as api:
            assert CONNECTOR.check is not None
            return await CONNECTOR.check(api, given.source.options)

    agency = make(quick(is_agency=True, clients=("mebel-les", "les-opt")))
    assert [one["value"] for one in asyncio.run(asked(agency))] == ["mebel-les", "les-opt"]
    own = make(quick(), folder="alone")
    found = asyncio.run(asked(own))
    assert [(one["option"], one["value"]) for one in found] == [("logins", "mebel-les")]
    assert SimpleNamespace(**found[0]).title.endswith("RUB")
