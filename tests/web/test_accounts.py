"""The first account, signing in and out, passwords, the second factor, tokens, shared links."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from tests.web.visitor import PASSWORD, Browser

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
    assert made.headers["location"] == "/start", "a business without data begins with its three steps"
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
    answers = [browser.sign_in(email, "wrong password") for _ in range(10)]
    assert answers[-1].status_code == 429
    seconds = answers[-1].headers["retry-after"]
    assert f"Try again in {seconds} s." in answers[-1].text
    assert 0 < int(seconds) <= 60
    assert "retry-after" not in answers[0].headers
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
    assert second.post("/reset", at="/sign-in", **form).status_code == 410
    assert "used already" in second.get(path_of(url)).text


def second_factor(browser: Browser) -> tuple[str, list[str]]:
    """Turn it on: its secret and the recovery codes."""
    page = browser.post("/account/totp", at="/account").text
    found = re.search(r'name="secret" value="(\w+)"', page)
    assert found
    assert "<svg" in page
    kept = browser.post(
        "/account/totp/keep", at="/account", secret=found.group(1), code=pyotp.TOTP(found.group(1)).now()
    )
    return found.group(1), re.findall(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", kept.text)


def test_the_second_factor_is_asked_for_and_each_code_opens_once(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email)
    secret, _ = second_factor(browser)
    assert browser.get("/account").status_code == 200, "signed in anew"
    assert secret not in str(empty.state.users.secrets(1))
    other = browse(empty)
    asked = other.sign_in(email)
    assert (asked.status_code, 'name="code"' in asked.text) == (200, True)
    assert other.sign_in(email, code="000000").status_code == 401
    code = pyotp.TOTP(secret).now()
    assert other.sign_in(email, code=code).status_code == 303
    assert browse(empty).sign_in(email, code=code).status_code == 401


def test_the_second_step_sends_no_password_back_and_its_ticket_opens_once(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    mine = browse(empty)
    mine.sign_in(email)
    secret, _ = second_factor(mine)
    browser = browse(empty)
    asked = browser.sign_in(email)
    assert PASSWORD not in asked.text
    assert email not in asked.text
    wrong = browser.second_step(asked.text, "000000")
    assert (wrong.status_code, 'type="password"' in wrong.text) == (401, False), "only the code is asked for again"
    code = pyotp.TOTP(secret).now()
    spent = browser.second_step(asked.text, code)
    assert (spent.status_code, 'type="password"' in spent.text) == (401, True)
    assert browser.second_step(wrong.text, code).status_code == 303
    guessed = browse(empty).post("/sign-in/code", at="/sign-in", ticket="guess", code=code)
    assert guessed.status_code == 401


def test_a_ticket_ends_with_the_password_that_it_was_given_for(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    mine = browse(empty)
    mine.sign_in(email)
    secret, _ = second_factor(mine)
    browser = browse(empty)
    asked = browser.sign_in(email)
    mine.post("/account/password", at="/account", present=PASSWORD, new="another long password")
    assert browser.second_step(asked.text, pyotp.TOTP(secret).now()).status_code == 401


def test_a_recovery_code_lets_in_once_without_the_phone(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    mine = browse(empty)
    mine.sign_in(email)
    _, codes = second_factor(mine)
    assert len(set(codes)) == 10
    assert not any(code in mine.get("/account").text for code in codes), "shown once"
    assert browse(empty).sign_in(email, code=codes[0].upper().replace("-", " ")).status_code == 303
    assert browse(empty).sign_in(email, code=codes[0]).status_code == 401
    assert empty.state.recovery_codes.left(1) == 9
    assert empty.state.audit.latest(1, skip=1)[0].what == "sign_in_recovery"
    refused = mine.post("/account/totp/codes", at="/account", present="not the password")
    assert refused.status_code == 422
    fresh = re.findall(
        r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", mine.post("/account/totp/codes", at="/account", present=PASSWORD).text
    )
    assert len(fresh) == 10
    assert browse(empty).sign_in(email, code=codes[1]).status_code == 401, "new ones end the earlier ones"
    assert browse(empty).sign_in(email, code=fresh[0]).status_code == 303


def test_an_owner_turns_off_a_lost_second_factor_and_ends_sessions(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    owner, email = browse(empty), anna(empty)
    owner.sign_in(email)
    boris = add_user(empty, email="boris@cedar.test", name="Boris", role="viewer", password=PASSWORD)
    his = browse(empty)
    his.sign_in(boris.email)
    second_factor(his)
    owner.post(f"/settings/users/{boris.id}", at="/settings/users", verb="totp_off")
    assert his.get("/account").status_code == 303
    assert his.sign_in(boris.email).status_code == 303, "no code is asked for"
    assert empty.state.recovery_codes.left(boris.id) == 0
    owner.post(f"/settings/users/{boris.id}", at="/settings/users", verb="sign_out")
    assert his.get("/account").status_code == 303
    second_factor(owner)
    own = owner.post("/settings/users/1", at="/settings/users", verb="totp_off")
    assert own.status_code == 404, "one's own asks for the password"


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    here, there, elsewhere = browse(empty), browse(empty), browse(empty)
    for browser in (here, there, elsewhere):
        browser.sign_in(email)
    page = here.get("/account").text
    numbers = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    assert len(numbers) == 2
    stranger = browse(empty)
    stranger.sign_in(add_user(empty, email="b@cedar.test", name="B", role="viewer", password=PASSWORD).email)
    for number in numbers:
        stranger.post("/account/sessions", at="/account", session=number)
    assert there.get("/account").status_code == elsewhere.get("/account").status_code == 200, "only one's own"
    here.post("/account/sessions", at="/account", session=numbers[0])
    assert sorted(browser.get("/account").status_code for browser in (there, elsewhere)) == [200, 303]
    here.post("/account/sessions", at="/account")
    assert [browser.get("/account").status_code for browser in (here, there, elsewhere)] == [200, 303, 303]


def test_name_and_address_change_for_who_knows_the_password(
    empty: Business, browse: Callable[[Business], Browser]
) -> None:
    email = anna(empty)
    add_user(empty, email="boris@cedar.test", name="Boris", role="viewer", password=PASSWORD)
    browser = browse(empty)
    browser.sign_in(email)
    form = {"name": "Anna P.", "email": "Anna.P@cedar.test"}
    wrong = browser.post("/account/profile", at="/account", present="not the password", **form)
    assert (wrong.status_code, 'value="Anna P."' in wrong.text) == (422, True), "what was typed is kept"
    taken = browser.post("/account/profile", at="/account", present=PASSWORD, **(form | {"email": "BORIS@cedar.test"}))
    assert "There is an account of boris@cedar.test already." in html.unescape(taken.text)
    assert browser.post("/account/profile", at="/account", present=PASSWORD, **form).status_code == 303
    assert (empty.state.users.of("anna.p@cedar.test").name, empty.state.users.find(email)) == ("Anna P.", None)
    assert empty.state.audit.latest(1)[0].detail == "anna@cedar.test → anna.p@cedar.test"


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


def test_what_people_do_is_written_down(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email, "wrong password")
    browser.sign_in(email)
    assert [entry.what for entry in empty.state.audit.latest()] == ["sign_in", "sign_in_refused"]


def test_names_that_fill_no_line_are_refused(empty: Business, browse: Callable[[Business], Browser]) -> None:
    email = anna(empty)
    browser = browse(empty)
    browser.sign_in(email)
    endless = "и" * 20_000
    form = {"name": endless, "email": "b@cedar.test", "role": "viewer"}
    answer = browser.post("/settings/users", **form)
    assert answer.status_code == 422
    assert "The name: 20,000 characters, and at most 200 fit." in answer.text
    for changed in ({"email": f"{'b' * 300}@cedar.test"}, {"role": "manager", "manager": endless}):
        assert browser.post("/settings/users", **(form | {"name": "Boris"} | changed)).status_code == 422
    number = str(empty.state.users.of(email).id)
    assert (
        browser.post(
            f"/settings/users/{number}", at="/settings/users", verb="role", role="manager", manager=endless
        ).status_code
        == 422
    )
    assert browser.post("/account/tokens", at="/account", name=endless, scope="reports", lasts="90").status_code == 422
    assert len(empty.state.users.all()) == 1
    assert not empty.state.access_tokens.of_user(int(number))
    for address, sent in (("/connect/new/calltouch", {}), ("/sources/site", {"origin": "https://shop.example"})):
        answer = browser.post(address, name=endless, **sent)
        assert answer.status_code == 400, address
        assert "name: 20,000 characters, and at most 200 fit." in answer.text
    assert not empty.settings.source
    assert not empty.settings.site
