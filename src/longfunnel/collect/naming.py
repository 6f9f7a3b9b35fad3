"""Which rows name a person: in the columns that are for it, in free words, in what other systems sent as it came."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from longfunnel.warehouse.facts import Fact, Type
from longfunnel.warehouse.identifiers import KINDS, Identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import duckdb

NAMING = frozenset(
    {"name", "company", "props", "url", "title", "referrer", "landing_page", "subject", "comment", "text"}
)
"""Columns whose words may name or tell of a person, in whatever fact they stand."""
_AT_ONCE = 100
"""Patterns in one search: it stays small enough to be compiled, however many people are erased together."""
RAW = {"webhooks": "raw", "quarantine": "raw", "raw_records": "body", "corrections": "mended"}
"""Tables of what other systems sent as it came, and the column that has it."""


def naming_sql(fact: Fact, known: Collection[Identifier]) -> tuple[str, dict[str, str]]:
    """SQL that is true for the rows ``f`` of the fact that name somebody of ``known``, and its bound values; empty for
    facts that name nobody. An e-mail or phone of theirs in a row's free words names them, too."""
    tests, values = _tests(fact, known)
    return f"({' OR '.join(tests)})" if tests else "", values


def count_sql(fact: Fact, known: Collection[Identifier]) -> tuple[str, dict[str, str]]:
    """SELECT of how many rows of the fact ``naming_sql`` is true for, and its bound values; empty for facts that name nobody.

    Each column is looked through by itself: the engine then skips the parts where it is empty, and tests a repeated value once.
    """
    tests, values = _tests(fact, known)
    found = " UNION ".join(f'SELECT rowid FROM facts."{fact.name}" f WHERE {test}' for test in tests)
    return f"SELECT count(*) FROM ({found})" if tests else "", values


def _tests(fact: Fact, known: Collection[Identifier]) -> tuple[list[str], dict[str, str]]:
    """Tests of single columns, of which one at least is true for a row that names somebody."""
    values: dict[str, str] = {}

    def bound(value: str) -> str:
        name = f"p{len(values)}"
        values[name] = value
        return f"${name}"

    by_kind: dict[str, list[Identifier]] = defaultdict(list)
    for identifier in known:
        by_kind[identifier.kind].append(identifier)
    if fact.name == "identity_link":
        pairs = [f"({bound(one.kind)}, {bound(one.value)})" for one in known]
        sides = (f"(f.kind_{side}, f.value_{side}) IN ({', '.join(pairs)})" for side in "ab")
        return (list(sides) if pairs else ["FALSE"]), values
    if not any(column.identifier in KINDS for column in fact.identifiers):
        return [], {}
    tests = []
    for column in fact.identifiers:
        of_system: dict[str, list[str]] = defaultdict(list)
        for one in by_kind.get(str(column.identifier), ()):
            of_system[one.system if KINDS[one.kind].is_scoped else ""].append(bound(one.value))
        for system, some in of_system.items():
            test = f'f."{column.name}" IN ({", ".join(some)})'
            is_scoped = KINDS[str(column.identifier)].is_scoped
            tests.append(f"({test} AND coalesce(f.system, '') = {bound(system)})" if is_scoped else test)
    # a contact that was written where no column is for it
    emails = [re.escape(one.value) for one in by_kind["email"]]
    phones = [_spread(one.value[-10:]) for one in by_kind["phone"] if one.value[-10:].isdecimal()]
    of_emails = [bound("|".join(some)) for some in _parts(emails)]
    of_phones = [bound("|".join(some)) for some in _parts(phones)]
    for column in fact.columns:
        if column.name not in NAMING or column.type not in (Type.TEXT, Type.PROPS):
            continue
        words = f'CAST(f."{column.name}" AS VARCHAR)'
        there = f'f."{column.name}" IS NOT NULL'
        # millions of addresses have no @, and telling so costs little
        tests += [
            f"({there} AND contains({words}, '@') AND regexp_matches(lower({words}), {one}))" for one in of_emails
        ]
        tests += [f"({there} AND regexp_matches({words}, {one}))" for one in of_phones]
    return tests or ["FALSE"], values


def _spread(digits: str) -> str:
    """A pattern of the digits with anything but a digit between them."""
    return "[^0-9]*".join(digits)


def _parts(patterns: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(patterns), _AT_ONCE):
        yield patterns[first : first + _AT_ONCE]


def raw_rows(connection: duckdb.DuckDBPyConnection, known: Collection[Identifier]) -> dict[str, list[int]]:
    """Rows of what other systems sent that mention the person, by table, where there are any.

    The database passes over the rows that cannot: only what is left is read as ``mentions`` reads it.
    """
    telling = telling_of(known)
    if not telling:
        return {}
    others = [re.escape(one.value.lower()) for one in telling if one.kind != "phone"]
    phones = [_spread(one.value[-10:]) for one in telling if one.kind == "phone" and one.value[-10:].isdecimal()]
    where, values = "TRUE", {}
    if all(one.value.isascii() and " " not in one.value for one in telling):
        values = {name: "|".join(some) for name, some in (("phones", phones), ("others", others)) if some}
        possible = {"phones": "regexp_matches({raw}, $phones)", "others": "regexp_matches(lower({raw}), $others)"}
        where = " OR ".join(["contains({raw}, '%')", *(possible[name] for name in values)])
    found: dict[str, list[int]] = {}
    for table, column in RAW.items():
        rows = connection.execute(
            f"SELECT rowid, {column} FROM main.{table} WHERE {where.format(raw=f'CAST({column} AS VARCHAR)')}", values
        ).fetchall()
        if ids := [rowid for rowid, raw in rows if mentions(str(raw), telling)]:
            found[table] = ids
    return found


def telling_of(identifiers: Iterable[Identifier]) -> list[Identifier]:
    """Identifiers that cannot stand in a text by chance: contacts and long machine ids."""
    return [i for i in identifiers if i.kind in ("email", "phone") or (KINDS[i.kind].is_digital and len(i.value) >= 10)]


def mentions(text: str, identifiers: Iterable[Identifier]) -> bool:
    """Whether the text has one of the identifiers, however its case, separators or escapes are."""
    readings = {text.lower(), unquote_plus(text).lower()}
    digits = {re.sub(r"\D", "", re.sub(r"(?<=\d)[\s()+-]+(?=\d)", "", reading)) for reading in readings}
    for identifier in identifiers:
        if identifier.kind == "phone":
            if any(identifier.value[-10:] in reading for reading in digits):
                return True
        elif any(identifier.value.lower() in reading for reading in readings):
            return True
    return False
