"""Who was erased: kept so that an older backup does not bring anybody back."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from typing import TYPE_CHECKING

from longfunnel.collect.privacy import Erased, drop_derived, erase_facts
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import Fact, facts
from longfunnel.warehouse.identifiers import KINDS, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    import duckdb


class Tombstones:
    """Who was erased, as salted hashes in a file beside the databases: it is in no backup, and outlives the restoring of one.

    A hash keeps the list from being an address book. Whoever holds the salt could still try all phone numbers: keep the
    folder as private as the warehouse itself.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, identifiers: Iterable[Identifier], at: datetime) -> None:
        """Remember an erasure, on disk when this returns."""
        salt = self._salt() or secrets.token_hex(16)
        lines = [] if self._salt() else [json.dumps({"salt": salt})]
        for identifier in identifiers:
            system = identifier.system if KINDS[identifier.kind].is_scoped else ""
            told = _hash(salt, identifier.kind, system, identifier.value)
            lines.append(json.dumps({"kind": identifier.kind, "hash": told, "at": at.isoformat()}))
        with os.fdopen(
            os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "w", encoding="ascii"
        ) as opened:
            opened.write("".join(line + "\n" for line in lines))
            opened.flush()
            os.fsync(opened.fileno())

    def apply(self, connection: duckdb.DuckDBPyConnection) -> Erased:
        """Erase again whoever a restored backup has brought back: facts that happened before their erasure.

        People who came anew afterwards stay. As after any erasure, the derived tables are to be built anew and the file
        rewritten where the answer says that something was there.
        """
        salt = self._salt()
        if not salt:
            return Erased(0, 0, 0)
        lines = self._lines()
        connection.execute("CREATE OR REPLACE TEMP TABLE tombstones (kind VARCHAR, hash VARCHAR, erased_at TIMESTAMP)")
        connection.executemany(
            "INSERT INTO tombstones VALUES (?, ?, ?)", [(line["kind"], line["hash"], line["at"]) for line in lines]
        )
        by_time: dict[datetime, set[Identifier]] = {}
        for fact in facts().values():
            for value_sql, kind_sql in _identifier_columns(fact):
                scoped = ", ".join(f"'{kind.name}'" for kind in KINDS.values() if kind.is_scoped)
                space = f"CASE WHEN {kind_sql} IN ({scoped}) THEN coalesce(f.system, '') ELSE '' END"
                rows = connection.execute(
                    f"""SELECT DISTINCT {kind_sql}, {value_sql}, {space}, t.erased_at FROM facts."{fact.name}" f
                    JOIN tombstones t ON t.kind = {kind_sql}
                     AND t.hash = sha256(concat_ws(chr(31), $salt, {kind_sql}, {space}, {value_sql}))
                    WHERE {value_sql} IS NOT NULL""",
                    {"salt": salt},
                ).fetchall()
                for kind, value, system, erased_at in rows:
                    by_time.setdefault(erased_at, set()).add(Identifier(kind, value, system))
        deleted = emptied = 0
        with transaction(connection):
            for erased_at, known in by_time.items():
                until = f"{{at}} <= TIMESTAMP '{erased_at.isoformat(sep=' ')}' OR {{at}} IS NULL"
                counts = erase_facts(connection, frozenset(known), until)
                deleted, emptied = deleted + counts[0], emptied + counts[1]
            if deleted or emptied:
                drop_derived(connection)
        return Erased(deleted, emptied, 0)

    def among(self, identifiers: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
        """Those of the identifiers (kind, value, id space) whose person was erased, as (kind, value)."""
        salt = self._salt()
        known = {(line["kind"], line["hash"]) for line in self._lines()} if salt else set()
        return {
            (kind, value)
            for kind, value, system in identifiers
            if (kind, _hash(salt, kind, system if KINDS[kind].is_scoped else "", value)) in known
        }

    def _salt(self) -> str:
        try:
            with self._file.open(encoding="ascii") as opened:
                salt: str = json.loads(opened.readline())["salt"]
        except (FileNotFoundError, ValueError):
            return ""
        return salt

    def _lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._file.read_text("ascii").splitlines()[1:] if line]


def _identifier_columns(fact: Fact) -> list[tuple[str, str]]:
    """SQL of the value and of the kind of each identifier of the fact."""
    if fact.name == "identity_link":
        return [(f"f.value_{side}", f"f.kind_{side}") for side in "ab"]
    return [
        (f'f."{column.name}"', f"'{column.identifier}'") for column in fact.identifiers if column.identifier in KINDS
    ]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
