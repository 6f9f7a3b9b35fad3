"""The pictures of economics: what a client costs and brings, so far and ahead; what the last tenth of spend brought."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from babel.dates import format_skeleton

from longfunnel.core.text import Text
from longfunnel.web.pages._money.pictures import ROWS, Line, ranges, short
from longfunnel.web.table import explain_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

AHEAD = ("predicted_ltv", "predicted_low", "predicted_high")
"""What is joined from the report on lifetime value."""
_TENTH = Decimal("0.1")


def with_ahead(answer: Answer, ahead: Answer, cut: list[str]) -> Answer:
    """The answer with the predicted LTV of the same rows and of the total; as it is, where nothing could be predicted."""
    if not ahead.totals or ahead.totals["predicted_ltv"] is None:
        return answer
    of_row = {tuple(row[name] for name in cut): row for row in ahead.rows}
    places = [tuple(row[name] for name in cut) for row in answer.rows]
    table, totals = answer.table, dict(answer.totals)
    for name in AHEAD:
        values = [of_row[place][name] if place in of_row else None for place in places]
        table = table.append_column(name, pa.array(values, pa.decimal128(38, 4)))
        totals[name] = ahead.totals[name]
    return replace(
        answer, columns=(*answer.columns, *(ahead.column(name) for name in AHEAD)), table=table, totals=totals
    )


def _named(answer: Answer, cut: list[str]) -> list[int]:
    """The places of the rows whose value is known: what stands under none is no choice of anybody."""
    return [place for place, row in enumerate(answer.rows) if all(row[name] is not None for name in cut)]


def ahead_picture(
    visit: Visit, answer: Answer, ahead: Answer, cut: list[str], labels: list[str], url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """What a client of each row costs, has brought, and will have brought; None where no row has a client."""
    known = [
        place
        for place in _named(answer, cut)
        if answer.rows[place]["ltv"] is not None or answer.rows[place]["cac"] is not None
    ]
    chosen = known[-ROWS:] if answer.question.grain else known[:ROWS]
    if not chosen:
        return None
    rows = [answer.rows[place] for place in chosen]
    lines = [
        Line("cac", visit.text(answer.column("cac").title), 2),
        Line("ltv", visit.text(answer.column("ltv").title), 1),
    ]
    if AHEAD[0] in {column.name for column in answer.columns}:
        said = explain_url(visit.address, ahead, AHEAD[0])
        name = visit.text(answer.column(AHEAD[0]).title)
        lines.append(Line(AHEAD[0], name, 3, low=AHEAD[1], high=AHEAD[2], explain=said))
    return {
        "title": _clients(visit, answer),
        "data": ranges(
            visit,
            answer,
            rows,
            [labels[place] for place in chosen],
            lines,
            urls=[url(row) for row in rows],
            joined=True,
        ),
    }


def _clients(visit: Visit, answer: Answer) -> str:
    """What a client costs and has brought in all, in words."""
    cac, ltv = answer.totals["cac"], answer.totals["ltv"]
    if cac is None or ltv is None:
        return visit.text(Text("What a client costs and brings", "Сколько стоит и приносит клиент"))
    said = Text("A client costs {cac} and has brought {ltv} so far", "Клиент стоит {cac} и уже принёс {ltv}")
    return visit.text(said.format(cac=short(visit, cac, "money"), ltv=short(visit, ltv, "money")))


def last_tenth_picture(
    visit: Visit, answer: Answer, cut: list[str], labels: list[str], url: Callable[[dict[str, Any]], str]
) -> dict[str, Any] | None:
    """What the last tenth of spend brought with its interval, against what it cost; None where no row carries it."""
    shown = _named(answer, cut)
    known = [place for place in shown if answer.rows[place]["cost"] and answer.rows[place]["last_tenth_high"]]
    chosen = known[:ROWS]
    if not chosen:
        return None
    rows = [answer.rows[place] | {"tenth": answer.rows[place]["cost"] * _TENTH} for place in chosen]
    named = [labels[place] for place in chosen]
    brought = visit.text(answer.column("last_tenth").title)
    lines = [
        Line("last_tenth", brought, 1, low="last_tenth_low", high="last_tenth_high"),
        Line(
            "tenth",
            visit.text(Text("What it cost", "Сколько они стоили")),
            9,
            kind="tick",
            explain=explain_url(visit.address, answer, "last_tenth"),
        ),
    ]
    return {
        "title": _verdict(visit, rows, named),
        "data": ranges(visit, answer, rows, named, lines, urls=[url(row) for row in rows]),
    }


def _verdict(visit: Visit, rows: list[dict[str, Any]], labels: list[str]) -> str:
    """Whether the last tenth pays, where most is spent, in words."""
    row, name = max(zip(rows, labels, strict=True), key=lambda pair: pair[0]["cost"])
    if row["last_tenth_low"] > row["tenth"]:
        said = Text("{name}: the last 10 % of spend pays for itself", "{name}: последние 10 % расхода окупаются")
    elif row["last_tenth_high"] < row["tenth"]:
        said = Text(
            "{name}: the last 10 % of spend does not pay for itself", "{name}: последние 10 % расхода не окупаются"
        )
    else:
        said = Text(
            "{name}: whether the last 10 % of spend pays for itself is not clear",
            "{name}: окупаются ли последние 10 % расхода, неясно",
        )
    return visit.text(said.format(name=name))


def month_of(visit: Visit, day: date | None) -> str:
    """A month in words."""
    return "—" if day is None else str(format_skeleton("yMMM", day, locale=visit.language))
