"""A little business with ten weeks of leads, deals and spend up to yesterday, and a post office that takes its letters."""

from __future__ import annotations

import email
import email.policy
import shutil
import socket
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from aiosmtpd.controller import Controller

import longfunnel
from longfunnel.app.access.accounts import add_user
from longfunnel.app.answering import Answering
from longfunnel.app.letters.subscriptions import Plan, subscribe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.state import Subscription, User

URL = "https://lf.cedar.test"
DAYS = 70
NEW_DAYS = 20
"""So long there has been a source «new», with one lead a day."""
SETTINGS = """
[business]
name = "Cedar & <Maple>"
currency = "RUB"
timezone = "Europe/Moscow"
[counting]
min_cases = 1
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "reports@cedar.test"
[[source]]
name = "leads"
path = "leads.csv"
fact = "lead"
columns.lead_id = "id"
columns.created_at = "at"
columns.source = "source"
columns.medium = "medium"
constants.kind = "form"
[[source]]
name = "deals"
path = "deals.csv"
fact = "deal"
columns.deal_id = "id"
columns.lead_id = "lead"
columns.created_at = "at"
columns.status = "status"
columns.amount = "amount"
columns.manager = "manager"
[[source]]
name = "spend"
path = "spend.csv"
fact = "spend"
columns.day_on = "day"
columns.source = "source"
columns.medium = "medium"
columns.cost = "cost"
"""


def yesterday() -> date:
    """The last whole day where the business is."""
    return (datetime.now(UTC) + timedelta(hours=3)).date() - timedelta(days=1)


def leads_on(day: date) -> int:
    """How many leads a day has, without those of the new source: more on working days."""
    return 6 if day.weekday() < 5 else 3


def write_data(folder: Path, *, last_day: int | None = None) -> None:
    """Write the business's exports; ``last_day`` is how many leads yesterday had, if not the usual number."""
    leads, deals, spend = ["id,at,source,medium"], ["id,lead,at,status,amount,manager"], ["day,source,medium,cost"]
    for back in range(DAYS, 0, -1):
        day = yesterday() - timedelta(days=back - 1)
        count = leads_on(day) if back > 1 or last_day is None else last_day
        for number in range(count):
            source = ("yandex", "<b>vk</b>")[number % 2]
            leads.append(f"{day:%m%d}{number},{day} {10 + number % 8}:00:00,{source},cpc")
        if back <= NEW_DAYS:
            leads.append(f"{day:%m%d}new,{day} 20:00:00,new,cpc")
        deals.append(f"d{day:%m%d},{day:%m%d}0,{day} 18:30:00,won,1000,{('Anna', 'Boris')[back % 2]}")
        spend.append(f"{day},yandex,cpc,{200 + back}")
    for name, lines in (("leads", leads), ("deals", deals), ("spend", spend)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")


@dataclass
class PostOffice:
    """An SMTP server on the loopback: what it got, and what it is told to answer."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Recipient → the answer to RCPT."""
    answers: list[str] = field(default_factory=list)
    """The answers to the next DATA; then 250."""
    on_data: Callable[[], Any] = lambda: None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd calls it so
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd calls it so
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
            self.recipients += envelope.rcpt_tos
        self.on_data()
        return answer


@pytest.fixture(scope="session")
def port() -> int:
    """Where the post office of these tests stands: it is in the business's settings, and other settings mean another build."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def post_office(port: int) -> Iterator[PostOffice]:
    office = PostOffice(port)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    with stamina.set_testing(True, attempts=3, cap=True):
        yield office
    controller.stop()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, port: int) -> Path:
    """The business, built. Copy it before you open it."""
    folder = tmp_path_factory.mktemp("letters") / "business"
    folder.mkdir()
    (folder / "longfunnel.toml").write_text(SETTINGS.format(port=port), "utf-8")
    write_data(folder)
    with longfunnel.open(folder) as business:
        business.sync()
        business.build()
        for role, manager in (("owner", ""), ("viewer", ""), ("manager", "Anna")):
            add_user(business, email=f"{role}@cedar.test", name=role.title(), role=role, manager=manager)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def business(made: Path, tmp_path: Path, post_office: PostOffice) -> Iterator[Business]:
    folder = shutil.copytree(made, tmp_path / "business")
    with longfunnel.open(folder) as opened:
        yield opened


@pytest.fixture
def answering(business: Business) -> Answering:
    return Answering(business)


@pytest.fixture
def owner(business: Business) -> User:
    return business.state.users.of("owner@cedar.test")


@pytest.fixture
def weekly(answering: Answering, owner: User) -> Subscription:
    """Channels of the last seven days, on Mondays at nine, to two recipients."""
    plan = Plan(
        "Channels <script>",
        "/channels",
        "report=channels&_period=7d&by=source",
        "en",
        ("a@x.test", "b@x.test"),
        "week",
        1,
        540,
    )
    return subscribe(answering, owner, plan)
