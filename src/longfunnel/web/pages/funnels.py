"""Funnels: steps of one's own across all systems, picked by search; who goes on, how soon, who is lost where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from longfunnel.app.people.funnel import funnel_people
from longfunnel.app.people.known_acts import usual_steps
from longfunnel.app.saved_views import views_of
from longfunnel.core.errors import LongfunnelError, QuestionError
from longfunnel.core.text import Text
from longfunnel.dimensions import dimensions
from longfunnel.journeys.funnels.step_language import read_steps
from longfunnel.reports import Question, reports
from longfunnel.web.act_fields import acts_of, found_acts, press_of
from longfunnel.web.address import Address, read_address
from longfunnel.web.page import READERS, Nav, Page, Route, pages
from longfunnel.web.pages._funnels.builder import COUNTS, ORDERS, builder_of, edited
from longfunnel.web.pages._funnels.parts import between_steps, groups_of, over_time
from longfunnel.web.pages._funnels.picture import FLOOR, HEIGHT, WIDTH, step_picture
from longfunnel.web.pages._funnels.tabs import funnel_tabs
from longfunnel.web.pages._people.masked import known_as, sees_whole
from longfunnel.web.saved import saved_menu
from longfunnel.web.step_words import step_words
from longfunnel.web.strip import Choice, strip_of
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer, Filter
    from longfunnel.web.visit import Visit

_PEOPLE = 200
_NOUNS = {
    "persons": (("person", "persons"), ("человек", "человека", "человек")),
    "sessions": (("session", "sessions"), ("визит", "визита", "визитов")),
    "attempts": (("attempt", "attempts"), ("попытка", "попытки", "попыток")),
}
_DRAWN = ("conversion_low", "conversion_high", "conversion_from_first_low", "conversion_from_first_high")
"""Columns that the picture shows as whiskers."""


def show(visit: Visit) -> Response[Any]:
    """The builder and the funnel; without steps in the address, the usual way to a sale."""
    question = visit.question
    if not any(name == "steps" for name, _ in question.options):
        steps = usual_steps(acts_of(visit))
        return visit.go(str(visit.address.with_(option=f"steps={', '.join(steps)}")))
    found = found_acts(visit)
    builder = builder_of(visit, question, found)
    cuts = sorted(((name, visit.text(entry.title)) for name, entry in dimensions().items()), key=lambda pair: pair[1])
    mistake, shown = "", None
    if len(builder.steps) > 1 or any(not step.is_read for step in builder.steps):
        try:
            shown = _shown(visit, question)
        except QuestionError as error:
            mistake = error.to(visit.language)
    return visit.show(
        "pages/funnels.html",
        strip=strip_of(visit),
        builder=builder,
        mistake=mistake,
        orders=[(name, visit.text(text)) for name, text in ORDERS.items()],
        counts=[(name, visit.text(text)) for name, text in COUNTS.items()],
        cuts=cuts,
        found=found,
        tabs=funnel_tabs(visit),
        saved=saved_menu(visit, "funnels", for_overview=True),
        funnel=shown,
        name=" → ".join(step.words for step in (builder.steps[:1] + builder.steps[-1:]))
        if len(builder.steps) > 1
        else "",
    )


def _shown(visit: Visit, question: Question) -> dict[str, Any]:
    """The counted funnel: picture, table, parts below."""
    answer = visit.ask(msgspec.structs.replace(question, by=(), limit=0))
    titles, optional = _titles(visit, question, answer)
    picture = step_picture(answer.rows, titles, optional, visit.parameter("_scale"))
    first, last = picture.columns[0], picture.columns[-1]
    return {
        "answer": answer,
        "picture": picture,
        "size": {"width": WIDTH, "height": HEIGHT, "floor": FLOOR},
        "title": _finding(visit, picture, titles),
        "people": _people_url(visit),
        "scales": [
            Choice(
                visit.text(Text("Linear", "Линейная")), str(visit.address.with_(_scale="linear")), not picture.is_log
            ),
            Choice(
                visit.text(Text("Logarithmic", "Логарифмическая")),
                str(visit.address.with_(_scale="log")),
                picture.is_log,
            ),
        ],
        "first": first,
        "last": last,
        "overall": answer.rows[-1]["conversion_from_first"],
        "overall_low": answer.rows[-1]["conversion_from_first_low"],
        "overall_high": answer.rows[-1]["conversion_from_first_high"],
        "time": answer.rows[-1]["median_days_from_first"],
        "revenue": answer.rows[-1]["revenue"],
        "explain": explain_url(visit.address, answer, "conversion"),
        "table": table_of(visit, _titled(answer, titles), leave_out=_DRAWN, can_sort=False),
        "groups": groups_of(visit, question, _people_url(visit)) if question.by else None,
        "over_time": over_time(visit, question),
        "between": between_steps(visit, question, titles, lambda number: answer.rows[number - 1])
        if question.option("order") != "any"
        else None,
    }


def _titles(visit: Visit, question: Question, answer: Answer) -> tuple[list[str], list[bool]]:
    """Each step in words, and whether it may be skipped; in any order, how many of them."""
    steps = read_steps(question.option("steps"))
    if question.option("order") == "any":
        said = Text("any {n} of {all}", "любые {n} из {all}")
        return [visit.text(said.format(n=row["step"], all=len(steps))) for row in answer.rows], [False] * len(steps)
    return [step_words(step.predicate, visit.language) for step in steps], [step.optional for step in steps]


def _titled(answer: Answer, titles: list[str]) -> Answer:
    """The answer with its steps in words."""
    place = answer.table.schema.get_field_index("title")
    return replace(answer, table=answer.table.set_column(place, "title", pa.array(titles, pa.string())))


def _finding(visit: Visit, picture: Any, titles: list[str]) -> str:
    """What the funnel says, in a line."""
    worst = picture.worst
    if worst is None:
        return (
            visit.text(Text("Nobody has entered yet", "Пока никто не вошёл"))
            if not picture.columns[0].count
            else titles[-1]
        )
    said = Text(
        "Most are lost before “{step}”: {lost} of {all}", "Больше всего теряется перед шагом «{step}»: {lost} из {all}"
    )
    shown = visit.shown
    return visit.text(
        said.format(step=worst.title, lost=shown.count(worst.lost), all=shown.count(worst.lost + worst.count))
    )


def _people_url(visit: Visit) -> Any:
    """Gives the address of the people behind a step, or lost before it."""

    def url(step: int, filters: list[Filter] | None = None, *, lost: bool = False) -> str:
        address = visit.address.to("/funnels/people").with_(by=None, _step=str(step), _lost="1" if lost else None)
        for item in filters or ():
            address = address.with_filter(item)
        return str(address)

    return url


def edit(visit: Visit) -> Response[Any]:
    """What the form asks, as an address."""
    return visit.go(str(edited(visit.address)))


def _took(visit: Visit) -> tuple[int, float, float] | None:
    """The time between two steps that the address asks for: another step, from so many days, to so many."""
    try:
        return int(visit.parameter("_since")), float(visit.parameter("_from")), float(visit.parameter("_to"))
    except ValueError:
        return None


def acts(visit: Visit) -> Response[Any]:
    """What can be picked, by what was typed: buttons of the form that asks."""
    text = next((value for name, value in visit.address.pairs if name.startswith("_q")), "")
    return visit.show("pages/funnel_acts.html", found=found_acts(visit, text), press=press_of(visit))


def people(visit: Visit) -> Response[Any]:
    """The people who reached a step, or were lost before it."""
    number, lost = visit.parameter("_step"), visit.parameter("_lost") == "1"
    if not number.isdigit():
        raise visit.missing()
    question = msgspec.structs.replace(visit.question, compare="", by=())
    visit.ask(question)  # as it was known on an earlier day is built first
    found, count = funnel_people(
        visit.site.answering, question, int(number), lost=lost, took=_took(visit), limit=_PEOPLE
    )
    steps = read_steps(question.option("steps"))
    words = step_words(steps[int(number) - 1].predicate, visit.language)
    whole = sees_whole(visit)
    said = (
        Text("Lost before “{step}”", "Потеряны перед шагом «{step}»")
        if lost
        else Text("Reached “{step}”", "Дошли до шага «{step}»")
    )
    return visit.show(
        "pages/funnel_people.html",
        title=visit.text(said.format(step=words)),
        people=[(item, known_as(item.identifiers, whole=whole)) for item in found],
        count=visit.shown.plural(count, *_NOUNS[question.option("count") or "persons"]),
        has_more=count > _PEOPLE,
        most=_PEOPLE,
        steps=[step_words(step.predicate, visit.language) for step in steps],
        has_people="people" in pages(),
        days=visit.shown.days_between(question.since, question.until),
    )


@dataclass(frozen=True)
class FunnelCard:
    """A saved funnel on the overview."""

    name: str
    url: str
    steps: list[tuple[str, int, float]]
    """Title, count, and its part of the first step's."""
    overall: float | None
    mistake: str = ""


def funnel_cards(visit: Visit) -> list[FunnelCard]:
    """The saved funnels that are flagged for the overview, counted over the overview's days and filters."""
    if visit.user is None or visit.user.role == "manager" or visit.is_shared:
        return []
    return [_card(visit, view) for view in views_of(visit.business, visit.user, "funnels") if view.is_on_overview]


def _card(visit: Visit, view: Any) -> FunnelCard:
    """One card; a funnel that cannot be counted any more says so."""
    saved = Address.of("/funnels", view.query)
    own = [pair for pair in saved.pairs if pair[0] in ("option", "filter")]
    days = [
        pair for pair in visit.address.of_question().pairs if pair not in own and pair[0] not in ("basis", "compare")
    ]
    address = Address("/funnels", (*own, *days))
    url = str(address)
    try:
        question = read_address(address, "funnel", visit.today, visit.settings.business.zone)
        answer = visit.ask(msgspec.structs.replace(question, compare=""))
    except LongfunnelError as error:
        return FunnelCard(view.name, url, [], None, visit.text(error.said))
    titles, _ = _titles(visit, question, answer)
    counts = [row["count"] for row in answer.rows]
    first = counts[0] or 1
    return FunnelCard(
        view.name,
        url,
        [(title, count, count / first) for title, count in zip(titles, counts, strict=True)],
        answer.rows[-1]["conversion_from_first"],
    )


PAGE = Page(
    title=Text("Funnels", "Воронки"),
    lead=reports()["funnel"].meaning,
    nav=Nav("chart-funnel", 30),
    routes=(
        Route("/funnels", show, access=READERS, report="funnel", can_share=True),
        Route("/funnels/edit", edit, access=READERS),
        Route("/funnels/acts", acts, access=READERS, report="funnel"),
        Route("/funnels/people", people, access=READERS, report="funnel"),
    ),
)
