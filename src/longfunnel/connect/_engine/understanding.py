"""What records mean: shaped, translated as the source's settings want, typed; or put aside with the reason."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine.typed import BadValueError, typed
from longfunnel.core.errors import words_of
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Fact, facts

if TYPE_CHECKING:
    import duckdb

    from longfunnel.connect._engine.contract import Record, Row, Shaping, Stream
    from longfunnel.core.settings import Source

Typed = dict[str, Any]
"""A row's values by column, as its fact has them."""
Rejected = tuple[str, str, BadValueError, "Record"]
"""A record that means nothing: its fact, its key, why, itself."""
_NOT_OURS = object()
_OTHER_FORM = Text(
    "the record has another form than expected ({kind}: {why})", "запись устроена не так, как ожидалось ({kind}: {why})"
)


class Understanding:
    """Makes rows of one stream's records."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, stream: Stream, shaping: Shaping, *, country: str
    ) -> None:
        self._connection, self._source, self._stream, self._shaping = connection, source, stream, shaping
        self._country = country
        self._own = self._written()

    def rows_of(self, records: dict[str, Record]) -> tuple[dict[str, list[Typed]], list[Rejected]]:
        """The rows by fact, and the records that mean nothing."""
        rows: dict[str, list[Typed]] = defaultdict(list)
        rejected: list[Rejected] = []
        newest: dict[tuple[str, ...], Typed] = {}
        for key, record in records.items():
            fact = self._stream.facts[0]
            made: dict[tuple[str, ...], tuple[str, Typed]] = {}
            try:
                for row in self._stream.shape(record, self._shaping):
                    fact = row.fact
                    values = self._translated(row)
                    place = _place(facts()[fact], values)
                    if row.is_patch or row.is_first:
                        here = made[place][1] if place in made else newest.get(place)
                        known = here or self._known(facts()[fact], values)
                        if known is None and row.is_patch:
                            continue
                        if known and row.is_first and self._is_later(facts()[fact], values, known):
                            continue
                        values = {**_with_props(known or {}), **values}
                    made[place] = fact, self._without_own(fact, typed(facts()[fact], values, country=self._country))
            except BadValueError as error:
                rejected.append((fact, key, error, record))
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
                reason = _OTHER_FORM.format(kind=type(error).__name__, why=words_of(error))
                rejected.append((fact, key, BadValueError("", "", reason), record))
            else:
                for place, (name, values) in made.items():
                    rows[name].append(values)
                    newest[place] = values
        return rows, rejected

    def _written(self) -> dict[tuple[str, str, str], str]:
        """What we wrote into the system ourselves: fact, id and column → value. It is no news from there."""
        rows = self._connection.execute(
            """SELECT fact, record_id, column_name, became FROM main.writes
            WHERE source_system = ? AND state IN ('done', 'intended') AND column_name <> 'conversion' ORDER BY write_id""",
            [self._source.name],
        ).fetchall()
        return {(fact, record, column): became for fact, record, column, became in rows}

    def _without_own(self, fact: str, values: Typed) -> Typed:
        """The values without those that stand in the system because we put them there: else an answer would become its own evidence."""
        if not self._own:
            return values
        record = values.get(facts()[fact].key[0])
        return {
            name: value
            for name, value in values.items()
            if self._own.get((fact, str(record), name), _NOT_OURS) != value
        }

    def _translated(self, row: Row) -> Typed:
        """The row as the source's settings want it: constants, words translated."""
        source = self._source
        columns = facts()[row.fact].column_by_name
        values = {**row.values, **{name: value for name, value in source.constants.items() if name in columns}}
        for name, words in source.values.items():
            if values.get(name) in words:
                values[name] = words[values[name]]
        return values

    def _known(self, fact: Fact, values: Typed) -> Typed | None:
        where = " AND ".join(f'"{part}" IS NOT DISTINCT FROM ?' for part in fact.key)
        found = self._connection.execute(
            f"""SELECT {", ".join(quoted_columns(fact))} FROM facts."{fact.name}" WHERE source_system = ? AND {where}
            ORDER BY recorded_at DESC, import_id DESC LIMIT 1""",
            [self._source.name, *(values.get(part) for part in fact.key)],
        ).fetchall()
        return dict(zip((column.name for column in fact.columns), found[0], strict=True)) if found else None

    def _is_later(self, fact: Fact, values: Typed, known: Typed) -> bool:
        at = typed(fact, values, country=self._country).get(fact.at)
        return at is not None and known.get(fact.at) is not None and at > known[fact.at]


def _with_props(known: Typed) -> Typed:
    return {**known, "props": json.loads(known["props"])} if known.get("props") else known


def _place(fact: Fact, values: Typed) -> tuple[str, ...]:
    return (fact.name, *(str(values.get(part)) for part in fact.key))


def quoted_columns(fact: Fact) -> list[str]:
    """The fact's columns as SQL names them."""
    return [f'"{column.name}"' for column in fact.columns]


def content_key(record: Record) -> str:
    """A key for records that have no id of their own: of their whole content."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
