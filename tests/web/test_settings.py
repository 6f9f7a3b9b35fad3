"""Settings: what a form changes is in longfunnel.toml, with its comments; mistakes stand beside the field."""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

TEXT = """# Ours. Do not touch the zone!
[business]
name = "Cedar"          # the shop
currency = "RUB"
timezone = "Europe/Moscow"

# Partners pay by the deal.
[[channel]]
name = "Partners"
source = "partner.*"    # every one of them

[[site]]
name = "shop"
origins = ["https://shop.example"]

[retention]
event = 365   # a year
"""


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    """An owner of a business whose settings have comments."""
    empty.settings_file.write_text(TEXT, "utf-8")
    add_user(empty, email="owner@cedar.test", name="Olga", role="owner", password=PASSWORD)
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    return browser


def test_a_changed_value_leaves_the_rest_of_the_file_as_it_was(empty: Business, owner: Browser) -> None:
    form = {"name": "Cedar & Maple", "currency": "RUB", "timezone": "Europe/Moscow", "language": "en", "country": ""}
    assert owner.post("/settings", token_of="/account", **form).headers["location"] == "/settings?_saved=1"
    assert empty.settings_file.read_text("utf-8") == TEXT.replace('"Cedar" ', '"Cedar & Maple" ')


def test_saving_without_a_change_writes_the_same_file(empty: Business, owner: Browser) -> None:
    form = {"name": "Cedar", "currency": "RUB", "timezone": "Europe/Moscow", "language": "en", "country": ""}
    owner.post("/settings", token_of="/account", **form)
    assert empty.settings_file.read_text("utf-8") == TEXT


def test_a_mistake_stands_beside_its_field_and_nothing_is_written(empty: Business, owner: Browser) -> None:
    form = {"name": "New", "currency": "RUB", "timezone": "Moscow", "language": "en", "country": ""}
    answer = owner.post("/settings", token_of="/account", **form)
    assert answer.status_code == 400
    wrong = re.search(r'<div class="field is-wrong">.*?</div>', answer.text, re.DOTALL)
    assert wrong
    assert 'name="timezone"' in wrong[0]
    assert 'value="Moscow"' in wrong[0]
    assert "choose one of the list" in wrong[0]
    assert 'value="New"' in answer.text
    assert empty.settings_file.read_text("utf-8") == TEXT


def test_numbers_of_the_counting_are_checked(empty: Business, owner: Browser) -> None:
    form = {
        "lookback_days": "30",
        "session_minutes": "x",
        "lead_join_hours": "24",
        "revenue": "auto",
        "min_cases": "0",
        "tracking_since": "",
    }
    assert owner.post("/settings/counting", token_of="/account", **form).status_code == 400
    form |= {"session_minutes": "20"}
    assert "at least 1" in owner.post("/settings/counting", token_of="/account", **form).text
    owner.post("/settings/counting", token_of="/account", **(form | {"min_cases": "30"}))
    assert (empty.settings.counting.lookback_days, empty.settings.counting.session_minutes) == (30, 20)
    assert "min_cases" not in empty.settings_file.read_text("utf-8"), "a default is not written"


def test_the_tester_says_which_rule_matched(owner: Browser) -> None:
    own = owner.get("/settings/channels", params={"_url": "https://shop.example/?utm_source=partner7"}).text
    assert "Partners" in own
    assert "your rule number 1" in own
    paid = owner.get("/settings/channels", params={"_url": "https://shop.example/?yclid=1"}).text
    assert "Paid Search" in paid
    referred = owner.get(
        "/settings/channels", params={"_url": "https://shop.example/", "_referrer": "https://www.google.com/"}
    ).text
    assert "Organic Search" in referred


def test_rules_are_added_moved_and_dropped_and_the_untouched_keep_their_comments(
    empty: Business, owner: Browser
) -> None:
    def rule(number: int, name: str, source: str) -> dict[str, str]:
        return {f"name{number}": name, f"source{number}": source} | {
            f"{one}{number}": "" for one in ("medium", "campaign", "click_id", "referrer")
        }

    two = {**rule(0, "Partners", "partner.*"), **rule(1, "Bloggers", "blog.*"), **rule(2, "", "")}
    owner.post("/settings/channels", token_of="/account", **two)
    assert [one.name for one in empty.settings.channel] == ["Partners", "Bloggers"]
    assert "# every one of them" in empty.settings_file.read_text("utf-8")
    owner.post("/settings/channels", token_of="/account", up="1", **two)
    assert [one.name for one in empty.settings.channel] == ["Bloggers", "Partners"]
    owner.post("/settings/channels", token_of="/account", drop="0", **two)
    assert [one.name for one in empty.settings.channel] == ["Bloggers"]
    wrong = owner.post("/settings/channels", token_of="/account", **rule(0, "Broken", "("))
    assert wrong.status_code == 400
    assert "cannot be read" in wrong.text


def test_goals_and_numbers_are_of_a_site(empty: Business, owner: Browser) -> None:
    owner.post(
        "/settings/sites/goals",
        token_of="/account",
        site="shop",
        name0="Thanks",
        url0="/thanks*",
        selector0="",
        on0="click",
        name1="",
        url1="",
        selector1="",
        on1="click",
    )
    assert [(goal.name, goal.url) for goal in empty.settings.site[0].goals] == [("Thanks", "/thanks*")]
    wrong = owner.post(
        "/settings/sites/goals", token_of="/account", site="shop", name0="Both", url0="/a", selector0="#b", on0="click"
    )
    assert wrong.status_code == 400
    assert "needs either url or selector" in wrong.text
    owner.post(
        "/settings/sites/numbers",
        token_of="/account",
        site="shop",
        pool="+7 495 123-45-67\n+7 495 123-45-68",
        replaces="+7 495 000-00-00",
        selector="",
    )
    assert len(empty.settings.site[0].numbers.pool) == 2
    assert "event = 365   # a year" in empty.settings_file.read_text("utf-8")


def test_retention_is_days_or_for_ever(empty: Business, owner: Browser) -> None:
    assert owner.post("/settings/privacy", token_of="/account", event="soon").status_code == 400
    owner.post("/settings/privacy", token_of="/account", event="", lead="730")
    assert empty.settings.retention == {"lead": 730}


@pytest.mark.slow
def test_a_backup_is_made_and_downloaded_by_owners_alone(empty: Business, owner: Browser) -> None:
    job = owner.post("/settings/backup", token_of="/account").headers["location"]
    for _ in range(300):
        page = owner.get(f"{job}/state").text
        if "hx-trigger" not in page:
            break
        time.sleep(0.1)
    address = re.search(r'href="(/settings/backup/[^"]+)"', page)
    assert address, page
    with zipfile.ZipFile(BytesIO(owner.get(address[1]).content)) as archive:
        assert archive.read("longfunnel.toml").decode() == TEXT
    assert owner.get("/settings/backup/..%2Fstate.db").status_code == 404


def test_a_broken_file_is_said_and_left_alone(empty: Business, owner: Browser) -> None:
    form = {"name": "Cedar", "currency": "RUB", "timezone": "Europe/Moscow", "language": "en", "country": ""}
    token = owner.token("/account")
    empty.settings_file.write_text("[business\n", "utf-8")
    answer = owner.client.post("/settings", data={"csrf": token, **form}, follow_redirects=False)
    assert answer.status_code in (400, 500)
    assert empty.settings_file.read_text("utf-8") == "[business\n"


def test_stages_of_the_crm_feed_the_funnel_and_unseen_ones_stay(empty: Business, owner: Browser) -> None:
    def save(**form: str | list[str]) -> int:
        return int(owner.post("/settings/stages", at="/account", apply="1", **form).status_code)

    stages = ["Talks", "Prepaid", "Silent"]
    assert save(shown=stages, outcome=["", "won", "lost"], qualified="Talks") == 303
    counting = empty.settings.counting
    assert (counting.qualified_stages, counting.won_stages, counting.lost_stages) == (
        ("Talks",),
        ("Prepaid",),
        ("Silent",),
    )
    assert save(shown=["Prepaid"], outcome=[""], qualified=["Prepaid", "Never shown"]) == 303
    counting = empty.settings.counting
    assert (counting.qualified_stages, counting.won_stages, counting.lost_stages) == (
        ("Prepaid", "Talks"),
        (),
        ("Silent",),
    )
