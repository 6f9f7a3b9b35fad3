"""Letters over a real SMTP server on the loopback: what arrives, what is refused, what is tried again, what a kill leaves."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from PIL import Image
from tests.app.letters.conftest import URL, yesterday

from longfunnel.app.business import now
from longfunnel.app.letters.asking import question_of
from longfunnel.app.letters.limits import LetterError
from longfunnel.app.letters.sending import LEASE, deliver, send_now, write_due
from longfunnel.app.letters.stopping import stop
from longfunnel.app.letters.subscriptions import Plan, pause_subscription, subscribe
from longfunnel.app.mail import MailError, RefusedMailError, TemporaryMailError, mail
from longfunnel.core.errors import QuestionError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.app.letters.conftest import PostOffice

    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.state import Subscription, User

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def html_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_report_arrives_with_its_table_picture_workbook_and_text(
    answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    send_now(answering, weekly, ("a@x.test",), now(), URL)
    (letter,) = post_office.letters
    assert letter["To"] == "a@x.test"
    assert letter["Subject"].startswith("Channels <script> · ")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"].startswith(f"<{URL}/letters/stop?")
    page, text = html_of(letter), text_of(letter)
    assert f"until={yesterday()}" in page
    assert "compared with" in text
    assert "yandex" in text
    parts = {part.get_content_type(): part for part in letter.walk()}
    picture = Image.open(io.BytesIO(parts["image/png"].get_content()))
    assert picture.size[0] == 1440
    assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 2
    assert f'src="cid:{parts["image/png"]["Content-ID"].strip("<>")}"' in page
    book = openpyxl.load_workbook(
        io.BytesIO(parts["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"].get_content())
    )
    assert len(book.worksheets) == 2


def test_what_comes_from_data_and_people_is_never_markup(
    answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    send_now(answering, weekly, ("a@x.test",), now(), URL)
    page = html_of(post_office.letters[0])
    assert "<script" not in page
    assert "<b>vk" not in page
    assert "&lt;b&gt;vk&lt;/b&gt;" in page
    assert "Cedar &amp; &lt;Maple&gt;" in page
    assert not re.search(r'src="(?!cid:)', page), "nothing is loaded from elsewhere"


def test_a_russian_letter_is_russian_and_its_subject_keeps_its_spaces(
    answering: Answering, owner: User, post_office: PostOffice
) -> None:
    name = "Каналы: расход, лиды, заказы и выручка за последние тридцать дней — для всей команды"[:80]
    plan = Plan(name, "/channels", "report=channels&_period=30d", "ru", ("a@x.test",), "month", 31, 0)
    send_now(answering, subscribe(answering, owner, plan), ("a@x.test",), now(), URL)
    (letter,) = post_office.letters
    assert letter["Subject"].startswith(name + " · ")
    assert "Открыть отчёт" in html_of(letter)
    assert "в последний день месяца в 00:00" in text_of(letter)
    assert "Open the report" not in html_of(letter) + text_of(letter)


def test_the_same_letter_has_the_same_message_id_and_another_time_another(
    answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    first = now()
    send_now(answering, weekly, weekly.recipients, first, URL)
    send_now(answering, weekly, ("a@x.test",), first + timedelta(seconds=1), URL)
    ids = [letter["Message-ID"] for letter in post_office.letters]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch(r"<[0-9a-f]{32}@cedar\.test>", ids[0])


def test_a_refused_recipient_is_named_and_the_other_gets_theirs(
    business: Business, answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    post_office.refused["a@x.test"] = "550 no such mailbox"
    at = weekly.next_at
    assert write_due(business, at) == 1
    assert deliver(answering, at, URL) == (1, 1)
    assert post_office.recipients == ["b@x.test"]
    kept = business.state.subscriptions.get(weekly.id)
    assert kept is not None
    assert "refused the letter to a@x.test (550): no such mailbox" in kept.trouble.en
    assert deliver(answering, at + timedelta(days=1), URL) == (0, 0), "what is refused for good is not tried again"


def test_a_temporary_refusal_is_tried_again_at_once_and_then_later(
    business: Business, answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    business.state.subscriptions.change(weekly.id, recipients=("a@x.test",))
    at = weekly.next_at
    write_due(business, at)
    post_office.answers = ["451 busy", "250 OK"]
    assert deliver(answering, at, URL) == (1, 0)
    later = at + timedelta(days=7)
    write_due(business, later)
    post_office.answers = ["451 busy"] * 3
    assert deliver(answering, later, URL) == (0, 1)
    assert deliver(answering, later + timedelta(seconds=30), URL) == (0, 0)
    assert deliver(answering, later + timedelta(minutes=1), URL) == (1, 0)
    assert len(post_office.letters) == 2


def test_a_letter_that_nobody_takes_for_a_day_is_given_up(
    business: Business, answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    business.state.subscriptions.change(weekly.id, recipients=("a@x.test",))
    write_due(business, weekly.next_at)
    post_office.refused["a@x.test"] = "450 try later"
    at, tries = weekly.next_at, 0
    while at < weekly.next_at + timedelta(days=3):
        tries += deliver(answering, at, URL)[1]
        at += timedelta(minutes=30)
    assert 5 <= tries <= 12
    (letter,) = business.state.letters.of(subscription_id=weekly.id)
    assert letter.try_at is None
    assert "450" in letter.trouble.en


def test_each_failure_says_what_it_is(business: Business, post_office: PostOffice) -> None:
    import msgspec

    settings = business.settings.mail
    post_office.refused["a@x.test"] = "451 greylisted"
    with pytest.raises(TemporaryMailError, match="a@x.test now"):
        mail(settings, "a@x.test", "Hello", "Hello")
    post_office.answers = ["554 looks like spam"]
    with pytest.raises(RefusedMailError, match=r"b@x\.test \(554\): looks like spam"):
        mail(settings, "b@x.test", "Hello", "Hello")
    with pytest.raises(MailError, match="cannot do") as caught:
        mail(msgspec.structs.replace(settings, user="somebody"), "b@x.test", "Hello", "Hello")
    assert not isinstance(caught.value, (TemporaryMailError, RefusedMailError))
    with pytest.raises(TemporaryMailError):
        mail(msgspec.structs.replace(settings, port=9), "b@x.test", "Hello", "Hello")
    with pytest.raises(MailError, match="No mail server"):
        mail(msgspec.structs.replace(settings, host=""), "b@x.test", "Hello", "Hello")


def test_of_many_missed_times_the_latest_is_sent_once(
    business: Business, answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    at = weekly.next_at + timedelta(days=30)
    write_due(business, at)
    assert write_due(business, at) == 0
    assert deliver(answering, at, URL) == (2, 0)
    kept = business.state.subscriptions.get(weekly.id)
    assert kept is not None
    assert kept.next_at == weekly.next_at + timedelta(days=35)
    assert {one.due_at for one in business.state.letters.of(subscription_id=weekly.id)} == {
        weekly.next_at + timedelta(days=28)
    }


CHILD = """
import sys, datetime, longfunnel
from longfunnel.app.answering import Answering
from longfunnel.app.letters.sending import deliver
with longfunnel.open(sys.argv[1]) as business:
    deliver(Answering(business), datetime.datetime.fromisoformat(sys.argv[2]), "https://lf.cedar.test")
"""


def test_a_kill_between_sending_and_noting_doubles_one_letter_and_loses_none(
    business: Business, answering: Answering, weekly: Subscription, post_office: PostOffice
) -> None:
    at = weekly.next_at
    write_due(business, at)
    business.close()
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(business.folder), at.isoformat()])
    post_office.on_data = lambda: os.kill(child.pid, signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    post_office.on_data = lambda: None
    assert post_office.recipients == ["a@x.test"], "the server took it, and nobody could note it"
    assert deliver(answering, at + timedelta(minutes=1), URL) == (1, 0), "the other one"
    assert deliver(answering, at + LEASE, URL) == (1, 0), "the first one again"
    assert deliver(answering, at + timedelta(days=1), URL) == (0, 0)
    assert sorted(post_office.recipients) == ["a@x.test", "a@x.test", "b@x.test"]
    assert len({letter["Message-ID"] for letter in post_office.letters}) == 1


def test_a_manager_sends_only_their_own_deals_and_only_to_themselves(
    business: Business, answering: Answering, post_office: PostOffice
) -> None:
    manager = business.state.users.of("manager@cedar.test")
    plan = Plan("Mine", "/channels", "report=channels&_period=30d&metrics=deals", "en", (manager.email,), "day", 0, 0)
    with pytest.raises(LetterError, match="to yourself alone"):
        subscribe(
            answering,
            manager,
            Plan(**{f: getattr(plan, f) for f in plan.__struct_fields__} | {"recipients": ("x@x.test",)}),
        )
    send_now(answering, subscribe(answering, manager, plan), (manager.email,), now(), URL)
    text = text_of(post_office.letters[0])
    assert "only the deals of Anna" in text
    assert "Deals: 15" in text
    assert "How fresh" not in text


def test_an_owner_who_was_shut_out_sends_nothing(
    business: Business, answering: Answering, post_office: PostOffice
) -> None:
    viewer = business.state.users.of("viewer@cedar.test")
    plan = Plan("All", "/channels", "report=channels", "en", (viewer.email,), "day", 0, 0)
    kept = subscribe(answering, viewer, plan)
    business.state.users.change(viewer.id, disabled_at=now())
    (letter,) = send_now(answering, kept, kept.recipients, now(), URL)
    assert post_office.letters == []
    assert "closed" in letter.trouble.en
    assert letter.try_at is None


def test_what_is_paused_or_left_is_not_sent(
    business: Business, answering: Answering, owner: User, weekly: Subscription, post_office: PostOffice
) -> None:
    write_due(business, weekly.next_at)
    stop(business, f"subscription {weekly.id}", "a@x.test")
    assert deliver(answering, weekly.next_at, URL) == (1, 0)
    assert post_office.recipients == ["b@x.test"]
    pause_subscription(business, owner, weekly.id, paused=True)
    assert write_due(business, weekly.next_at + timedelta(days=60)) == 0
    resumed = pause_subscription(business, owner, weekly.id, paused=False)
    assert resumed.next_at > now()
    stop(business, f"subscription {weekly.id}", "b@x.test")
    kept = business.state.subscriptions.get(weekly.id)
    assert kept is not None
    assert kept.paused_at is not None


def test_days_end_with_the_last_whole_one_and_last_month_is_what_it_says(answering: Answering) -> None:
    first = datetime.combine(yesterday().replace(day=1), datetime.min.time(), UTC).replace(tzinfo=None)
    nine = first + timedelta(hours=6)
    month = question_of("report=channels&_period=month", answering, nine)
    last = question_of("report=channels&_period=last_month", answering, nine)
    assert month.since == last.since
    assert month.until == last.until == (first - timedelta(days=1)).date()
    week = question_of("report=channels&_period=7d", answering, now())
    assert week.until == yesterday()
    with pytest.raises(QuestionError, match="single people"):
        question_of("report=behind", answering, now())


def test_mistakes_are_told_together(answering: Answering, owner: User) -> None:
    with pytest.raises(LetterError) as caught:
        subscribe(answering, owner, Plan(" ", "/channels", "report=channels", "en", ("nobody",), "fortnight", 1, -1))
    assert all(word in caught.value.message for word in ("no name", "«nobody»", "every day", "09:00"))
    with pytest.raises(QuestionError):
        subscribe(
            answering, owner, Plan("x", "/channels", "report=channels&by=nothing", "en", ("a@x.test",), "day", 0, 0)
        )
