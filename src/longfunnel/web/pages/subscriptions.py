"""Reports by e-mail, and alerts: what goes out to whom and when, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.app.business import now
from longfunnel.app.letters.alerts import alerts_of
from longfunnel.app.letters.limits import read_recipients
from longfunnel.app.letters.reading import Reading
from longfunnel.app.letters.sending import send_now
from longfunnel.app.letters.subscriptions import (
    Plan,
    change_subscription,
    own_subscription,
    pause_subscription,
    read_minute,
    remove_subscription,
    subscribe,
    subscriptions_of,
)
from longfunnel.app.letters.words import bounds_words, rule_words, schedule_words, value_words
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import NOTHING, Text
from longfunnel.web.page import EVERYONE, Page, Route
from longfunnel.web.pages._letters import (
    LANGUAGES,
    asked_words,
    page_asked,
    pages_of_letters,
    period_choices,
    query_of,
    schedules,
    with_period,
)

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import Alert, Letter, Subscription
    from longfunnel.web.visit import Visit

_KEPT, _NEW = Text("Report by e-mail", "Отчёт на почту"), Text("New report by e-mail", "Новый отчёт на почту")


@dataclass(frozen=True)
class Sent:
    """One line of the list: a subscription or an alert."""

    item: Subscription | Alert
    asked: str
    when: str
    owner: str
    """Whose it is, where it is another's."""
    recipients: str
    trouble: str
    last: Letter | None


def show(visit: Visit) -> Response[Any]:
    """The list."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    number = visit.parameter("_tried")
    tried = visit.business.state.letters.of(subscription_id=int(number)) if number.isdecimal() else []
    own = {one.id for one in subscriptions_of(visit.business, visit.user)}
    tried = [one for one in tried if one.subscription_id in own and one.due_at == tried[0].due_at]
    return visit.show(
        "pages/subscriptions.html",
        subscriptions=[_subscription(visit, one) for one in subscriptions_of(visit.business, visit.user)],
        alerts=[_alert(visit, one) for one in alerts_of(visit.business, visit.user)],
        readings={one.id: _reading(visit, one) for one in alerts_of(visit.business, visit.user)},
        tried=tried,
        about=[(path, visit.text(title)) for path, title in pages_of_letters(visit)],
        can_mail=bool(visit.settings.mail.host),
    )


def form(visit: Visit, number: int = 0, **values: Any) -> Response[Any]:
    """The form of a new subscription to the page that the address names, or of one to be changed."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    kept = own_subscription(visit.business, visit.user, number) if number else None
    page = kept.page if kept else visit.posted("page") or visit.parameter("_page") or "/"
    route = page_asked(visit, page)
    query = kept.query if kept else visit.posted("query") or query_of(route, list(visit.address.pairs))
    periods, period = period_choices(visit, query)
    shown: dict[str, Any] = {
        "title": visit.text(_KEPT if number else _NEW), "number": number, "mistake": "", "page": page, "query": query, "asked": asked_words(visit, page, query),
        "periods": periods, "schedules": schedules(visit), "languages": LANGUAGES, "can_choose": visit.user.role in ("owner", "analyst"),
        "typed": {
            "name": kept.name if kept else _named(visit, query),
            "recipients": ", ".join(kept.recipients) if kept else visit.user.email,
            "when": f"{kept.every}-{kept.on_day}" if kept else "week-1",
            "clock": f"{kept.minute // 60:02}:{kept.minute % 60:02}" if kept else "09:00",
            "language": kept.language if kept else visit.language, "period": period,
        },
        "can_mail": bool(visit.settings.mail.host),
    }  # fmt: skip
    return visit.show("pages/subscription.html", **(shown | values))


def make(visit: Visit) -> Response[Any]:
    """Keep a new subscription."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    page_asked(visit, visit.posted("page"))
    try:
        made = subscribe(visit.site.answering, visit.user, _plan(visit))
    except LongfunnelError as error:
        return form(visit, mistake=error.to(visit.language), typed=_typed(visit), status=400)
    visit.audit("subscription_added", f"{made.name}: {', '.join(made.recipients)}")
    return visit.redirect("/subscriptions")


def edit(visit: Visit) -> Response[Any]:
    """The form of one subscription."""
    return form(visit, visit.path["number"])


def change(visit: Visit) -> Response[Any]:
    """Keep a subscription as it was changed."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    number = visit.path["number"]
    page_asked(visit, own_subscription(visit.business, visit.user, number).page)
    try:
        made = change_subscription(visit.site.answering, visit.user, number, _plan(visit, number))
    except LongfunnelError as error:
        return form(visit, number, mistake=error.to(visit.language), typed=_typed(visit), status=400)
    visit.audit("subscription_changed", f"{made.name}: {', '.join(made.recipients)}")
    return visit.redirect("/subscriptions")


def act(visit: Visit) -> Response[Any]:
    """Send one now, to oneself or to all; pause it, let it go on, delete it."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    number, verb = visit.path["number"], visit.posted("verb")
    subscription = own_subscription(visit.business, visit.user, number)
    match verb:
        case "test" | "send":
            to = (visit.user.email,) if verb == "test" else subscription.recipients
            send_now(visit.site.answering, subscription, to, now(), visit.site.public_url.rstrip("/"))
        case "pause" | "resume":
            pause_subscription(visit.business, visit.user, number, paused=verb == "pause")
        case "remove":
            remove_subscription(visit.business, visit.user, number)
        case _:
            raise visit.missing()
    visit.audit(f"subscription_{verb}", subscription.name)
    return visit.redirect(f"/subscriptions?_tried={number}" if verb in ("test", "send") else "/subscriptions")


def _plan(visit: Visit, number: int = 0) -> Plan:
    kept = visit.business.state.subscriptions.get(number) if number else None
    every, _, day = visit.posted("when").partition("-")
    minute = read_minute(visit.posted("clock"))
    return Plan(
        visit.posted("name"), kept.page if kept else visit.posted("page"),
        with_period(kept.query if kept else visit.posted("query"), visit.posted("period")),
        "ru" if visit.posted("language") == "ru" else "en", read_recipients(visit.posted("recipients")),
        every, int(day) if day.isdecimal() else -1, -1 if minute is None else minute,
    )  # fmt: skip


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.posted(name) for name in ("name", "recipients", "when", "clock", "language", "period")}


def _named(visit: Visit, query: str) -> str:
    return asked_words(visit, "", query)[:80]


def _subscription(visit: Visit, one: Subscription) -> Sent:
    letters = visit.business.state.letters.of(subscription_id=one.id)
    when = schedule_words(one.every, one.on_day, one.minute, visit.language)
    return Sent(
        one, asked_words(visit, one.page, one.query), when, _owner(visit, one), ", ".join(one.recipients),
        visit.text(one.trouble), next(iter(letters), None),
    )  # fmt: skip


def _alert(visit: Visit, one: Alert) -> Sent:
    metric = visit.metrics.get(one.metric)
    reading = Reading.of(one.reading)
    form = reading.format if reading else metric.unit if metric else "ratio"
    title = Text(*reading.title) if reading else metric.title if metric else Text(one.metric, one.metric)
    letters = visit.business.state.letters.of(alert_id=one.id)
    trouble = visit.text(one.trouble or next((letter.trouble for letter in letters if letter.trouble), NOTHING))
    rule = f"{visit.text(title)}: {rule_words(one.rule, one.threshold, form, visit.shown)}"
    asked = asked_words(visit, one.page, one.query)
    return Sent(one, asked, rule, _owner(visit, one), ", ".join(one.recipients), trouble, next(iter(letters), None))


def _reading(visit: Visit, alert: Alert) -> tuple[str, str]:
    """The number at the last check, and what it was judged by."""
    reading = Reading.of(alert.reading)
    if reading is None:
        return "", ""
    return value_words(reading, visit.shown), bounds_words(alert, reading, visit.shown)


def _owner(visit: Visit, one: Subscription | Alert) -> str:
    if visit.user and one.user_id == visit.user.id:
        return ""
    owner = visit.business.state.users.get(one.user_id)
    return owner.name if owner else ""


PAGE = Page(
    title=Text("Reports by e-mail and alerts", "Отчёты на почту и оповещения"),
    lead=Text(
        "A report comes on its days; an alert comes when a number leaves its bounds.",
        "Отчёт приходит по расписанию, оповещение — когда число выходит за свои границы.",
    ),
    routes=(
        Route("/subscriptions", show, access=EVERYONE),
        Route("/subscriptions/new", form, access=EVERYONE, report="long_funnel"),
        Route("/subscriptions/new", make, method="POST", access=EVERYONE),
        Route("/subscriptions/{number:int}", edit, access=EVERYONE),
        Route("/subscriptions/{number:int}", change, method="POST", access=EVERYONE),
        Route("/subscriptions/{number:int}/act", act, method="POST", access=EVERYONE),
    ),
)
