"""What the pages of subscriptions and alerts share: which page they are about, periods, languages, schedules to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from longfunnel.app.letters.words import weekday_words
from longfunnel.core.text import Text
from longfunnel.reports import PERIOD, PERIODS, filter_words, read_filter, reports
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from longfunnel.web.page import Route
    from longfunnel.web.visit import Visit

LANGUAGES = (("en", "English"), ("ru", "Русский"))
FIXED = "fixed"
"""The choice of a period that keeps the days of the address."""
_ONE_DAY = Text("The last whole day", "Последний полный день")
_DAYS = ("since", "until", PERIOD)
_PASSING = ("_page", "_do", "_q", "_or", "_column", "_said", "limit", "csrf")


def page_asked(visit: Visit, path: str) -> Route:
    """The route of the page that a letter is about. Raises NotFoundException for one that asks nothing, or is not this user's."""
    for page in pages().values():
        for route in page.routes:
            if route.path == path and route.method == "GET" and route.report and page.nav:
                if visit.user is None or not route.allows(visit.user.role):
                    raise visit.missing()
                return route
    raise visit.missing()


def pages_of_letters(visit: Visit) -> list[tuple[str, Text]]:
    """The pages that this user can have sent or watched as they are, by address, in the order of the navigation."""
    role = visit.user.role if visit.user else None
    # a funnel of one's own needs its steps first: its letters are set up above it
    found = [page for page in pages().values() if page.nav and page.routes[0].report and page.name != "funnels"]
    found.sort(key=lambda page: (page.nav.place if page.nav else 0, page.path))
    return [(page.path, page.title) for page in found if page.routes[0].allows(role)]


def query_of(route: Route, pairs: list[tuple[str, str]]) -> str:
    """What an address of that page asks, as a subscription keeps it: with its report, without what is of the moment."""
    kept = [(key, value) for key, value in pairs if key not in _PASSING]
    return urlencode(kept if any(key == "report" for key, _ in kept) else [("report", route.report), *kept])


def with_period(query: str, period: str) -> str:
    """The query with this named period in the stead of its days; ``FIXED`` leaves it."""
    if period == FIXED or period not in PERIODS:
        return query
    kept = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key not in _DAYS]
    return urlencode([*kept, (PERIOD, period)])


def period_choices(visit: Visit, query: str) -> tuple[list[tuple[str, str]], str]:
    """The periods to choose from with their words, and the one that the query asks for."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    choices = [(name, visit.text(_ONE_DAY if name == "today" else text)) for name, text in PERIODS.items()]
    if "since" in asked or "until" in asked:
        days = f"{asked.get('since') or '…'} – {asked.get('until') or '…'}"
        said = visit.text(Text("Always the same days: {days}", "Всегда одни и те же дни: {days}").format(days=days))
        return [(FIXED, said), *choices], FIXED
    return choices, asked.get(PERIOD) or "90d"


def asked_words(visit: Visit, page: str, query: str) -> str:
    """What is asked, in a line: the report, its period, its filters."""
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = dict(pairs)
    report = reports().get(asked.get("report", ""))
    periods, chosen = period_choices(visit, query)
    said = [visit.text(report.title) if report else page, dict(periods).get(chosen, "")]
    said += [_filter_said(visit, value) for key, value in pairs if key == "filter"]
    return " · ".join(one for one in said if one)


def _filter_said(visit: Visit, written: str) -> str:
    """A filter as the strip says it; one that a later version or a hand wrote stays as it is."""
    try:
        return " ".join(word for word in filter_words(read_filter(written), visit.language) if word)
    except ValueError:
        return written


def schedules(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every schedule to choose from, in groups: «day», «week-1» … «week-7», «month-1» … «month-31»."""
    months = [(f"month-{day}", visit.text(Text(f"on day {day}", f"{day}-го числа"))) for day in range(1, 29)]
    last = ("month-31", visit.text(Text("on the last day", "в последний день")))
    return [
        (visit.text(Text("Every day", "Каждый день")), [("day-0", visit.text(Text("every day", "каждый день")))]),
        (
            visit.text(Text("Every week", "Каждую неделю")),
            [(f"week-{day}", weekday_words(day, visit.language)) for day in range(1, 8)],
        ),
        (visit.text(Text("Every month", "Каждый месяц")), [*months, last]),
    ]
