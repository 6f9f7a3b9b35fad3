"""What a schema's persons were built with: the last import and the rules. The next build looks at what differs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from longfunnel.core.settings import Guards
from longfunnel.people.rules import Rules

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Mark:
    """One build of persons."""

    import_id: int
    """The last import that it had seen; 0 when the next build must read all facts."""
    country: str
    rules: Rules


def read_mark(connection: duckdb.DuckDBPyConnection, schema: str) -> Mark | None:
    """The mark of the schema's last build; None before the first."""
    known = "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'people_mark'"
    if not connection.execute(known, [schema]).fetchall():
        return None
    import_id, country, text = connection.execute(
        f'SELECT import_id, country, rules FROM "{schema}".people_mark'
    ).fetchall()[0]
    kept = json.loads(text)
    return Mark(
        import_id,
        country,
        Rules(
            Guards(**kept["guards"]),
            cuts=frozenset((a, b) for a, b in kept["cuts"]),
            joins=frozenset((a, b) for a, b in kept["joins"]),
            blocks=frozenset(kept["blocks"]),
        ),
    )


def write_mark(connection: duckdb.DuckDBPyConnection, schema: str, mark: Mark) -> None:
    """Remember the build."""
    kept = {
        "guards": msgspec.to_builtins(mark.rules.guards),
        "cuts": sorted(mark.rules.cuts),
        "joins": sorted(mark.rules.joins),
        "blocks": sorted(mark.rules.blocks),
    }
    connection.execute(
        f'CREATE OR REPLACE TABLE "{schema}".people_mark (import_id BIGINT, country VARCHAR, rules VARCHAR)'
    )
    connection.execute(
        f'INSERT INTO "{schema}".people_mark VALUES (?, ?, ?)', [mark.import_id, mark.country, json.dumps(kept)]
    )
