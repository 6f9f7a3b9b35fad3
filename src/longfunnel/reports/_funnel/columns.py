"""The columns of a funnel's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from longfunnel.core.text import NOTHING, Text
from longfunnel.dimensions import dimension
from longfunnel.reports._engine.answer import Column
from longfunnel.reports._engine.table import GRAIN_TITLES

if TYPE_CHECKING:
    from longfunnel.reports._funnel.reading import Asked

ARROW: Final[dict[str, pa.DataType]] = {
    "text": pa.string(), "count": pa.int64(), "share": pa.float64(), "days": pa.float64(), "date": pa.date32(),
    "money": pa.decimal128(38, 4), "flag": pa.bool_(), "ratio": pa.float64(),
}  # fmt: skip

_UNITS: Final = {
    "persons": Text("Persons", "Люди"), "sessions": Text("Sessions", "Визиты"), "attempts": Text("Attempts", "Попытки"),
}  # fmt: skip

_METRICS: Final[tuple[tuple[str, Text, Any, Text, Any], ...]] = (
    (
        "lost",
        Text("Lost", "Потеряно"),
        "count",
        Text(
            "Those of the previous step that is not optional who are not in this one.",
            "Кто был на прежнем обязательном шаге и не дошёл до этого.",
        ),
        "down",
    ),
    (
        "conversion",
        Text("From previous", "От прежнего"),
        "share",
        Text(
            "Count / count of the previous step that is not optional.",
            "Количество / количество прежнего обязательного шага.",
        ),
        "up",
    ),
    (
        "conversion_low",
        Text("… at least", "… не меньше"),
        "share",
        Text("Lower end of the 95 % interval (Wilson).", "Нижняя граница 95-процентного интервала (Уилсон)."),
        "none",
    ),
    (
        "conversion_high",
        Text("… at most", "… не больше"),
        "share",
        Text("Upper end of the 95 % interval (Wilson).", "Верхняя граница 95-процентного интервала (Уилсон)."),
        "none",
    ),
    (
        "conversion_from_first",
        Text("From first", "От первого"),
        "share",
        Text("Count / count of the first step.", "Количество / количество первого шага."),
        "up",
    ),
    (
        "conversion_from_first_low",
        Text("… at least ", "… не меньше "),
        "share",
        Text("Lower end of the 95 % interval (Wilson).", "Нижняя граница 95-процентного интервала (Уилсон)."),
        "none",
    ),
    (
        "conversion_from_first_high",
        Text("… at most ", "… не больше "),
        "share",
        Text("Upper end of the 95 % interval (Wilson).", "Верхняя граница 95-процентного интервала (Уилсон)."),
        "none",
    ),
    (
        "median_days",
        Text("Median time", "Медиана срока"),
        "days",
        Text(
            "Half came from the attempt's previous step within this time.",
            "Половина пришла с прежнего шага попытки за это время.",
        ),
        "down",
    ),
    (
        "p90_days",
        Text("90 % within", "90 % за"),
        "days",
        Text(
            "Nine of ten came from the attempt's previous step within this time.",
            "Девять из десяти пришли с прежнего шага попытки за это время.",
        ),
        "down",
    ),
    (
        "median_days_from_first",
        Text("Median from first", "Медиана от первого"),
        "days",
        Text("Half came from the first step within this time.", "Половина пришла с первого шага за это время."),
        "down",
    ),
    (
        "p90_days_from_first",
        Text("90 % from first", "90 % от первого"),
        "days",
        Text(
            "Nine of ten came from the first step within this time.",
            "Девять из десяти пришли с первого шага за это время.",
        ),
        "down",
    ),
    (
        "revenue",
        Text("Revenue", "Выручка"),
        "money",
        Text(
            "Money in the very events that serve the step in the counted attempts; empty where they carry none.",
            "Деньги в тех самых событиях, которые стоят на шаге в учтённых попытках; пусто, если денег в них нет.",
        ),
        "up",
    ),
)

_COMPARED: Final[tuple[tuple[str, Text, Any, Text, Any], ...]] = (
    (
        "count_before",
        Text("Count before", "Количество раньше"),
        "count",
        Text("In the period compared with.", "В периоде сравнения."),
        "up",
    ),
    ("count_change", Text("Change", "Изменение"), "share", Text("Now / before − 1.", "Сейчас / раньше − 1."), "up"),
    (
        "conversion_before",
        Text("Conversion before", "Конверсия раньше"),
        "share",
        Text("In the period compared with.", "В периоде сравнения."),
        "up",
    ),
)


def cut_columns_of(given: Asked) -> list[Column]:
    """The columns of the cut: dimensions, then the period of entry."""
    found = []
    for name in given.by:
        entry = dimension(name)
        found.append(
            Column(
                name,
                entry.title if entry else Text(name, name),
                "text",
                entry.meaning if entry else NOTHING,
                "dimension",
            )
        )
    grain = given.question.grain
    if grain:
        said = Text(
            "When the first step happened, in the business's zone.",
            "Когда случился первый шаг, в часовом поясе бизнеса.",
        )
        found.append(Column(grain, GRAIN_TITLES[grain], "date", said, "dimension"))
    return found


def funnel_columns(given: Asked) -> tuple[Column, ...]:
    """The cut, the step, its numbers, and the comparison."""
    found = cut_columns_of(given)
    found.append(Column("step", Text("Step", "Шаг"), "count", Text("Number of the step.", "Номер шага."), "dimension"))
    found.append(
        Column(
            "title",
            Text("Event", "Событие"),
            "text",
            Text("What satisfies the step.", "Что подходит под шаг."),
            "dimension",
        )
    )
    meaning = Text("How many reached the step.", "Сколько дошло до шага.")
    currency = given.context.settings.business.currency
    found.append(metric_column("count", _UNITS[given.funnel.count], "count", meaning, "up", currency))
    found += [metric_column(*entry, currency) for entry in _METRICS]
    if given.question.compare:
        found += [metric_column(*entry, currency) for entry in _COMPARED]
    if given.question.grain:
        said = Text(
            "Whether all who entered have had the whole window by the end of the data.",
            "Прошло ли у всех вошедших всё окно до конца данных.",
        )
        found.append(Column("is_mature", Text("Mature", "Дозрела"), "flag", said, "dimension"))
    return tuple(found)


def metric_column(name: str, title: Text, form: Any, meaning: Text, direction: Any, currency: str) -> Column:
    """A number that does not add up over steps."""
    return Column(name, title, form, meaning, "metric", direction, currency if form == "money" else form, adds_up=False)


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow types of the columns."""
    return pa.schema([(column.name, ARROW[column.format]) for column in columns])
