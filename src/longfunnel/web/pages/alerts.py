"""Alerts: watch a number of a report, change, pause and delete the watch. They are listed with the reports by e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.business import now
from longfunnel.app.letters.alerts import (
    AlertPlan,
    add_alert,
    change_alert,
    own_alert,
    pause_alert,
    read_threshold,
    remove_alert,
    watchable_metrics,
)
from longfunnel.app.letters.checking import check_alert
from longfunnel.app.letters.limits import read_recipients
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.web.page import EVERYONE, Page, Route
from longfunnel.web.pages._letters import LANGUAGES, asked_words, page_asked, period_choices, query_of, with_period

if TYPE_CHECKING:
    from decimal import Decimal

    from litestar import Response

    from longfunnel.web.visit import Visit

RULES = (
    ("unusual", Text("changes unusually", "необычно меняется")),
    ("above", Text("rises above", "становится выше")),
    ("below", Text("falls below", "становится ниже")),
)

_NEW = Text("New alert", "Новое оповещение")


def form(visit: Visit, number: int = 0, **values: Any) -> Response[Any]:
    """The form of a new alert about the page that the address names, or of one to be changed."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    kept = own_alert(visit.business, visit.user, number) if number else None
    page = kept.page if kept else visit.posted("page") or visit.parameter("_page") or "/"
    route = page_asked(visit, page)
    query = kept.query if kept else visit.posted("query") or query_of(route, list(visit.address.pairs))
    known = watchable_metrics(visit.site.answering, visit.user, query)
    periods, period = period_choices(visit, query)
    choices = [(name, visit.text(one.title), visit.shown.card(one.value, one.format)) for name, one in known.items()]
    shown: dict[str, Any] = {
        "title": visit.text(PAGE.title if number else _NEW), "number": number, "mistake": "",
        "page": page, "query": query, "asked": asked_words(visit, page, query),
        "periods": periods, "languages": LANGUAGES, "choices": choices, "rules": [(name, visit.text(text)) for name, text in RULES],
        "can_choose": visit.user.role in ("owner", "analyst"), "can_mail": bool(visit.settings.mail.host),
        "typed": {
            "name": kept.name if kept else "", "recipients": ", ".join(kept.recipients) if kept else visit.user.email,
            "metric": kept.metric if kept else "leads" if "leads" in known else "",
            "rule": kept.rule if kept else "unusual",
            "threshold": _threshold_typed(kept.threshold, known[kept.metric].format if kept.metric in known else "") if kept else "",
            "language": kept.language if kept else visit.language, "period": period,
        },
    }  # fmt: skip
    return visit.show("pages/alert.html", **(shown | values))


def make(visit: Visit) -> Response[Any]:
    """Keep a new alert and look at its number at once."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    page_asked(visit, visit.posted("page"))
    try:
        made = add_alert(visit.site.answering, visit.user, _plan(visit))
    except LongfunnelError as error:
        return form(visit, mistake=error.to(visit.language), typed=_typed(visit), status=400)
    check_alert(visit.site.answering, made, now())
    visit.audit("alert_added", f"{made.name}: {', '.join(made.recipients)}")
    return visit.redirect("/subscriptions")


def edit(visit: Visit) -> Response[Any]:
    """The form of one alert."""
    return form(visit, visit.path["number"])


def change(visit: Visit) -> Response[Any]:
    """Keep an alert as it was changed, and look at its number at once."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    number = visit.path["number"]
    page_asked(visit, own_alert(visit.business, visit.user, number).page)
    try:
        made = change_alert(visit.site.answering, visit.user, number, _plan(visit, number))
    except LongfunnelError as error:
        return form(visit, number, mistake=error.to(visit.language), typed=_typed(visit), status=400)
    check_alert(visit.site.answering, made, now())
    visit.audit("alert_changed", f"{made.name}: {', '.join(made.recipients)}")
    return visit.redirect("/subscriptions")


def act(visit: Visit) -> Response[Any]:
    """Look at it now; pause it, let it go on, delete it."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    number, verb = visit.path["number"], visit.posted("verb")
    alert = own_alert(visit.business, visit.user, number)
    match verb:
        case "check":
            check_alert(visit.site.answering, alert, now())
        case "pause" | "resume":
            pause_alert(visit.business, visit.user, number, paused=verb == "pause")
        case "remove":
            remove_alert(visit.business, visit.user, number)
        case _:
            raise visit.missing()
    visit.audit(f"alert_{verb}", alert.name)
    return visit.redirect("/subscriptions")


def _plan(visit: Visit, number: int = 0) -> AlertPlan:
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    kept = visit.business.state.alerts.get(number) if number else None
    query = with_period(kept.query if kept else visit.posted("query"), visit.posted("period"))
    metric, rule = visit.posted("metric"), visit.posted("rule")
    known = watchable_metrics(visit.site.answering, visit.user, query)
    one = known.get(metric)
    threshold = read_threshold(visit.posted("threshold"), one.format if one else "")
    name = visit.posted("name")
    if not name and one:
        said = dict(RULES).get(rule)
        name = f"{visit.text(one.title)} {visit.text(said) if said else ''} {visit.posted('threshold') if rule != 'unusual' else ''}"
    return AlertPlan(
        name, kept.page if kept else visit.posted("page"), query, "ru" if visit.posted("language") == "ru" else "en",
        read_recipients(visit.posted("recipients")), metric, rule, threshold,
    )  # fmt: skip


def _typed(visit: Visit) -> dict[str, str]:
    return {
        name: visit.posted(name) for name in ("name", "recipients", "metric", "rule", "threshold", "language", "period")
    }


def _threshold_typed(threshold: Decimal | None, form: str) -> str:
    """A threshold as it would be typed: a share in percent."""
    if threshold is None:
        return ""
    value = threshold * 100 if form == "share" else threshold
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


PAGE = Page(
    title=Text("Alert", "Оповещение"),
    routes=(
        Route("/alerts/new", form, access=EVERYONE, report="long_funnel"),
        Route("/alerts/new", make, method="POST", access=EVERYONE),
        Route("/alerts/{number:int}", edit, access=EVERYONE),
        Route("/alerts/{number:int}", change, method="POST", access=EVERYONE),
        Route("/alerts/{number:int}/act", act, method="POST", access=EVERYONE),
    ),
)
