"""Credits as rows: each channel by each model, beside what the channel cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from longfunnel.core.money import amount, quotient
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import Chain
from longfunnel.metrics import metrics
from longfunnel.reports._engine.answer import Column
from longfunnel.reports._engine.table import count, cut_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.journeys.attribution.compare import Credit
    from longfunnel.reports._attribution.asked import Asked
    from longfunnel.reports._attribution.journeys import Label
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

_UNIT = Decimal("0.0001")
_MONEY = pa.decimal128(38, 4)


@dataclass(frozen=True)
class Line:
    """One channel by one model. ``low`` and ``high`` are None where nothing was drawn."""

    label: Label
    credit: Decimal
    low: Decimal | None
    high: Decimal | None
    error: Decimal | None
    removal: float | None
    cost: Decimal | None


@dataclass(frozen=True)
class Ledger:
    """All lines by model, the cost of everything, and how it was read."""

    lines: dict[str, list[Line]]
    total_cost: Decimal | None
    sql: str

    def total(self, model: str) -> Decimal:
        """The sum of a model's credits."""
        return sum((line.credit for line in self.lines[model]), Decimal(0))


def ledger_of(context: Context, question: Question, given: Sequence[Credit], labels: Sequence[Label]) -> Ledger:
    """Credits joined to the cost of the same cut; a channel that costs and earns nothing has its line too."""
    plain = msgspec.structs.replace(question, metrics=("cost",), sort="", limit=0, options=(), grain="", compare="")
    counted = count(context, plain, [metrics()["cost"]])
    cost_of = {tuple(row[name] for name in question.by): row["cost"] for row in counted.table.to_pylist()}
    everything = sorted({*labels, *cost_of}, key=lambda label: tuple((word is None, word or "") for word in label))
    nodes: dict[Label, list[int]] = {}
    for node, label in enumerate(labels):
        nodes.setdefault(label, []).append(node)
    lines = {
        credit.model.name: [_line(credit, label, nodes.get(label, []), cost_of.get(label)) for label in everything]
        for credit in given
    }
    kept = {label for found in lines.values() for line in found if (label := line.label) and _says(line)}
    return Ledger(
        {name: [line for line in found if line.label in kept] for name, found in lines.items()},
        counted.totals["cost"],
        counted.sql,
    )


def _says(line: Line) -> bool:
    return bool(line.credit or line.cost or line.high or line.low)


def _line(credit: Credit, label: Label, nodes: list[int], cost: Decimal | None) -> Line:
    """The nodes of one label together: unknown channels and no touch at all are one line."""

    def units(values: Any) -> Decimal | None:
        return None if values is None else amount(Decimal(float(np.sum(values[nodes]))) * _UNIT)

    removal = None
    if credit.removal is not None and any(label):
        removal = float(np.sum(credit.removal[nodes])) if nodes else 0.0
    return Line(
        label,
        sum((credit.units[node] for node in nodes), 0) * _UNIT,
        units(credit.low),
        units(credit.high),
        units(credit.error),
        removal,
        cost,
    )


def columns_of(context: Context, question: Question, asked: Asked) -> list[Column]:
    """The columns of the answer, by its view."""
    metric = context.metrics[asked.measure.metric]
    currency = context.settings.business.currency
    form: Any = "money" if asked.measure.is_money else "ratio"
    unit = currency if asked.measure.is_money else "count"
    title = _TITLES.get(asked.measure_name, metric.title)
    cost = Column(
        "cost",
        Text("Cost", "Расход"),
        "money",
        metrics()["cost"].meaning,
        "metric",
        "none",
        currency,
        adds_up=asked.side_by_side,
    )
    columns = cut_columns(question)
    if asked.side_by_side:
        shown = [Column(m.name, m.title, form, m.meaning, "metric", "up", unit) for m in asked.models]
        return [*columns, cost, *shown]
    level = f"{asked.sampling.level:.0%}".replace("%", " %")
    columns += [
        Column(
            "model",
            Text("Model", "Модель"),
            "text",
            Text("The model's name.", "Имя модели."),
            "dimension",
            is_code=True,
        ),
        Column("title", Text("Model", "Модель"), "text", Text("The model in words.", "Модель словами."), "dimension"),
        _metric("credit", title, form, _CREDIT, "up", unit),
        _metric("credit_low", Text("… at least", "… не меньше"), form, _LOW.format(level=level), "none", unit),
        _metric("credit_high", Text("… at most", "… не больше"), form, _HIGH.format(level=level), "none", unit),
        _metric("credit_share", Text("Share", "Доля"), "share", _SHARE, "up", "share"),
        *([_metric("removal", _REMOVED, "share", _REMOVAL, "none", "share")] if _has_chain(asked) else []),
        cost,
    ]
    if asked.measure.is_money:
        columns += [
            _metric("profit", Text("Less cost", "За вычетом расхода"), "money", _PROFIT, "up", currency),
            _metric("romi", Text("ROMI", "ROMI"), "share", _ROMI, "up", "share"),
        ]
    else:
        columns.append(_metric("cost_per", Text("Cost of one", "Цена одного"), "money", _COST_PER, "down", currency))
    return columns


def table_of(ledger: Ledger, asked: Asked, question: Question, language: Any) -> list[dict[str, Any]]:
    """The rows of the answer, by its view: the channel with the largest credit by the first model first."""
    first = ledger.lines[asked.models[0].name]
    order = sorted(range(len(first)), key=lambda place: (-first[place].credit, place))
    rows = []
    for place in order:
        cut = dict(zip(question.by, first[place].label, strict=True))
        if asked.side_by_side:
            of_models = {model.name: ledger.lines[model.name][place].credit for model in asked.models}
            rows.append({**cut, "cost": first[place].cost, **of_models})
            continue
        for model in asked.models:
            line = ledger.lines[model.name][place]
            title = model.title.to(language)
            rows.append({**cut, "model": model.name, "title": title, **_values(line, ledger.total(model.name), asked)})
    return rows


def totals_of(ledger: Ledger, asked: Asked) -> dict[str, Any]:
    """The total of each column; by rows only where all models share out the same total."""
    sums = {model.name: ledger.total(model.name) for model in asked.models}
    if asked.side_by_side:
        return {"cost": ledger.total_cost, **sums}
    whole = next(iter(sums.values())) if len(set(sums.values())) == 1 else None
    if whole is None:
        return {"cost": ledger.total_cost}
    line = Line((), whole, None, None, None, None, ledger.total_cost)
    return {name: value for name, value in _values(line, whole, asked).items() if value is not None}


def _values(line: Line, total: Decimal, asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {
        "credit": line.credit,
        "credit_low": line.low,
        "credit_high": line.high,
        "credit_share": float(line.credit / total) if total else None,
        "removal": line.removal,
        "cost": line.cost,
    }
    if asked.measure.is_money:
        profit = line.credit - (line.cost or Decimal(0))
        return found | {"profit": profit, "romi": float(profit / line.cost) if line.cost else None}
    return found | {"cost_per": quotient(line.cost, line.credit)}


def arrow_of(rows: list[dict[str, Any]], columns: Sequence[Column]) -> pa.Table:
    """The rows as Arrow: credit is decimal, of money and of counts alike."""
    types = {"text": pa.string(), "money": _MONEY, "ratio": _MONEY, "share": pa.float64()}
    return pa.Table.from_pylist(rows, pa.schema([(column.name, types[column.format]) for column in columns]))


def _metric(name: str, title: Text, form: Any, meaning: Text, direction: Any, unit: str) -> Column:
    return Column(name, title, form, meaning, "metric", direction, unit, adds_up=False)


def _has_chain(asked: Asked) -> bool:
    """Whether a model among those asked for says what would be lost without a channel."""
    return any(isinstance(model.rule, Chain) for model in asked.models)


_TITLES = {"profit": Text("Margin", "Маржа"), "ltv": Text("LTV to date, sum", "LTV на сегодня, сумма")}
_CREDIT = Text(
    "What the channel has earned by the model. The credits of one model add up to the total to the last digit.",
    "Сколько канал заработал по модели. Вклады одной модели в сумме дают итог до последнего знака.",
)
_LOW = Text(
    "Lower bound of the {level} interval: persons drawn anew with repetition.",
    "Нижняя граница интервала {level}: люди выбраны заново с повторением.",
)
_HIGH = Text(
    "Upper bound of the {level} interval: persons drawn anew with repetition.",
    "Верхняя граница интервала {level}: люди выбраны заново с повторением.",
)
_REMOVED = Text("Lost without it", "Потеряется без него")
_REMOVAL = Text(
    "Markov chain: the share of all that would be lost if every journey broke off at this channel. The credit follows these shares.",
    "Цепь Маркова: какая доля всего потерялась бы, если бы каждый путь обрывался на этом канале. По этим долям делится вклад.",
)
_SHARE = Text("Credit / total.", "Вклад / итог.")
_PROFIT = Text("Credit less cost.", "Вклад за вычетом расхода.")
_ROMI = Text("(Credit − cost) / cost.", "(Вклад − расход) / расход.")
_COST_PER = Text("Cost / credit.", "Расход / вклад.")
