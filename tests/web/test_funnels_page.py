"""The funnels page: building by plain controls, the picture, the people behind it, the parts below, saved funnels on the overview."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"
PERIOD = {"since": "2026-08-01", "until": "2026-10-31"}
STEPS = "visit, lead, deal.won"


def funnel(steps: str = STEPS, more: str = "") -> str:
    return f"/funnels?{DAYS}&{urlencode({'option': f'steps={steps}'})}{more}"


def edit(browser: Browser, steps: list[str], **fields: str) -> dict[str, str]:
    """What the address says after the form was sent: its options."""
    pairs = [("_step", step) for step in steps] + [(f"_{name}", value) for name, value in fields.items()]
    answer = browser.get(f"/funnels/edit?{urlencode(pairs)}")
    assert answer.status_code == 303
    asked = parse_qsl(urlsplit(answer.headers["location"]).query)
    return dict(value.split("=", 1) for name, value in asked if name == "option") | {
        name: value for name, value in asked if name != "option"
    }


def test_without_steps_the_usual_way_to_a_sale_is_shown(enter: Callable[[str], Browser]) -> None:
    answer = enter("owner").get(f"/funnels?{DAYS}")
    assert answer.status_code == 303
    assert (
        dict(parse_qsl(urlsplit(answer.headers["location"]).query))["option"]
        == "steps=visit, lead, deal.created, deal.won"
    )
    assert "Most are lost before" in enter("owner").get(answer.headers["location"]).text


def test_the_picture_shows_the_counts_of_the_report(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel()).text
    for row in served.ask("funnel", steps=STEPS, **PERIOD).rows:
        assert f"{row['count']:,}" in page
        if row["lost"]:
            assert f": {row['lost']:,}" in page


@pytest.mark.parametrize("lost", [False, True])
def test_behind_a_column_stand_as_many_people(served: Business, enter: Callable[[str], Browser], lost: bool) -> None:
    page = html.unescape(enter("owner").get(funnel()).text)
    row = served.ask("funnel", steps=STEPS, **PERIOD).rows[1]
    urls = re.findall(r'href="(/funnels/people[^"]+)"', page)
    url = next(url for url in urls if "_step=2" in url and ("_lost=1" in url) == lost)
    shown = enter("owner").get(url, headers={"lf-panel": "true"}).text
    assert f"{row['lost' if lost else 'count']:,}\u00a0person" in shown


def test_behind_a_bar_of_times_and_a_point_of_time_stand_their_people(enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    charts = [
        json.loads(text)
        for text in re.findall(
            r'<script type="application/json" data-values>(.*?)</script>', owner.get(funnel()).text, re.DOTALL
        )
    ]
    over, between = charts[0], charts[1]
    for place in [place for place, value in enumerate(between["values"]) if value][:2]:
        shown = owner.get(between["urls"][place], headers={"lf-panel": "true"}).text
        assert f"{between['values'][place]:,}\u00a0person" in html.unescape(shown)
    place = next(place for place, url in enumerate(over["urls"]) if url)
    texts = [one["shown"][place] for one in over["series"] if one["shown"][place] != "—"]
    shown = owner.get(over["urls"][place], headers={"lf-panel": "true"}).text
    assert f"{texts[0].rpartition(' ')[2]}\u00a0person" in html.unescape(shown)


def test_a_viewer_sees_people_with_masked_contacts(enter: Callable[[str], Browser]) -> None:
    url = f"/funnels/people?{DAYS}&{urlencode({'option': f'steps={STEPS}'})}&_step=3"
    assert re.search(r"\+7 \d{3} \d{3}-\d\d-\d\d|@[\w.]+", enter("owner").get(url).text)
    masked = enter("viewer").get(url).text
    assert "•" in masked
    assert not re.search(r"\+7 \d{3} \d{3}-\d\d-\d\d", masked)


@pytest.mark.parametrize(
    ("steps", "fields", "expected"),
    [
        (["visit"], {"do": "add:lead"}, "visit, lead"),
        (["visit", "lead"], {"do": "up:2"}, "lead, visit"),
        (["visit", "lead"], {"do": "down:2"}, "visit, lead"),
        (["visit", "lead", "deal.won"], {"do": "remove:2"}, "visit, deal.won"),
        (["visit", "lead", "deal.won"], {"do": "optional:2"}, "visit, lead?, deal.won"),
        (["visit", "lead?", "deal.won"], {"do": "optional:2"}, "visit, lead, deal.won"),
        (["visit", "lead?", "deal.won"], {"do": "up:2"}, "lead, visit, deal.won"),
        (["visit", "lead"], {"do": "add:call.answered", "or": "2"}, "visit, lead | call.answered"),
        (["visit", "lead | call.answered"], {"do": "less:2:1"}, "visit, call.answered"),
        (["visit", "lead"], {"do": "remove:9"}, "visit, lead"),
        (["visit", ""], {"q": "page:/pri*", "do": "show"}, "visit, page:/pri*"),
    ],
)
def test_every_button_does_what_it_says(
    enter: Callable[[str], Browser], steps: list[str], fields: dict[str, str], expected: str
) -> None:
    assert edit(enter("owner"), steps, **fields)["steps"] == expected


def test_the_rules_of_the_form_become_options_and_defaults_stay_out(enter: Callable[[str], Browser]) -> None:
    asked = edit(
        enter("owner"),
        ["visit", "lead"],
        window="7d",
        order="strict",
        count="persons",
        exclude="refund",
        hold="",
        by="channel",
    )
    rules = {"steps": "visit, lead", "window": "7d", "order": "strict", "exclude": "refund", "by": "channel"}
    assert asked == rules | {"_do": "edit"}


def test_exclusions_are_picked_one_after_another(enter: Callable[[str], Browser]) -> None:
    owner, steps = enter("owner"), ["visit", "lead"]
    assert edit(owner, steps, exclude="refund", do="exclude:add:call")["exclude"] == "refund, call"
    assert edit(owner, steps, exclude="refund@1-2, call", do="exclude:less:1")["exclude"] == "call"
    assert "exclude" not in edit(owner, steps, exclude="call", do="exclude:less:1")


def test_the_builder_is_a_line_until_it_is_worked_on(enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    assert '<details class="builder-fold">' in owner.get(funnel()).text
    assert '<details class="builder-fold" open>' in owner.get(funnel(more="&_do=edit")).text
    assert "_do" not in edit(owner, ["visit", "lead"], do="done")


def test_another_way_to_a_step_is_asked_for_in_the_address(enter: Callable[[str], Browser]) -> None:
    assert edit(enter("owner"), ["visit", "lead"], do="or:2")["_or"] == "2"
    assert "Or, for step 2" in enter("owner").get(funnel("visit, lead", "&_or=2")).text


def test_a_step_that_cannot_be_read_is_said_beside_the_form(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel("visit, laed, deal.won"))
    assert page.status_code == 200
    assert "did you mean" in page.text.lower()
    assert "laed" in page.text


def test_the_search_finds_pages_events_stages_and_statuses(enter: Callable[[str], Browser]) -> None:
    def found(text: str) -> list[str]:
        page = enter("owner").get(f"/funnels/acts?{urlencode({'_q': text})}").text
        return [html.unescape(step) for step in re.findall(r'value="add:([^"]+)"', page)]

    assert "stage:Retail/Quote" in found("quote")
    assert "event:form_submit" in found("form_sub")
    assert found("deal won")[0] == "deal.won"
    assert "page:/kitchen/" in found("kitch")
    assert 'order[product = "Fitted kitchen"]' in found("fitted kitchen") or any(
        "product" in step for step in found("kitchen")
    )
    assert found("no such thing at all") == []


def test_the_search_understands_the_readers_words(enter: Callable[[str], Browser]) -> None:
    browser = enter("analyst")
    browser.post("/account/look", at="/account", language="ru", next="/")
    try:
        assert 'value="add:deal.won"' in browser.get(f"/funnels/acts?{urlencode({'_q': 'сделка выиграна'})}").text
        page = browser.get(funnel()).text
        assert "Больше всего теряется перед шагом" in page
        assert "Сделка выиграна" in page
    finally:
        browser.post("/account/look", at="/account", language="en", next="/")


def test_a_cut_adds_up_to_the_whole(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel(more="&by=channel")).text
    body = page.split("Everybody stands in one row", 1)[1].split("</table>", 1)[0]
    counts = [
        int(text.replace(",", "")) for text in re.findall(r'<td class="is-number[^"]*"><a[^>]*>([\d,]+)</a>', body)
    ]
    whole = served.ask("funnel", steps=STEPS, **PERIOD).rows
    assert sum(counts[::3]) == whole[0]["count"]
    assert sum(counts[2::3]) == whole[2]["count"]


def test_young_periods_are_drawn_apart(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel()).text
    assert "Dashed: the window has not passed yet" in page
    assert "may still grow" in page


def test_time_between_any_two_steps_can_be_chosen(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel(more="&_between=1-2")).text
    assert "Visit → Lead" in page
    assert "Half take" in page


def test_any_order_has_no_time_between_steps(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel(more=f"&{urlencode({'option': 'order=any'})}"))
    assert page.status_code == 200
    assert "any 2 of 3" in page.text


def test_less_than_two_steps_are_an_empty_state(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(funnel("visit"))
    assert page.status_code == 200
    assert "Pick two steps above" in page.text
    assert enter("owner").get(funnel("")).status_code == 200


def test_a_saved_funnel_stands_on_the_overview(served: Business, enter: Callable[[str], Browser]) -> None:
    owner = enter("owner")
    query = urlsplit(funnel()).query
    owner.post(
        "/views/save",
        at="/channels",
        page="funnels",
        name="From visit to sale",
        query=query,
        is_shared="1",
        is_on_overview="1",
    )
    page = owner.get(f"/?{DAYS}").text
    assert "From visit to sale" in page
    assert f"<b>{served.ask('funnel', steps=STEPS, **PERIOD).rows[2]['count']}</b>" in page
    assert "From visit to sale" in enter("viewer").get("/").text
    assert "From visit to sale" not in enter("manager").get("/").text
    saved = owner.get(funnel()).text  # other tests look at the same business
    (number,) = re.findall(r'action="/views/(\d+)/remove"[^>]*>(?:(?!</form>).)*From visit to sale', saved)
    assert owner.post(f"/views/{number}/remove", at="/channels").status_code == 303


def test_managers_are_kept_out_for_a_funnel_shows_everybody(enter: Callable[[str], Browser]) -> None:
    for path in ("/funnels", "/funnels/people", "/funnels/acts"):
        assert enter("manager").get(path).status_code == 403
