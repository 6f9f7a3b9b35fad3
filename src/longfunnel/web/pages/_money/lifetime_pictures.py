"""The pictures of lifetime value and of client types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from longfunnel.core.text import Text
from longfunnel.web.pages._money.economics_pictures import month_of
from longfunnel.web.pages._money.parts import label_of
from longfunnel.web.pages._money.pictures import ROWS, Line, ranges, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

KIND_WORDS: Final = {
    "type": Text("Types of clients", "Типы клиентов"),
    "segment": Text("Segments by recency, frequency and money (RFM)", "Сегменты по давности, частоте и деньгам (RFM)"),
}
TYPE_SAID: Final = (
    (Text("Potential", "Потенциальные"), Text("left a lead, have not ordered", "оставили заявку, ещё не заказали")),
    (Text("Real", "Реальные"), Text("have ordered", "сделали заказ")),
    (Text("Loyal", "Лояльные"), Text("have ordered again", "заказали снова")),
    (Text("Regular", "Постоянные"), Text("order often, and not long ago", "заказывают часто, и последний раз недавно")),
)


def ltv_picture(
    visit: Visit, answer: Answer, by: tuple[str, ...], grain: str, url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """What a client of each row has brought, and will have brought; None without clients whose orders have sums."""
    rows = _first([row for row in answer.rows if row["ltv"] is not None], grain)
    if not rows:
        return None
    lines = [Line("ltv", visit.text(answer.column("ltv").title), 1)]
    is_predicted = any(row["predicted_ltv"] is not None for row in rows)
    if is_predicted:
        lines.append(
            Line(
                "predicted_ltv",
                visit.text(answer.column("predicted_ltv").title),
                3,
                low="predicted_low",
                high="predicted_high",
            )
        )
    return {
        "title": _brought(visit, answer, is_predicted=is_predicted),
        "data": ranges(visit, answer, rows, _labels(visit, rows, by, grain), lines, urls=_urls(rows, url), joined=True),
    }


def _brought(visit: Visit, answer: Answer, *, is_predicted: bool) -> str:
    totals = answer.totals
    names = {"now": short(visit, totals["ltv"], "money")}
    if not is_predicted or totals["predicted_ltv"] is None:
        return visit.text(Text("A client has brought {now} so far", "Один клиент принёс уже {now}").format(**names))
    names["then"] = short(visit, totals["predicted_ltv"], "money")
    said = Text(
        "A client has brought {now} and will have brought {then}", "Один клиент принёс {now}, а принесёт {then}"
    )
    return visit.text(said.format(**names))


def alive_picture(
    visit: Visit, answer: Answer, by: tuple[str, ...], grain: str, url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """Which share of each row's clients has not left; None where the models say nothing."""
    rows = _first([row for row in answer.rows if row["alive_share"] is not None], grain)
    if not rows:
        return None
    line = Line("alive_share", visit.text(answer.column("alive_share").title), 3, low="alive_low", high="alive_high")
    said = Text("{share} of clients have not left for good", "{share} клиентов не ушли насовсем")
    return {
        "title": visit.text(said.format(share=visit.shown.share(answer.totals["alive_share"], places=0))),
        "data": ranges(visit, answer, rows, _labels(visit, rows, by, grain), [line], urls=_urls(rows, url)),
    }


def _urls(rows: list[dict[str, Any]], url: Callable[[dict[str, Any]], str]) -> list[str] | None:
    """Where each row leads; none where no row does."""
    found = [url(row) for row in rows]
    return found if any(found) else None


def _first(rows: list[dict[str, Any]], grain: str) -> list[dict[str, Any]]:
    """As many rows as a picture has room for: the largest, or the latest months."""
    return rows[-ROWS:] if grain else rows[:ROWS]


def _labels(visit: Visit, rows: list[dict[str, Any]], by: tuple[str, ...], grain: str) -> list[str]:
    return [month_of(visit, row[grain]) if grain else label_of(visit, row, by) for row in rows]


def kinds_picture(
    visit: Visit, answer: Answer, kind: str, url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """Bars of how many clients are of each kind, with what they have brought; None without clients."""
    rows = answer.rows
    if not rows:
        return None
    shown = visit.shown
    labels = [
        shown.count(row["clients"]) + (f" · {shown.money(row['revenue'], short=True)}" if row["revenue"] else "")
        for row in rows
    ]
    return {
        "title": _heaviest(visit, answer, rows, kind),
        "data": {
            "type": "bars",
            "labels": [row["title"] for row in rows],
            "values": [row["clients"] for row in rows],
            "shown": labels,
            "urls": [url(row) for row in rows],
            "language": visit.language,
            "height": 30 * len(rows) + 40,
        },
    }


def _heaviest(visit: Visit, answer: Answer, rows: list[dict[str, Any]], kind: str) -> str:
    """Who brings most of the money, in words."""
    total = answer.totals["revenue"]
    known = [row for row in rows if row["revenue"]]
    if not total or not known:
        return visit.text(KIND_WORDS[kind])
    most = max(known, key=lambda row: row["revenue"])
    said = Text("{name}: {people} of clients, {money} of the revenue", "{name}: {people} клиентов, {money} выручки")
    shares = {
        "people": visit.shown.share(most["clients"] / answer.totals["clients"], places=0),
        "money": visit.shown.share(most["revenue"] / total, places=0),
    }
    return visit.text(said.format(name=most["title"], **shares))
