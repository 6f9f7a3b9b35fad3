"""Alerts as people set them up: add, change, pause, remove; each is checked as a whole first."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from longfunnel.app.access.rights import narrowed
from longfunnel.app.business import now
from longfunnel.app.letters.asking import question_of
from longfunnel.app.letters.limits import NOT_YET, LetterError, may_change, name_mistakes, recipient_mistakes
from longfunnel.app.letters.reading import NOT_BY_DAY, about_same, watchable
from longfunnel.core.errors import did_you_mean, together
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports import Question
from longfunnel.state import Rule

if TYPE_CHECKING:
    from longfunnel.app.answering import Answering
    from longfunnel.app.business import Business
    from longfunnel.state import Alert, User

USUAL_METRICS = (
    "leads",
    "qualified_leads",
    "orders",
    "revenue",
    "profit",
    "cost",
    "cpl",
    "cpo",
    "cr",
    "cr1",
    "romi",
    "visits",
    "clicks",
)
"""What can be watched of a report that has no totals of its own."""


class AlertPlan(msgspec.Struct, frozen=True):
    """An alert as somebody asks for it."""

    name: str
    page: str
    query: str
    language: str
    recipients: tuple[str, ...]
    metric: str
    rule: str
    threshold: Decimal | None


@dataclass(frozen=True)
class Watchable:
    """A number that can be watched."""

    title: Text
    format: str
    value: Any
    """As it is now."""


def watchable_metrics(answering: Answering, user: User, query: str) -> dict[str, Watchable]:
    """What can be watched of the question, by name. Raises as asking does."""
    question = msgspec.structs.replace(question_of(query, answering, now()), limit=1, compare="")
    answer = answering.ask(narrowed(user, question))
    if not watchable(answer):
        answer = answering.ask(narrowed(user, about_same(question, *USUAL_METRICS)))
    columns = [answer.column(name) for name in watchable(answer)]
    return {one.name: Watchable(one.title, one.format, answer.totals[one.name]) for one in columns}


def read_threshold(text: str, form: str) -> Decimal | None:
    """A threshold as people type it: with spaces, a decimal comma, a percent sign; a share is typed in percent. None for anything else."""
    plain = "".join(text.split()).replace("\u2212", "-").replace(",", ".")
    is_percent = plain.endswith("%")
    try:
        value = Decimal(plain.rstrip("%"))
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    return value / 100 if is_percent or form == "share" else value


def add_alert(answering: Answering, user: User, plan: AlertPlan) -> Alert:
    """Keep a new alert of the user's. Raises LetterError that lists every mistake, and as asking its question does."""
    return answering.business.state.alerts.add(user.id, made_at=now(), **_checked(answering, user, plan))


def change_alert(answering: Answering, user: User, number: int, plan: AlertPlan) -> Alert:
    """Change the user's alert (an owner: anybody's). Its episode ends without a letter: it watches something else now."""
    alert = own_alert(answering.business, user, number)
    owner = answering.business.state.users.get(alert.user_id) or user
    values = _checked(answering, owner, plan)
    answering.business.state.alerts.change(number, **values, state="unknown", normal_at=None, reading="", trouble="")
    answering.business.state.letters.give_up(f"alert {number}")
    return own_alert(answering.business, user, number)


def pause_alert(business: Business, user: User, number: int, *, paused: bool) -> Alert:
    """Look at it no more until it goes on; an episode ends without a letter."""
    own_alert(business, user, number)
    business.state.alerts.change(number, paused_at=now() if paused else None, state="unknown", normal_at=None)
    if paused:
        business.state.letters.give_up(f"alert {number}")
    return own_alert(business, user, number)


def remove_alert(business: Business, user: User, number: int) -> Alert:
    """Forget it and its letters; gives what it was."""
    alert = own_alert(business, user, number)
    business.state.alerts.remove(number)
    return alert


def own_alert(business: Business, user: User, number: int) -> Alert:
    """The alert, if the user may see it. Raises LetterError."""
    found = business.state.alerts.get(number)
    if found is None or not may_change(user, found):
        raise LetterError(
            Text("There is no such alert of yours.", "Такого оповещения у вас нет."),
            hint=Text("It may have been deleted already.", "Возможно, его уже удалили."),
        )
    return found


def alerts_of(business: Business, user: User) -> list[Alert]:
    """Those that the user may see."""
    return business.state.alerts.all(user_id=None if user.role == "owner" else user.id)


def _checked(answering: Answering, user: User, plan: AlertPlan) -> dict[str, object]:
    name = " ".join(plan.name.split())
    mistakes = name_mistakes(name) + recipient_mistakes(user, plan.recipients)
    if plan.rule not in get_args(Rule):
        mistakes.append(
            Text(
                "It waits for a number above, below, or unusual.",
                "Выберите, чего ждать: показатель выше порога, ниже порога или необычный.",
            )
        )
    elif plan.rule != "unusual" and plan.threshold is None:
        mistakes.append(Text("The threshold must be a number.", "Порог — это число."))
    if plan.metric not in metrics():
        known = watchable_metrics(answering, user, plan.query)
        if plan.metric not in known:
            mistakes.append(
                Text("There is no number «{metric}».", "Показателя «{metric}» нет.").format(metric=plan.metric)
                + did_you_mean(plan.metric, known)
            )
        elif plan.rule == "unusual":
            mistakes.append(NOT_BY_DAY.format(metric=plan.metric))
    if mistakes:
        raise LetterError(together(mistakes, NOT_YET))
    narrowed(user, question_of(plan.query, answering, now()))
    if plan.rule == "unusual":
        narrowed(user, Question("summary"))
    threshold = None if plan.rule == "unusual" else plan.threshold
    return msgspec.structs.asdict(plan) | {"name": name, "rule": cast("Rule", plan.rule), "threshold": threshold}
