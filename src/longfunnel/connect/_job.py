"""One file's import, in two passes over it: the first finds each row's problem and hashes, the second writes what is new."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

import duckdb
import msgspec

from longfunnel.connect._corrections import Correction, corrected, corrections_of
from longfunnel.connect._exhausted import exhausted
from longfunnel.connect._headers import places
from longfunnel.connect._mapping import Plan, plan
from longfunnel.connect._quarantine import (
    CONFLICTS,
    Rejected,
    is_total,
    put_in_quarantine,
    rejected_rows,
    told_of_conflicts,
    told_of_quarantined,
)
from longfunnel.connect._reading import REJECTS, Table
from longfunnel.connect._recognise import SETTING_OF, Format, recognise
from longfunnel.connect._report import FileReport, told_of
from longfunnel.connect._typed import clean_sql
from longfunnel.connect._watch import watched
from longfunnel.core.errors import SourceError, together
from longfunnel.core.text import Text, spoken
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.load import (
    INCOMING,
    Loaded,
    append,
    append_all,
    clashing,
    clear,
    compare,
    is_all_news,
    key_sql,
    settle,
    stored_content_sql,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from longfunnel.core.settings import Business, Source
    from longfunnel.warehouse.facts import Fact

    Tell = Callable[[float], None]

RULES = 1
"""Raised when the same file and mapping would give other rows than before: then files are read again."""
_LARGE = 32 << 20
"""Bytes from which on one pass instead of two is worth trying."""
_INSPECTED, _OCCURRENCES = "inspected", "occurrences"


class _NotCleanError(Exception):
    """Some row is bad, known, or not the only one of its key."""


class _About(TypedDict):
    content: list[str]
    source_system: str
    system: str
    recorded_at: datetime
    import_id: int


@dataclass
class Job:
    """What the import of one file needs to know."""

    connection: duckdb.DuckDBPyConnection
    source: Source
    fact: Fact
    table: Table
    business: Business
    name: str
    """The file, as the warehouse calls it."""
    recorded_at: datetime
    corrections: list[Correction] = field(init=False)
    """Rows of the source that a person has mended: they are read as mended."""

    def __post_init__(self) -> None:
        """Lay the corrections over the file."""
        self.corrections = corrections_of(self.connection, self.source.name)
        self.table = corrected(self.table, self.corrections)

    def run(self, tell: Tell) -> FileReport:
        """Import the file, or nothing of it. ``tell`` hears the share done."""
        fingerprint = self._fingerprint()
        last = self.connection.execute(
            "SELECT fingerprint FROM main.imports WHERE source_system = ? AND file = ? ORDER BY import_id DESC LIMIT 1",
            [self.source.name, self.name],
        ).fetchall()
        if last and last[0][0] == fingerprint:
            tell(1.0)
            return FileReport(self.name, unchanged=True)
        formats = recognise(self.connection, self.source, self.fact, self.table)
        self._refuse_doubt(formats)
        made = plan(
            self.source, self.fact, self.table, self.business, self.business.home_country, formats, self.recorded_at
        )
        try:
            report = self._load_at_once(made, fingerprint, tell) if self._is_first_and_large() else None
            if report is None:
                with watched(self.connection, lambda share: tell(share / 2)):
                    self._inspect(made)
                report = self._load(made, fingerprint, tell)
        except duckdb.Error as error:
            raise exhausted(error, self.name) or error from error
        finally:
            self._clear()
        tell(1.0)
        return report

    def _fingerprint(self) -> str:
        source = msgspec.to_builtins(self.source)
        business = msgspec.to_builtins(self.business)
        meaning = [{**source, "path": ""}, [business[key] for key in ("currency", "timezone", "country")], RULES]
        # a correction makes its own file worth reading again, not all the files of the source
        mended = [[one.raw, one.mended] for one in self.corrections if one.file == self.name]
        whole = msgspec.json.encode([*meaning, mended] if mended else meaning, order="sorted")
        return hashlib.sha256(self.table.readable.digest.encode() + whole).hexdigest()

    def _is_first_and_large(self) -> bool:
        known = self.connection.execute(
            "SELECT 1 FROM main.imports WHERE source_system = ? LIMIT 1", [self.source.name]
        ).fetchall()
        return not known and not self.table.mended and self.table.readable.size >= _LARGE

    def _load_at_once(self, made: Plan, fingerprint: str, tell: Tell) -> FileReport | None:
        """The short way for the first large file of a source: write in one pass, and see afterwards whether every row was
        good and new. None, and nothing changed, when one was not: then two passes sort it out."""
        connection = self.connection
        self._forget_rejects()
        good = "CASE WHEN problem = 0 THEN true WHEN problem = -1 THEN false ELSE error('a bad row') END"
        columns = ", ".join(f'v_{column} AS "{column}"' for column in made.columns)
        body = made.body.replace(self.table.sql, self.table.strict(is_numbered=False))
        rows = f"SELECT {columns} FROM ({body}) WHERE {good}"
        try:
            with transaction(connection), watched(connection, tell):
                import_id = self._new_import()
                append_all(
                    connection,
                    self.fact,
                    rows,
                    made.columns,
                    made.bound(rows, self.table.parameters),
                    **self._about(made, import_id),
                )
                self._demand_clean(import_id)
                read: int = connection.execute(
                    f'SELECT count(*) FROM facts."{self.fact.name}" WHERE import_id = ?', [import_id]
                ).fetchall()[0][0]
                self._note(import_id, fingerprint, [read, read, 0, 0, 0])
        except _NotCleanError:
            return None
        except duckdb.InvalidInputException as error:
            if "a bad row" in str(error):
                return None
            raise
        return FileReport(self.name, read, read, said=self._said(self._unknown_words(made)))

    def _demand_clean(self, import_id: int) -> None:
        if rejected_rows(self.connection, self.table) or not is_all_news(self.connection, self.fact, import_id):
            raise _NotCleanError

    def _new_import(self) -> int:
        self.connection.execute(
            "DELETE FROM main.quarantine WHERE source_system = ? AND file = ?", [self.source.name, self.name]
        )
        number: int = self.connection.execute("SELECT nextval('main.import_ids')").fetchall()[0][0]
        return number

    def _about(self, made: Plan, import_id: int) -> _About:
        return {
            "content": [column for column in made.columns if column != made.auto_id],
            "source_system": self.source.name,
            "system": self.source.system,
            "recorded_at": self.recorded_at,
            "import_id": import_id,
        }

    def _note(self, import_id: int, fingerprint: str, counted: list[int]) -> None:
        entry = [import_id, self.source.name, self.fact.name, self.name, fingerprint, self.recorded_at, *counted]
        self.connection.execute("INSERT INTO main.imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry)

    def _forget_rejects(self) -> None:
        for name in (REJECTS, f"{REJECTS}_scan"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _inspect(self, made: Plan) -> None:
        """The first pass: what each row's problem is, and the hashes by which rows are told apart."""
        own = {column: f"v_{column}" for column in made.columns}
        content = {column: value for column, value in own.items() if column != made.auto_id}
        modified = "v_modified_at" if "modified_at" in made.columns else "CAST(NULL AS TIMESTAMP)"
        auto = f", v_{made.auto_id} AS auto_id" if made.auto_id else ""
        self._forget_rejects()
        sql = f"""CREATE OR REPLACE TEMP TABLE {_INSPECTED} AS
            SELECT idx, CAST(problem AS INTEGER) AS problem, raw, {key_sql(self.fact, own)} AS key_hash,
                   {stored_content_sql(self.fact, content)} AS content_hash, {modified} AS modified_at{auto} FROM ({made.strict_body})"""
        self.connection.execute(sql, made.bound(sql, {**self.table.parameters, "space": self._space}))

    @property
    def _space(self) -> str:
        return self.source.system or self.source.name

    def _refuse_doubt(self, formats: dict[str, Format]) -> None:
        doubts = [
            Text(
                "{where}: «{value}» reads two ways; set {setting}.",
                "{where}: «{value}» читается двояко; задайте {setting}.",
            ).format(
                where=self._where(name, form.doubt),
                value=form.doubt,
                setting=SETTING_OF[self.fact.column_by_name[name].type],
            )
            for name, form in formats.items()
            if form.doubt
        ]
        if doubts:
            intro = Text(
                "[[source]] «{source}», {file}: nothing in the file tells how to read it.",
                "[[source]] «{source}», {file}: по файлу не понять, как его читать.",
            )
            raise SourceError(together(doubts, intro.format(source=self.source.name, file=self.name)))

    def _where(self, name: str, value: str) -> Text:
        place = places(self.source, self.table.headers)[name][0]
        found = self.connection.execute(
            f"SELECT min(idx) FROM ({self.table.sql}) WHERE {clean_sql(f'c{place}')} = $value",
            {**self.table.parameters, "value": value},
        ).fetchall()[0][0]
        return Text("row {row}, column «{header}»", "строка {row}, столбец «{header}»").format(
            row=found + self.table.first_row, header=self.table.headers[place]
        )

    def _load(self, made: Plan, fingerprint: str, tell: Tell) -> FileReport:
        connection = self.connection
        counts = dict(connection.execute(f"SELECT problem, count(*) FROM {_INSPECTED} GROUP BY problem").fetchall())
        unparted = rejected_rows(connection, self.table)
        rejected = [row for row in unparted if not is_total(row.text)]
        read = sum(many for problem, many in counts.items() if problem >= 0) + len(rejected)
        bad = told_of_quarantined(made, counts, read, len(rejected))
        if read and not counts.get(0):
            intro = Text(
                "[[source]] «{source}»: not one row of {file} can be understood; nothing was imported.",
                "[[source]] «{source}»: в {file} не удалось понять ни одной строки; ничего не загружено.",
            ).format(source=self.source.name, file=self.name)
            hint = Text("Mend the mapping and import again.", "Поправьте сопоставление и загрузите снова.")
            raise SourceError(together(bad, intro), hint=hint)
        self._incoming(made)
        if clashing(connection) and self.fact.immutable:
            rows = self._rows(made)
            compare(connection, rows, made.columns, made.bound(rows, self.table.parameters))
        with transaction(connection):
            loaded, quarantined = self._write(made, unparted, read, fingerprint, tell)
        if (
            loaded.added + loaded.changed + loaded.same + quarantined != read
        ):  # a promise to the user, checked each time
            raise AssertionError(f"{self.name}: {read} rows read, but {loaded} and {quarantined} in the quarantine")
        totals = counts.get(-2, 0) + len(unparted) - len(rejected)
        told = told_of(loaded, read, totals) + self._unknown_words(made) + bad + told_of_conflicts(loaded.conflicts)
        return FileReport(
            self.name, read, loaded.added, loaded.changed, loaded.same, quarantined, said=self._said(told)
        )

    def _write(
        self, made: Plan, unparted: list[Rejected], read: int, fingerprint: str, tell: Tell
    ) -> tuple[Loaded, int]:
        connection, source = self.connection, self.source
        import_id = self._new_import()
        loaded = settle(connection, self.fact, source_system=source.name)
        self._keep_conflicts(loaded.conflicts)
        quarantined = put_in_quarantine(
            connection, made, self.table, unparted, import_id=import_id, source_system=source.name, file=self.name
        )
        rows = self._rows(made)
        with watched(connection, lambda share: tell(0.5 + share / 2)):
            append(
                connection,
                self.fact,
                rows,
                made.columns,
                made.bound(rows, self.table.parameters),
                of_rows=connection.execute(f"SELECT count(*) FROM {_INSPECTED}").fetchall()[0][0],
                **self._about(made, import_id),
            )
        self._note(import_id, fingerprint, [read, loaded.added, loaded.changed, loaded.same, quarantined])
        return loaded, quarantined

    def _incoming(self, made: Plan) -> None:
        """The rows that may go in. Rows without an id of their own that are equal are told apart by their occurrence, so that
        two equal payments are two, and the same file again is nothing."""
        connection = self.connection
        columns = "idx, key_hash, content_hash, modified_at"
        if not made.auto_id:
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {INCOMING} AS SELECT {columns} FROM {_INSPECTED} WHERE problem = 0"
            )
            return
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {_OCCURRENCES} AS
            SELECT idx, auto_id || '-' || number AS auto_id, CAST(NULL AS UBIGINT) AS key_hash FROM (
                SELECT idx, auto_id, row_number() OVER (PARTITION BY auto_id ORDER BY idx) AS number FROM {_INSPECTED}
                WHERE problem = 0 AND auto_id IN (SELECT auto_id FROM {_INSPECTED} WHERE problem = 0 GROUP BY auto_id HAVING count(*) > 1)
            ) WHERE number > 1"""
        )
        connection.execute(
            f"UPDATE {_OCCURRENCES} SET key_hash = {key_sql(self.fact, {made.auto_id: 'auto_id'})}",
            {"space": self._space},
        )
        connection.execute(
            f"""CREATE OR REPLACE TEMP VIEW {INCOMING} AS
            SELECT i.idx, coalesce(o.key_hash, i.key_hash) AS key_hash, content_hash, modified_at
            FROM {_INSPECTED} i LEFT JOIN {_OCCURRENCES} o USING (idx) WHERE problem = 0"""
        )

    def _rows(self, made: Plan) -> str:
        """SELECT of the plan's rows; an id that was made from the content bears the row's occurrence."""
        if not made.auto_id:
            return made.rows()
        columns = ", ".join(
            f'coalesce(o.auto_id, r."{column}") AS "{column}"' if column == made.auto_id else f'r."{column}"'
            for column in made.columns
        )
        return f"SELECT r.idx, {columns} FROM ({made.rows()}) r LEFT JOIN {_OCCURRENCES} o USING (idx)"

    def _keep_conflicts(self, conflicts: int) -> None:
        """The raw rows that clash with others, for the quarantine."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {CONFLICTS} (idx BIGINT, raw VARCHAR)")
        if conflicts:
            raw = ", ".join(f"$h{place}, CAST(c{place} AS VARCHAR)" for place in range(len(self.table.headers)))
            headers = {f"h{place}": header for place, header in enumerate(self.table.headers)}
            self.connection.execute(
                f"""INSERT INTO {CONFLICTS} SELECT idx, CAST(json_object({raw}) AS VARCHAR) FROM ({self.table.sql})
                WHERE idx IN (SELECT idx FROM left_out WHERE why = 'conflict')""",
                {**self.table.parameters, **headers},
            )

    def _said(self, told: list[Text]) -> list[Text]:
        return [*self.table.notes, *(spoken(f"{self.name}: ") + text for text in told)]

    def _unknown_words(self, made: Plan) -> list[Text]:
        """Words for a deal's outcome that are neither won, lost nor open: left empty, and told together."""
        if self.fact.name != "deal" or "status" not in self.source.columns:
            return []
        sql = f"""SELECT w_status, count(*) FROM ({made.body})
            WHERE problem = 0 AND w_status IS NOT NULL AND v_status IS NULL GROUP BY ALL ORDER BY 2 DESC, 1"""
        words = self.connection.execute(sql, made.bound(sql, self.table.parameters)).fetchall()
        if not words:
            return []
        return [
            Text(
                'outcomes that are not known were left empty: {listed}. Say what they mean: values.status."{word}" = "won", "lost" or "open".',
                'неизвестные исходы оставлены пустыми: {listed}. Скажите, что они значат: values.status."{word}" = "won", "lost" или "open".',
            ).format(listed=", ".join(f"«{word}» ({many:,})" for word, many in words[:10]), word=words[0][0])
        ]

    def _clear(self) -> None:
        try:
            clear(self.connection)
            self.connection.execute(f"DROP VIEW IF EXISTS {INCOMING}")
            for name in (_INSPECTED, _OCCURRENCES, CONFLICTS, REJECTS, f"{REJECTS}_scan"):
                self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        except duckdb.Error:  # after a fatal error the connection is gone, and these with it
            return
