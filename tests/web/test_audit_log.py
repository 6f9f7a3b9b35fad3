"""The audit log: in words, in pages, by user, as a file; and letters about an account in its user's language."""

from __future__ import annotations

import ast
import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from tests.sources import trees
from tests.web.reading import plain
from tests.web.visitor import PASSWORD

from longfunnel.app.access import notices
from longfunnel.app.access.accounts import add_user
from longfunnel.web.pages._users.events import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Mail

VERBS = {
    "user_": ("role", "disable", "enable", "sign_out", "totp_off"),
    "subscription_": ("test", "send", "pause", "resume", "remove"),
    "alert_": ("check", "pause", "resume", "remove"),
    "identity_": ("cut", "join", "block"),
}
"""What a code that is put together when it happens may become."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The letters that were given to be sent: (to, subject, body), or None for nobody."""
    letters: list[Any] = []

    def later(business: Business, settings: Mail, letter: Callable[[], Any]) -> None:
        assert business.settings.mail == settings
        letters.append(letter())

    monkeypatch.setattr(notices, "mail_later", later)
    return letters


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    add_user(empty, email="anna@cedar.test", name="Anna", role="owner", password=PASSWORD)
    browser = browse(empty)
    browser.sign_in("anna@cedar.test")
    return browser


def written() -> set[str]:
    """The codes that the program's own source writes into the log."""
    found: set[str] = set()
    for tree in trees().values():
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
                continue
            name = ast.unparse(call.func)
            at = 0 if name.endswith("visit.audit") else 1 if name.endswith(".audit.add") else None
            if at is None:
                continue
            for one in ast.walk(call.args[at]):
                if isinstance(one, ast.JoinedStr):
                    start = one.values[0].value  # type: ignore[attr-defined]
                    found |= {start + verb for verb in VERBS[start]} | {start}
                elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                    found.add(one.value)
    return found - set(VERBS)


def test_every_event_that_is_written_has_words() -> None:
    codes = written()
    assert codes > {"sign_in_refused", "settings_changed", "user_totp_off", "alert_pause", "identity_cut", "shared"}
    assert codes - set(EVENTS) == set()
    assert all(text.ru != text.en for text in EVENTS.values())


def test_the_log_is_in_words_in_pages_and_by_user(empty: Business, owner: Browser) -> None:
    assert "Signed in" in plain(owner.get("/settings/log").text)
    for number in range(120):
        empty.state.audit.add(
            "boris@cedar.test", "export", detail=f"csv report=summary&since=2026-08-0{number % 9 + 1}"
        )
    first = owner.get("/settings/log").text
    assert "Downloaded a report CSV · Summary · 2026-08-03" in plain(first)
    assert "1–100 of 121" in plain(first)
    assert "Signed in" in plain(owner.get("/settings/log?_page=2").text)
    assert "Downloaded" not in plain(owner.get("/settings/log?_who=anna%40cedar.test").text)
    owner.post("/account/look", at="/account", language="ru")
    assert "Вход" in plain(owner.get("/settings/log?_page=2").text)
    assert owner.get("/settings/log?_page=99999999").status_code == 200


def test_the_log_as_a_file_runs_nothing_in_a_spreadsheet(empty: Business, owner: Browser) -> None:
    empty.state.audit.add('=HYPERLINK("http://evil.test")', "sign_in_refused", address="192.0.2.1")
    answer = owner.get("/settings/log/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["event"] for row in rows] == ["sign_in_refused", "sign_in"]
    assert rows[0]["who"].startswith("'=")
    own = list(csv.DictReader(io.StringIO(owner.get("/settings/log/export?_who=anna%40cedar.test").text[1:])))
    assert {row["who"] for row in own} == {"anna@cedar.test"}
    assert empty.state.audit.latest(1)[0].what == "audit_exported"


@pytest.mark.parametrize(
    ("chosen", "business", "subject"),
    [
        ("", "ru", "Новый пароль"),
        ("en", "ru", "A new password"),
        ("ru", "en", "Новый пароль"),
        ("", "en", "A new password"),
    ],
)
def test_letters_about_an_account_are_in_its_users_language(
    empty: Business,
    browse: Callable[[Business], Browser],
    sent: list[Any],
    chosen: str,
    business: str,
    subject: str,
) -> None:
    user = add_user(empty, email="anna@cedar.test", name="Anna", role="owner", password=PASSWORD)
    empty.state.users.change(user.id, language=chosen)
    text = empty.settings_file.read_text().replace("[business]\n", f'[business]\nlanguage = "{business}"\n')
    empty.settings_file.write_text(text + '[mail]\nhost = "mail.test"\nsender = "lf@cedar.test"\n')
    browse(empty).post("/forgot", at="/forgot", email="ANNA@cedar.test")
    browse(empty).post("/forgot", at="/forgot", email="nobody@cedar.test")
    assert sent[1] is None
    to, said, body = sent[0]
    assert (to, said.startswith(subject), "http://testserver.local/reset?token=" in body) == (
        "anna@cedar.test",
        True,
        True,
    )


def test_the_address_before_is_told_of_a_new_one(empty: Business, owner: Browser, sent: list[Any]) -> None:
    form = {"name": "Anna", "present": PASSWORD}
    owner.post("/account/profile", at="/account", email="anna.p@cedar.test", **form)
    assert sent == [], "there is no mail server"
    with empty.settings_file.open("a") as file:
        file.write('[mail]\nhost = "mail.test"\nsender = "lf@cedar.test"\n')
    owner.post("/account/profile", at="/account", email="anna.p@cedar.test", **(form | {"name": "Anna P."}))
    assert sent == [], "the address is the same"
    owner.post("/account/profile", at="/account", email="new@cedar.test", **form)
    assert [(to, "new@cedar.test" in body) for to, _, body in sent] == [("anna.p@cedar.test", True)]
