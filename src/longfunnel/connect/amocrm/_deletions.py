"""Deals that were deleted or brought back, from the events of amoCRM: what is gone from the bin too is told of nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.connect._engine import Page, Row
from longfunnel.connect.amocrm import _deals
from longfunnel.connect.amocrm._names import text
from longfunnel.connect.amocrm._paging import Listing, by_creation, theirs_now
from longfunnel.connect.amocrm._stages import EVENTS_A_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from longfunnel.connect._engine import Reading, Record, Shaping

_DELETED, _RESTORED = "lead_deleted", "lead_restored"


async def read(reading: Reading) -> AsyncIterator[Page]:
    """The last of these events of each deal; a deal that came back is read anew."""
    asked = (("filter[type][0]", _DELETED), ("filter[type][1]", _RESTORED))
    listing = Listing(reading.api, "events", "events", asked, limit=EVENTS_A_PAGE)
    async for piece in by_creation(listing, await _deals.start_of(reading), theirs_now(reading)):
        last = {text(event.get("entity_id")): event for event in piece.records}
        gone = [
            {"id": deal, "deleted_at": event.get("created_at")}
            for deal, event in last.items()
            if deal and event.get("type") == _DELETED
        ]
        back = [deal for deal, event in last.items() if deal and event.get("type") == _RESTORED]
        records: list[Record] = list(gone)
        async for page in _deals.fetch(reading, back):
            records += page.records
        yield Page(records, {"at": piece.reached}, piece.share)


def shape(record: Record, shaping: Shaping) -> Iterator[Row]:
    """A mark on the deal, where it is known; or the deal as it came back."""
    if "deleted_at" in record:
        yield Row("deal", {"deal_id": text(record["id"]), "is_deleted": True}, is_patch=True)
    else:
        yield from _deals.shape(record, shaping)
