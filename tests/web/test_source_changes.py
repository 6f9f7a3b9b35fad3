"""A source after it is connected: its mapping changed, the source removed with its rows or without them."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.web.test_sources import fields_of, finished, send
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user
from longfunnel.app.sources.status import source_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow  # each test imports and builds
LEADS = "Номер;Дата;Телефон;Источник;Менеджер\n1;01.10.2026;+7 912 345-67-89;yandex;Анна\n2;02.10.2026;+7 912 345-67-90;vk;Иван\n"


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    """An owner at a business that has one source, of a dropped file, and its comments in the settings."""
    add_user(empty, email="owner@cedar.test", name="Olga", role="owner", password=PASSWORD)
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    shown = send(browser, "leads.csv", LEADS.encode()).headers["location"]
    fields = fields_of(browser.get(shown).text)
    job = browser.post("/sources/new", at=shown, **{**fields, "verb": "accept"}).headers["location"]
    finished(browser, job)
    return browser


def held(business: Business, fact: str = "lead") -> list[tuple[object, ...]]:
    return business.warehouse.execute(
        f"SELECT * EXCLUDE n FROM (SELECT lead_id, source, manager, 1 AS n FROM facts.{fact} ORDER BY ALL)"
    ).fetchall()


def form_of(page: str) -> dict[str, str]:
    """The fields of the mapping's form, as a browser would send them."""
    action = re.search(r'<form class="stack" method="post" action="([^"]+)">', page)
    assert action
    return fields_of(page.replace(f'action="{action[1]}">', 'action="/sources/new">'))


def test_a_mapping_is_changed_and_the_file_is_read_anew(empty: Business, owner: Browser) -> None:
    assert held(empty) == [("1", "yandex", "Анна"), ("2", "vk", "Иван")]
    assert empty.settings.business.timezone == "Europe/Moscow"
    assert source_states(empty.warehouse, ZoneInfo("Europe/Moscow"))["leads"].latest_on == date(2026, 10, 2), (
        "their day"
    )
    assert source_states(empty.warehouse, ZoneInfo("UTC"))["leads"].latest_on == date(2026, 10, 1), "the day in UTC"
    assert "/sources/leads/columns" in owner.get("/sources/leads").text
    fields = form_of(owner.get("/sources/leads/columns").text)
    manager = next(name for name, value in fields.items() if value == "manager")
    changed = {**fields, manager: "audience", "verb": "preview"}
    assert "Анна" in owner.post("/sources/leads/columns", at="/account", **changed).text
    assert empty.settings.source[0].columns["manager"] == "Менеджер"
    job = owner.post("/sources/leads/columns", at="/account", **{**changed, "verb": "accept", "loaded": "anew"})
    finished(owner, job.headers["location"])
    assert "manager" not in empty.settings.source[0].columns
    assert empty.settings.source[0].columns["audience"] == "Менеджер"
    assert held(empty) == [("1", "yandex", None), ("2", "vk", None)]
    assert "columns.audience = " in empty.settings_file.read_text("utf-8")
    leads = empty.warehouse.execute("SELECT audience FROM live.leads WHERE is_counted ORDER BY lead_id").fetchall()
    assert leads == [("Анна",), ("Иван",)]


def test_another_kind_of_rows_leaves_nothing_of_the_first(empty: Business, owner: Browser) -> None:
    fields = form_of(owner.get("/sources/leads/columns?_fact=call").text)
    assert fields["fact"] == "call"
    by_header = {fields[f"h{number}"]: f"c{number}" for number in range(5)}
    fields |= {by_header["Дата"]: "started_at", by_header["Номер"]: "call_id", by_header["Телефон"]: "phone"}
    job = owner.post("/sources/leads/columns", at="/account", **{**fields, "verb": "accept", "loaded": "anew"})
    finished(owner, job.headers["location"])
    assert held(empty) == []
    assert empty.warehouse.execute("SELECT count(*) FROM facts.call").fetchall() == [(2,)]


def test_a_wrong_mapping_is_said_and_nothing_is_written(empty: Business, owner: Browser) -> None:
    before = empty.settings_file.read_text("utf-8")
    fields = form_of(owner.get("/sources/leads/columns").text)
    day = next(name for name, value in fields.items() if value == "created_at")
    refused = owner.post("/sources/leads/columns", at="/account", **{**fields, day: "", "verb": "accept"})
    assert refused.status_code == 400
    assert 'class="mistake' in refused.text
    assert empty.settings_file.read_text("utf-8") == before


@pytest.mark.parametrize("facts", ["keep", "out"])
def test_a_source_is_removed_by_its_name_and_its_rows_as_was_chosen(
    empty: Business, owner: Browser, facts: str
) -> None:
    refused = owner.post("/sources/leads/remove", facts=facts, typed="lead")
    assert refused.status_code == 400
    assert 'value="lead"' in refused.text, "what was typed is not lost"
    assert [source.name for source in empty.settings.source] == ["leads"]
    done = owner.post("/sources/leads/remove", facts=facts, typed="leads").headers["location"]
    assert empty.settings.source == ()
    if facts == "keep":
        assert done == "/sources"
        assert len(held(empty)) == 2
        assert "leads" in owner.get("/sources").text
        done = owner.post("/sources/leads/remove", facts="out", typed="leads").headers["location"]
    assert "2 rows were taken out" in finished(owner, done)
    assert held(empty) == []
    assert empty.warehouse.execute("SELECT count(*) FROM main.imports").fetchall() == [(0,)]
    assert owner.get("/").status_code in (200, 303)


def test_what_is_still_written_to_is_not_removed(empty: Business, owner: Browser) -> None:
    text = empty.settings_file.read_text("utf-8")
    more = '\n[[source]]\nname = "crm"\ntype = "bitrix24"\n\n[[write_back]]\nname = "back"\nto = "crm"\n'
    empty.settings_file.write_text(text + more, "utf-8")
    refused = owner.post("/sources/crm/remove", at="/account", facts="keep", typed="crm")
    assert refused.status_code == 400
    assert "«crm» is written to by «back»" in refused.text
    assert len(empty.settings.source) == 2


WRONG = [
    ({"unit": "dozens"}, "Unit of amounts: there is no choice «dozens»"),
    ({"decimal": ";"}, "Decimal sign: there is no choice «;»"),
    ({"date_order": "year_first"}, "there is no choice «year_first»"),
    ({"skip_rows": "many"}, "«many» is not a whole number"),
    ({"skip_rows": "-1"}, "«-1» is not a whole number"),
    ({"vn0": "source", "vo0": "won"}, "which word of the file means «won»"),
    ({"vn0": "sourse", "vt0": "да", "vo0": "won"}, "no field «sourse». Did you mean «source»?"),
    ({"k_ ": "x"}, "no field « »"),
    ({"new_constant": "currensy", "new_constant_value": "RUB"}, "no field «currensy»"),
]
"""What no browser sends of itself, and what the answer says of it."""


def test_a_mistake_in_the_form_is_said_and_what_was_chosen_stays(empty: Business, owner: Browser) -> None:
    written = empty.settings_file.read_text("utf-8")
    fields = form_of(owner.get("/sources/leads/columns").text)
    manager = next(name for name, value in fields.items() if value == "manager")
    for wrong, said in WRONG:
        form = {**fields, manager: "audience", **wrong, "verb": "accept"}
        answer = owner.post("/sources/leads/columns", at="/account", **form)
        assert answer.status_code == 422, wrong
        assert said in html.unescape(answer.text)
        shown = form_of(answer.text)
        assert shown[manager] == "audience"
        assert shown.get("new_constant_value", "") == wrong.get("new_constant_value", "")
    assert empty.settings_file.read_text("utf-8") == written
    form = {**fields, manager: "audience", "skip_rows": "999999", "verb": "preview"}
    answer = owner.post("/sources/new", at="/account", **form)  # a header where there is none
    assert answer.status_code == 400
    assert form_of(answer.text)[manager] == "audience"
