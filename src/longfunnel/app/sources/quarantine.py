"""The quarantine: rows that could not be understood, with the reason, until their file or mapping is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text, read_stored

if TYPE_CHECKING:
    from longfunnel.app.business import Business

_COLUMNS = ("source_system", "file", "row_number", "column_name", "value", "reason", "raw")


def quarantine(business: Business, source: str = "", *, limit: int = 50) -> tuple[list[dict[str, Any]], int]:
    """The first ``limit`` rows of the quarantine (of one source, if named) and how many there are in all. A ``reason`` is a Text."""
    known = [known.name for known in business.settings.source]
    if source and source not in known:
        said = Text("There is no source «{source}».", "Нет источника «{source}».").format(source=source)
        raise QuestionError(said + did_you_mean(source, known))
    where, values = ("WHERE source_system = ?", [source]) if source else ("", [])
    rows = business.warehouse.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM main.quarantine {where} ORDER BY source_system, file, row_number LIMIT ?",
        [*values, limit],
    ).fetchall()
    total: int = business.warehouse.execute(f"SELECT count(*) FROM main.quarantine {where}", values).fetchall()[0][0]
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    return [{**row, "reason": read_stored(row["reason"])} for row in found], total
