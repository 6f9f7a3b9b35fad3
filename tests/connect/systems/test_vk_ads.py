"""VK Ads: spend to the kopeck, tokens that are few, restated and deleted ads, lead forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
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

from longfunnel.app.sources import connecting
from longfunnel.app.sources.connected import Secrets, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import Shaping
from longfunnel.connect.vk_ads import CONNECTOR
from longfunnel.demo.systems.company import Company, Spend
from longfunnel.demo.systems.vk_ads import Knobs, Lead, app

COMPANY = make_company()
SPENT = COMPANY.spend_of("vk")


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


def _site(folder: Path, knobs: Knobs, company: Company = COMPANY, **given: Any) -> AbstractContextManager[Site]:
    own = {
        "credentials.token": None,
        "credentials.client_id": knobs.client_id,
        "credentials.client_secret": knobs.client_secret,
    }
    return site(folder, "vk_ads", company, app(company, knobs), **{**own, **given})


@pytest.fixture
def here(tmp_path: Path, knobs: Knobs) -> Iterator[Site]:
    with _site(tmp_path, knobs) as made:
        yield made


def _total(here: Site, what: str = "sum(cost)") -> Any:
    newest = "SELECT * FROM facts.spend QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
    return here.rows(f"SELECT {what} FROM ({newest})")[0]


def _truth(spends: list[Spend] = SPENT) -> tuple[Decimal, int, int]:
    return (
        sum((spend.cost for spend in spends), Decimal(0)),
        sum(spend.impressions for spend in spends),
        sum(spend.clicks for spend in spends),
    )


def _secrets(here: Site) -> Secrets:
    return Secrets(here.business, "ads")


def test_spend_equals_the_truth_to_the_kopeck_and_a_second_sync_adds_nothing(here: Site, knobs: Knobs) -> None:
    here.sync()
    assert _total(here, "sum(cost), sum(impressions), sum(clicks)") == _truth()
    assert here.state()[0] == "good"
    again = here.sync()
    assert (again.added, again.changed) == (0, 0)
    assert len(knobs.tokens) == 1  # kept and used again


@pytest.mark.slow
def test_a_row_has_the_marks_of_its_links_and_the_names_of_vk(here: Site) -> None:
    here.sync()
    campaign = next(one for one in COMPANY.campaigns if one.system == "vk")
    group = campaign.groups[0]
    found = here.rows(
        """SELECT DISTINCT source, medium, campaign, campaign_id, ad_group, ad, content, currency, has_vat, account,
        json_extract_string(props, '$.campaign_name'), json_extract_string(props, '$.ad_group_id') FROM facts.spend WHERE ad = ?""",
        str(group.ad_id),
    )
    assert found == [
        ("vk", "cpc", campaign.utm, str(campaign.id), group.name, str(group.ad_id), str(group.ad_id), "RUB", None, None,
         campaign.name, str(group.id))
    ]  # fmt: skip


@pytest.mark.slow
def test_restated_days_are_versions_and_withdrawn_ones_become_zeros(here: Site, knobs: Knobs) -> None:
    here.sync()
    last = max(spend.day for spend in SPENT)
    fewer = [spend for spend in SPENT if not (spend.day == last and spend.group.id % 10 == 1)]
    doubled = [replace(one, cost=one.cost * 2) if one.day == last else one for one in fewer]
    by_place = {(one.group.id, one.day): one for one in doubled}
    knobs.restated = lambda spend: by_place.get((spend.group.id, spend.day))
    here.sync()
    assert _total(here, "sum(cost), sum(impressions), sum(clicks)") == _truth(doubled)


@pytest.mark.slow
def test_a_renamed_campaign_and_a_deleted_ad_double_and_lose_nothing(here: Site, knobs: Knobs) -> None:
    knobs.utm = ""
    here.sync()
    campaign, other = (one for one in COMPANY.campaigns if one.system == "vk")
    knobs.names[campaign.id] = "Новое имя 🦊"
    knobs.deleted.add(other.groups[0].ad_id)
    here.sync()
    assert _total(here, "sum(cost), sum(impressions), sum(clicks)") == _truth()
    assert here.rows("SELECT count(*) FROM facts.spend WHERE campaign = 'Новое имя 🦊'") != [(0,)]
    assert here.rows("SELECT count(*) FROM facts.spend WHERE campaign IS NULL") == [(0,)]


@pytest.mark.slow
def test_an_ad_that_nobody_knows_any_more_keeps_its_spend(here: Site, knobs: Knobs) -> None:
    here.sync()
    knobs.gone.add(SPENT[0].group.ad_id)
    here.sync()
    here.sync()
    assert _total(here) == (_truth()[0],)


def test_an_expired_token_is_refreshed_and_no_new_one_is_asked_for(here: Site, knobs: Knobs) -> None:
    here.sync()
    before = _secrets(here).tokens()
    knobs.tokens[0]["until"] = datetime.now(UTC) - timedelta(seconds=1)
    here.sync()
    after = _secrets(here).tokens()
    assert before["access_token"] != after["access_token"]
    assert before["refresh_token"] == after["refresh_token"]
    assert len(knobs.tokens) == 1


@pytest.mark.slow
def test_tokens_that_vk_has_dropped_are_asked_for_anew(here: Site, knobs: Knobs) -> None:
    here.sync()
    knobs.tokens.clear()
    here.sync()
    assert here.state()[0] == "good"
    assert len(knobs.tokens) == 1


@pytest.mark.slow
def test_too_many_tokens_are_told_with_the_way_to_mend_them(here: Site, knobs: Knobs) -> None:
    knobs.tokens += [
        {"access": f"a{n}", "refresh": f"r{n}", "until": datetime.now(UTC), "client": ""} for n in range(5)
    ]
    with pytest.raises(SyncError):
        here.sync()
    state, told = here.state()
    assert state == "forbidden"
    assert "token/delete.json" in told.en
    assert "token/delete.json" in told.ru
    assert knobs.client_secret not in told.en + told.ru


@pytest.mark.slow
def test_a_wrong_secret_is_a_clear_state(here: Site) -> None:
    here.set(**{"credentials.client_secret": "wrong"})
    with pytest.raises(SyncError, match="invalid_client"):
        here.sync()
    assert here.state()[0] == "expired"


@pytest.mark.slow
def test_an_agency_reads_its_client(tmp_path: Path) -> None:
    knobs = Knobs(clients=("mebel",))
    with _site(tmp_path, knobs, **{"credentials.agency_client_name": "mebel"}) as here:
        here.sync()
        assert _total(here, "sum(cost), any_value(account)") == (_truth()[0], "mebel")


@pytest.mark.slow
def test_a_sign_in_with_a_browser_brings_tokens_too(tmp_path: Path) -> None:
    with _site(tmp_path, Knobs(), **{"credentials.client_secret": None}) as here:
        source = source_named(here.business, "ads")
        assert connecting.needs_browser(here.business, source)
        url, state = connecting.authorize_url(here.business, source, "https://lf.example/back")
        assert url.startswith(f"{here.url}/hq/settings/access?action=oauth2&")
        assert state in url
        connecting.take_code(here.business, source, "good-code", "https://lf.example/back")
        here.sync()
        assert _total(here) == (_truth()[0],)


@pytest.mark.slow
def test_a_proxy_of_the_api_also_gives_the_tokens(here: Site) -> None:
    here.set(oauth_url=None)
    here.sync()
    assert _total(here) == (_truth()[0],)


@pytest.mark.slow
def test_a_check_lists_the_campaigns(here: Site) -> None:
    found = connecting.check_connection(here.business, source_named(here.business, "ads"))
    assert [one["title"] for one in found] == [one.name for one in COMPANY.campaigns if one.system == "vk"]


@pytest.mark.slow
def test_illness_and_limits_are_waited_out(here: Site, knobs: Knobs) -> None:
    knobs.failures.extend(["", "503", "", "500", "", "html", "", "429"])
    here.sync()
    assert _total(here) == (_truth()[0],)


@pytest.mark.slow
def test_a_used_up_hour_sends_us_away_and_the_rest_comes_later(here: Site, knobs: Knobs) -> None:
    knobs.failures.extend(["", "", "", "", "hour"])
    with pytest.raises(SyncError):
        here.sync()
    assert here.state()[0] == "limited"
    assert here.business.state.connections.all()["ads"].not_before is not None
    here.sync()
    assert _total(here) == (_truth()[0],)


@pytest.mark.slow
def test_an_ill_system_ends_in_a_clear_state(here: Site, knobs: Knobs) -> None:
    here.set(patience_seconds=1)
    knobs.failures.extend(["503"] * 50)
    with pytest.raises(SyncError):
        here.sync()
    assert here.state()[0] == "temporary"


@pytest.mark.slow
@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_run_that_was_killed_goes_on_without_loss(here: Site, write: int) -> None:
    here.set(history_days=16)  # of twenty
    assert killed_at(here, write)
    here.set(history_days=366)
    here.sync()
    assert _total(here, "sum(cost), sum(impressions), sum(clicks)") == _truth()


@pytest.mark.slow
def test_an_account_without_ads_is_good(tmp_path: Path) -> None:
    empty = make_company()
    empty.campaigns = ()
    empty.spend = []
    with _site(tmp_path, Knobs(has_forms=False), empty) as here:
        report = here.sync()
        assert (report.added, here.state()[0]) == (0, "good")


@pytest.mark.slow
def test_leads_of_lead_forms_come_once_with_the_marks_of_their_ads(here: Site, knobs: Knobs) -> None:
    spend = SPENT[-1]
    at = datetime.now(UTC).replace(microsecond=922_000) - timedelta(hours=5)
    knobs.leads += [
        Lead(spend, at, "Виктор «Ж»", "+78008005555"),
        Lead(spend, at, "Zoë", "8 916 000-00-01", 'да, "есть"'),
    ]
    here.sync()
    again = here.sync()
    assert (again.added, again.changed) == (0, 0)
    rows = here.rows(
        """SELECT created_at, kind, name, phone, source, campaign, content, json_extract_string(props, '$."Есть ли планировка?"')
        FROM facts.lead ORDER BY name"""
    )
    naive = at.replace(tzinfo=None)
    ad = str(spend.group.ad_id)
    assert rows == [
        (naive, "form", "Zoë", "+79160000001", "vk", spend.campaign.utm, ad, 'да, "есть"'),
        (naive, "form", "Виктор «Ж»", "+78008005555", "vk", spend.campaign.utm, ad, "Да"),
    ]


@pytest.mark.slow
def test_lead_forms_that_are_asked_for_and_not_there_are_told(tmp_path: Path) -> None:
    with _site(tmp_path, Knobs(has_forms=False), lead_forms=True) as here:
        with pytest.raises(SyncError):
            here.sync()
        assert here.state()[0] == "gone"
        assert _total(here) == (_truth()[0],)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("shows", "spent", "vk", "goals", "utm", "campaign")), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({"id": st.text(max_size=5), "date": _JSON, "base": _JSON, "ad": _JSON}))
def test_an_odd_record_is_a_row_or_goes_to_the_quarantine(record: dict[str, Any]) -> None:
    shaping = Shaping({"currency": "RUB", "campaign_macro": "ad_plan"}, {}, ZoneInfo("Europe/Moscow"), "RUB")
    try:
        rows = list(CONNECTOR.streams[0].shape(record, shaping))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        return
    assert all(row.fact == "spend" for row in rows)
