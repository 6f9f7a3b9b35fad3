"""Paths: what people do after a point, before it or between two, and by which channels they come to an order.

``show=paths``: the commonest whole paths. ``show=links``: how many go from each node to the next at each position, for a Sankey
diagram, at most 40 links with the rest as «others». ``show=chains``: chains of channels before an order.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.text import Text
from longfunnel.reports._engine.answer import Answer, Caveat, Column
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._funnel.columns import metric_column, schema_of
from longfunnel.reports._paths.chains import answer_chains
from longfunnel.reports._paths.trails import distinct, trails_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._paths.trails import Trails

VIEWS: Final = ("paths", "links", "chains")
_MOST_LINKS: Final = 40
_MOST_NODES: Final = 8
"""Of one position in the picture of links."""
_MOST_PATHS: Final = 50
_OTHERS: Final = Text("others", "другие")
_END: Final = Text("end", "конец")


def answer(context: Context, question: Question) -> Answer:
    """Whole paths, links between their nodes, or chains of channels."""
    view = question.option("view") or ("paths" if question.option("after") or question.option("before") else "chains")
    if view not in VIEWS:
        raise QuestionError(must_be("view", view, VIEWS))
    if view == "chains":
        return answer_chains(context, question, REPORT.title)
    found = trails_of(context, question)
    rows, columns = _paths(context, question, found) if view == "paths" else _links(context, question, found)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist(rows, schema_of(columns)),
        totals={"count": int(found.counts.sum())} if view == "paths" else {},
        caveats=caveats_of(context, question, [], []) + _missing(found),
        freshness=freshness(context),
        sql=found.sql,
        language=context.settings.business.language,
        title=REPORT.title,
    )


def _paths(context: Context, question: Question, found: Trails) -> tuple[list[dict[str, Any]], tuple[Column, ...]]:
    """The commonest paths, each with its share of all, and the rest as one row."""
    total = int(found.counts.sum())
    limit = question.limit or _MOST_PATHS
    rows: list[dict[str, Any]] = []
    for nodes, count in zip(found.nodes[:limit], found.counts[:limit], strict=True):
        names = [found.names[node] for node in nodes if node >= 0]
        rows.append({"path": " → ".join(names), "length": len(names), "count": int(count), "share": int(count) / total})
    rest = int(found.counts[limit:].sum())
    if rest:
        name = _OTHERS.to(context.settings.business.language)
        rows.append({"path": name, "length": None, "count": rest, "share": rest / total})
    return rows, (
        Column(
            "path",
            Text("Path", "Путь"),
            "text",
            Text("What was done, in order.", "Что делали, по порядку."),
            "dimension",
        ),
        metric_column(
            "length", Text("Length", "Длина"), "count", Text("Nodes in it.", "Сколько в нём шагов."), "none", ""
        ),
        Column(
            "count",
            Text("Count", "Количество"),
            "count",
            Text("How many went this way.", "Сколько так прошло."),
            "metric",
            "none",
            "count",
        ),
        metric_column("share", Text("Share", "Доля"), "share", Text("Of all paths.", "От всех путей."), "none", ""),
    )


def _links(context: Context, question: Question, found: Trails) -> tuple[list[dict[str, Any]], tuple[Column, ...]]:
    """From which node to which, at which position. The smallest are folded together until at most 40 are left."""
    counts, others, end = _steps(context, found)
    most = min(question.limit or _MOST_LINKS, _MOST_LINKS)
    folded = fold(counts, most, others, kept=end)
    rows = [
        {"position": place, "from": one, "to": two, "count": count}
        for (place, one, two), count in sorted(folded.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    ]
    return rows, (
        Column(
            "position",
            Text("Position", "Место"),
            "count",
            Text("From node n to node n + 1.", "Из шага n в шаг n + 1."),
            "dimension",
        ),
        Column("from", Text("From", "Откуда"), "text", Text("What was done.", "Что делали."), "dimension"),
        Column("to", Text("To", "Куда"), "text", Text("What was done next.", "Что делали потом."), "dimension"),
        metric_column(
            "count",
            Text("Count", "Количество"),
            "count",
            Text("How many went on so.", "Сколько так прошло."),
            "none",
            "",
        ),
    )


def _steps(context: Context, found: Trails) -> tuple[Counter[tuple[int, str, str]], str, str]:
    """How many go from each node to the next at each position; what is folded together is called, and the end of a way."""
    language = context.settings.business.language
    counts: Counter[tuple[int, str, str]] = Counter()
    names = [*found.names, _END.to(language)]  # the last is the name of -1
    for place in range(1, found.nodes.shape[1]):
        goes_on = found.nodes[:, place - 1] >= 0
        links, many = distinct(found.nodes[goes_on, place - 1 : place + 1].astype(np.int64), found.counts[goes_on])
        for (one, two), count in zip(links.tolist(), many.tolist(), strict=True):
            counts[place, names[one], names[two]] += count
    return counts, _OTHERS.to(language), _END.to(language)


def folded_into(
    context: Context, question: Question, place: int, one: str, two: str | None
) -> list[tuple[str, str | None, int]]:
    """What the links of this question fold into a node (``two`` None) or into a link: the node, or both ends of the step, and how
    many did so, the commonest first. Names are those of the answer's rows; a way that ended is called as there, too.

    Raises:
        QuestionError: the question cannot be asked.
    """
    counts, others, end = _steps(context, trails_of(context, question))
    folded = _folded(counts, _MOST_LINKS, others, end)

    def name(at: int, node: str) -> str:
        return others if (at, node) in folded else node

    if two is not None:
        links = [
            (a, b, n)
            for (at, a, b), n in counts.items()
            if at == place and (name(at, a), name(at + 1, b)) == (one, two)
        ]
        return sorted(links, key=lambda item: (-item[2], item[0], item[1]))
    nodes = [(node, None, n) for (at, node), n in _weights(counts).items() if at == place and name(at, node) == one]
    return sorted(nodes, key=lambda item: (-item[2], item[0]))


def fold(
    counts: Counter[tuple[int, str, str]], most: int, others: str, *, kept: str = ""
) -> dict[tuple[int, str, str], int]:
    """At most so many links: of each position the rarest nodes become «others» on both of their sides, so that what flows into
    a node still equals what flows out of it. A position keeps eight nodes of its own, and ``kept``, which is never folded; then
    nodes are folded from the rarest on, one at a time, over all positions.
    """
    return _joined(counts, _folded(counts, most, others, kept), others)


def _weights(counts: Mapping[tuple[int, str, str], int]) -> Counter[tuple[int, str]]:
    """How many pass each node."""
    weight: Counter[tuple[int, str]] = Counter()
    for (place, one, two), count in counts.items():
        if place == 1:
            weight[1, one] += count
        weight[place + 1, two] += count
    return weight


def _joined(
    found: Mapping[tuple[int, str, str], int], folded: Container[tuple[int, str]], others: str
) -> dict[tuple[int, str, str], int]:
    """The links between what the nodes are called once some of them are folded."""
    again: Counter[tuple[int, str, str]] = Counter()
    for (place, one, two), count in found.items():
        before = others if (place, one) in folded else one
        again[place, before, others if (place + 1, two) in folded else two] += count
    return dict(again)


def _folded(counts: Counter[tuple[int, str, str]], most: int, others: str, kept: str) -> set[tuple[int, str]]:
    """The nodes that become ``others``."""
    weight = _weights(counts)
    waiting = [node for node, _ in sorted(weight.items(), key=lambda item: (item[1], item[0])) if node[1] != kept]
    room = Counter({place: _MOST_NODES for place, _ in waiting})
    folded: set[tuple[int, str]] = set()
    for node in reversed(waiting):
        room[node[0]] -= 1
        if room[node[0]] < 0:
            folded.add(node)
    waiting = [node for node in waiting if node not in folded]
    found = _joined(counts, folded, others)
    while len(found) > most and waiting:
        folded.add(waiting.pop(0))
        found = _joined(found, folded, others)
    return folded


def _missing(trails: Trails) -> tuple[Caveat, ...]:
    """Points that nothing matches today."""
    said = Text("Nothing matches «{step}» today.{near}", "Сегодня ничто не подходит под «{step}».{near}")
    found = []
    for item in trails.unmatched:
        near = " " + " / ".join(f"«{name}»?" for name in item.near) if item.near else ""
        found.append(Caveat("step_matches_nothing", said.format(step=item.predicate, near=near), 0))
    return tuple(found)


REPORT = Report(
    title=Text("Paths", "Пути"),
    meaning=Text(
        "What people do after a point, before it or between two; and the chains of channels that lead to orders.",
        "Что люди делают после точки, до неё или между двумя; и какие цепочки каналов ведут к заказам.",
    ),
    answer=answer,
    basis="payment",
    options={
        "view": Text(
            "paths, links (for a Sankey diagram) or chains (of channels before an order).",
            "paths (пути), links (переходы, для диаграммы Санкей) или chains (цепочки каналов до заказа).",
        ),
        "after": Text(
            "The point that paths begin at, as a step.", "Точка, с которой начинаются пути, — как шаг воронки."
        ),
        "before": Text("The point that paths end at, as a step.", "Точка, которой пути кончаются, — как шаг воронки."),
        "show": Text(
            "What is shown on the way, as a step: page | lead.", "Что показывать по дороге, как шаг: page | lead."
        ),
        "depth": Text("Longest path: 5.", "Самый длинный путь: 5."),
        "window": Text("Longest time from the point: 30d.", "Наибольший срок от точки: 30d."),
        "loops": Text(
            "collapse what repeats itself, or keep it.", "collapse (повторы подряд как один) или keep (все)."
        ),
        "count": Text("persons (one path each) or all.", "persons (один путь на человека) или all (все)."),
    },
    refuses={
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "sort": Text("the commonest stand first", "сначала идут самые частые"),
        "grain": Text("its rows are paths", "его строки — пути"),
        "by": Text("its rows are paths; filter instead", "его строки — пути; вместо разреза поставьте фильтр"),
    },
)
