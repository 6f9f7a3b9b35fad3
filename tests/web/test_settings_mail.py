"""Mail in the settings: a password that is typed once and never told again, and a test letter through a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.web.reading import plain
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user
from longfunnel.app.mail import MailError, keep_password, keeps_password, password_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from longfunnel.app.business import Business

HERE = "/settings/mail"
SECRET = "s3cret of the mail server"  # noqa: S105 - of an invented server


@dataclass
class Server:
    """An SMTP server on the loopback that lets ``robot`` in with the secret alone."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    answer: str = "250 OK queued as 4711"

    def let_in(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:  # noqa: ARG002 - aiosmtpd calls it so
        assert isinstance(given, LoginPassword)
        self.passwords.append(given.password.decode())
        return AuthResult(success=given.password.decode() == SECRET, handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd calls it so
        if self.answer.startswith("250"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return self.answer


@pytest.fixture
def server(empty: Business) -> Iterator[Server]:
    """The server, which the business's settings name."""
    office = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        office.port = int(free.getsockname()[1])
    controller = Controller(
        office, hostname="127.0.0.1", port=office.port, authenticator=office.let_in, auth_require_tls=False
    )
    controller.start()
    with empty.settings_file.open("a") as opened:
        opened.write(f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsecurity = "none"\nuser = "robot"\n')
    yield office
    controller.stop()


@pytest.fixture
def owner(empty: Business, server: Server, browse: Callable[[Business], Browser]) -> Browser:
    for role, language in (("owner", "en"), ("analyst", "ru")):
        user = add_user(empty, email=f"{role}@cedar.test", name=role, role=role, password=PASSWORD)  # type: ignore[arg-type]
        empty.state.users.change(user.id, language=language)
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    return browser


def test_a_test_letter_goes_to_the_users_own_address_and_the_answer_is_said(server: Server, owner: Browser) -> None:
    owner.post(HERE + "/password", at=HERE, password=SECRET)
    answer = owner.post(HERE + "/test", at=HERE)
    assert answer.status_code == 200
    assert f"127.0.0.1:{server.port} took the letter to owner@cedar.test and answered: 250 OK queued as 4711" in plain(
        answer.text
    )
    (letter,) = server.letters
    assert (letter["To"], letter["Subject"]) == ("owner@cedar.test", "A test letter from Cedar")
    assert "Settings, Mail" in letter.get_content()


def test_what_the_server_refuses_is_said_in_plain_words(empty: Business, server: Server, owner: Browser) -> None:
    wrong = owner.post(HERE + "/test", at=HERE)
    assert wrong.status_code == 400
    assert "does not let «robot» in (535)" in wrong.text
    assert "Check the name and the password" in wrong.text
    keep_password(empty, SECRET)
    server.answer = "554 5.7.1 We take no letters from you"
    assert "(554): 5.7.1 We take no letters from you" in owner.post(HERE + "/test", at=HERE).text
    empty.settings_file.write_text(empty.settings_file.read_text().replace(f"port = {server.port}", "port = 9"))
    assert "nobody answers at that port" in owner.post(HERE + "/test", at=HERE).text
    assert server.letters == []


def test_the_answer_is_in_the_readers_language(empty: Business, owner: Browser) -> None:
    empty.state.users.change(empty.state.users.of("owner@cedar.test").id, language="ru")
    said = owner.post(HERE + "/test", at=HERE).text
    assert "не пускает «robot» (535)" in said
    assert "Проверьте имя и пароль" in said


def test_the_password_is_sealed_and_told_nowhere(
    empty: Business, server: Server, owner: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kept = owner.post(HERE + "/password", at=HERE, password=SECRET)
    assert kept.headers["location"].startswith(f"{HERE}?_kept=yes")
    shown = owner.get(HERE).text
    assert "type to replace" in shown
    tried = owner.post(HERE + "/test", at=HERE).text
    told = " ".join(entry.detail for entry in empty.state.audit.latest(limit=100))
    files = b"".join(file.read_bytes() for file in empty.folder.rglob("*") if file.is_file() and file.suffix != ".wal")
    for where in (shown, tried, told, caplog.text, empty.settings_file.read_text("utf-8"), files.decode("latin-1")):
        assert SECRET not in where
    assert server.passwords == [SECRET]
    owner.post(HERE + "/password", at=HERE, forget="1")
    assert not keeps_password(empty)


def test_an_empty_field_keeps_the_password_and_only_owners_change_it(
    empty: Business, owner: Browser, browse: Callable[[Business], Browser]
) -> None:
    keep_password(empty, SECRET)
    owner.post(HERE + "/password", at=HERE, password="")
    assert password_of(empty) == SECRET
    analyst = browse(empty)
    analyst.sign_in("analyst@cedar.test")
    assert "Менять могут владельцы" in analyst.get(HERE).text
    for path in ("/password", "/test"):
        assert analyst.post(HERE + path, at="/account", password="other").status_code == 403
    assert password_of(empty) == SECRET


def test_the_environment_goes_before_the_kept_password(
    empty: Business, server: Server, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_password(empty, "an older one")
    monkeypatch.setenv("LONGFUNNEL_MAIL_PASSWORD", SECRET)
    assert "LONGFUNNEL_MAIL_PASSWORD" in plain(owner.get(HERE + "?x=1").text).split("Typed once")[1]
    owner.post(HERE + "/test", at=HERE)
    assert server.passwords == [SECRET]


def test_another_key_file_is_said(empty: Business) -> None:
    keep_password(empty, SECRET)
    (empty.folder / ".longfunnel" / "secret.key").unlink()
    with pytest.raises(MailError, match="key file is not the one") as caught:
        password_of(empty)
    assert "Type it again" in caught.value.hint
