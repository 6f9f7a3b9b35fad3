"""The overview: the whole funnel, its three parts, money over time, what changed, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from longfunnel.app.sources.status import SourceState
from longfunnel.core.calendar import add_months
from longfunnel.core.text import Text
from longfunnel.reports import Question, sense
from longfunnel.web.cards import Card, card_of
from longfunnel.web.funnel_picture import FLOOR, HEIGHT, WIDTH, picture_of
from longfunnel.web.page import EVERYONE, Nav, Page, Route
from longfunnel.web.pages._sources.one_source import health_of
from longfunnel.web.pages.funnels import funnel_cards
from longfunnel.web.strip import strip_of
from longfunnel.web.table import table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.core.calendar import Grain
    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_FUNNELS = (
    ("warm_up", Text("Warm-up", "Прогрев"), ("clicks", "ctr", "cpc")),
    ("lead_funnel", Text("Leads", "Лиды"), ("leads", "cr", "cpl")),
    ("sales_funnel", Text("Sales", "Продажи"), ("orders", "cr1", "cpo")),
)
_MONEY = ("cost", "revenue", "profit", "romi")
_MOVES_SHOWN = 5
_LEAST_SHARE = Decimal("0.01")
_SOURCES_SHOWN = 6
_TONES = ("bad", "warn", "good")


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
    is_whole = not visit.is_shared and (visit.user is None or visit.user.role != "manager")
    return visit.show(
        "pages/overview.html",
        strip=strip_of(visit),
        answer=long,
        numbers=numbers,
        picture=picture_of(long, value_of=_value_of(long, numbers)),
        size={"width": WIDTH, "height": HEIGHT, "floor": FLOOR},
        table=table_of(visit, long, can_sort=False),
        money=_cards(visit, numbers, _MONEY),
        funnels=[
            (name, visit.text(title), cards)
            for name, title, names in _FUNNELS
            if (cards := _cards(visit, numbers, names))
        ],
        saved_funnels=funnel_cards(visit),
        over_time=_over_time(visit, question),
        moves=_moves(visit, question),
        sources=_sources(visit, long) if is_whole else None,
        ledger=_ledger(visit, question) if is_whole else None,
        behind=_behind(visit),
    )


def _about(report: str, question: Question) -> Question:
    """Another report about the same days, filters and rules."""
    return Question(
        report, question.since, question.until, question.compare, question.filters,
        model=question.model, window_days=question.window_days, basis=question.basis, as_of=question.as_of,
    )  # fmt: skip


def _asked() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_MONEY, *(name for _, _, names in _FUNNELS for name in names))))


def _cards(visit: Visit, numbers: Answer, names: tuple[str, ...]) -> list[Card]:
    """Cards of these metrics. Managers see those that are known of their own deals: spend and visits have no manager."""
    is_manager = visit.user is not None and visit.user.role == "manager"
    return [card_of(visit, numbers, name) for name in names if not is_manager or numbers.totals[name] is not None]


def _value_of(long: Answer, numbers: Answer) -> dict[str, Decimal]:
    """What one case of each stage brings: the period's revenue / the stage's count."""
    revenue = numbers.totals["revenue"]
    if not revenue:
        return {}
    return {row["stage"]: Decimal(revenue) / Decimal(row["count"]) for row in long.rows if row["count"]}


def _over_time(visit: Visit, question: Question) -> dict[str, Any]:
    """Spend and profit by day, week or month, as many points as read well."""
    days = (question.until - question.since).days + 1 if question.since and question.until else 400
    grain: Grain = "day" if days <= 31 else "week" if days <= 200 else "month"
    answer = visit.ask(
        _about("summary", question), metrics=("cost", "revenue", "profit"), grain=grain, compare="", sort=grain
    )
    shown = visit.shown
    found = {row[grain]: row for row in answer.rows}
    periods = _periods(list(found), grain)
    nothing: dict[str, Any] = dict.fromkeys(("cost", "profit"))
    rows = [found.get(day, nothing) for day in periods]
    series = [
        {
            "name": visit.text(visit.metrics[name].title),
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
            "days": [day.isoformat() for day in periods],
            "labels": [shown.day(day) for day in periods],
            "series": series,
            "urls": [_behind_days(visit, question, day, grain) for day in periods],
            "unit": shown.sign,
            "language": visit.language,
        },
    }


def _periods(known: list[date], grain: Grain) -> list[date]:
    """The first days of all periods from the first known one to the last, also where nothing happened."""
    found = [day for day in known if day]
    if not found:
        return []
    periods, last = [min(found)], max(found)
    while periods[-1] < last:
        periods.append(_next(periods[-1], grain))
    return periods


def _next(day: date, grain: Grain) -> date:
    return add_months(day, 1) if grain == "month" else day + timedelta(days=7 if grain == "week" else 1)


def _behind_days(visit: Visit, question: Question, first: date, grain: Grain) -> str:
    """The address of the spend of one period of the picture, within the days asked about."""
    last = _next(first, grain) - timedelta(days=1)
    days = {
        "since": max(first, question.since or first).isoformat(),
        "until": min(last, question.until or last).isoformat(),
    }
    return str(visit.address.of_question().to("/behind").with_(_period=None, **days, _metric="cost"))


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
            visit.member("channel", row["channel"]),
            visit.text(column.title),
            row["profit"],
            row["profit_before"],
            difference := (row["profit"] or 0) - (row["profit_before"] or 0),
            sense(difference, column.direction),
            str(visit.address.of_question().to("/channels").with_filter(f'channel is "{row["channel"]}"')),
        )
        for _, row in moved[:_MOVES_SHOWN]
    ]


def _sources(visit: Visit, answer: Answer) -> dict[str, Any]:
    """How the sources fare: those that need a look, the worst first, and how many are in order."""
    latest = {item.source_system: item.latest_on for item in answer.freshness}
    cursor = visit.cursor()
    try:
        imported = cursor.execute(
            """SELECT source_system, coalesce(rows, 0), recorded_at, coalesce(bad, 0), coalesce(runs, 0)
            FROM (SELECT source_system, CAST(sum(added + changed) AS BIGINT) AS rows, max(recorded_at) AS recorded_at, count(*) AS runs
                FROM main.imports GROUP BY ALL)
            FULL JOIN (SELECT source_system, count(*) AS bad FROM main.quarantine GROUP BY ALL) USING (source_system)"""
        ).fetchall()
    finally:
        cursor.close()
    states = {
        name: SourceState(name, rows, recorded_at, latest.get(name), bad, runs)
        for name, rows, recorded_at, bad, runs in imported
    }
    connections = visit.business.state.connections.all()
    names = dict.fromkeys([source.name for source in visit.settings.source] + list(states))
    healths = [(name, health_of(visit, states.get(name), connections.get(name))) for name in names]
    shown = [
        {
            "name": name,
            "url": f"/sources/{quote(name, safe='')}",
            "health": health,
            "recorded_at": state.recorded_at if (state := states.get(name)) else None,
            "latest_on": latest.get(name),
        }
        for name, health in sorted(healths, key=lambda item: _TONES.index(item[1]["tone"]))
        if health["tone"] != "good"
    ]
    return {"all": len(healths), "good": len(healths) - len(shown), "worst": shown[:_SOURCES_SHOWN], "bad": len(shown)}


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
    rows_url = visit.address.of_question().to("/ledger/rows")
    return {
        "is_whole": not any(item.code == "does_not_reconcile" for item in answer.caveats),
        "kinds": [
            {
                "title": visit.text(titles[kind]),
                "all": sums["all"],
                "left": sums["all"] - sums["linked"],
                "share": float(sums["linked"] / sums["all"]) if sums["all"] else None,
                "url": str(rows_url.with_(_kind=kind, _reason="none")),
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
    routes=(Route("/", show, access=EVERYONE, report="long_funnel", can_share=True),),
)
