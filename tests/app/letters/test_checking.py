"""Alerts over a business: what is found, what is told, and once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.app.letters.conftest import URL, leads_on, write_data, yesterday

from longfunnel.app.business import now
from longfunnel.app.letters.alerts import AlertPlan, add_alert, pause_alert, read_threshold, watchable_metrics
from longfunnel.app.letters.checking import check_alert, check_alerts
from longfunnel.app.letters.limits import LetterError
from longfunnel.app.letters.reading import Reading
from longfunnel.app.letters.sending import deliver

if TYPE_CHECKING:
    from tests.app.letters.conftest import PostOffice

    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.state import Alert, User

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def plan(
    metric: str, rule: str, threshold: str = "", language: str = "en", query: str = "report=channels&_period=7d"
) -> AlertPlan:
    number = Decimal(threshold) if threshold else None
    return AlertPlan(f"{metric} {rule}", "/channels", query, language, ("a@x.test",), metric, rule, number)


def again(business: Business, alert: Alert) -> Alert:
    found = business.state.alerts.get(alert.id)
    assert found is not None
    return found


def changed(business: Business, answering: Answering, **values: int) -> None:
    write_data(business.folder, **values)
    business.sync()
    answering.refresh()


def test_an_episode_is_told_once_when_it_begins_and_once_when_it_ends(
    business: Business, answering: Answering, owner: User, post_office: PostOffice
) -> None:
    alert = add_alert(answering, owner, plan("cpl", "above", "20"))
    at = now()
    for number in range(4):
        assert check_alerts(answering, at + timedelta(minutes=number)) == 1
    assert deliver(answering, at + timedelta(minutes=5), URL) == (1, 0)
    assert again(business, alert).state == "alarm"
    changed(business, answering, last_day=400)
    for minutes in (10, 30, 71, 90):
        check_alerts(answering, at + timedelta(minutes=minutes))
    deliver(answering, at + timedelta(minutes=95), URL)
    subjects = [letter["Subject"] for letter in post_office.letters]
    assert subjects == ["⚠ CPL: above 20.00 RUB", "✓ CPL: back to normal"]
    assert again(business, alert).episode == 1
    page = post_office.letters[0].get_body(("html",))
    assert page is not None
    assert f"{URL}/channels?since=" in page.get_content()
    assert f"{URL}/behind?" in page.get_content()


@pytest.mark.parametrize(("leads", "state"), [(None, "normal"), (60, "alarm")])
def test_a_day_unlike_its_weekday_is_unusual(
    business: Business, answering: Answering, owner: User, post_office: PostOffice, leads: int | None, state: str
) -> None:
    if leads is not None:
        changed(business, answering, last_day=leads)
    alert = add_alert(answering, owner, plan("leads", "unusual", language="ru"))
    assert check_alert(answering, alert, now())
    found = again(business, alert)
    assert found.state == state
    reading = Reading.of(found.reading)
    assert reading is not None
    assert (reading.until, reading.value) == (yesterday(), (leads or leads_on(yesterday())) + 1)
    assert reading.middle == leads_on(yesterday())
    deliver(answering, now() + timedelta(seconds=1), URL)
    if leads:
        (letter,) = post_office.letters
        assert letter["Subject"] == "⚠ Лиды: необычно много"
        assert "image/png" in [part.get_content_type() for part in letter.walk()]
    else:
        assert post_office.letters == []


def test_too_little_history_is_said_and_nothing_is_sent(
    business: Business, answering: Answering, owner: User, post_office: PostOffice
) -> None:
    query = "report=channels&_period=7d&filter=source+is+new"
    alert = add_alert(answering, owner, plan("leads", "unusual", query=query))
    check_alert(answering, alert, now())
    found = again(business, alert)
    reading = Reading.of(found.reading)
    assert reading is not None
    assert (found.state, reading.why, reading.value) == ("unknown", "too_little_history", 1)
    assert deliver(answering, now() + timedelta(seconds=1), URL) == (0, 0)


def test_a_number_that_only_a_report_knows_has_no_usual_day(answering: Answering, owner: User) -> None:
    with pytest.raises(LetterError, match="no number «leedz»"):
        add_alert(answering, owner, plan("leedz", "above", "1"))
    with pytest.raises(LetterError, match="threshold must be a number"):
        add_alert(answering, owner, plan("leads", "above"))


def test_a_report_without_totals_is_watched_by_the_numbers_of_the_summary(
    business: Business, answering: Answering, owner: User
) -> None:
    query = "report=long_funnel&_period=7d"
    assert watchable_metrics(answering, owner, query)["leads"].value
    alert = add_alert(answering, owner, plan("leads", "below", "1000", query=query))
    check_alert(answering, alert, now())
    assert again(business, alert).state == "alarm"


def test_an_alert_that_can_not_be_asked_any_more_says_so_and_goes_on_with_the_others(
    business: Business, answering: Answering, owner: User
) -> None:
    broken = add_alert(answering, owner, plan("leads", "above", "1"))
    business.state.alerts.change(broken.id, query="report=channels&by=nothing")
    fine = add_alert(answering, owner, plan("leads", "above", "1"))
    assert check_alerts(answering, now()) == 1
    assert "nothing" in again(business, broken).trouble.en
    assert again(business, fine).state == "alarm"
    pause_alert(business, owner, fine.id, paused=True)
    assert again(business, fine).state == "unknown"
    assert check_alerts(answering, now()) == 0


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [("2 000", "money", "2000"), ("2\u00a0000,50", "money", "2000.50"), ("5", "share", "0.05"), ("5 %", "share", "0.05"), ("−3", "money", "-3"), ("many", "count", None), ("nan", "count", None)],
)  # fmt: skip
def test_thresholds_are_read_as_people_type_them(text: str, form: str, expected: str | None) -> None:
    assert read_threshold(text, form) == (None if expected is None else Decimal(expected))
