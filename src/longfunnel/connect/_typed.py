"""SQL that turns a cell's text into a typed value, at the speed of the engine.

A value goes in steps: a direct cast, which settles nearly all of a column; the column's own layout, as its sample showed it; and for
the rest the rules of ``_values``, called as a function. The steps are columns of nested SELECTs, so that nothing is
computed twice.
"""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING

from duckdb.func import FunctionNullHandling

from longfunnel.connect._values import read_duration, read_instant, read_number
from longfunnel.connect._words import CURRENCIES, DOLLARS, MONEY_CODES, MONEY_SIGNS, NO, YES
from longfunnel.connect._zones import to_utc_sql

if TYPE_CHECKING:
    import duckdb

    from longfunnel.connect._recognise import Format

_NUMBER, _INSTANT = "lf_read_number", "lf_read_instant"
_SPACES = r"[\s\x{00a0}\x{2007}\x{2009}\x{202f}\x{200b}\x{feff}]+"
_OFFSET = r"(?i)\d\s*(z|utc|gmt|[+-]\d{2}(:?\d{2})?)$"
_AMBIGUOUS = r"^[-+]?[1-9]\d{0,2}\.\d{3}$"
_SPECIAL = FunctionNullHandling.SPECIAL
Steps = list[dict[str, str]]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the functions that the SQL of this module falls back on. Doing it again is nothing."""
    known = {
        row[0]
        for row in connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE function_name LIKE 'lf_read%'"
        ).fetchall()
    }
    for name, rule in ((_NUMBER, _number_text), (_INSTANT, _instant_text)):
        if name not in known:
            connection.create_function(name, rule, ["VARCHAR", "VARCHAR"], "VARCHAR", null_handling=_SPECIAL)


@lru_cache(maxsize=65_536)
def _number_text(text: str | None, how: str) -> str | None:
    if text is None:
        return None
    if how.endswith("s") and (seconds := read_duration(text)) is not None:
        return str(seconds)
    number = read_number(text, how.removesuffix("s"))
    return None if number is None else format(number, "f")


@lru_cache(maxsize=65_536)
def _instant_text(text: str | None, order: str) -> str | None:
    moment = None if text is None else read_instant(text, order)
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.isoformat(" ")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ") + "Z"


def clean_sql(column: str) -> str:
    """The text without spaces around it (also the no-break ones); NULL when nothing is left."""
    edge = f"{column} < '!' OR suffix({column}, ' ') OR suffix({column}, chr(160)) OR prefix({column}, chr(160)) OR suffix({column}, chr(9))"
    strip = f"nullif(regexp_replace({column}, '^{_SPACES}|{_SPACES}$', '', 'g'), '')"
    return f"CASE WHEN {edge} THEN {strip} ELSE {column} END"


def number_steps(name: str, text: str, form: Format, *, kind: str, is_duration: bool = False) -> Steps:
    """Columns that lead from ``text`` to the exact number ``name``, of the engine's type ``kind``."""
    cast = f"TRY_CAST({text} AS {kind})"
    # a cast takes 1.234 as a fraction: right only where the column's decimal sign is known to be the dot
    direct = {
        ".": cast,
        ",": f"CASE WHEN contains({text}, '.') THEN NULL ELSE {cast} END",
        "": f"CASE WHEN contains({text}, '.') AND regexp_matches({text}, '{_AMBIGUOUS}') THEN NULL ELSE {cast} END",
    }[form.decimal]
    layout = f"replace(replace(replace({text}, ' ', ''), chr(160), ''), ',', '.')"
    by_layout = (
        f"CASE WHEN contains({text}, '.') THEN NULL ELSE TRY_CAST({layout} AS {kind}) END"
        if form.decimal == ","
        else "NULL"
    )
    rule = f"TRY_CAST({_NUMBER}({text}, '{form.decimal}{'s' if is_duration else ''}') AS {kind})"
    return [
        {f"{name}_direct": direct},
        {f"{name}_layout": f"CASE WHEN {name}_direct IS NULL AND {text} IS NOT NULL THEN {by_layout} END"},
        {name: f"CASE WHEN {text} IS NULL THEN NULL WHEN {name}_direct IS NOT NULL THEN {name}_direct"
               f" WHEN {name}_layout IS NOT NULL THEN {name}_layout ELSE {rule} END"},
    ]  # fmt: skip


def instant_steps(name: str, text: str, form: Format, *, zone: str, is_day: bool) -> Steps:
    """Columns that lead from ``text`` to the UTC instant ``name``, or to the date in ``zone`` when ``is_day``. Times without an
    offset are the wall clock of ``zone``."""
    layouts = ", ".join(f"'{layout}'" for layout in form.layouts)
    by_layout = f"try_strptime({text}, [{layouts}])" if layouts else "NULL"
    moment, local = f"{name}_moment", f"{name}_local"
    by_rule = f"{_INSTANT}({text}, '{form.order}')"
    found = (
        f"CASE WHEN {text} IS NULL OR {name}_layout IS NOT NULL THEN NULL WHEN {name}_ok THEN {text} ELSE {by_rule} END"
    )
    steps: Steps = [
        {f"{name}_direct": f"TRY_CAST({text} AS TIMESTAMP)"},
        # the cast also takes 1-9-25 (as year 1) and «infinity»
        {f"{name}_ok": f"{name}_direct IS NOT NULL AND isfinite({name}_direct) AND year({name}_direct) >= 1000"},
        {f"{name}_layout": f"CASE WHEN NOT {name}_ok THEN {by_layout} END"},
        {f"{name}_text": found},
        {f"{name}_shifted": f"CASE WHEN contains({name}_text, ':') THEN regexp_matches({name}_text, '{_OFFSET}') ELSE false END"},
        {f"{name}_try": f"CASE WHEN {name}_shifted THEN TRY_CAST({name}_text AS TIMESTAMPTZ) END"},
        {moment: f"CASE WHEN {name}_try IS NOT NULL THEN timezone('UTC', {name}_try) WHEN {name}_shifted"
                 f" THEN timezone('UTC', TRY_CAST({by_rule} AS TIMESTAMPTZ)) END"},
        {local: f"CASE WHEN {name}_layout IS NOT NULL THEN {name}_layout WHEN {name}_shifted THEN NULL"
                f" WHEN {name}_ok THEN {name}_direct ELSE TRY_CAST({name}_text AS TIMESTAMP) END"},
    ]  # fmt: skip
    result = (
        f"CAST(coalesce({local}, timezone('{zone}', timezone('UTC', {moment}))) AS DATE)"
        if is_day
        else f"coalesce({moment}, {to_utc_sql(local, zone)})"
    )
    return [*steps, {name: result}]


def native_instant_steps(name: str, cell: str, *, zone: str, is_day: bool) -> Steps:
    """The same for a cell that the file itself calls a date or a time without a zone."""
    local = f"{name}_local"
    return [
        {local: f"CAST({cell} AS TIMESTAMP)"},
        {name: f"CAST({local} AS DATE)" if is_day else to_utc_sql(local, zone)},
    ]


def flag_sql(text: str) -> str:
    """Yes or no; NULL for any other word."""
    yes, no = (", ".join(f"'{word}'" for word in words) for words in (YES, NO))
    return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"


def currency_sql(text: str) -> str:
    """The ISO code that a sign or word of money stands for; another text of three letters is a code itself."""
    known = " ".join(
        f"WHEN lower({text}) IN ({', '.join(repr(word) for word in words)}) THEN '{code}'"
        for code, words in CURRENCIES.items()
    )
    return f"CASE {known} WHEN regexp_full_match({text}, '[A-Za-z]{{3}}') THEN upper({text}) END"


def currency_in_amount_sql(text: str, business: str) -> str:
    """The currency of an amount that has a sign in it, else the business's own."""
    lower = f"lower({text})"
    whens = " ".join(
        f"WHEN regexp_matches({lower}, '{'|'.join(signs)}') THEN '{code}'" for code, signs in MONEY_SIGNS.items()
    )
    coded = f"upper(regexp_extract({lower}, '(?:^|[^a-z])({'|'.join(MONEY_CODES)})(?:[^a-z]|$)', 1))"
    dollar = f"WHEN contains({text}, '$') THEN '{business if business in DOLLARS else 'USD'}'"
    return f"CASE {whens} WHEN {coded} <> '' THEN {coded} {dollar} ELSE '{business}' END"
