"""Connecting a system on the pages: keys kept sealed, the access proven, choices made, first rows shown, the run begun."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import ACCOUNTS

import longfunnel
from longfunnel.app.access.accounts import add_user
from longfunnel.demo.systems import bitrix24
from longfunnel.demo.systems.company import Company
from longfunnel.demo.systems.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow  # each test builds a business
HOOK = f"https://mebelles.bitrix24.ru/rest/1/{bitrix24.SECRET}/"


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    (tmp_path / "longfunnel.toml").write_text('[business]\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n')
    with longfunnel.open(tmp_path) as opened:
        add_user(opened, email=ACCOUNTS["owner"], name="Olga", role="owner", password="a long enough password")
        yield opened


@pytest.fixture
def owner(business: Business, browse: Callable[[Business], Browser]) -> Browser:
    browser = browse(business)
    browser.sign_in(ACCOUNTS["owner"])
    return browser


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    with serving(bitrix24.app(Company(days=20), bitrix24.Knobs(bucket=None))) as url:
        yield url


def _connected(owner: Browser, portal: str, hook: str = HOOK) -> None:
    owner.post("/connect/new/bitrix24", at="/connect/new/bitrix24", **{"name": "crm", "since": "", "c-webhook": hook})
    owner.post("/connect/crm", at="/connect/crm", verb="options", base_url=portal, requests_per_second="200", patience_seconds="2",
               **{"o-leads": "1", "o-products": "1", "o-deletions_hours": "24"})  # fmt: skip


def test_a_system_is_connected_checked_chosen_and_read(owner: Browser, business: Business, portal: str) -> None:
    assert "/connect/new/bitrix24" in owner.get("/connect").text
    _connected(owner, portal)
    page = owner.post("/connect/crm", at="/connect/crm", verb="check").text
    assert "The system answers" in page
    assert "UF_CRM_COST" in page
    rows = owner.post("/connect/crm", at="/connect/crm", verb="preview").text
    assert "client1@example.com" in rows or "example.com" in rows
    assert business.warehouse.execute("SELECT count(*) FROM facts.deal").fetchall() == [(0,)]
    owner.post(
        "/connect/crm",
        at="/connect/crm",
        verb="options",
        base_url=portal,
        **{"o-leads": "1", "o-cost_field": "UF_CRM_COST"},
    )
    assert business.settings.source[0].options["cost_field"] == "UF_CRM_COST"
    owner.post("/connect/crm", at="/connect/crm", verb="run")
    until = time.monotonic() + 60
    while (
        business.warehouse.execute("SELECT count(*) FROM facts.deal").fetchall() == [(0,)] and time.monotonic() < until
    ):
        time.sleep(0.2)
    assert business.warehouse.execute("SELECT count(cost_of_goods) > 0 FROM facts.deal").fetchall() == [(True,)]


def test_keys_are_never_shown_nor_written_down_in_the_open(owner: Browser, business: Business, portal: str) -> None:
    _connected(owner, portal)
    assert bitrix24.SECRET not in owner.get("/connect/crm").text
    assert bitrix24.SECRET not in business.settings_file.read_text()
    assert bitrix24.SECRET not in business.state.connections.sealed("crm")


def test_a_wrong_key_is_said_plainly_and_marks_the_source(owner: Browser, portal: str) -> None:
    _connected(owner, portal, HOOK.replace(bitrix24.SECRET, "wrong"))
    answer = owner.post("/connect/crm", at="/connect/crm", verb="check")
    assert answer.status_code == 400
    assert re.search(r'class="mistake said" role="alert"', answer.text)
    assert "Traceback" not in answer.text
    assert "is-bad" in owner.get("/sources").text


def test_a_refusal_is_russian_on_a_russian_page(owner: Browser, business: Business, portal: str) -> None:
    owner.post("/account/look", at="/account", language="ru", next="/")
    _connected(owner, portal, HOOK.replace(bitrix24.SECRET, "wrong"))
    refused = owner.post("/connect/crm", at="/connect/crm", verb="check").text
    later = owner.get("/connect/crm").text  # what was noted of the connection
    for page in (refused, later):
        assert "Битрикс24 отвечает: " in page
        assert "Подключите источник заново, с новым вебхуком" in page
        assert "Connect the source" not in page
    known = business.state.connections.all()["crm"].told
    assert known.en.startswith("Bitrix24 says: ")
    owner.post("/account/look", at="/account", language="en", next="/")
    assert "Bitrix24 says: " in owner.get("/connect/crm").text
    owner.post("/account/look", at="/account", language="ru", next="/")
    wrong = owner.post("/connect/crm", at="/connect/crm", verb="options", reread_days="many").text
    assert "Дней перечитывать: «many» — не число." in wrong


def test_what_is_no_name_no_number_and_no_code_is_refused(owner: Browser, portal: str) -> None:
    assert (
        owner.post("/connect/new/bitrix24", at="/connect/new/bitrix24", name="a/b", **{"c-webhook": HOOK}).status_code
        == 400
    )
    _connected(owner, portal)
    assert owner.post("/connect/crm", at="/connect/crm", verb="options", reread_days="many").status_code == 400
    assert owner.get("/connect-back?state=strange&code=x").status_code == 404
    assert owner.get("/connect/new/nothing").status_code == 404


def test_a_source_is_disconnected_and_its_keys_are_forgotten(owner: Browser, business: Business, portal: str) -> None:
    _connected(owner, portal)
    assert owner.post("/sources/crm/remove", at="/connect/crm", facts="keep", typed="cr").status_code == 400
    assert business.settings.source
    assert "/sources/crm/remove" in owner.get("/connect/crm").text
    owner.post("/sources/crm/remove", at="/connect/crm", facts="keep", typed="crm")
    assert not business.settings.source
    assert business.state.connections.sealed("crm") == ""
