"""Which spellings a column has: decided by its values, first those of a sample, then, where the sample settles nothing, all.

What no value settles is refused with the file, the row, the value and the setting that settles it: never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.connect._headers import places
from longfunnel.connect._typed import clean_sql
from longfunnel.connect._values import AMBIGUOUS_NUMBER as AMBIGUOUS_BARE
from longfunnel.connect._values import DATE, bare_number
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Fact, Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from longfunnel.connect._reading import Table
    from longfunnel.core.settings import Source

_LAYOUT = re.compile(r"\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})(?:(,? |, )(\d{1,2}:\d{2})(:\d{2})?)?")
AMBIGUOUS_DATE = r"^(0?[1-9]|1[0-2])[/-](0?[1-9]|1[0-2])[/-]\d"
AMBIGUOUS_NUMBER = r"^[^0-9.,]*[1-9]\d{0,2}[.,]\d{3}[^0-9.,]*$"
"""Values that read two ways, as patterns for the engine."""
_MOST_LAYOUTS = 4
_SAMPLE = 5_000


@dataclass(frozen=True)
class Format:
    """How one column is spelt."""

    decimal: str = ""
    """"." or ","; empty where nothing settles it."""
    order: str = ""
    """day_first or month_first; empty where nothing settles it."""
    layouts: tuple[str, ...] = ()
    """The commonest spellings of dates that are not ISO, for the engine's own parser."""
    doubt: str = ""
    """A value that reads two ways, when nothing settles which; empty otherwise."""


def number_format(values: Iterable[str], setting: str, *, is_count: bool = False) -> Format:
    """The decimal sign of a column. Counts are whole, so that a single separator before three digits parts thousands."""
    if setting:
        return Format(decimal=setting)
    point = {".": 0, ",": 0}
    thousands = {".": 0, ",": 0}
    doubt = ""
    for value in values:
        bare = bare_number(value)
        marks = [mark for mark in bare if mark in ".,"]
        if len(marks) == 1:
            if AMBIGUOUS_BARE.fullmatch(bare):
                doubt = doubt or value
                thousands[marks[0]] += is_count
            else:
                point[marks[0]] += 1
        elif len(set(marks)) == 2:
            point[marks[-1]] += 1
        elif len(marks) > 1:
            thousands[marks[0]] += 1
    dot, comma = point["."] + thousands[","], point[","] + thousands["."]
    if dot and comma:  # each value speaks for itself, except one that reads two ways
        return Format(doubt=doubt)
    if dot or comma:
        return Format(decimal="." if dot else ",")
    return Format(doubt=doubt)


def instant_format(values: Iterable[str], setting: str) -> Format:
    """The order of day and month in a column, and its layouts."""
    firsts, seconds, doubt = 0, 0, ""
    layouts: Counter[tuple[str, str, str]] = Counter()
    for value in values:
        found = DATE.match(value)
        if not found:
            continue
        day, month = int(found[1]), int(found[3])
        if day > 12 or (found[2] == "." and month <= 12):
            firsts += day > 12 or month <= 12
        elif month > 12:
            seconds += 1
        elif day != month:
            doubt = doubt or value
        if layout := _LAYOUT.fullmatch(value):
            time = "" if not layout[4] else layout[3] + ("%H:%M:%S" if layout[5] else "%H:%M")
            layouts[layout[1], "%Y" if len(layout[2]) == 4 else "%y", time] += 1
    dotted_months = seconds and any(sep == "." for sep, _, _ in layouts)
    if setting:
        order = setting
    elif firsts and seconds and not dotted_months:
        order = ""  # both orders are proved: only values that read one way are taken
    else:
        order = "month_first" if seconds else "day_first" if firsts else ""
    parts = ("%d", "%m") if order == "day_first" else ("%m", "%d")
    spelt = tuple(
        f"{parts[0]}{sep}{parts[1]}{sep}{year}{time}"
        for (sep, year, time), _ in layouts.most_common(_MOST_LAYOUTS)
        if year == "%Y"
    )
    return Format(order=order, layouts=spelt if order else (), doubt="" if order else doubt)


_DECIMAL = Text('decimal = "," or decimal = "."', 'decimal = "," или decimal = "."')
_DATE_ORDER = Text(
    'date_order = "day_first" or date_order = "month_first"', 'date_order = "day_first" или date_order = "month_first"'
)
SETTING_OF = {
    Type.MONEY: _DECIMAL,
    Type.COUNT: _DECIMAL,
    Type.NUMBER: _DECIMAL,
    Type.INSTANT: _DATE_ORDER,
    Type.DAY: _DATE_ORDER,
}
"""What settles a value that reads two ways."""


def recognise(connection: duckdb.DuckDBPyConnection, source: Source, fact: Fact, table: Table) -> dict[str, Format]:
    """How each mapped column that is not text is spelt: judged by a sample, and by all its values where the sample settles nothing."""
    wanted = {
        name: numbers[0]
        for name, numbers in places(source, table.headers).items()
        if name in fact.column_by_name
        and fact.column_by_name[name].type in SETTING_OF
        and table.kind(numbers[0]) == "VARCHAR"
    }
    if not wanted:
        return {}
    cells = ", ".join(clean_sql(f"c{place}") for place in wanted.values())
    rows = connection.execute(f"SELECT {cells} FROM ({table.sql}) LIMIT {_SAMPLE}", table.parameters).fetchall()
    formats = {}
    for number, name in enumerate(wanted):
        formats[name] = _format(source, fact, name, [row[number] for row in rows if row[number] is not None])
    for name, form in formats.items():
        if form.doubt:
            cell = clean_sql(f"c{wanted[name]}")
            telling = connection.execute(
                f"SELECT DISTINCT v FROM (SELECT {cell} AS v FROM ({table.sql})) WHERE {_TELLING[fact.column_by_name[name].type]} LIMIT 100000",
                table.parameters,
            ).fetchall()
            formats[name] = _format(source, fact, name, [form.doubt, *(row[0] for row in telling)])
    return formats


_TELLING_NUMBER = f"regexp_matches(v, '[.,]') AND NOT regexp_matches(v, '{AMBIGUOUS_NUMBER}')"
_TELLING_DATE = f"regexp_matches(v, '^\\d{{1,2}}[./-]\\d{{1,2}}[./-]') AND NOT regexp_matches(v, '{AMBIGUOUS_DATE}')"
_TELLING = {
    Type.MONEY: _TELLING_NUMBER,
    Type.COUNT: _TELLING_NUMBER,
    Type.NUMBER: _TELLING_NUMBER,
    Type.INSTANT: _TELLING_DATE,
    Type.DAY: _TELLING_DATE,
}


def _format(source: Source, fact: Fact, name: str, values: list[str]) -> Format:
    kind = fact.column_by_name[name].type
    if kind in (Type.INSTANT, Type.DAY):
        return instant_format(values, source.date_order)
    return number_format(values, source.decimal, is_count=kind is Type.COUNT)
