"""Ledger: where all of the money stands, by channel or by a named reason, and what to do about each reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from longfunnel.core.money import show_money
from longfunnel.core.text import Text
from longfunnel.journeys.reasons import REASONS, UNMET
from longfunnel.reports import Filter, Question
from longfunnel.web.page import Nav, Page, Route
from longfunnel.web.rows_behind import rows_url
from longfunnel.web.saved import saved_menu
from longfunnel.web.strip import strip_of
from longfunnel.web.table import Cell, Head, Table, exports_of, sort_link, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

KINDS = {
    "spend": Text("Spend", "Расход"),
    "deal": Text("Deals", "Сделки"),
    "payment": Text("Payments", "Оплаты"),
}
_SHOWN = 200
_SORTED = 2000
"""Of at most so many rows behind a reason the reader chooses the order; of more the first are shown."""
_UNDER = "_sort_channels"
"""The parameter that keeps the order of the table of channels."""


def show(visit: Visit) -> Response[Any]:
    """The page."""
    answer = visit.ask(options=())
    rows = answer.rows
    reasons = _reasons(visit, [row for row in rows if row["reason"]])
    left = sum(reason["rows"] for reason in reasons)
    books = [_book(visit, kind, [row for row in rows if row["kind"] == kind]) for kind in KINDS]
    return visit.show(
        "pages/ledger.html",
        strip=strip_of(visit),
        books=books,
        saved=saved_menu(visit, "ledger"),
        reasons=reasons,
        left=left,
        total=sum((row["rows"] for row in rows), 0),
        is_whole=not any(item.code == "does_not_reconcile" for item in answer.caveats),
        different=[item.text for item in answer.caveats],
        channels=_channels(visit, rows, books),
        explain=table_of(visit, answer, can_sort=False).explain_url,
        exports=exports_of(visit, answer),
    )


def behind(visit: Visit) -> Response[Any]:
    """The rows behind a reason, or those of a kind that stand under channels: the newest, all of them in the exports."""
    kind, reason = visit.parameter("_kind"), visit.parameter("_reason")
    if kind not in KINDS or (reason not in {str(code) for code in REASONS} and reason != "none"):
        raise visit.missing()
    options = (("kind", kind), ("reason", reason))
    asked = visit.question
    question = Question("ledger", asked.since, asked.until, as_of=asked.as_of, options=options)
    if kind == "spend" and reason in UNMET.values():
        levels = visit.ask(Question("matching", asked.since, asked.until, as_of=asked.as_of)).rows
        many = sum(row["rows"] for row in levels if row["reason"] == reason)
    else:
        summed = visit.ask(question, options=()).rows
        many = sum(row["rows"] for row in summed if row["kind"] == kind and (row["reason"] or "none") == reason)
    can_sort = many <= _SORTED
    answer = visit.ask(question, limit=_SORTED if can_sort else _SHOWN)
    known = next((entry for code, entry in REASONS.items() if code == reason), None)
    empty = [column.name for column in answer.columns if all(row[column.name] is None for row in answer.rows)]
    table = table_of(visit, answer, leave_out=("reason", *empty), can_sort=can_sort, order="_sort")
    exports = [(name, f"/export/{name.lower()}?{question.to_url()}") for name, _ in table.exports]
    title = visit.text(known.title if known else Text("under channels", "под каналами"))
    return visit.show(
        "pages/ledger_rows.html",
        title=f"{visit.text(KINDS[kind])}: {title}",
        advice=visit.text(known.advice) if known else "",
        days=visit.shown.days_between(asked.since, asked.until) if asked.since or asked.until else "",
        table=replace(table, rows=table.rows[:_SHOWN], row_urls=table.row_urls[:_SHOWN], exports=exports),
        many=many,
        shown=min(many, _SHOWN),
    )


def _book(visit: Visit, kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One kind's balance: all = under channels + under reasons, in the business's currency and in each original one."""

    def amount(some: list[dict[str, Any]]) -> Decimal:
        return sum((row["amount"] or Decimal(0) for row in some), Decimal(0))

    under = [row for row in rows if not row["reason"]]
    apart = [row for row in rows if row["reason"]]
    currencies: dict[str, dict[str, Any]] = {}
    for row in rows:
        sums = currencies.setdefault(
            row["currency"] or "", {"all": Decimal(0), "under": Decimal(0), "apart": Decimal(0)}
        )
        value = row["original_amount"] or Decimal(0)
        sums["all"] += value
        sums["apart" if row["reason"] else "under"] += value
    every = amount(rows)
    return {
        "kind": kind,
        "title": visit.text(KINDS[kind]),
        "all": every,
        "rows": sum(row["rows"] for row in rows),
        "under": amount(under),
        "under_rows": sum(row["rows"] for row in under),
        "under_url": _rows_url(visit, kind, "none"),
        "apart": amount(apart) if any(row["amount"] is not None for row in apart) or not apart else None,
        "apart_rows": sum(row["rows"] for row in apart),
        "share": float(amount(under) / every) if every else None,
        "currencies": [
            {"name": name, **{key: _in(visit, value, name) for key, value in sums.items()}}
            for name, sums in sorted(currencies.items(), key=lambda pair: -abs(pair[1]["all"]))
        ]
        if set(currencies) - {visit.shown.currency}
        else [],
    }


def _in(visit: Visit, value: Decimal, currency: str) -> str:
    return show_money(value, currency, visit.language) if currency else visit.shown.value(value, "money")


def _reasons(visit: Visit, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kind and reason, all currencies together: the largest sums first, then what could not be converted."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["kind"], row["reason"]), []).append(row)
    made = []
    for (kind, reason), some in found.items():
        amounts = [row["amount"] for row in some if row["amount"] is not None]
        foreign = [row for row in some if row["currency"] != visit.shown.currency]
        made.append(
            {
                "kind": visit.text(KINDS[kind]),
                "title": some[0]["title"],
                "advice": some[0]["advice"],
                "rows": sum(row["rows"] for row in some),
                "amount": sum(amounts, Decimal(0)) if amounts else None,
                "original": ", ".join(
                    _in(visit, row["original_amount"] or Decimal(0), row["currency"] or "") for row in foreign
                ),
                "url": _rows_url(visit, kind, reason),
            }
        )
    return sorted(made, key=lambda item: (-abs(item["amount"] or 0), -item["rows"]))


def _channels(visit: Visit, rows: list[dict[str, Any]], books: list[dict[str, Any]]) -> Table | None:
    """Channel by channel, what stands under it of each kind, in the business's currency; None where nothing does."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if not row["reason"] and row["channel"]:
            sums = found.setdefault(row["channel"], {})
            sums[row["kind"]] = sums.get(row["kind"], Decimal(0)) + (row["amount"] or Decimal(0))
    if not found:
        return None
    base = visit.address.of_question()

    def cell(name: str, kind: str) -> Cell:
        if kind not in found[name]:
            return Cell("—", is_unknown=True)
        value = found[name][kind]
        return Cell(
            visit.shown.value(value, "money"), url=rows_url(visit, "cost", [_only(name)]) if kind == "spend" else ""
        )

    names = _in_order(visit, found)
    channel = visit.text(Text("Channel", "Канал"))
    return Table(
        heads=[_head(visit, "channel", channel), *(_head(visit, kind, visit.text(KINDS[kind])) for kind in KINDS)],
        rows=[[Cell(visit.member("channel", name)), *(cell(name, kind) for kind in KINDS)] for name in names],
        row_urls=["" if visit.is_shared else str(base.to("/channels").with_filter(_only(name))) for name in names],
        totals=[Cell(""), *(Cell(visit.shown.value(book["under"], "money")) for book in books)],
        exports=[],
        caption=visit.text(Text("Under channels", "Под каналами")),
    )


def _in_order(visit: Visit, found: dict[str, dict[str, Any]]) -> list[str]:
    """The channels as the reader wants them to stand; else the largest payments, or deals, first."""
    wanted = visit.parameter(_UNDER)
    kind, is_down = wanted.removeprefix("-"), wanted.startswith("-")
    if kind == "channel":
        return sorted(found, key=lambda name: visit.member("channel", name).casefold(), reverse=is_down)
    if kind in KINDS:
        known = sorted(
            (name for name in found if kind in found[name]), key=lambda name: found[name][kind], reverse=is_down
        )
        return [*known, *(name for name in found if kind not in found[name])]
    return sorted(found, key=lambda name: -(found[name].get("payment") or found[name].get("deal") or Decimal(0)))


def _head(visit: Visit, name: str, title: str) -> Head:
    is_number = name in KINDS
    url, standing = sort_link(visit, _UNDER, name, by_words=not is_number)
    unit = visit.shown.sign if is_number else ""
    return Head(name, title, unit, title, is_number, url, standing, explain_url="")


def _only(channel: str) -> Filter:
    return Filter("channel", "is", (channel,))


def _rows_url(visit: Visit, kind: str, reason: str) -> str:
    base = str(visit.address.of_question().to("/ledger/rows"))
    return f"{base}{'&' if '?' in base else '?'}{urlencode([('_kind', kind), ('_reason', reason)])}"


PAGE = Page(
    title=Text("Ledger", "Сверка"),
    lead=Text(
        "Every unit of spend, every deal and every payment stands under a channel or under a named reason.",
        "Каждый рубль расхода, каждая сделка и каждая оплата стоят под каналом или под названной причиной.",
    ),
    nav=Nav("scale", 60),
    routes=(Route("/ledger", show, report="ledger", can_share=True), Route("/ledger/rows", behind, report="ledger")),
)
