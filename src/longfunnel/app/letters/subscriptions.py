"""Subscriptions as people set them up: add, change, pause, remove; each is checked as a whole first."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

import msgspec

from longfunnel.app.access.rights import narrowed
from longfunnel.app.business import now
from longfunnel.app.letters.asking import question_of
from longfunnel.app.letters.limits import NOT_YET, LetterError, may_change, name_mistakes, recipient_mistakes
from longfunnel.app.letters.times import next_time
from longfunnel.core.errors import together
from longfunnel.core.text import Text
from longfunnel.state import Every

if TYPE_CHECKING:
    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.state import Subscription, User

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Plan(msgspec.Struct, frozen=True):
    """A subscription as somebody asks for it."""

    name: str
    page: str
    """The page's path."""
    query: str
    """What its address asks, with ``report``."""
    language: str
    recipients: tuple[str, ...]
    every: str
    on_day: int
    minute: int


def read_minute(text: str) -> int | None:
    """The minute of the day of a time as «9:30»; None for anything else."""
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60):
        return None
    return int(hours) * 60 + int(minutes)


def subscribe(answering: Answering, user: User, plan: Plan) -> Subscription:
    """Keep a new subscription of the user's. Raises LetterError that lists every mistake, QuestionError and NotAllowedError for a
    question that cannot be asked, or not by this user."""
    values = _checked(answering, user, plan)
    return answering.business.state.subscriptions.add(user.id, made_at=now(), **values)


def change_subscription(answering: Answering, user: User, number: int, plan: Plan) -> Subscription:
    """Change the user's subscription (an owner: anybody's). What it asks stays asked with the rights of whose it is."""
    subscription = own_subscription(answering.business, user, number)
    owner = answering.business.state.users.get(subscription.user_id) or user
    answering.business.state.subscriptions.change(number, **_checked(answering, owner, plan), trouble="")
    answering.business.state.letters.give_up(f"subscription {number}")
    return own_subscription(answering.business, user, number)


def pause_subscription(business: Business, user: User, number: int, *, paused: bool) -> Subscription:
    """Send nothing until it goes on; what was missed meanwhile is not sent after."""
    subscription = own_subscription(business, user, number)
    when = subscription.every, subscription.on_day, subscription.minute, business.settings.business.zone
    business.state.subscriptions.change(number, paused_at=now() if paused else None, next_at=next_time(*when, now()))
    if paused:
        business.state.letters.give_up(f"subscription {number}")
    return own_subscription(business, user, number)


def remove_subscription(business: Business, user: User, number: int) -> Subscription:
    """Forget it and its letters; gives what it was."""
    subscription = own_subscription(business, user, number)
    business.state.subscriptions.remove(number)
    return subscription


def own_subscription(business: Business, user: User, number: int) -> Subscription:
    """The subscription, if the user may see it. Raises LetterError."""
    found = business.state.subscriptions.get(number)
    if found is None or not may_change(user, found):
        raise LetterError(
            Text("There is no such subscription of yours.", "Такой рассылки у вас нет."),
            hint=Text("It may have been deleted already.", "Возможно, её уже удалили."),
        )
    return found


def subscriptions_of(business: Business, user: User) -> list[Subscription]:
    """Those that the user may see."""
    return business.state.subscriptions.all(user_id=None if user.role == "owner" else user.id)


def _checked(answering: Answering, user: User, plan: Plan) -> dict[str, object]:
    name = " ".join(plan.name.split())
    mistakes = name_mistakes(name) + recipient_mistakes(user, plan.recipients)
    if plan.every not in get_args(Every):
        mistakes.append(
            Text("It goes out every day, every week or every month.", "Отправлять можно каждый день, неделю или месяц.")
        )
    first, last = {"week": (1, 7), "month": (1, 31)}.get(plan.every, (0, 0))
    if not first <= plan.on_day <= last:
        mistakes.append(
            Text(
                "The day must be a weekday, or a day of the month from 1 to 31.",
                "День — это день недели или число месяца от 1 до 31.",
            )
        )
    if not 0 <= plan.minute < 24 * 60:
        mistakes.append(Text("The time must look like 09:00.", "Время пишется как 09:00."))
    if mistakes:
        raise LetterError(together(mistakes, NOT_YET))
    narrowed(user, question_of(plan.query, answering, now()))
    every = cast("Every", plan.every)
    at = next_time(every, plan.on_day, plan.minute, answering.settings.business.zone, now())
    return msgspec.structs.asdict(plan) | {"name": name, "next_at": at}
