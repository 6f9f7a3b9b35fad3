"""What pages show: the overview, the panel, the fragment, the empty state, mistakes in plain words, both languages."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime
from typing import TYPE_CHECKING

import pyotp
import pytest
from tests.web.reading import links, table
from tests.web.visitor import ACCOUNTS, MANAGER, PASSWORD, Browser

import longfunnel
from longfunnel.app.access.accounts import add_user, ready_link, set_password
from longfunnel.app.access.second_factor import new_secret, passes, turn_on
from longfunnel.app.backup import backup, restore
from longfunnel.core.calendar import end_of_day
from longfunnel.metrics import metrics
from longfunnel.reports import Question
from longfunnel.web.address import PERIODS, Address, read_address
from longfunnel.web.pages._settings.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"


def test_the_overview_shows_the_numbers_of_the_reports(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}").text
    totals = served.ask("summary", since="2026-08-01", until="2026-10-31", metrics="leads,orders,impressions").totals
    for stage in ("leads", "impressions"):
        assert f"<title>{totals[stage]:,}</title>" in page


@pytest.mark.parametrize("period", PERIODS)
def test_the_overview_opens_for_every_period(enter: Callable[[str], Browser], period: str) -> None:
    assert enter("owner").get(f"/?_period={period}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-08-01&until=2026-08-01",
        "since=2031-01-01&until=2031-01-31",
        'filter=manager+is+"nobody"',
        "since=2026-10-31&until=2026-08-01",
    ],
)
@pytest.mark.parametrize("role", ["owner", "manager"])
def test_the_overview_opens_where_nothing_happened(enter: Callable[[str], Browser], role: str, query: str) -> None:
    assert enter(role).get(f"/?{query}").status_code == 200


def test_the_overview_leads_on(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}").text
    assert re.search(r'<a class="funnel-ribbon[^>]+href="/behind\?[^"]+"', page)
    assert re.search(r'"urls":\["/behind\?[^"]*since=2026-0[78]-', page)
    assert re.search(r'<a href="/ledger/rows\?[^"]+_kind=spend[^"]*" data-panel', page)
    assert re.search(r'<a href="/sources/[\w]+"><span class="health', page) or "All sources are in order" in page


def test_a_column_that_shares_a_metrics_name_is_explained_by_itself(enter: Callable[[str], Browser]) -> None:
    said = enter("owner").get(f"/explain?report=long_funnel&{DAYS}&_metric=lost").text
    assert "Those of the previous stage who are not in this one." in said
    assert "sum(" not in said.split("<details>")[0]


def test_a_page_and_its_fragment_show_the_same(enter: Callable[[str], Browser]) -> None:
    whole = enter("owner").get(f"/?{DAYS}").text
    fragment = enter("owner").get(f"/?{DAYS}", headers={"hx-request": "true"}).text
    assert fragment.lstrip().startswith("<title>")
    assert "<html" not in fragment
    inside = fragment.split("</title>", 1)[1].strip()
    assert inside in whole


def test_a_panel_is_a_page_without_a_script(enter: Callable[[str], Browser]) -> None:
    address = f"/explain?{DAYS}&_metric=cpl"
    panel = enter("owner").get(address, headers={"lf-panel": "true"}).text
    page = enter("owner").get(address).text
    for shown in (panel, page):
        assert "cpl = cost / leads" in shown
        assert "SELECT" in shown
    assert "<html" not in panel


@pytest.mark.parametrize(
    "metric", ["leads", "orders", "deals", "visits", "clicks", "cost", "repeat_orders", "qualified_leads"]
)
def test_the_rows_behind_a_number_are_as_many_as_it_says(served: Business, metric: str) -> None:
    period = {"since": "2026-08-01", "until": "2026-10-31"}
    number = served.ask("summary", metrics=metric, **period).totals[metric]
    behind = served.ask("behind", metrics=metric, **period)
    if metric in ("clicks", "cost"):
        assert sum(row[metric] for row in behind.rows) == number
    else:
        assert len(behind.rows) == behind.totals["rows"] == number


def test_rows_behind_a_number_come_in_pages(served: Business, enter: Callable[[str], Browser]) -> None:
    every = served.ask("behind", metrics=["visits"]).rows
    assert len(every) > 400
    assert served.ask("behind", metrics=["visits"], limit=3, offset=200).rows == every[200:203]
    owner = enter("owner")
    first, second = (owner.get(f"/behind?_period=all&_metric=visits{page}").text for page in ("", "&_page=2"))
    assert table(first, "behind") != table(second, "behind")
    assert len(table(second, "behind")) == 200
    assert "_page=2" in first
    assert "_page=3" in second
    assert "limit" not in next(iter(links(first, "/export/csv"))), "the file has all of them"


def test_a_number_that_no_touch_brings_is_explained_without_a_model(enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    assert "Attribution model" not in owner.get("/explain?report=summary&_metric=cost").text
    assert "Attribution model" in owner.get("/explain?report=summary&_metric=profit").text


def test_a_mistake_in_the_address_is_said_in_plain_words(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get("/?filter=chanel+is+Email")
    assert answer.status_code == 400
    assert "channel" in answer.text
    assert "Traceback" not in answer.text


def test_without_data_the_page_says_what_will_be_here(empty: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(empty)
    browser.get(ready_link(empty, "http://testserver.local").removeprefix("http://testserver.local"))
    assert "There is nothing to count yet" in browser.get("/").text


def test_a_user_reads_in_the_language_of_their_choice(enter: Callable[[str], Browser]) -> None:
    browser = enter("viewer")
    browser.post("/account/look", at="/account", language="ru", next="/")
    page = browser.get(f"/?{DAYS}").text
    assert "Длинная воронка" in page or "Дороже всего" in page
    assert "Показы" in page
    browser.post("/account/look", at="/account", language="en", next="/")
    assert "Impressions" in browser.get(f"/?{DAYS}").text


def test_filters_stand_in_the_address_and_can_be_taken_away(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}&filter=channel+is+Email").text
    assert "Email" in page
    assert f'href="/?{DAYS}"' in page.replace("&amp;", "&")


def test_new_facts_are_seen_without_a_restart(served: Business) -> None:
    from longfunnel.app.answering import Answering

    answering = Answering(served)
    question = Question("summary", metrics=("leads",))
    first = answering.ask(question)
    assert answering.ask(question) is first, "remembered while nothing changes"
    assert answering.ask(question, "ru") is not first


def test_a_day_to_look_back_from_means_its_end_where_the_business_is(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    zone = served.settings.business.zone
    address = Address.of("/", "since=2026-08-01&until=2026-10-31&as_of=2026-11-21")
    question = read_address(address, "long_funnel", date(2026, 10, 31), zone)
    assert question.as_of == end_of_day(date(2026, 11, 21), zone)
    assert question.as_of != datetime(2026, 11, 21, 23, 59, 59, 999999)
    told = enter("owner").get(f"/export/json?report=summary&{DAYS}&as_of=2099-12-31").json()
    assert told["question"]["as_of"].startswith("2099-12-31T20:59:59")
    assert 'name="as_of" value="2099-12-31"' in enter("owner").get(f"/?{DAYS}&as_of=2099-12-31").text


def test_a_backup_brings_the_second_factor_along(empty: Business, tmp_path: Path) -> None:
    user = add_user(empty, email="anna@cedar.test", name="Anna", role="owner", password=PASSWORD)
    secret = new_secret()
    turn_on(empty, user, secret, pyotp.TOTP(secret).now())
    restored = restore(backup(empty, tmp_path / "whole.zip"), tmp_path / "again")
    assert passes(restored, user, pyotp.TOTP(secret).now()) == "code"
    assert (restored.folder / ".longfunnel" / "secret.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "whole.zip").stat().st_mode & 0o077 == 0
    restored.close()


def test_an_explanation_names_a_setting_by_its_title_and_leads_there(enter: Callable[[str], Browser]) -> None:
    for role, written in (("owner", '<a href="/settings/counting">«Revenue is»</a>'), ("viewer", "«Revenue is»")):
        said = enter(role).get(f"/explain?report=summary&{DAYS}&_metric=revenue").text
        assert f"(the setting {written})" in said
        assert "counting.revenue" not in said
    titles = {field.title for field in FORMS["counting"].fields}
    assert any(
        f"«{one.en}»" in metrics()["revenue"].meaning.en and f"«{one.ru}»" in metrics()["revenue"].meaning.ru
        for one in titles
    )


@pytest.fixture
def business(made: Path, tmp_path: Path) -> Iterator[Business]:
    with longfunnel.open(shutil.copytree(made, tmp_path / "business")) as opened:
        yield opened


def test_a_manager_whom_the_data_do_not_know_is_told_so(
    business: Business, browse: Callable[[Business], Browser]
) -> None:
    owner = browse(business)
    owner.sign_in(ACCOUNTS["owner"])
    form = {"name": "Viktor", "email": "v@cedar.test", "role": "manager", "manager": "Viktor Medvedyev"}
    made = owner.post("/settings/users", **form)
    assert "Hand this link over" in made.text
    assert (
        f"of the manager «Viktor Medvedyev»: until some are, this account sees none. Did you mean «{MANAGER}»?"
        in made.text
    )
    assert (
        "until some are"
        not in owner.post("/settings/users", **{**form, "email": "w@cedar.test", "manager": MANAGER}).text
    )
    user = business.state.users.of("v@cedar.test")
    set_password(business, user, PASSWORD)
    manager = browse(business)
    manager.sign_in("v@cedar.test")
    people = manager.get("/people").text
    assert "«Viktor Medvedyev»" in people
    assert "If the CRM calls you otherwise" in people
    assert "Only the deals of</span> <b>Viktor Medvedyev</b>" in manager.get("/").text
    changed = owner.post(
        f"/settings/users/{user.id}", at="/settings/users", verb="role", role="manager", manager="Viktor Medvedyew"
    )
    assert "«Viktor Medvedyew»" in changed.text
    back = owner.post(f"/settings/users/{user.id}", at="/settings/users", verb="role", role="manager", manager=MANAGER)
    assert back.headers["location"] == "/settings/users"
