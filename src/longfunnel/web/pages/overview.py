"""The overview: the whole funnel, its three parts, money over time, what changed, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.reports import Question, sense
from longfunnel.web.cards import Card, card_of
from longfunnel.web.funnel_picture import FLOOR, HEIGHT, WIDTH, picture_of
from longfunnel.web.page import EVERYONE, Nav, Page, Route
from longfunnel.web.pages.funnels import funnel_cards
from longfunnel.web.strip import strip_of
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_FUNNELS = (
    ("warm_up", Text("Warm-up", "Прогрев"), ("clicks", "ctr", "cpc")),
    ("lead_funnel", Text("Leads", "Лиды"), ("leads", "cr", "cpl")),
    ("sales_funnel", Text("Sales", "Продажи"), ("orders", "cr1", "cpo")),
)
_MONEY = ("cost", "revenue", "profit", "romi")
_WORTH = ("revenue", "visits", "leads", "qualified_leads", "deals", "orders", "repeat_orders", "clicks", "impressions")
_MOVES_SHOWN = 5
_LEAST_SHARE = Decimal("0.01")


@dataclass(frozen=True)
class Move:
    """What one channel's money did against the compared period."""

    channel: str
    metric: str
    now: Any
    before: Any
    change: Any
    sense: str
    url: str


def show(visit: Visit) -> Response[Any]:
    """The page."""
    question = visit.question
    long = visit.ask(report="long_funnel", by=(), metrics=(), grain="", sort="", limit=0, options=())
    numbers = visit.ask(_about("summary", question), metrics=_asked())
    worth = visit.ask(_about("summary", question), metrics=_WORTH).totals
    is_whole = visit.user is None or visit.user.role != "manager"
    return visit.show(
        "pages/overview.html",
        strip=strip_of(visit),
        answer=long,
        numbers=numbers,
        picture=picture_of(long, value_of=_value_of(worth)),
        size={"width": WIDTH, "height": HEIGHT, "floor": FLOOR},
        table=table_of(visit, long, can_sort=False),
        money=[card_of(visit, numbers, name) for name in _MONEY],
        funnels=_funnels(visit, numbers),
        saved_funnels=funnel_cards(visit),
        over_time=_over_time(visit, question),
        moves=_moves(visit, question),
        sources=_sources(long) if is_whole else [],
        ledger=_ledger(visit, question) if is_whole else None,
        behind=_behind(visit),
        share_url=f"/share?{question.to_url()}",
    )


def _about(report: str, question: Question) -> Question:
    """Another report about the same days, filters and rules."""
    return Question(
        report, question.since, question.until, question.compare, question.filters,
        model=question.model, window_days=question.window_days, basis=question.basis, as_of=question.as_of,
    )  # fmt: skip


def _asked() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_MONEY, *(name for _, _, names in _FUNNELS for name in names))))


def _funnels(visit: Visit, numbers: Answer) -> list[tuple[str, str, list[Card]]]:
    return [
        (name, visit.text(title), [card_of(visit, numbers, each) for each in each_of])
        for name, title, each_of in _FUNNELS
    ]


def _value_of(worth: dict[str, Any]) -> dict[str, Decimal]:
    """What one case of each stage brings: the period's revenue / the stage's count."""
    revenue = worth.get("revenue")
    if not revenue:
        return {}
    counts = {name: worth[name] for name in _WORTH[1:] if worth.get(name)}
    return {name: Decimal(revenue) / Decimal(count) for name, count in counts.items()}


def _over_time(visit: Visit, question: Question) -> dict[str, Any]:
    """Spend and profit by day, week or month, as many points as read well."""
    days = (question.until - question.since).days + 1 if question.since and question.until else 400
    grain = "day" if days <= 31 else "week" if days <= 200 else "month"
    answer = visit.ask(
        _about("summary", question), metrics=("cost", "revenue", "profit"), grain=grain, compare="", sort=grain
    )
    shown = visit.shown
    rows = answer.rows
    series = [
        {
            "name": visit.text(metrics()[name].title),
            "kind": kind,
            "values": [None if row[name] is None else float(row[name]) for row in rows],
            "shown": [shown.money(row[name]) for row in rows],
        }
        for name, kind in (("cost", "bar"), ("profit", "line"))
    ]
    title = visit.text(
        {
            "day": Text("Spend and profit by day", "Расход и прибыль по дням"),
            "week": Text("Spend and profit by week", "Расход и прибыль по неделям"),
            "month": Text("Spend and profit by month", "Расход и прибыль по месяцам"),
        }[grain]
    )
    return {
        "title": title,
        "table": table_of(visit, answer, can_sort=False),
        "data": {
            "type": "time",
            "days": [row[grain].isoformat() for row in rows],
            "labels": [shown.day(row[grain]) for row in rows],
            "series": series,
            "unit": shown.sign,
            "language": visit.language,
        },
    }


def _moves(visit: Visit, question: Question) -> list[Move]:
    """The channels whose profit moved most; empty without a comparison."""
    if not question.compare:
        return []
    answer = visit.ask(_about("channels", question), metrics=("profit", "revenue", "cost"), by=("channel",))
    rows = [
        row for row in answer.rows if row["channel"] and (row["profit"] is not None or row["profit_before"] is not None)
    ]
    moved = [(abs((row["profit"] or 0) - (row["profit_before"] or 0)), row) for row in rows]
    turnover = sum((abs(row["profit"] or 0) for row in rows), Decimal(0))
    moved = [pair for pair in moved if pair[0] > turnover * _LEAST_SHARE]
    moved.sort(key=lambda pair: -pair[0])
    column = answer.column("profit")
    return [
        Move(
            row["channel"],
            visit.text(column.title),
            row["profit"],
            row["profit_before"],
            difference := (row["profit"] or 0) - (row["profit_before"] or 0),
            sense(difference, column.direction),
            str(visit.address.of_question().to("/channels").with_filter(f'channel is "{row["channel"]}"')),
        )
        for _, row in moved[:_MOVES_SHOWN]
    ]


def _sources(answer: Answer) -> list[Any]:
    """The sources, the one longest without news first."""
    return sorted(answer.freshness, key=lambda item: (item.recorded_at is not None, item.recorded_at))


def _ledger(visit: Visit, question: Question) -> dict[str, Any]:
    """How much of the money stands under a channel, by kind, and whether the sums equal what was imported."""
    answer = visit.ask(Question("ledger", question.since, question.until, as_of=question.as_of))
    kinds: dict[str, dict[str, Decimal]] = {}
    for row in answer.rows:
        sums = kinds.setdefault(row["kind"], {"all": Decimal(0), "linked": Decimal(0)})
        amount = abs(row["amount"] or Decimal(0))
        sums["all"] += amount
        sums["linked"] += amount if row["reason"] is None and row["channel"] else Decimal(0)
    titles = {"spend": Text("Spend", "Расход"), "deal": Text("Deals", "Сделки"), "payment": Text("Payments", "Оплаты")}
    return {
        "is_whole": not any(item.code == "does_not_reconcile" for item in answer.caveats),
        "kinds": [
            {
                "title": visit.text(titles[kind]),
                "all": sums["all"],
                "left": sums["all"] - sums["linked"],
                "share": float(sums["linked"] / sums["all"]) if sums["all"] else None,
            }
            for kind, sums in kinds.items()
        ],
        "url": str(visit.address.of_question().to("/ledger")),
    }


def _behind(visit: Visit) -> Any:
    """Gives the address of the people or rows behind a stage's count."""

    def url(stage: str) -> str:
        asked = urlencode([("_metric", stage)])
        base = str(visit.address.of_question().to("/behind"))
        return f"{base}{'&' if '?' in base else '?'}{asked}"

    return url


PAGE = Page(
    title=Text("Overview", "Обзор"),
    lead=Text("The whole way from the impression to the repeat order.", "Весь путь — от показа до повторного заказа."),
    nav=Nav("layout-dashboard", 10),
    routes=(Route("/", show, access=EVERYONE, report="long_funnel"),),
)
