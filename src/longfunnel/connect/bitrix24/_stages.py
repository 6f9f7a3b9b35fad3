"""The history of deals through their stages: append-only, read by id."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Page, Reading, Record, Row, Shaping
from longfunnel.connect.bitrix24._calls import Listing, number_of, sweep
from longfunnel.connect.bitrix24._records import is_wanted
from longfunnel.connect.bitrix24._shape import instant, text
from longfunnel.connect.bitrix24._words import words_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_OVERLAP = 100
"""Ids that are read again: a move that was written at the same time as a later one may become visible after it."""
_DEALS = 2
"""``entityTypeId`` of deals."""


async def read(reading: Reading) -> AsyncIterator[Page]:
    """The moves since the last one that was read, and a few before it."""
    words = await words_of(reading)
    cursor = reading.cursor if isinstance(reading.cursor, dict) else {}
    first_day = min(str(cursor.get("since") or reading.since), reading.since.isoformat())
    is_extended = first_day < str(cursor.get("since") or first_day)  # the settings want an earlier beginning
    last = 0 if is_extended else int(cursor.get("id") or 0)
    since = datetime.combine(date.fromisoformat(first_day), time(), reading.shaping.zone).isoformat()
    listing = Listing("crm.stagehistory.list", {">=CREATED_TIME": since}, more={"entityTypeId": _DEALS})
    read_so_far, many = 0, None
    async for rows, total in sweep(reading.api, listing, str(max(0, last - _OVERLAP))):
        many = many or total
        read_so_far += len(rows)
        last = max(last, number_of(rows[-1])) if rows else last
        records: list[Record] = []
        for row in rows:
            if is_wanted(row, reading.options):
                stage = words.stage(row.get("STAGE_ID"))
                records.append(
                    {
                        "row": row,
                        "pipeline": words.pipeline(row.get("CATEGORY_ID")),
                        "stage": stage.name if stage else None,
                        "number": stage.number if stage else None,
                    }
                )
        yield Page(
            records,
            {"id": str(last), "since": first_day, "names": words.names},
            min(read_so_far / many, 1.0) if many else None,
        )


def shape(record: Record, shaping: Shaping) -> Iterator[Row]:
    """A deal entering a stage: made in it, moved to it, moved to another pipeline, or closed in it."""
    row: dict[str, Any] = record["row"]
    yield Row(
        "stage_entry",
        {
            "deal_id": text(row["OWNER_ID"]),
            "entered_at": instant(row["CREATED_TIME"], shaping.zone),
            "pipeline": record.get("pipeline"),
            "stage": record.get("stage"),
            "stage_number": record.get("number"),
        },
    )
