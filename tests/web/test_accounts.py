"""The first account, signing in and out, passwords, the second factor, tokens, shared links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from tests.web.visitor import ACCOUNTS, PASSWORD, Browser

from longfunnel.app.access.accounts import RESET, add_user, first_link, link, ready_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

Browse = "Callable[[Business], Browser]"


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def token_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


def anna(business: Business) -> str:
    return add_user(business, email="Anna@Cedar.test", name="Anna", role="owner", password=PASSWORD).email


def test_the_printed_link_makes_the_owner_once(empty: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(empty)
    assert browser.get("/").headers["location"] == "/welcome"
    url = first_link(empty, "http://testserver.local")
    form = {"token": token_in(url), "name": "Anna", "email": "anna@cedar.test", "password": "short"}
    refused = browser.post("/welcome", at=path_of(url), **form)
    assert (refused.status_code, 'value="anna@cedar.test"' in refused.text) == (422, True)
    made = browser.post("/welcome", at=path_of(url), **(form | {"password": PASSWORD}))
    assert made.headers["location"] == "/"
    assert "HttpOnly" in made.headers["set-cookie"]
    assert browser.get("/").status_code == 200
    assert [user.role for user in empty.state.users.all()] == ["owner"]
    again = browse(empty).post("/welcome", at="/sign-in", **(form | {"password": PASSWORD}))
    assert len(empty.state.users.all()) == 1
    assert again.status_code in (303, 410)
    assert first_link(empty, "x") == ""


def test_a_guessed_link_makes_nobody(empty: Business, browse: Callable[[Business], Browser]) -> None:
    browser = browse(empty)
    assert "longfunnel up" in browser.get("/welcome?token=guess").text
    assert not empty.state.users.count()


def test_a_wrong_password_and_an_unknown_address_answer_the_same(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    anna(empty)
    browser = browse(empty)
    wrong = browser.sign_in("anna@cedar.test", "wrong password")
    unknown = browser.sign_in("nobody@cedar.test", "wrong password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("anna@cedar", "nobody@cedar") == unknown.text
    assert browser.sign_in("ANNA@cedar.test").status_code == 303


def test_guessing_is_slowed_down(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    browser = browse(empty)
    answers = [browser.sign_in(email, "wrong password").status_code for _ in range(10)]
    assert answers[-1] == 429
    assert browser.sign_in(email).status_code == 429


def test_signing_out_ends_the_session_on_the_server(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email)
    secret = browser.client.cookies["lf_session"]
    assert empty.state.sessions.user_of(secret)
    browser.post("/sign-out", at="/account")
    assert empty.state.sessions.user_of(secret) is None


def test_a_new_password_signs_out_everywhere_else(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    here, there = browse(empty), browse(empty)
    here.sign_in(email)
    there.sign_in(email)
    kept = here.post("/account/password", at="/account", present=PASSWORD, new="another long password")
    assert kept.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert browse(empty).sign_in(email, "another long password").status_code == 303


def test_a_reset_link_works_once(empty: Business, browse: Callable[[Business], Browser]) -> None:
    user = empty.state.users.of(anna(empty))
    url = link(empty, RESET, "http://testserver.local", user=user)
    browser = browse(empty)
    form = {"token": token_in(url), "password": "another long password"}
    assert browser.post("/reset", at=path_of(url), **form).headers["location"] == "/sign-in"
    assert browser.sign_in(user.email, "another long password").status_code == 303
    second = browse(empty)
    assert second.post("/reset", at="/sign-in", **form).status_code == 200
    assert "used already" in second.get(path_of(url)).text


def test_the_second_factor_is_asked_for_and_each_code_opens_once(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email)
    page = browser.post("/account/totp", at="/account").text
    found = re.search(r'name="secret" value="(\w+)"', page)
    assert found
    secret = found.group(1)
    assert "<svg" in page
    code = pyotp.TOTP(secret).now()
    assert browser.post("/account/totp/keep", at="/account", secret=secret, code=code).status_code == 303
    assert secret not in str(empty.state.users.secrets(1))
    other = browse(empty)
    asked = other.sign_in(email)
    assert (asked.status_code, 'name="code"' in asked.text) == (200, True)
    assert other.sign_in(email, code="000000").status_code == 401
    code = pyotp.TOTP(secret).now()
    assert other.sign_in(email, code=code).status_code == 303
    assert browse(empty).sign_in(email, code=code).status_code == 401


def test_the_ready_link_lets_in_once(empty: Business, browse: Callable[[Business], Browser]) -> None:
    url = ready_link(empty, "http://testserver.local")
    browser = browse(empty)
    assert browser.get(path_of(url)).headers["location"] == "/"
    assert browser.get("/account").status_code == 200
    assert browse(empty).get(path_of(url)).headers["location"] == "/sign-in"


def test_the_last_owner_stays(empty: Business) -> None:
    user = empty.state.users.of(anna(empty))
    with pytest.raises(Exception, match="last owner"):
        empty.state.users.change(user.id, role="viewer")
    assert empty.state.users.of(user.email).role == "owner"


def test_a_token_reads_reports_until_it_is_revoked(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("analyst")
    page = browser.post("/account/tokens", at="/account", name="sheet").text
    found = re.search(r"lft_[\w-]{20,}", page)
    assert found
    headers = {"authorization": f"Bearer {found.group(0)}"}
    client = enter("").client
    answer = client.get(
        "/api/v1/reports/channels?since=2026-08-01&until=2026-10-31&metrics=cost,leads", headers=headers
    )
    assert {column["name"] for column in answer.json()["columns"]} == {"channel", "cost", "leads"}
    assert client.get("/api/v1/reports", headers=headers).json()
    assert client.get("/api/v1/reports/channels?format=csv", headers=headers).text.startswith("\ufeffchannel")
    assert client.get("/api/v1/reports/channels?format=xlsx", headers=headers).content[:2] == b"PK"
    assert client.get("/api/v1/reports/chanels", headers=headers).json()["error"]["code"] == "question"
    assert client.get("/api/v1/reports/channels").status_code == 401
    number = served.state.access_tokens.of_user(served.state.users.of(ACCOUNTS["analyst"]).id)[0].id
    enter("owner").post(f"/account/tokens/{number}/revoke", at="/account")
    assert client.get("/api/v1/reports", headers=headers).status_code == 200, "another user's token is left alone"
    browser.post(f"/account/tokens/{number}/revoke", at="/account")
    assert client.get("/api/v1/reports", headers=headers).status_code == 401


def test_a_shared_link_shows_one_report_until_it_is_closed(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("analyst")
    query = "report=channels&since=2026-08-01&until=2026-10-31"
    page = browser.post("/share", at=f"/share?{query}", query=query, title="For the board").text
    found = re.search(r"/shared/[\w-]+", page)
    assert found
    shared = enter("").get(found.group(0))
    assert (shared.status_code, "For the board" in shared.text, "/export/" in shared.text) == (200, True, False)
    number = served.state.share_links.all()[0].id
    enter("owner").post(f"/settings/shares/{number}/revoke", at="/account")
    assert enter("").get(found.group(0)).status_code == 404


def test_what_people_do_is_written_down(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email, "wrong password")
    browser.sign_in(email)
    assert [entry.what for entry in empty.state.audit.latest()] == ["sign_in", "sign_in_refused"]
