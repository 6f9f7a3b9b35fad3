"""The pictures of paths: a Sankey diagram of what follows what, bars of chains and of times."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.web.rows_behind import of_row, rows_url
from longfunnel.web.step_words import step_words, way_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.reports import Answer
    from longfunnel.web.table import Table
    from longfunnel.web.visit import Visit

_BARS = 10
_COLOURS = 8
_GREY = 9
_LONGEST_NAME = 22
_LEVEL_WIDTH = 190
"""Pixels that a level of the diagram needs at least for its names; a narrower page lets it be moved sideways."""
_END = ("end", "конец")
_REST = ("others", "другие")


def flow_picture(visit: Visit, links: Answer, point: str, *, is_before: bool) -> dict[str, Any]:
    """The Sankey diagram of ``links``: each node with its part of all who passed the point; the finding as its title."""
    rows = links.rows
    colours: dict[str, int] = {}
    nodes: dict[tuple[int, str], dict[str, Any]] = {}
    weights: dict[tuple[int, str], int] = {}
    for row in rows:
        if row["position"] == 1:
            weights[1, row["from"]] = weights.get((1, row["from"]), 0) + row["count"]
        after = (row["position"] + 1, row["to"])
        weights[after] = weights.get(after, 0) + row["count"]
    total = sum(count for (place, _), count in weights.items() if place == 1)

    def node(place: int, name: str) -> str:
        key = f"{place} {name}"
        if (place, name) not in nodes:
            colour = _GREY if name in (*_END, *_REST) else colours.setdefault(name, len(colours) % _COLOURS + 1)
            count = weights[place, name]
            share = visit.shown.share(count / total, places=0)
            nodes[place, name] = {
                "name": key,
                "label": f"{_short(visit, name)} · {share}",
                "colour": colour,
                "shown": f"{step_words(name, visit.language)}\n{visit.shown.count(count)} · {share}",
                "url": people_url(visit, place, name),
            }
        return key

    made = [
        {
            "source": node(row["position"], row["from"]),
            "target": node(row["position"] + 1, row["to"]),
            "value": row["count"],
            "shown": f"{step_words(row['from'], visit.language)} → {step_words(row['to'], visit.language)}\n"
            f"{visit.shown.count(row['count'])}",
            "url": people_url(visit, row["position"], row["from"], row["to"]),
            "is_rest": bool({row["from"], row["to"]} & {*_END, *_REST}),
        }
        for row in rows
    ]
    levels = max((place for place, _ in nodes), default=1)
    # named steps stand on top, the largest first; what is folded and where ways end, below
    order = sorted(nodes, key=lambda key: (key[0], key[1] in _END, key[1] in _REST, -weights[key]))
    return {
        "title": _finding(visit, rows, point, is_before=is_before),
        "note": _note(visit, rows),
        "data": {
            "type": "sankey",
            "nodes": [nodes[key] for key in order],
            "links": made,
            "width": _LEVEL_WIDTH * levels,
        },
    }


def people_url(visit: Visit, place: int, one: str, two: str = "") -> str:
    """Where the people of a node or a link are; of what is made of many, what it is made of."""
    if visit.is_shared:
        return ""
    if {one, two} & set(_REST):
        return str(visit.address.to("/paths/others").with_(_place=str(place), _one=one, _two=two or None))
    address = visit.address.to("/paths/people").with_(_place=str(place), _one="" if one in _END else one)
    return str(address.with_(_two=None if not two else "" if two in _END else two))


def _finding(visit: Visit, rows: list[dict[str, Any]], point: str, *, is_before: bool) -> str:
    first = [row for row in rows if row["position"] == 1]
    total = sum(row["count"] for row in first)
    ended = sum(row["count"] for row in first if row["to"] in _END)
    words = step_words(point, visit.language)
    if is_before:
        return visit.text(Text("What came before: {point}", "Что было до: {point}").format(point=words))
    if not total or not ended:
        return visit.text(Text("What comes after: {point}", "Что идёт после: {point}").format(point=words))
    share = visit.shown.share(ended / total, places=0)
    if point in ("page", "page:*"):
        said = Text("{share} leave after the first page", "{share} уходят после первой страницы")
        return visit.text(said.format(share=share))
    said = Text("{share} do nothing more after: {point}", "{share} больше ничего не делают после: {point}")
    return visit.text(said.format(share=share, point=words))


def _note(visit: Visit, rows: list[dict[str, Any]]) -> str:
    """How much of the ways the picture folds into «others», and where a click leads."""
    total = sum(row["count"] for row in rows)
    folded = sum(row["count"] for row in rows if row["from"] in _REST or row["to"] in _REST)
    said = Text(
        "Per cent: of all who begin. A click shows the people.", "Проценты — от всех в начале. По щелчку — люди."
    )
    if not folded:
        return visit.text(said)
    rest = Text(
        " Rare steps, {share} of all moves, are «others»: a click lists them.",
        " Редкие шаги, {share} переходов, — «другие»: по щелчку — их список.",
    )
    return visit.text(said + rest.format(share=visit.shown.share(folded / total, places=0)))


def _short(visit: Visit, name: str) -> str:
    said = name.removeprefix("page:")
    said = said if said != name else step_words(name, visit.language)
    return said if len(said) <= _LONGEST_NAME else f"{said[: _LONGEST_NAME - 1]}…"


def in_words(visit: Visit, answer: Answer, table: Table, columns: Iterable[str]) -> Table:
    """The table with the acts of these columns in words."""
    places = [place for place, head in enumerate(table.heads) if head.name in columns]
    rows = []
    for row, cells in zip(answer.rows, table.rows, strict=True):
        said = {place: way_words(row[table.heads[place].name] or "", visit.language) for place in places}
        rows.append([replace(cell, text=said.get(place) or cell.text) for place, cell in enumerate(cells)])
    return replace(table, rows=rows)


def chain_words(visit: Visit, chain: str | None) -> str:
    """A chain of channels as the reader calls them."""
    if not chain:
        return visit.text(Text("no known touch", "касаний не видно"))
    parts = chain.split(" → ")
    return " → ".join(visit.member("channel", None if part == "—" else part) for part in parts)


def chains_in_words(visit: Visit, answer: Answer, table: Table) -> Table:
    """The table of chains with the channels as the reader calls them."""
    pairs = zip(answer.rows, table.rows, strict=True)
    return replace(
        table, rows=[[replace(cells[0], text=chain_words(visit, row["chain"])), *cells[1:]] for row, cells in pairs]
    )


def chain_url(visit: Visit, chain: str | None) -> str:
    """Where the people are that ordered after this chain."""
    return "" if visit.is_shared else str(visit.address.to("/paths/chains/people").with_(_chain=chain or ""))


def chains_picture(visit: Visit, answer: Answer) -> dict[str, Any]:
    """Bars of the chains with most orders, and how many orders needed more than one channel."""
    rows = answer.rows[:_BARS]
    total = answer.totals.get("orders") or 0
    one = sum(row["orders"] for row in answer.rows if row["length"] == 1)
    none = sum(row["orders"] for row in answer.rows if not row["length"])
    listed = sum(row["orders"] for row in answer.rows)
    title = Text("The chains of channels that bring most orders", "Какие цепочки каналов приносят больше всего заказов")
    if total and listed == total:
        many = (total - one - none) / total
        said = Text(
            "{share} of orders came by more than one channel", "{share} заказов пришли более чем через один канал"
        )
        title = said.format(share=visit.shown.share(many, places=0))
    return {
        "title": visit.text(title),
        "data": {
            "type": "bars",
            "labels": [chain_words(visit, row["chain"]) for row in rows],
            "values": [row["orders"] for row in rows],
            "shown": [visit.shown.count(row["orders"]) for row in rows],
            "urls": [chain_url(visit, row["chain"]) for row in rows],
            "language": visit.language,
        },
    }


def waits_picture(visit: Visit, answer: Answer) -> dict[str, Any] | None:
    """Bars of how many orders came how soon, out of the totals; nothing where no order's time is known."""
    totals = answer.totals
    timed = answer.total_cases.get("median_days") or 0
    if not timed or totals["median_days"] is None:
        return None
    edges = [0, *(int(name.split("_")[1]) for name in totals if name.startswith("within_"))]
    upto = [0, *(round(totals[f"within_{day}_share"] * timed) for day in edges[1:]), timed]
    counts = [after - before for before, after in pairwise(upto)]
    shown = visit.shown
    labels = [Text("up to {b} d", "до {b} дн").format(b=edges[1])]
    labels += [Text("{a}–{b} d", "{a}–{b} дн").format(a=a, b=b) for a, b in pairwise(edges[1:])]
    labels.append(Text("longer than {a} d", "дольше {a} дн").format(a=edges[-1]))
    ends = [*edges[1:], None]
    said = Text("Half of the orders come within {half}, nine of ten within {most}",
                "Половина заказов приходит за {half}, девять из десяти — за {most}")  # fmt: skip
    return {
        "title": visit.text(said.format(half=shown.days(totals["median_days"]), most=shown.days(totals["p90_days"]))),
        "data": {
            "type": "bars",
            "labels": [visit.text(label) for label in labels],
            "values": counts,
            "shown": [f"{shown.count(count)} · {shown.share(count / timed, places=0)}" for count in counts],
            "urls": [_wait_url(visit, a, b) if n else "" for a, b, n in zip(edges, ends, counts, strict=True)],
            "language": visit.language,
        },
    }


def _wait_url(visit: Visit, above: int, upto: int | None) -> str:
    """Where the orders are that took so many days: above one edge, up to the other."""
    if visit.is_shared:
        return ""
    address = visit.address.to("/paths/lags/people").with_(_above=str(above) if above else None)
    return str(address.with_(_upto=str(upto) if upto is not None else None))


def lags_picture(visit: Visit, answer: Answer) -> dict[str, Any] | None:
    """For each value of the first cut half and nine tenths of the orders' times; nothing when fewer than two are sure."""
    by = answer.question.by[0] if answer.question.by else ""
    few = {mark.row for mark in answer.few if mark.column == "median_days"}
    name = "median_days"
    rows = [row for number, row in enumerate(answer.rows) if by and row.get(name) is not None and number not in few][
        :_BARS
    ]
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: row[name])
    quickest, slowest = rows[0], rows[-1]
    shown = visit.shown
    said = Text(
        "{quick} is quickest: {short}; {slow} takes {long}",
        "Быстрее всего {quick}: {short}; дольше всего {slow}: {long}",
    )
    title = said.format(
        quick=visit.member(by, quickest[by]), short=shown.days(quickest[name]),
        slow=visit.member(by, slowest[by]), long=shown.days(slowest[name]),
    )  # fmt: skip
    return {
        "title": visit.text(title),
        "data": {
            "type": "bars",
            "labels": [visit.member(by, row[by]) for row in rows],
            "values": [round(row[name], 2) for row in rows],
            "shown": [f"{shown.days(row[name])}, {shown.share(0.9, places=0)} — {shown.days(row['p90_days'])}" for row in rows],
            "urls": [_orders_url(visit, row, by) for row in rows],
            "language": visit.language,
        },
    }  # fmt: skip


def _orders_url(visit: Visit, row: dict[str, Any], by: str) -> str:
    """The orders of a row, by the date that the report counts them by."""
    url = rows_url(visit, "orders", of_row(row, (by,)))
    return url if not url or visit.address.has("basis") else f"{url}&basis=payment"


def without_repeats(table: Table, few: dict[int, int]) -> Table:
    """The table of times with its thin rows dimmed once, by number of the row and how many orders it has."""
    rows = []
    for number, cells in enumerate(table.rows):
        thin = number in few
        rows.append(
            [replace(cell, few=None, is_unknown=cell.is_unknown or (thin and place > 1)) for place, cell in enumerate(cells)]
        )  # fmt: skip
    totals = [replace(cell, few=None) for cell in table.totals]
    return replace(table, rows=rows, totals=totals, has_few=False)
