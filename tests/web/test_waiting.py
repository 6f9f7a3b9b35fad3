"""A page that takes its time: its frame comes first, its inside to the browser that has the frame, and to nobody else."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import Browser, whole_page

from longfunnel.app import answering
from longfunnel.app.answering import Answering
from longfunnel.app.single_flight import GivenUpError, Stop
from longfunnel.core.errors import QuestionError
from longfunnel.reports import Question
from longfunnel.web import waiting
from longfunnel.web.waiting import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"
PATIENCE = 20


class Gate:
    """Every answer waits here until it is opened, but for the one that tells the last day."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.asked: list[str] = []
        self.error: Exception | None = None


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Answers come once the gate is open; pages do not wait long for them."""
    gate, ask = Gate(), Answering.ask

    def ask_at_gate(self: Answering, question: Question, *more: Any) -> Any:
        assert question.metrics == ("leads",) or gate.opened.wait(PATIENCE)
        gate.asked.append(question.report)
        if gate.error:
            raise gate.error
        return ask(self, question, *more)

    monkeypatch.setattr(Answering, "ask", ask_at_gate)
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    yield gate
    gate.opened.set()


def ticket(page: str) -> str:
    found = re.search(r"LF-Work&#34;: &#34;([\w-]+)&#34;", page)
    assert found, page[-2000:]
    return found.group(1)


def inside(browser: Browser, path: str, number: str) -> Any:
    """What the frame's script asks for."""
    return browser.client.once("GET", path, headers={"hx-request": "true", "lf-work": number})


def test_the_frame_comes_first_and_the_page_is_made_once(enter: Callable[[str], Browser], gate: Gate) -> None:
    browser = enter("owner")
    frame = browser.client.once("GET", f"/?{DAYS}")
    assert frame.status_code == 200
    assert "data-waiting" in frame.text
    assert '<nav class="nav"' in frame.text
    assert "data-cancel" in frame.text
    gate.opened.set()
    made = inside(browser, f"/?{DAYS}", ticket(frame.text))
    assert made.text.lstrip().startswith("<title>")
    assert '<svg class="funnel"' in made.text
    assert gate.asked.count("long_funnel") == 1
    assert made.text == browser.client.once("GET", f"/?{DAYS}", headers={"hx-request": "true"}).text


def test_a_link_of_ours_gets_the_frames_inside(enter: Callable[[str], Browser], gate: Gate) -> None:
    boosted = {"hx-request": "true", "hx-boosted": "true", "hx-target": "main#page"}
    frame = enter("owner").client.once("GET", f"/channels?{DAYS}", headers=boosted).text
    assert "data-waiting" in frame
    assert "<html" not in frame
    gate.opened.set()
    assert "<table" in inside(enter("owner"), f"/channels?{DAYS}", ticket(frame)).text


def test_without_scripts_the_whole_page_comes_the_second_time(enter: Callable[[str], Browser], gate: Gate) -> None:
    browser = enter("owner")
    whole = whole_page(browser.client.once("GET", f"/?{DAYS}"))
    gate.opened.set()
    page = browser.client.once("GET", whole).text
    assert '<svg class="funnel"' in page
    assert '<nav class="nav"' in page
    assert page.count("<title>Overview · Longfunnel</title>") == 1
    assert "_work" not in page
    assert gate.asked.count("long_funnel") == 1


def test_a_frames_number_opens_nothing_to_others(enter: Callable[[str], Browser], gate: Gate) -> None:
    number = ticket(enter("owner").client.once("GET", f"/?{DAYS}").text)
    gate.opened.set()
    theirs = inside(enter("manager"), f"/?{DAYS}", number).text
    assert theirs == enter("manager").client.once("GET", f"/?{DAYS}", headers={"hx-request": "true"}).text
    assert inside(enter("manager"), f"/ledger?{DAYS}", number).status_code == 403
    assert "/sign-in" in inside(enter(""), f"/?{DAYS}", number).headers["hx-redirect"]
    elsewhere = inside(enter("owner"), f"/channels?{DAYS}", number).text
    assert "<title>Channels" in elsewhere, "it is good for its own address alone"
    assert '<svg class="funnel"' in inside(enter("owner"), f"/?{DAYS}", number).text


def test_who_may_not_see_a_page_gets_no_frame_of_it(enter: Callable[[str], Browser], gate: Gate) -> None:
    assert enter("manager").client.once("GET", "/ledger").status_code == 403
    assert enter("").client.once("GET", "/ledger").status_code == 303


@pytest.mark.parametrize("headers", [{"hx-request": "true"}, {"lf-panel": "true"}])
def test_a_part_of_a_page_comes_whole(enter: Callable[[str], Browser], gate: Gate, headers: dict[str, str]) -> None:
    threading.Timer(0.3, gate.opened.set).start()
    assert "data-waiting" not in enter("owner").client.once("GET", f"/behind?{DAYS}", headers=headers).text


def test_a_mistake_is_said_inside_of_the_frame(enter: Callable[[str], Browser], gate: Gate) -> None:
    frame = enter("owner").client.once("GET", f"/?{DAYS}").text
    gate.error = QuestionError("That cannot be asked.")
    gate.opened.set()
    answer = inside(enter("owner"), f"/?{DAYS}", ticket(frame))
    assert answer.status_code == 400
    assert "<html" not in answer.text
    assert "That cannot be asked." in answer.text


def test_a_page_that_is_being_written_waits_for_no_frame() -> None:
    written, late = Pace(), Pace()
    assert not written.settle()
    assert not written.leave()
    assert late.leave()
    assert late.settle()


def test_ten_readers_of_a_cold_question_cost_one_answer(served: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Question] = []
    begun, opened, answer = threading.Event(), threading.Event(), answering.answer

    def slow(connection: Any, settings: Any, question: Question, **more: Any) -> Any:
        made.append(question)
        begun.set()
        assert opened.wait(PATIENCE)
        return answer(connection, settings, question, **more)

    monkeypatch.setattr(answering, "answer", slow)
    served_by, question = Answering(served), Question("summary", metrics=("leads",))
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(served_by.ask(question))) for _ in range(10)]
    for thread in threads:
        thread.start()
    assert begun.wait(PATIENCE)
    opened.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(one) for one in found}) == 1


def test_giving_up_stops_the_query(served: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(connection: Any, *_: Any, **__: Any) -> Any:
        begun.set()
        return connection.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b").fetchall()

    monkeypatch.setattr(answering, "answer", endless)
    served_by, stop, ended = Answering(served), Stop(), threading.Event()
    served_by.cursor().close()  # built

    def give_up() -> None:
        assert begun.wait(PATIENCE)
        while not ended.wait(0.02):
            stop.set()

    giving_up = threading.Thread(target=give_up)
    giving_up.start()
    try:
        with pytest.raises(GivenUpError):
            served_by.ask(Question("summary"), None, stop)
    finally:
        ended.set()
        giving_up.join()
