"""Deletions. A deleted deal or lead leaves the lists without a word, so that now and then all ids are read and compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from longfunnel.connect._engine import Page, Reading, Record, Row, Shaping
from longfunnel.connect.bitrix24._calls import Listing, number_of, sweep
from longfunnel.connect.bitrix24._records import Kind, deleted, gone, is_wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

_AT_ONCE = 500


def reader(kind: Kind) -> Callable[[Reading], AsyncIterator[Page]]:
    """The ``read`` of a stream: the known records that are there no more, and the deleted ones that are back.

    Not in the first run, which has just read everything; then once in ``deletions_hours``. Every absence is confirmed by asking for
    the record: what a lost right only hides is not deleted.
    """

    async def read(reading: Reading) -> AsyncIterator[Page]:
        now = reading.now.isoformat()
        if reading.cursor is None:
            yield Page([], {"at": ""})
            return
        last = reading.cursor.get("at") if isinstance(reading.cursor, dict) else ""
        pause = timedelta(hours=float(reading.options.get("deletions_hours", 24)))
        if last and reading.now - datetime.fromisoformat(last) < pause:
            return
        known = {int(key): is_deleted for key, is_deleted in reading.known(kind.name).items() if key.isdecimal()}
        if known:
            lost: list[str] = []
            back: list[str] = []
            there: set[int] = set()
            listing = Listing(f"crm.{kind.name}.list", {"<=ID": str(max(known))}, _SELECT[kind.name])
            async for rows, _ in sweep(reading.api, listing, str(min(known) - 1)):
                there.update(number_of(row) for row in rows if is_wanted(row, reading.options))
            for key, is_deleted in known.items():
                if is_deleted and key in there:
                    back.append(str(key))
                elif not is_deleted and key not in there:
                    lost.append(str(key))
            if back:
                yield Page([deleted(key, is_deleted=False) for key in back])
            for start in range(0, len(lost), _AT_ONCE):
                some = await gone(reading.api, kind, lost[start : start + _AT_ONCE])
                yield Page([deleted(key) for key in some], share=start / len(lost))
        yield Page([], {"at": now})

    return read


_SELECT = {"deal": ("ID", "CATEGORY_ID"), "lead": ("ID",)}


def shape(fact: str) -> Callable[[Record, Shaping], Iterator[Row]]:
    """The ``shape`` of a stream: what is known of the record stays, and it counts nowhere (or again)."""

    def rows(record: Record, _: Shaping) -> Iterator[Row]:
        yield Row(fact, {f"{fact}_id": record["row"]["ID"], "is_deleted": bool(record["is_deleted"])}, is_patch=True)

    return rows
