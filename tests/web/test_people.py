"""People: who is found and by whom, what their page shows, how identity is cut and joined, what masks and forbids."""

from __future__ import annotations

import re
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import ACCOUNTS, MANAGER, Browser

import longfunnel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longfunnel.app.business import Business


@pytest.fixture(scope="module")
def buyer(served: Business) -> dict[str, Any]:
    """Somebody with an e-mail, a phone and an order."""
    served.build()
    row = (
        served.warehouse.cursor()
        .execute(
            """SELECT o.person_id, sum(revenue), any_value(e.value), any_value(p.value) FROM live.orders o
        JOIN live.identifiers e ON e.person_id = o.person_id AND e.kind = 'email'
        JOIN live.identifiers p ON p.person_id = o.person_id AND p.kind = 'phone'
        GROUP BY 1 HAVING count(DISTINCT order_key) > 1 AND count(DISTINCT e.value) = 1 ORDER BY 1 LIMIT 1"""
        )
        .fetchall()[0]
    )
    return {"id": row[0], "revenue": row[1], "email": row[2], "phone": row[3]}


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Iterator[Business]:
    """A copy of the business that the test may change."""
    with longfunnel.open(shutil.copytree(made, tmp_path / "business")) as business:
        yield business


def test_a_person_is_found_by_a_contact_in_any_spelling(enter: Callable[[str], Browser], buyer: dict[str, Any]) -> None:
    digits = buyer["phone"].removeprefix("+7")
    for text in (buyer["email"].upper(), f"8 ({digits[:3]}) {digits[3:]}", str(buyer["id"])):
        answer = enter("owner").get("/people", params={"_q": text})
        assert answer.status_code == 303, text
        assert answer.headers["location"] == f"/people/{buyer['id']}"


def test_the_last_digits_of_a_phone_find_who_called(enter: Callable[[str], Browser], buyer: dict[str, Any]) -> None:
    tail = buyer["phone"][-7:]
    spelled = f"{tail[:3]}-{tail[3:5]}-{tail[5:]}"
    answer = enter("owner").get("/people", params={"_q": spelled})
    assert answer.headers.get("location") == f"/people/{buyer['id']}" or f"/people/{buyer['id']}" in answer.text
    masked = enter("viewer").get("/people", params={"_q": spelled})  # who sees phones masked finds no part of one
    assert masked.status_code == 200
    assert f"/people/{buyer['id']}" not in masked.text


def test_the_list_goes_by_the_time_that_it_shows(served: Business, enter: Callable[[str], Browser]) -> None:
    cursor = served.warehouse.cursor()
    shown = re.findall(r'class="person" href="/people/(\d+)"', enter("owner").get("/people").text)
    assert len(shown) > 5
    last = [
        cursor.execute('SELECT max("at") FROM live.timeline WHERE person_id = ?', [int(one)]).fetchall()[0][0]
        for one in shown
    ]
    assert last == sorted(last, reverse=True)


def test_a_name_lists_its_people_and_a_stranger_gives_the_empty_state(enter: Callable[[str], Browser]) -> None:
    assert enter("owner").get("/people?_q=anna").text.count('class="person"') > 1
    assert "Nobody is known by this" in enter("owner").get("/people?_q=nobody-of-that-name").text


def test_the_list_goes_by_money_and_in_pages(enter: Callable[[str], Browser]) -> None:
    first = enter("owner").get("/people?_sort=revenue").text
    second = enter("owner").get("/people?_sort=revenue&_page=2").text
    people = re.compile(r'class="person" href="(/people/\d+)"')
    assert len(people.findall(first)) == 50
    assert not set(people.findall(first)) & set(people.findall(second))


def test_a_persons_page_has_the_head_the_timeline_and_the_evidence(
    enter: Callable[[str], Browser], buyer: dict[str, Any]
) -> None:
    page = enter("owner").get(f"/people/{buyer['id']}").text
    for said in ("Brought so far", "First touch", "Deal won", "Payment", "Why it is one person", buyer["email"]):
        assert said in page
    calls = enter("owner").get(f"/people/{buyer['id']}?_kind=payment").text
    assert "Deal won" not in calls


def test_the_timeline_turns_round(enter: Callable[[str], Browser], buyer: dict[str, Any]) -> None:
    days = re.compile(r'<h3 class="day">(.*?)</h3>')
    newest = days.findall(enter("owner").get(f"/people/{buyer['id']}").text)
    oldest = days.findall(enter("owner").get(f"/people/{buyer['id']}?_order=oldest").text)
    assert newest == oldest[::-1]


def test_viewers_see_contacts_masked_and_cannot_decide(enter: Callable[[str], Browser], buyer: dict[str, Any]) -> None:
    page = enter("viewer").get(f"/people/{buyer['id']}").text
    listed = enter("viewer").get("/people").text
    assert buyer["email"] not in page
    assert buyer["phone"][-7:] not in re.sub(r"\D", "", listed)
    assert "•••" in listed
    for hidden in ("/identity?", "/export", "/erase"):
        assert hidden not in page
    part = buyer["email"][3:9]
    assert f"/people/{buyer['id']}" not in enter("viewer").get("/people", params={"_q": part}).text, (
        "no guessing by parts"
    )


def test_a_manager_sees_the_people_of_their_own_deals_alone(served: Business, enter: Callable[[str], Browser]) -> None:
    cursor = served.warehouse.cursor()
    own = {
        row[0]
        for row in cursor.execute(
            "SELECT DISTINCT person_id FROM live.deals WHERE manager = ? AND NOT is_deleted", [MANAGER]
        ).fetchall()
    }
    other = cursor.execute(
        "SELECT person_id FROM live.deals WHERE manager <> ? AND person_id NOT IN (SELECT unnest(?)) LIMIT 1",
        [MANAGER, [one for one in own if one]],
    ).fetchall()[0][0]
    browser = enter("manager")
    listed = {int(found) for found in re.findall(r'class="person" href="/people/(\d+)"', browser.get("/people").text)}
    assert listed
    assert listed <= own
    assert browser.get(f"/people/{other}").status_code == 404
    assert browser.get(f"/people/{next(iter(listed))}").status_code == 200
    assert browser.get(f"/people/{other}/identity?_verb=block&_first=email:x@y.ru").status_code == 403


def test_a_manager_does_not_see_other_managers_deals_in_a_shared_person(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    rows = (
        served.warehouse.cursor()
        .execute(
            """SELECT a.person_id, b.deal_id FROM live.deals a JOIN live.deals b USING (person_id)
        WHERE a.manager = ? AND b.manager <> a.manager AND NOT a.is_deleted AND NOT b.is_deleted LIMIT 1""",
            [MANAGER],
        )
        .fetchall()
    )
    if not rows:
        pytest.skip("nobody has deals of two managers")
    page = enter("manager").get(f"/people/{rows[0][0]}").text
    timeline = page.split('class="acts"', 1)[1].split("Who this is", 1)[0]
    assert f"No. {rows[0][1]} " not in timeline


@pytest.mark.slow
def test_a_cut_is_previewed_taken_and_undone(own: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(own)
    browser.sign_in(ACCOUNTS["analyst"])
    own.build()
    cursor = own.warehouse.cursor()
    person, a = cursor.execute(
        """SELECT person_id, min(value) FROM live.identifiers WHERE kind = 'email' AND person_id IS NOT NULL
        GROUP BY 1 HAVING count(*) = 1 ORDER BY 1 LIMIT 1"""
    ).fetchall()[0]
    other = cursor.execute(
        "SELECT value FROM live.identifiers WHERE kind = 'email' AND person_id <> ? ORDER BY 1 LIMIT 1", [person]
    ).fetchall()[0][0]
    asked = {"_verb": "join", "_first": f"email:{a}", "_second": other}
    preview = browser.get(f"/people/{person}/identity", params=asked).text
    assert "Now: 2" in preview.replace("\u00a0", " ")
    assert "After: 1" in preview.replace("\u00a0", " ")
    said = {"_verb": "join", "_first": f"email:{a}", "_second": f"email:{other}", "why": "the same"}
    taken = browser.post(f"/people/{person}/identity", token_of="/account", **said)
    kept = own.state.identity_decisions.all()[-1]
    assert kept.decided_by == ACCOUNTS["analyst"], "kept before the answer"
    assert "To the person" in over(browser, taken.headers["location"])
    page = browser.get(f"/people/decisions/{kept.id}").headers["location"]
    joined = browser.get(page).text
    assert a in joined
    assert other in joined
    assert "Undo" in joined
    preview = browser.get(f"/people/decisions/{kept.id}/undo").text.replace("\u00a0", " ")
    assert "Now: 1" in preview
    assert "After: 2" in preview
    undone = browser.post(f"/people/decisions/{kept.id}/undo", token_of="/account")
    over(browser, undone.headers["location"])
    page = browser.get(f"/people/decisions/{kept.id}").headers["location"]
    apart = browser.get(page).text.split("<h2>Decisions", 1)[0]
    assert (a in apart) != (other in apart)


def over(browser: Browser, page: str) -> str:
    """The page of a job once that is over."""
    for _ in range(600):
        if "Under way" not in (text := browser.get(page).text) and "Waits for" not in text:
            return text
        time.sleep(0.1)
    raise AssertionError(page)


@pytest.mark.slow
def test_an_erasure_shows_what_goes_and_is_kept_before_the_answer(
    own: Business, browse: Callable[[Business], Browser], buyer: dict[str, Any]
) -> None:
    browser = browse(own)
    browser.sign_in(ACCOUNTS["owner"])
    page = browser.get(f"/people/{buyer['id']}/erase").text
    assert buyer["email"] in page
    for part, said in (("rows", "Deals"), ("files", "Files of your own")):
        held = browser.get(f"/people/{buyer['id']}/erase/held?_part={part}", headers={"hx-request": "true"})
        assert said in held.text
    wrong = browser.post(f"/people/{buyer['id']}/erase", token_of="/account", word="no")
    assert "The word is" in wrong.text
    job = browser.post(f"/people/{buyer['id']}/erase", token_of="/account", word="erase").headers["location"]
    assert "taken out of everything" in over(browser, job)
    assert "Nobody is known by this" in browser.get("/people", params={"_q": buyer["email"]}).text


def test_what_cannot_be_decided_is_said_in_the_panel(enter: Callable[[str], Browser], buyer: dict[str, Any]) -> None:
    page = (
        enter("owner")
        .get(
            f"/people/{buyer['id']}/identity",
            params={"_verb": "cut", "_first": f"email:{buyer['email']}", "_second": "mail:x"},
        )
        .text
    )
    assert "is not an identifier" in page


@pytest.mark.slow
def test_a_person_is_exported_whole(
    own: Business, browse: Callable[[Business], Browser], buyer: dict[str, Any]
) -> None:
    browser = browse(own)
    browser.sign_in(ACCOUNTS["owner"])
    answer = browser.post(f"/people/{buyer['id']}/export", token_of="/account")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert f"email:{buyer['email']}" in answer.json()["identifiers"]
    assert answer.json()["deal"]
