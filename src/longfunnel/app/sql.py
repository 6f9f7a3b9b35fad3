"""SQL for analysts: the warehouse, to be read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business


def select(business: Business, query: str, *, limit: int = 1000) -> tuple[list[dict[str, Any]], bool]:
    """At most ``limit`` rows of a query, and whether that is all of them.

    Derived tables are found by bare name, facts as ``facts.NAME``. Raises QuestionError for anything that is not one
    reading statement, and for what the engine does not understand, in its own words.
    """
    with business.interruptible(), business.cursor() as connection:
        return _select(connection, query, limit)


def _select(connection: duckdb.DuckDBPyConnection, query: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type not in {
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        }:
            raise QuestionError(
                Text(
                    "Only one SELECT can be asked this way; the warehouse is changed by imports and builds alone.",
                    "Так можно спросить только один SELECT: хранилище меняют лишь загрузка и построение.",
                )
            )
        connection.execute("SET search_path = 'live,facts,main'")
        connection.execute("BEGIN TRANSACTION READ ONLY")
        result = connection.execute(statements[0])
        names = [column[0] for column in result.description or []]
        rows = result.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise QuestionError(str(error)) from error
    finally:
        connection.interrupt()  # after Ctrl-C the query would run on, and closing wait for its end
    return [dict(zip(names, row, strict=True)) for row in rows[:limit]], len(rows) <= limit
