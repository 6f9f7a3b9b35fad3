"""Sources: a file dropped into the browser becomes facts, bad rows are mended, other systems get their addresses."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user
from longfunnel.app.sources.uploads import safe_name, uploaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

LEADS = """Номер заявки;Дата заявки;Телефон;Почта;utm_source;utm_medium;Качество
101;01.10.2026 10:15;+7 912 345-67-89;anna@mail.example;yandex;cpc;хорошая
102;02.10.2026 11:20;8 (912) 345-67-90;boris@mail.example;google;organic;хорошая
104;03.10.2026 12:00;+7 912 345-67-92;gleb@mail.example;yandex;cpc;хорошая
105;03.10.2026 13:40;+7 912 345-67-93;dina@mail.example;google;organic;плохая
106;04.10.2026 09:05;+7 912 345-67-94;egor@mail.example;yandex;cpc;хорошая
107;05.10.2026 18:30;+7 912 345-67-95;zoya@mail.example;yandex;cpc;хорошая
103;вчера;+7 912 345-67-91;vera@mail.example;yandex;cpc;плохая
"""


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    """An owner at a business without data."""
    add_user(empty, email="owner@cedar.test", name="Olga", role="owner", password=PASSWORD)
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    return browser


def send(browser: Browser, name: str, body: bytes) -> Any:
    return browser.client.post(
        "/sources/upload",
        data={"csrf": browser.token("/account")},
        files={"file": (name, body)},
        follow_redirects=False,
    )


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send back of the mapping's form as it stands."""
    form = page.split('action="/sources/new">', 1)[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'<input (?:id="[^"]*" )?(?:type="hidden" )?name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        fields[name] = chosen[1] if chosen else ""
    return {name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in fields.items()}


def finished(browser: Browser, address: str) -> str:
    for _ in range(600):
        page = str(browser.get(f"{address}/state", headers={"hx-request": "true"}).text)
        if "hx-trigger" not in page:
            return page
        time.sleep(0.1)
    raise AssertionError("the job goes on for a minute")


def test_the_first_run_leads_through_three_steps(empty: Business, owner: Browser) -> None:
    assert owner.get("/sources").headers["location"] == "/start"
    assert "Drop a file here" in owner.get("/start").text, "the business has a name already"
    first = owner.get("/start?_step=business").text
    assert 'value="Europe/Moscow"' in first
    wrong = owner.post(
        "/start", token_of="/account", name="Maple", currency="roubles", timezone="Europe/Moscow", language="en"
    )
    assert wrong.status_code == 400
    assert "A three-letter ISO code" in wrong.text
    assert 'value="Maple"' in wrong.text, "nothing typed is lost"
    assert empty.settings.business.name == "Cedar"
    right = owner.post(
        "/start", token_of="/account", name="Maple", currency="eur", timezone="Europe/Moscow", language="en"
    )
    assert right.headers["location"] == "/start?_step=file"
    assert (empty.settings.business.name, empty.settings.business.currency) == ("Maple", "EUR")


@pytest.mark.slow
def test_a_dropped_file_becomes_leads_and_its_bad_row_is_mended(empty: Business, owner: Browser) -> None:
    sent = send(owner, "заявки октябрь.csv", LEADS.encode("cp1251"))
    assert sent.status_code == 303
    proposal = owner.get(sent.headers["location"]).text
    fields = fields_of(proposal)
    mapped = {fields[f"h{number}"]: fields[f"c{number}"] for number in range(7)}
    assert mapped["Номер заявки"] == "lead_id"
    assert mapped["Телефон"] == "phone"
    assert "+79123456789" in proposal
    fields |= {"name": "forms", "new_constant": "kind", "new_constant_value": "form"}
    again = owner.post("/sources/new", token_of="/account", verb="preview", **fields)
    assert fields_of(again.text)["k_kind"] == "form"
    accepted = owner.post("/sources/new", token_of="/account", verb="accept", **fields)
    result = finished(owner, accepted.headers["location"])
    assert "6 new" in result
    assert "1 in the quarantine" in result
    assert "Connect your CRM to see sales" in result
    assert empty.settings.source[0].constants == {"kind": "form"}
    page = owner.get("/sources/forms").text
    assert "вчера" in page
    mended = owner.post(
        "/sources/forms", token_of="/account", verb="values", ours="created_at", t0="вчера", w0="03.10.2026 09:00"
    )
    assert "1 new" in finished(owner, mended.headers["location"])
    assert "Quarantine:" not in owner.get("/sources/forms").text
    assert '<td class="is-number">7</td>' in owner.get("/sources").text
    same = send(owner, "заявки октябрь.csv", LEADS.encode("cp1251"))
    assert same.headers["location"].startswith("/jobs/"), "a file that is read already is only looked at again"


@pytest.mark.slow
def test_a_russian_page_says_in_russian_why_rows_were_put_aside(empty: Business, owner: Browser) -> None:
    owner.post("/account/look", at="/account", language="ru", next="/")
    broken = send(owner, "страница.csv", b"<!doctype html><html>")
    assert "а не таблица" in broken.text
    sent = send(owner, "заявки.csv", LEADS.encode("cp1251"))
    proposal = owner.get(sent.headers["location"]).text
    assert "кодировка cp1251" in proposal
    assert "encoding" not in proposal.replace('name="encoding"', "").replace("enctype", "")
    fields = fields_of(proposal) | {"name": "forms", "new_constant": "kind", "new_constant_value": "form"}
    accepted = owner.post("/sources/new", token_of="/account", verb="accept", **fields)
    finished(owner, accepted.headers["location"])
    page = owner.get("/sources/forms").text
    assert "это не дата и время" in page
    assert "this is no" not in page


def test_what_is_no_table_is_refused_and_nothing_is_kept(empty: Business, owner: Browser) -> None:
    for name, body in (
        ("run.sh", b"#!/bin/sh\n"),
        ("page.html", b"<script>"),
        ("empty.csv", b""),
        ("noise.xlsx", b"\x00\x01\x02"),
    ):
        answer = send(owner, name, body)
        if answer.status_code == 303:
            answer = owner.get(answer.headers["location"])
        assert answer.status_code == 400, name
        assert 'role="alert"' in answer.text
    assert {file.name for file in (empty.folder / "data").iterdir()} <= {"noise.xlsx"}
    assert not list((empty.folder / "data").glob("*.part"))


def test_a_file_never_leaves_the_data_folder(empty: Business, owner: Browser) -> None:
    assert safe_name("../../etc/passwd.csv") == "passwd.csv"
    assert safe_name("C:\\temp\\a*b?.csv") == "a_b_.csv"
    assert len(safe_name("x" * 500 + ".csv")) < 100
    for path in (
        "longfunnel.toml",
        "../longfunnel.toml",
        "/etc/passwd",
        "data/../longfunnel.toml",
        ".longfunnel/state.db",
    ):
        assert uploaded(empty, path) is None
        assert owner.get("/sources/new", params={"_file": path}).status_code == 404


def test_a_file_of_the_same_name_does_not_overwrite(empty: Business, owner: Browser) -> None:
    send(owner, "a.csv", b"id,date\n1,2026-01-01\n")
    send(owner, "a.csv", b"id,date\n2,2026-01-02\n")
    send(owner, "a.csv", b"id,date\n1,2026-01-01\n")
    assert {file.name for file in (empty.folder / "data").iterdir()} == {"a.csv", "a_2.csv"}


def test_strangers_and_viewers_send_nothing(served: Business, enter: Callable[[str], Browser]) -> None:
    for role in ("", "viewer", "manager"):
        answer = enter(role).client.post(
            "/sources/upload", files={"file": ("x.csv", b"a,b\n1,2\n")}, follow_redirects=False
        )
        assert answer.status_code in (303, 403)
    assert not (served.folder / "data" / "x.csv").exists()


def test_a_webhook_gets_its_address(empty: Business, owner: Browser) -> None:
    assert 'name="m-tracking_number"' in owner.get("/sources/webhook?_fact=call").text
    typed = {"name": "calls", "fact": "call", "m-call_id": "id", "m-started_at": "date"}
    wrong = owner.post("/sources/webhook", at="/account", **{**typed, "name": "a/b"})
    assert wrong.status_code == 400
    assert 'name="m-started_at" value="date"' in wrong.text
    assert owner.post("/sources/webhook", at="/account", name="calls", fact="call").status_code == 400
    made = owner.post("/sources/webhook", at="/account", **typed)
    assert made.headers["location"] == "/sources/calls"
    token = empty.state.api_keys.token("webhook calls")
    assert f"http://testserver.local/hooks/calls/{token}" in owner.get("/sources/calls").text
    assert empty.settings.source[0].columns == {"call_id": "id", "started_at": "date"}


def test_a_site_gets_its_line_and_waits_for_the_first_visit(empty: Business, owner: Browser) -> None:
    made = owner.post("/sources/site", origin="shop.example", name="", token_of="/account")
    assert made.headers["location"] == "/sources/shop.example"
    assert empty.settings.site[0].origins == ("https://shop.example", "https://*.shop.example")
    page = owner.get("/sources/shop.example").text
    assert "http://testserver.local/lf.js" in page
    assert "Waiting for the first visit" in owner.get("/sources/shop.example/first-visit").text


def test_viewers_see_how_sources_fare_and_no_rows_of_the_quarantine(enter: Callable[[str], Browser]) -> None:
    page = enter("viewer").get("/sources").text
    assert "In order" in page or "quarantine" in page
    assert "Drop a file here" not in page
    assert "Quarantine:" not in enter("viewer").get("/sources/vk_ads").text
