"""The pictures of paths: a Sankey diagram of what follows what, bars of chains and of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_BARS = 10
_COLOURS = 8
_GREY = 9
_LONGEST_NAME = 28
_END = ("end", "конец")
_REST = ("others", "другие")


def flow_picture(visit: Visit, links: Answer, point: str, *, is_before: bool) -> dict[str, Any]:
    """The Sankey diagram of ``links``, with the commonest first step as its title."""
    rows = links.rows
    colours: dict[str, int] = {}
    nodes: dict[str, dict[str, Any]] = {}

    def node(place: int, name: str) -> str:
        key = f"{place} {name}"
        if key not in nodes:
            colour = _GREY if name in (*_END, *_REST) else colours.setdefault(name, len(colours) % _COLOURS + 1)
            nodes[key] = {"name": key, "label": _short(name), "colour": colour, "shown": name}
        return key

    made = [
        {
            "source": node(row["position"], row["from"]),
            "target": node(row["position"] + 1, row["to"]),
            "value": row["count"],
            "shown": f"{row['from']} → {row['to']}\n{visit.shown.count(row['count'])}",
        }
        for row in rows
    ]
    return {
        "title": _finding(visit, rows, point, is_before=is_before),
        "data": {"type": "sankey", "nodes": list(nodes.values()), "links": made},
    }


def _finding(visit: Visit, rows: list[dict[str, Any]], point: str, *, is_before: bool) -> str:
    first = [row for row in rows if row["position"] == 1]
    total = sum(row["count"] for row in first)
    ended = sum(row["count"] for row in first if row["to"] in _END)
    if is_before:
        return visit.text(Text("What came before «{point}»", "Что было перед «{point}»").format(point=point))
    if not total or not ended:
        return visit.text(Text("What follows «{point}»", "Что следует за «{point}»").format(point=point))
    said = Text(
        "After «{point}» {share} do nothing more in the visit",
        "После «{point}» {share} больше ничего не делают за визит",
    )
    return visit.text(said.format(point=point, share=visit.shown.share(ended / total, places=0)))


def _short(name: str) -> str:
    said = name.removeprefix("page:")
    return said if len(said) <= _LONGEST_NAME else f"{said[: _LONGEST_NAME - 1]}…"


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
            "labels": [row["chain"] for row in rows],
            "values": [row["orders"] for row in rows],
            "shown": [visit.shown.count(row["orders"]) for row in rows],
            "language": visit.language,
        },
    }


def lags_picture(visit: Visit, answer: Answer) -> dict[str, Any] | None:
    """Bars of the median time by the first cut; nothing when no row has one."""
    by = answer.question.by[0] if answer.question.by else ""
    few = {mark.row for mark in answer.few if mark.column == "median_days"}
    name = "median_days"
    rows = [row for number, row in enumerate(answer.rows) if by and row.get(name) is not None and number not in few][
        :_BARS
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: row[name])
    quickest, slowest = rows[0], rows[-1]
    title = Text("Half of the orders come within this time", "За это время приходит половина заказов")
    if len(rows) > 1:
        said = Text(
            "{quick} is quickest: {short}; {slow} takes {long}",
            "Быстрее всего {quick}: {short}; дольше всего {slow}: {long}",
        )
        title = said.format(
            quick=quickest[by] or "—", short=visit.shown.days(quickest[name]),
            slow=slowest[by] or "—", long=visit.shown.days(slowest[name]),
        )  # fmt: skip
    return {
        "title": visit.text(title),
        "data": {
            "type": "bars",
            "labels": [row[by] or "—" for row in rows],
            "values": [round(row[name], 2) for row in rows],
            "shown": [visit.shown.days(row[name]) for row in rows],
            "language": visit.language,
        },
    }
