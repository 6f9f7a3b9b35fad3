"""Pages of records onto the disk: raw records, facts, the quarantine and the place reached, in one transaction."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from longfunnel.connect._engine.typed import storable
from longfunnel.connect._engine.understanding import Rejected, Typed, Understanding, quoted_columns
from longfunnel.connect._report import FileReport
from longfunnel.core.text import Text, stored
from longfunnel.warehouse.arrow import ARROW
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import Fact, Type, facts
from longfunnel.warehouse.load import current_sql, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import duckdb

    from longfunnel.connect._engine.contract import Page, Record, Shaping, Stream, Window
    from longfunnel.core.settings import Source

_GIVEN, _STAGING = "records_given", "records_staging"


class Writer:
    """Writes what one stream of one source reads. One at a time for a warehouse's connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        stream: Stream,
        shaping: Shaping,
        *,
        country: str,
        recorded_at: datetime,
    ) -> None:
        self._connection, self._source, self._stream = connection, source, stream
        self._recorded_at = recorded_at
        self._understanding = Understanding(connection, source, stream, shaping, country=country)
        self._seen: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        """Keys that were told since the last window, by fact."""
        self.report = FileReport(stream.name)
        self.records = 0

    def cursor(self) -> Any:
        """The place where the last reading ended; None the first time."""
        found = self._connection.execute(
            "SELECT place FROM main.cursors WHERE source_system = ? AND stream = ?",
            [self._source.name, self._stream.name],
        ).fetchall()
        return json.loads(found[0][0]) if found else None

    def known(self, fact: str) -> dict[str, bool]:
        """The ids that this source has told of a fact with an id for its key, and whether each is known as deleted."""
        key = facts()[fact].key[0]
        found = self._connection.execute(
            f"""SELECT "{key}", arg_max(coalesce(is_deleted, FALSE), (recorded_at, import_id))
            FROM facts."{fact}" WHERE source_system = ? GROUP BY 1""",
            [self._source.name],
        ).fetchall()
        return dict(found)

    def kept(self, keys: list[str]) -> dict[str, Record]:
        """The records of these keys as they were written last."""
        found = self._connection.execute(
            "SELECT record_key, body FROM main.raw_records WHERE source_system = ? AND stream = ? AND record_key IN (SELECT unnest(?::VARCHAR[]))",
            [self._source.name, self._stream.name, keys],
        ).fetchall()
        return {key: json.loads(body) for key, body in found}

    def write(self, pages: list[Page]) -> None:
        """Write the pages and the last one's cursor; all or nothing."""
        records: dict[str, Record] = {}
        for page in pages:
            records |= {
                storable(self._stream.key(record)): record for record in page.records
            }  # of one id the last told
        cursor = next((page.cursor for page in reversed(pages) if page.cursor is not None), None)
        rows, rejected = self._understanding.rows_of(records)
        with transaction(self._connection):
            if records:
                self._keep_raw(records)
                self._forget_quarantined(records)
            for fact, of_fact in rows.items():
                self._append(facts()[fact], of_fact)
            self._put_aside(rejected)
            for window in (page.window for page in pages if page.window):
                self._append(facts()[window.fact], self._vanished(window))
                self._forget_seen(window)
            if cursor is not None:
                self._move(cursor)
        self.records += len(records)
        self.report.read += len(rejected)
        self.report.quarantined += len(rejected)

    def shape_again(self, tell: Callable[[float], None]) -> None:
        """Shape the raw records that are kept once more, without the outside system."""
        which = "FROM main.raw_records WHERE source_system = ? AND stream = ?"
        of = [self._source.name, self._stream.name]
        many = self._connection.execute(f"SELECT count(*) {which}", of).fetchall()[0][0]
        keys = self._connection.execute(f"SELECT record_key {which} ORDER BY record_key", of).fetchall()
        for start in range(0, many, 5000):
            some = [key for (key,) in keys[start : start + 5000]]
            bodies = self._connection.execute(
                f"SELECT body, recorded_at {which} AND record_key IN (SELECT unnest(?::VARCHAR[]))", [*of, some]
            ).fetchall()
            told = {
                self._stream.key(record): (record, at) for record, at in ((json.loads(body), at) for body, at in bodies)
            }
            rejected: list[Rejected] = []
            for at in sorted({at for _, at in told.values()}):
                then = {key: record for key, (record, when) in told.items() if when == at}
                rows, bad = self._understanding.rows_of(then)
                rejected += bad
                with transaction(self._connection):
                    self._forget_quarantined(then)
                    self._put_aside(bad)
                    for fact, of_fact in rows.items():
                        self._append(facts()[fact], self._without_withdrawn(facts()[fact], of_fact, at))
            self.report.quarantined += len(rejected)
            self.report.read += len(rejected)
            tell(min(1.0, (start + 5000) / many))

    def _append(self, fact: Fact, rows: list[Typed]) -> None:
        """Append those that are news, noted as the day's import of this stream. Of one key the last counts."""
        if not rows:
            return
        own = {tuple(row.get(part) for part in fact.key): row for row in rows}
        if fact.column_by_name[fact.at].type is Type.DAY:  # only days are restated
            self._seen[fact.name].update(own)
        arrays = [
            pa.array([row.get(column.name) for row in own.values()], ARROW[column.type]) for column in fact.columns
        ]
        columns = [column.name for column in fact.columns]
        connection = self._connection
        connection.register(_GIVEN, pa.table(arrays, names=columns))
        try:
            casts = ", ".join(
                f'CAST("{column.name}" AS {column.type.value}) AS "{column.name}"' for column in fact.columns
            )
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {_STAGING} AS SELECT {casts} FROM {_GIVEN}")
        finally:
            connection.unregister(_GIVEN)
        import_id = connection.execute("SELECT nextval('main.import_ids')").fetchall()[0][0]
        loaded = load(
            connection, fact, _STAGING, columns, source_system=self._source.name, system=self._source.system,
            recorded_at=self._recorded_at, import_id=import_id,
        )  # fmt: skip
        connection.execute(f"DROP TABLE {_STAGING}")
        # two records may tell of one row (a contact in two deals): told, not news
        same = loaded.same + loaded.conflicts + len(rows) - len(own)
        self.report.read += loaded.added + loaded.changed + same
        self.report.added += loaded.added
        self.report.changed += loaded.changed
        self.report.same += same
        self._note(fact, import_id, loaded.added, loaded.changed, same)

    def _note(self, fact: Fact, import_id: int, added: int, changed: int, same: int) -> None:
        """The run's row in ``main.imports`` moves on with each page."""
        which = "source_system = ? AND fact = ? AND file = ? AND recorded_at = ?"
        of = [self._source.name, fact.name, self._stream.name, self._recorded_at]
        known = self._connection.execute(
            f"SELECT coalesce(sum(added), 0)::BIGINT, coalesce(sum(changed), 0)::BIGINT, coalesce(sum(same), 0)::BIGINT FROM main.imports WHERE {which}",
            of,
        ).fetchall()[0]
        self._connection.execute(f"DELETE FROM main.imports WHERE {which}", of)
        added, changed, same = added + known[0], changed + known[1], same + known[2]
        self._connection.execute(
            "INSERT INTO main.imports VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, 0)",
            [import_id, *of, added + changed + same, added, changed, same],
        )

    def _vanished(self, window: Window) -> list[Typed]:
        """Zeros for the rows of the window that are known and were not told again."""
        fact = facts()[window.fact]
        counted = [column.name for column in fact.columns if column.type in (Type.COUNT, Type.MONEY)]
        within = "".join(f' AND "{fact.column_by_name[name].name}" = ?' for name in window.within)
        found = self._connection.execute(
            f"""SELECT {", ".join(quoted_columns(fact))} FROM ({current_sql(fact)})
            WHERE source_system = ? AND "{fact.at}" BETWEEN ? AND ?{within}""",
            [self._source.name, window.since, window.until, *window.within.values()],
        ).fetchall()
        rows = [dict(zip((column.name for column in fact.columns), row, strict=True)) for row in found]
        gone = [row for row in rows if tuple(row.get(part) for part in fact.key) not in self._seen[fact.name]]
        gone = [row for row in gone if any(row[name] for name in counted)]
        return [{**row, **{name: 0 for name in counted if row[name] is not None}} for row in gone]

    def _without_withdrawn(self, fact: Fact, rows: list[Typed], told_at: datetime) -> list[Typed]:
        """Those of a record told at ``told_at`` that have not become zeros since: the vendor has withdrawn the others."""
        if fact.column_by_name[fact.at].type is not Type.DAY:
            return rows
        counted = [column.name for column in fact.columns if column.type in (Type.COUNT, Type.MONEY)]
        found = self._connection.execute(
            f"""SELECT {", ".join(f'"{part}"' for part in fact.key)} FROM ({current_sql(fact)}) WHERE source_system = ? AND recorded_at > ?
            AND {" AND ".join(f'coalesce("{name}", 0) = 0' for name in counted)} AND "{fact.at}" IN (SELECT unnest(?::DATE[]))""",
            [self._source.name, told_at, list({row[fact.at] for row in rows})],
        ).fetchall()
        withdrawn = set(found)
        return [row for row in rows if tuple(row.get(part) for part in fact.key) not in withdrawn]

    def _forget_seen(self, window: Window) -> None:
        fact = facts()[window.fact]
        day = fact.key.index(fact.at)
        places = {fact.key.index(name): value for name, value in window.within.items()}

        def is_inside(key: tuple[Any, ...]) -> bool:
            return window.since <= key[day] <= window.until and all(key[n] == value for n, value in places.items())

        self._seen[window.fact] = {key for key in self._seen[window.fact] if not is_inside(key)}

    def _keep_raw(self, records: dict[str, Record]) -> None:
        of = [self._source.name, self._stream.name]
        table = pa.table({"key": list(records), "body": [_dumped(record) for record in records.values()]})
        self._connection.register(_GIVEN, table)
        try:
            self._connection.execute(
                f"DELETE FROM main.raw_records WHERE source_system = ? AND stream = ? AND record_key IN (SELECT key FROM {_GIVEN})",
                of,
            )
            self._connection.execute(
                f"INSERT INTO main.raw_records SELECT ?, ?, key, ?, body FROM {_GIVEN}", [*of, self._recorded_at]
            )
        finally:
            self._connection.unregister(_GIVEN)

    def _forget_quarantined(self, records: Iterable[str]) -> None:
        files = [self._file(key) for key in records]
        self._connection.execute(
            "DELETE FROM main.quarantine WHERE source_system = ? AND file IN (SELECT unnest(?::VARCHAR[]))",
            [self._source.name, files],
        )

    def _put_aside(self, rejected: list[Rejected]) -> None:
        if not rejected:
            return
        import_id = self._connection.execute("SELECT nextval('main.import_ids')").fetchall()[0][0]
        self._connection.executemany(
            "INSERT INTO main.quarantine VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)",
            [
                (import_id, self._source.name, fact, self._file(key), error.column or None, storable(error.value) or None, storable(stored(error.reason)),
                 _dumped(record))
                for fact, key, error, record in rejected
            ],
        )  # fmt: skip
        told = Counter(
            Text("{column}: {reason}", "{column}: {reason}").format(column=error.column, reason=error.reason)
            if error.column
            else error.reason
            for _, _, error, _ in rejected
        )
        said = Text(
            "{stream}: {many:,} records are in the quarantine: {why}.", "{stream}: в карантине записей {many:,}: {why}."
        )
        self.report.said += [
            said.format(stream=self._stream.name, many=many, why=why) for why, many in told.most_common(5)
        ]

    def _file(self, key: str) -> str:
        return f"{self._stream.name}/{key}"

    def _move(self, cursor: Any) -> None:
        of = [self._source.name, self._stream.name]
        self._connection.execute("DELETE FROM main.cursors WHERE source_system = ? AND stream = ?", of)
        self._connection.execute(
            "INSERT INTO main.cursors VALUES (?, ?, ?, ?)", [*of, json.dumps(cursor), self._recorded_at]
        )


def _dumped(record: Record) -> str:
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: its escape can be kept
        return json.dumps(record)
    return text
