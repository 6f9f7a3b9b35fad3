"""Reports by e-mail and alerts on the pages: set up from a report, tried, changed, paused, deleted, left."""

from __future__ import annotations

import html
import re
import shutil
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.web.visitor import ACCOUNTS

import longfunnel
from longfunnel.app.letters.stopping import stop_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business


@pytest.fixture
def business(made: Path, tmp_path: Path) -> Iterator[Business]:
    with longfunnel.open(shutil.copytree(made, tmp_path / "business")) as opened:
        yield opened


@pytest.fixture
def owner(business: Business, browse: Callable[[Business], Browser]) -> Browser:
    browser = browse(business)
    browser.sign_in(ACCOUNTS["owner"])
    return browser


def set_up(browser: Browser, page: str = "/channels", **changed: str) -> None:
    """Fill in the form of a new subscription."""
    form = {
        "page": page, "query": "report=channels&_period=30d&by=campaign", "name": "Campaigns <i>", "when": "month-31",
        "clock": "08:30", "period": "7d", "language": "ru", "recipients": "a@x.test; b@x.test",
    } | changed  # fmt: skip
    browser.post("/subscriptions/new", at="/subscriptions/new", **form)


def test_every_report_leads_to_its_letter_and_its_alert(owner: Browser) -> None:
    page = owner.get("/channels?_period=30d&by=campaign").text
    links = [html.unescape(link) for link in re.findall(r'href="(/(?:subscriptions|alerts)/new[^"]+)"', page)]
    assert [urlsplit(link).path for link in links] == ["/subscriptions/new", "/alerts/new"]
    assert dict(parse_qsl(urlsplit(links[0]).query)) == {"_page": "/channels", "_period": "30d", "by": "campaign"}
    for link in links:
        answer = owner.get(link)
        assert answer.status_code == 200
        assert "Last 30 days" in answer.text
        assert ACCOUNTS["owner"] in answer.text
    query = re.search(r'name="query" value="([^"]+)"', owner.get(links[0]).text)
    assert query is not None
    assert html.unescape(query.group(1)) == "report=channels&_period=30d&by=campaign"


def test_a_subscription_is_set_up_changed_paused_and_deleted(business: Business, owner: Browser) -> None:
    set_up(owner)
    (kept,) = business.state.subscriptions.all()
    assert (kept.name, kept.page, kept.query) == (
        "Campaigns <i>",
        "/channels",
        "report=channels&by=campaign&_period=7d",
    )
    assert (kept.every, kept.on_day, kept.minute, kept.language) == ("month", 31, 510, "ru")
    assert kept.recipients == ("a@x.test", "b@x.test")
    listed = owner.get("/subscriptions").text
    assert "Campaigns &lt;i&gt;" in listed
    assert "on the last day of the month at 08:30" in listed
    url = f"/subscriptions/{kept.id}"
    owner.post(url, name="Weekly", when="week-3", clock="10:00", period="30d", language="en", recipients="c@x.test")
    changed = business.state.subscriptions.get(kept.id)
    assert changed is not None
    assert (changed.name, changed.every, changed.on_day, changed.recipients) == ("Weekly", "week", 3, ("c@x.test",))
    assert changed.query == "report=channels&by=campaign&_period=30d"
    owner.post(f"{url}/act", at="/subscriptions", verb="pause")
    assert "paused" in owner.get("/subscriptions").text
    owner.post(f"{url}/act", at="/subscriptions", verb="resume")
    owner.post(f"{url}/act", at="/subscriptions", verb="remove")
    assert business.state.subscriptions.all() == []
    done = [entry.what for entry in business.state.audit.latest(6) if entry.what.startswith("subscription")]
    assert done == [
        "subscription_remove",
        "subscription_resume",
        "subscription_pause",
        "subscription_changed",
        "subscription_added",
    ]


def test_mistakes_stand_in_the_form_and_nothing_typed_is_lost(business: Business, owner: Browser) -> None:
    form = {
        "page": "/channels",
        "query": "report=channels",
        "name": "Mine",
        "when": "week-1",
        "clock": "9",
        "recipients": "nobody",
    }
    answer = owner.post("/subscriptions/new", at="/subscriptions/new", period="7d", language="en", **form)
    assert answer.status_code == 400
    assert "«nobody» is not an e-mail address" in answer.text
    assert "09:00" in answer.text
    assert 'value="Mine"' in answer.text
    assert business.state.subscriptions.all() == []


def test_trying_a_letter_without_a_mail_server_says_what_is_missing(owner: Browser, business: Business) -> None:
    set_up(owner)
    (kept,) = business.state.subscriptions.all()
    answer = owner.post(f"/subscriptions/{kept.id}/act", at="/subscriptions", verb="test")
    page = owner.get(answer.headers["location"]).text
    assert "No mail server is set up." in page
    assert "/settings/mail" in page


def test_an_alert_is_set_up_looked_at_and_changed(business: Business, owner: Browser) -> None:
    form = {
        "page": "/channels",
        "query": "report=channels&_period=30d",
        "metric": "cpl",
        "rule": "above",
        "threshold": "0,5",
    }
    owner.post("/alerts/new", at="/alerts/new", period="30d", language="en", recipients="a@x.test", name="", **form)
    (kept,) = business.state.alerts.all()
    assert kept.name == "CPL rises above 0,5"
    assert kept.state == "alarm"
    page = owner.get("/subscriptions").text
    assert "out of bounds" in page
    edit = owner.get(f"/alerts/{kept.id}").text
    assert 'value="0.5"' in edit
    owner.post(
        f"/alerts/{kept.id}",
        metric="leads",
        rule="unusual",
        threshold="",
        period="30d",
        language="ru",
        recipients="a@x.test",
        name="Лиды",
    )
    changed = business.state.alerts.get(kept.id)
    assert changed is not None
    assert (changed.metric, changed.rule, changed.threshold, changed.name) == ("leads", "unusual", None, "Лиды")
    for verb in ("check", "pause", "resume", "remove"):
        owner.post(f"/alerts/{kept.id}/act", at="/subscriptions", verb=verb)
    assert business.state.alerts.all() == []


def test_a_viewer_sends_to_themselves_and_sees_their_own_alone(
    business: Business, owner: Browser, browse: Callable[[Business], Browser]
) -> None:
    set_up(owner)
    viewer = browse(business)
    viewer.sign_in(ACCOUNTS["viewer"])
    set_up(viewer)
    assert len(business.state.subscriptions.all()) == 1, "to strangers only those who look after the numbers send"
    set_up(viewer, recipients=ACCOUNTS["viewer"], name="My own")
    first, own = business.state.subscriptions.all()
    page = viewer.get("/subscriptions").text
    assert "My own" in page
    assert "Campaigns" not in page
    assert "My own" in owner.get("/subscriptions").text
    assert viewer.post(f"/subscriptions/{first.id}/act", at="/subscriptions", verb="remove").status_code >= 400
    assert len(business.state.subscriptions.all()) == 2
    assert own.recipients == (ACCOUNTS["viewer"],)


def test_a_page_that_a_manager_may_not_open_is_not_sent_to_them(
    business: Business, browse: Callable[[Business], Browser]
) -> None:
    manager = browse(business)
    manager.sign_in(ACCOUNTS["manager"])
    assert manager.get("/subscriptions/new?_page=/ledger").status_code == 404
    set_up(manager, page="/ledger", query="report=ledger", recipients=ACCOUNTS["manager"])
    set_up(manager, query="report=ledger", recipients=ACCOUNTS["manager"])
    assert business.state.subscriptions.all() == []


def test_whoever_gets_a_letter_leaves_by_its_link(
    business: Business, owner: Browser, browse: Callable[[Business], Browser]
) -> None:
    set_up(owner)
    (kept,) = business.state.subscriptions.all()
    stranger = browse(business)
    link = stop_url(business, f"subscription {kept.id}", "a@x.test", "")
    asked = stranger.get(link)
    assert "Campaigns &lt;i&gt;" in asked.text
    assert business.state.subscriptions.all() == [kept], "a program that follows links stops nothing"
    token = dict(parse_qsl(urlsplit(link).query))["token"]
    about = f"subscription {kept.id}"
    wrong = stranger.post("/letters/stop", at=link, about=about, to="b@x.test", token=token)
    assert wrong.status_code == 404
    done = stranger.post("/letters/stop", at=link, about=about, to="a@x.test", token=token)
    assert "not sent to this address any more" in done.text
    (left,) = business.state.subscriptions.all()
    assert left.recipients == ("b@x.test",)
    assert "deleted, or the link is not whole" in stranger.get("/letters/stop?about=subscription+1&to=x&token=y").text


def test_a_letter_is_named_by_the_words_of_the_filter(business: Business, owner: Browser) -> None:
    user = business.state.users.of(ACCOUNTS["owner"])
    query = "_page=/channels&_period=90d&filter=channel%20is%20%22Organic%20Search%22"
    told = {
        "en": "Channels · Last 90 days · Channel is Organic Search",
        "ru": "Каналы · 90 дней · Канал — Поиск",
    }
    for language, words in told.items():
        business.state.users.change(user.id, language=language)
        named = re.search(r'name="name"[^>]* value="([^"]+)"', owner.get(f"/subscriptions/new?{query}").text)
        assert named is not None
        assert html.unescape(named[1]) == words
        assert words in html.unescape(owner.get(f"/alerts/new?{query}").text)
