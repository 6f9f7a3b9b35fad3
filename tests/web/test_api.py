"""The API with its tokens: scopes, expiry, the rights of their users, what goes wrong as JSON."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import ACCOUNTS

from longfunnel.app.business import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

DAYS = "since=2026-08-01&until=2026-10-31"


def token_of(browser: Browser, *scopes: str, lasts: str = "") -> dict[str, str]:
    """The headers of a new token of this browser's user."""
    page = browser.post("/account/tokens", at="/account", name="sheet", scope=list(scopes), lasts=lasts).text
    found = re.search(r"lft_[\w-]{20,}", page)
    assert found
    return {"authorization": f"Bearer {found.group(0)}"}


@pytest.fixture
def ask(enter: Callable[[str], Browser]) -> Callable[..., Any]:
    client = enter("").client

    def ask(path: str, headers: dict[str, str] | None = None) -> Any:
        return client.get(f"/api/v1/reports{path}", headers=headers or {})

    return ask


def test_a_token_reads_reports_until_it_is_revoked(
    served: Business, enter: Callable[[str], Browser], ask: Callable[..., Any]
) -> None:
    browser = enter("analyst")
    headers = token_of(browser, "reports")
    answer = ask(f"/channels?{DAYS}&metrics=cost,leads", headers)
    assert {column["name"] for column in answer.json()["columns"]} == {"channel", "cost", "leads"}
    assert {entry["name"]: entry["scope"] for entry in ask("", headers).json()}["behind"] == "people"
    spreadsheet = ask("/channels?format=csv", headers)
    assert spreadsheet.text.startswith("\ufeffchannel")
    assert spreadsheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert ask("/channels?format=xlsx", headers).content[:2] == b"PK"
    assert ask("/channels").status_code == 401
    number = served.state.access_tokens.of_user(served.state.users.of(ACCOUNTS["analyst"]).id)[0].id
    enter("owner").post(f"/account/tokens/{number}/revoke", at="/account")
    assert ask("", headers).status_code == 200, "another user's token is left alone"
    browser.post(f"/account/tokens/{number}/revoke", at="/account")
    assert ask("", headers).status_code == 401


def test_a_token_reads_what_its_scopes_say_and_no_more(
    enter: Callable[[str], Browser], ask: Callable[..., Any]
) -> None:
    browser = enter("owner")
    refused = browser.post("/account/tokens", at="/account", name="sheet", lasts="30")
    assert (refused.status_code, 'value="sheet"' in refused.text) == (422, True), "nothing is chosen for the user"
    reports, people = token_of(browser, "reports"), token_of(browser, "people")
    rows, sums = f"/behind?{DAYS}&metrics=leads&limit=3", f"/summary?{DAYS}&metrics=leads"
    assert [ask(path, reports).status_code for path in (rows, sums)] == [403, 200]
    assert [ask(path, people).status_code for path in (rows, sums)] == [200, 403]
    assert ask(rows, reports).json()["error"]["code"] == "scope"
    assert [ask(path, token_of(browser, "reports", "people")).status_code for path in (rows, sums)] == [200, 200]


def test_a_token_reads_as_its_user_may(enter: Callable[[str], Browser], ask: Callable[..., Any]) -> None:
    headers = token_of(enter("manager"), "reports", "people")
    own = ask(f"/behind?{DAYS}&metrics=deals", headers).json()["rows"]
    assert {row["manager"] for row in own} == {"Viktor Medvedev"}
    for path in ("/ledger", "/why?option=person=1&option=steps=lead"):
        refused = ask(path, headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")


def test_a_token_ends_by_itself(served: Business, enter: Callable[[str], Browser], ask: Callable[..., Any]) -> None:
    user = served.state.users.of(ACCOUNTS["viewer"])
    token_of(enter("viewer"), "reports", lasts="30")
    made = served.state.access_tokens.of_user(user.id)[0]
    assert made.expires_at
    assert timedelta(days=29) < made.expires_at - now() <= timedelta(days=30)
    over = served.state.access_tokens.make(user.id, "over", ("reports",), expires_at=now() - timedelta(seconds=1))
    assert ask("", {"authorization": f"Bearer {over}"}).status_code == 401
    assert ">over</span>" in enter("viewer").get("/account").text


def test_what_cannot_be_answered_is_said_as_json(enter: Callable[[str], Browser], ask: Callable[..., Any]) -> None:
    headers = token_of(enter("owner"), "reports")
    unknown = ask("/chanels", headers)
    assert (unknown.status_code, "«channels»" in unknown.json()["error"]["message"]) == (404, True)
    for path in ("/channels?format=pdf", "/channels?by=nothing", "/channels?limit=many", "/channels?since=soon"):
        answer = ask(path, headers)
        assert (answer.status_code, bool(answer.json()["error"]["message"])) == (400, True), path
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_description_names_every_part_of_a_question(enter: Callable[[str], Browser]) -> None:
    described = enter("").client.get("/api/openapi.json").json()
    asked = described["paths"]["/api/v1/reports/{name}"]["get"]
    assert {one["name"] for one in asked["parameters"]} == {
        "name", "format", "since", "until", "compare", "by", "grain", "metrics", "filter", "basis", "model", "window_days",
        "as_of", "limit", "sort", "option",
    }  # fmt: skip
    assert all(one["description"] for one in asked["parameters"])
    assert set(asked["responses"]) == {"200", "400", "401", "403", "404", "409"}
    kept = asked["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = described["components"]["schemas"][kept]["properties"]
    assert {"report", "question", "columns", "rows", "totals", "caveats", "sql", "freshness"} <= set(fields)
