"""What a reader of credits should know: whether the models agree about the decision, and what the numbers rest on."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.dimensions import value_text
from longfunnel.reports._engine.answer import Caveat

if TYPE_CHECKING:
    from decimal import Decimal

    from longfunnel.reports._attribution.asked import Asked
    from longfunnel.reports._attribution.reading import Read
    from longfunnel.reports._attribution.table import Ledger, Line

_NAMED = 5


def disagreement(ledger: Ledger, asked: Asked) -> list[Caveat]:
    """Whether a decision would be another by another model: who earns more than they cost, and who comes before whom."""
    found, cut = [], tuple(name for name, _ in asked.dimensions)
    if asked.measure.is_money:
        found += _of_sign(ledger, cut)
    return found + _of_order(ledger, cut)


def _of_sign(ledger: Ledger, cut: tuple[str, ...]) -> list[Caveat]:
    """Channels that earn by one model and lose by another; and those where the intervals say so too."""
    signs, firm = [], 0
    for lines in _by_channel(ledger):
        cost = lines[0].cost
        if not cost:
            continue
        if any(line.credit > cost for line in lines) and any(line.credit < cost for line in lines):
            signs.append(_name(lines[0], cut))
            earns = any(line.low is not None and line.low > cost for line in lines)
            firm += earns and any(line.high is not None and line.high < cost for line in lines)
    if not signs:
        return []
    said = Text(
        "By some models these earn more than they cost, by others less: {names}. {chance} Do not cut or raise their budget on one "
        "model alone.",
        "По одним моделям эти каналы окупаются, по другим нет: {names}. {chance} Не меняйте их бюджет по одной модели.",
    )
    return [
        Caveat(
            "models_disagree_on_profit", said.format(names=_listed(signs), chance=_chance(firm, len(signs))), len(signs)
        )
    ]


def _chance(firm: int, count: int) -> Text:
    """In how many of the cases the intervals say so too."""
    if not firm:
        return Text(
            "The intervals overlap, so this may be chance.", "Интервалы пересекаются: это может быть случайностью."
        )
    said = Text("Beyond chance in {firm} of {n}.", "Не случайно в {firm} из {n}.")
    return said.format(firm=firm, n=count)


def _of_order(ledger: Ledger, cut: tuple[str, ...]) -> list[Caveat]:
    """Pairs of channels that change places: by return where they cost something, else by credit."""
    channels = _by_channel(ledger)
    paid = [lines for lines in channels if lines[0].cost]
    by_cost = len(paid) > 1
    compared = paid if by_cost else [lines for lines in channels if any(lines[0].label)]
    pairs, firm = [], 0
    for one, two in combinations(compared, 2):
        signs = {
            _sign(_rank(a, a.credit, by_cost=by_cost) - _rank(b, b.credit, by_cost=by_cost))
            for a, b in zip(one, two, strict=True)
        }
        if {1, -1} <= signs:
            pairs.append(_name(one[0], cut) + " / " + _name(two[0], cut))
            surely = {_surely(a, b, by_cost=by_cost) for a, b in zip(one, two, strict=True)}
            firm += {1, -1} <= surely
    if not pairs:
        return []
    said = Text(
        "Which of two channels comes first {by} depends on the model: {names}. {chance}",
        "Какой из двух каналов впереди {by}, зависит от модели: {names}. {chance}",
    )
    by = Text("by return on cost", "по отдаче на расход") if by_cost else Text("by credit", "по вкладу")
    return [
        Caveat(
            "models_disagree_on_order",
            said.format(by=by, names=_listed(pairs), chance=_chance(firm, len(pairs))),
            len(pairs),
        )
    ]


def _by_channel(ledger: Ledger) -> list[list[Line]]:
    """Each channel's lines, one a model."""
    return [list(lines) for lines in zip(*ledger.lines.values(), strict=True)]


def _rank(line: Line, credit: Decimal, *, by_cost: bool) -> Decimal:
    return credit / line.cost if by_cost and line.cost else credit


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def _surely(a: Line, b: Line, *, by_cost: bool) -> int:
    """1: all of a's interval is above b's, -1: below; 0: they overlap, or there is none."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return 0
    if _rank(a, a.low, by_cost=by_cost) > _rank(b, b.high, by_cost=by_cost):
        return 1
    return -1 if _rank(a, a.high, by_cost=by_cost) < _rank(b, b.low, by_cost=by_cost) else 0


def _name(line: Line, by: tuple[str, ...]) -> Text:
    words = [value_text(name, word) for name, word in zip(by, line.label, strict=True)]
    return Text(", ".join(word.en for word in words), ", ".join(word.ru for word in words))


def _listed(names: list[Text]) -> Text:
    more = " …" if len(names) > _NAMED else ""
    shown = names[:_NAMED]
    return Text("; ".join(name.en for name in shown) + more, "; ".join(name.ru for name in shown) + more)


def footing(read: Read, ledger: Ledger, asked: Asked) -> list[Caveat]:
    """How the journeys were made up: how long, how many came to nothing, how many sales have no touch, what was sampled."""
    end = (
        Text("to the lead", "до лида")
        if asked.until_lead
        else Text("to the sale, or to the lead where leads are counted", "до продажи, а для лидов — до лида")
    )
    said = Text(
        "A journey has the touches of {days} days {end}. Intervals: {level} %, {draws} draws of persons.",
        "В пути касания за {days} дн {end}. Интервалы: {level} %, {draws} выборок людей.",
    )
    level = f"{asked.sampling.level * 100:g}"
    found = [Caveat("journeys", said.format(days=asked.window_days, end=end, level=level, draws=asked.sampling.draws))]
    if any(model.needs_lost for model in asked.models):
        some = Text(
            "Journeys that came to nothing take part in models that learn from all: {n:,}.",
            "В моделях, которые учатся на всех путях, участвуют и не дошедшие до продажи: {n:,}.",
        )
        none = Text(
            "No journey came to nothing, so models that learn from all see only successes.",
            "Нет ни одного пути без продажи: модели, которые учатся на всех путях, видят только успехи.",
        )
        found.append(Caveat("lost_journeys", (some if read.lost else none).format(n=read.lost), read.lost))
    if read.untouched:
        said = Text(
            "Without any touch: {n:,}. They stand in the row «—» by every model.",
            "Без единого касания: {n:,}. По всем моделям они в строке «—».",
        )
        found.append(Caveat("untouched", said.format(n=read.untouched), read.untouched))
    errors = [line.error for lines in ledger.lines.values() for line in lines if line.error]
    if errors:
        said = Text(
            "Journeys with more than 12 channels were sampled: standard error of at most {error}.",
            "Пути более чем с 12 каналами посчитаны по выборке: стандартная ошибка не больше {error}.",
        )
        found.append(Caveat("sampled", said.format(error=max(errors)), len(errors)))
    return found
