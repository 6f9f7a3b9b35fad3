"""A proposal for an unknown file: what its rows are, how its columns become ours, and its first rows as understood."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import msgspec

from longfunnel.connect._guess import Guess, best_guess
from longfunnel.connect._headers import check_names
from longfunnel.connect._mapping import plan
from longfunnel.connect._profile import profiles
from longfunnel.connect._reading import open_table
from longfunnel.connect._recognise import recognise
from longfunnel.connect._synonyms import plain
from longfunnel.connect._toml import source_toml
from longfunnel.connect._typed import clean_sql, register
from longfunnel.core.errors import SourceError, did_you_mean
from longfunnel.core.settings import Business, Source
from longfunnel.core.text import Text
from longfunnel.warehouse import identifiers
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.connect._profile import Profile
    from longfunnel.connect._reading import Table
    from longfunnel.connect._recognise import Format

_LOOK = 2_000
_SHOWN = 5
NO_FILE = Text("There is no file {path}.", "Нет файла {path}.")
_IS = {
    "empty": Text("empty", "не заполнен"),
    "unreadable": Text("unreadable", "не читается"),
    "ambiguous": Text("ambiguous", "читается двояко"),
    "early": Text("early", "слишком ранняя дата"),
    "late": Text("late", "дата в далёком будущем"),
    "negative": Text("negative", "меньше нуля"),
}
"""What is wrong with a value, by the kind of its problem."""
_CODES = {
    "₽": "RUB",
    "руб": "RUB",
    "rub": "RUB",
    "usd": "USD",
    "$": "USD",
    "eur": "EUR",
    "€": "EUR",
    "brl": "BRL",
    "r$": "BRL",
    "kzt": "KZT",
    "gbp": "GBP",
}


@dataclass
class Proposal:
    """What Longfunnel makes of a file; nothing is written."""

    file: Path
    source: Source
    why: Text
    """What it was recognised by, in a few words."""
    confidence: float
    """0 to 1."""
    sample: list[dict[str, Any]] = field(default_factory=list)
    """The first rows as understood, times in the business's zone."""
    warnings: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    """How the file is written: encoding, separator, order of dates."""

    @property
    def fact(self) -> str:
        """The fact that the rows are."""
        return self.source.fact

    def to_toml(self) -> str:
        """The ``[[source]]`` block for longfunnel.toml."""
        return source_toml(self.source)


def propose(
    path: Path, *, business: Business, known_sources: Sequence[Source] = (), folder: Path | None = None, fact: str = ""
) -> Proposal:
    """What the file at ``path`` (relative to ``folder``) seems to be. ``fact`` names what the rows are where the guess would be wrong.

    Raises SourceError when the file is no table, or when nothing in it can be recognised as a fact.
    """
    if fact and fact not in facts():
        raise SourceError(
            Text("There is no fact «{fact}».", "Нет факта «{fact}».").format(fact=fact)
            + did_you_mean(fact, facts())
            + Text(" There are: {known}.", " Есть: {known}.").format(known=", ".join(facts()))
        )
    file = (folder or Path.cwd()) / path
    if not file.exists():
        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        raise SourceError(NO_FILE.format(path=path) + did_you_mean(file.name, beside))
    with (
        tempfile.TemporaryDirectory(prefix="longfunnel-", ignore_cleanup_errors=True) as work,
        duckdb.connect(":memory:") as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        register(connection)
        identifiers.register(connection)
        draft = Source(name=_name(path, known_sources), fact=fact or "lead", path=path.as_posix())
        table = open_table(connection, file, draft, Path(work))
        cells = ", ".join(
            clean_sql(f"c{place}") if table.kind(place) == "VARCHAR" else f"CAST(c{place} AS VARCHAR)"
            for place in range(len(table.headers))
        )
        rows = connection.execute(f"SELECT {cells} FROM ({table.sql}) LIMIT {_LOOK}", table.parameters).fetchall()
        found = profiles(table.headers, rows)
        guess = best_guess(found, path.stem, fact)
        if guess is None:
            raise SourceError(
                _nothing(path, table, fact),
                hint=Text(
                    "Say what the rows are: longfunnel import FILE --fact lead (or deal, payment, spend, event …).",
                    "Скажите, что в строках: longfunnel import ФАЙЛ --fact lead (или deal, payment, spend, event …).",
                ),
            )
        source = _source(draft, guess, found)
        proposal = Proposal(path, source, guess.why, round(min(guess.score / 12, 1.0), 2), notes=notes_of(table))
        if not rows:
            proposal.warnings.append(
                Text(
                    "The file has a header and no rows: the guess rests on its headers alone.",
                    "В файле только заголовок: догадка опирается лишь на него.",
                )
            )
        understand(connection, proposal, table, business)
        return proposal


def _name(path: Path, known: Sequence[Source]) -> str:
    stem = (
        re.sub(
            r"\W+", "_", re.sub(r"(\.(csv|tsv|txt|json|jsonl|ndjson|xlsx|xls|parquet|gz|zip))+$", "", path.name.lower())
        ).strip("_")
        or "file"
    )
    names = {source.name for source in known}
    number = 2
    name = stem
    while name in names:
        name, number = f"{stem}_{number}", number + 1
    return name


def _nothing(path: Path, table: Table, fact: str) -> Text:
    what = (
        Text("its rows cannot be read as {fact}s", "его строки не читаются как {fact}").format(fact=fact)
        if fact
        else Text("nothing tells what its rows are", "по нему не понять, что в его строках")
    )
    return Text("{path}: {what}. Its columns are {headers}.", "{path}: {what}. Его столбцы: {headers}.").format(
        path=path, what=what, headers=", ".join(f"«{header}»" for header in table.headers[:20])
    )


def _source(draft: Source, guess: Guess, found: Sequence[Profile]) -> Source:
    used = {
        header for theirs in guess.columns.values() for header in (theirs if isinstance(theirs, list) else [theirs])
    }
    columns: dict[str, Any] = dict(guess.columns)
    constants = dict(guess.constants)
    if "props" in facts()[guess.fact].column_by_name:
        props = {
            _slug(profile.header): profile.header for profile in found if profile.header not in used and profile.values
        }
        if props:
            columns["props"] = props
    for money in ("cost", "amount"):
        header = columns.get(money)
        if isinstance(header, str) and "currency" not in columns and (code := _currency_in(header)):
            constants["currency"] = code
        if money == "cost" and guess.fact == "spend" and isinstance(header, str) and "ндс" in header.lower():
            constants["has_vat"] = "без ндс" not in header.lower()
    return msgspec.structs.replace(
        draft, fact=guess.fact, columns=columns, constants=constants, values=guess.values, system=guess.system, unit=guess.unit
    )  # fmt: skip


def _currency_in(header: str) -> str:
    unit = re.search(r"[(,]\s*([^(),]+)\)?\s*$|(₽|\$|€)", header.lower())
    text = (unit[1] or unit[2] or "") if unit else ""
    words = re.findall(r"[a-zа-я]+|₽|r\$|\$|€", text)
    return next((_CODES[word] for word in words if word in _CODES), "")


def _slug(header: str) -> str:
    return "_".join(plain(header).split()) or "_".join(header.split())


def notes_of(table: Table) -> list[Text]:
    """How the file is written, where that is not what one expects."""
    readable = table.readable
    encoding = Text("encoding {name}", "кодировка {name}").format(name=readable.encoding)
    return [*([encoding] if readable.encoding not in ("", "utf-8") else []), *table.notes]


def understand(connection: duckdb.DuckDBPyConnection, proposal: Proposal, table: Table, business: Business) -> None:
    """Fill in the sample and the warnings by what the proposal's source makes of the first rows."""
    source = proposal.source
    fact = check_names(source, {table.file.name: table.headers})
    formats = recognise(connection, source, fact, table)
    proposal.warnings += [
        _doubt(fact.column_by_name[name].type.value, name, form) for name, form in formats.items() if form.doubt
    ]
    now = datetime.now(UTC).replace(tzinfo=None)
    made = plan(source, fact, table, business, business.home_country, formats, now)
    body = made.body
    shown = [column for column in made.columns if column not in ("props", made.auto_id)]
    cells = ", ".join(f'v_{column} AS "{column}"' for column in shown)
    sql = f"SELECT {cells} FROM ({body}) WHERE problem = 0 LIMIT {_SHOWN}"
    for row in connection.execute(sql, made.bound(sql, table.parameters)).fetchall():
        proposal.sample.append({name: _local(value, business) for name, value in zip(shown, row, strict=True)})
    sql = f"SELECT problem, count(*) FROM (SELECT * FROM ({body}) LIMIT {_LOOK}) WHERE problem > 0 GROUP BY problem ORDER BY 2 DESC"
    for number, many in connection.execute(sql, made.bound(sql, table.parameters)).fetchall():
        problem = made.problems[number - 1]
        if not formats.get(problem.ours) or not formats[problem.ours].doubt:
            proposal.warnings.append(
                Text(
                    "{many:,} of the first rows will go to the quarantine: column «{header}» as {ours} is {kind}.",
                    "Из первых строк в карантин попадут {many:,}: столбец «{header}» как {ours} — {kind}.",
                ).format(many=many, header=problem.header, ours=problem.ours, kind=_IS[problem.kind])
            )


def _doubt(kind: str, name: str, form: Format) -> Text:
    setting = (
        Text('date_order = "day_first" (or "month_first")', 'date_order = "day_first" (или "month_first")')
        if kind in ("TIMESTAMP", "DATE")
        else Text('decimal = "," (or ".")', 'decimal = "," (или ".")')
    )
    return Text(
        "{name}: «{value}» reads two ways and no other value tells which; add to the source: {setting}",
        "{name}: «{value}» читается двояко, и другие значения не подсказывают как; добавьте источнику: {setting}",
    ).format(name=name, value=form.doubt, setting=setting)


def _local(value: object, business: Business) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).astimezone(ZoneInfo(business.timezone)).replace(tzinfo=None)
    return value
