"""What pages show: the overview, the panel, the fragment, the empty state, mistakes in plain words, both languages."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

import pyotp
import pytest
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user, ready_link
from longfunnel.app.access.second_factor import is_code, new_secret, turn_on
from longfunnel.app.backup import backup, restore
from longfunnel.core.calendar import end_of_day
from longfunnel.reports import Question
from longfunnel.web.address import Address, read_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"


def test_the_overview_shows_the_numbers_of_the_reports(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"/?{DAYS}").text
    totals = served.ask("summary", since="2026-08-01", until="2026-10-31", metrics="leads,orders,impressions").totals
    for stage in ("leads", "impressions"):
        assert f"<title>{totals[stage]:,}</title>" in page


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


def test_a_mistake_in_the_address_is_said_in_plain_words(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get("/?filter=chanel+is+Email")
    assert answer.status_code == 400
    assert "channel" in answer.text
    assert "Traceback" not in answer.text


def test_without_data_the_page_says_what_will_be_here(empty: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(empty)
    browser.get(ready_link(empty, "http://testserver.local").removeprefix("http://testserver.local"))
    assert "Here your funnel will stand" in browser.get("/").text


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


def test_a_shared_report_is_drawn_and_listed(enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    assert 'href="/share?report=long_funnel' in owner.get(f"/?{DAYS}").text
    for query, drawn in (
        (f"report=channels&{DAYS}&by=channel&metrics=leads", 'data-chart="shared"'),
        (f"report=summary&{DAYS}&grain=week&metrics=leads", 'data-chart="shared"'),
        (f"report=long_funnel&{DAYS}", '<svg class="funnel"'),
    ):
        page = owner.post("/share", at=f"/share?{query}", query=query, title="For the board").text
        shared = enter("").get(re.findall(r"/shared/[\w-]+", page)[0]).text
        assert drawn in shared, query
        assert "<table" in shared
        assert "/behind" not in shared


def test_a_backup_brings_the_second_factor_along(empty: Business, tmp_path: Path) -> None:
    user = add_user(empty, email="anna@cedar.test", name="Anna", role="owner", password=PASSWORD)
    secret = new_secret()
    turn_on(empty, user, secret, pyotp.TOTP(secret).now())
    restored = restore(backup(empty, tmp_path / "whole.zip"), tmp_path / "again")
    sealed = restored.state.users.secrets(user.id)[1]
    assert is_code(restored, sealed, pyotp.TOTP(secret).now(), after=0)
    assert (restored.folder / ".longfunnel" / "secret.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "whole.zip").stat().st_mode & 0o077 == 0
    restored.close()
