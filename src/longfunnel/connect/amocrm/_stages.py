"""Stage entries, from the events of amoCRM. A record is the way of one deal: all the moves that are known of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Page, Row
from longfunnel.connect.amocrm._deals import is_wanted, start_of
from longfunnel.connect.amocrm._names import Names, names_of, text
from longfunnel.connect.amocrm._paging import Listing, by_creation, by_ids, theirs_now
from longfunnel.connect.amocrm._values import instant, seconds, table, tables

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from longfunnel.connect._engine import Reading, Record, Shaping

EVENTS_A_PAGE = 100
_MOVED = "lead_status_changed"


async def read(reading: Reading) -> AsyncIterator[Page]:
    """The moves since the cursor, joined with those that were read before.

    The first stage of a deal is none of the events: it is where the first move came from, entered when the deal was made. That
    holds for deals made since the history is read (``from``): the moves of older ones may have begun before it.
    """
    since = await start_of(reading)
    begun = int(reading.cursor["from"]) if isinstance(reading.cursor, dict) else since
    listing = Listing(reading.api, "events", "events", (("filter[type][0]", _MOVED),), limit=EVENTS_A_PAGE)
    names = await names_of(reading)
    async for piece in by_creation(listing, since, theirs_now(reading)):
        moves: dict[str, dict[str, Record]] = defaultdict(dict)
        for event in piece.records:
            deal, move = text(event.get("entity_id")), _move(event, names)
            if deal and event.get("type", _MOVED) == _MOVED:
                moves[deal][move["id"]] = move
        cursor = {"at": piece.reached, "from": begun}
        # the next pages join their moves to these
        yield Page(await _joined(reading, moves, begun), cursor, piece.share, is_written_first=True)


async def _joined(reading: Reading, moves: dict[str, dict[str, Record]], begun: int) -> list[Record]:
    kept = reading.kept(list(moves))
    unknown = [deal for deal in moves if not table(kept.get(deal)).get("created_at")]
    made = {deal: row.get("created_at") for deal, row in (await by_ids(reading.api, "leads", "leads", unknown)).items()}
    joined = []
    for deal, new in moves.items():
        before = table(kept.get(deal))
        # a move keeps the names under which it was read first: a stage that is renamed later is entered only once
        every = {**new, **{text(move.get("id")): move for move in tables(before.get("moves"))}}
        joined.append(
            {
                "id": deal,
                "created_at": before.get("created_at") or made.get(deal),
                "from": before.get("from", begun),
                "moves": sorted(every.values(), key=lambda move: (seconds(move.get("at")) or 0, text(move.get("id")))),
            }
        )
    return joined


def _move(event: Record, names: Names) -> Record:
    return {
        "id": text(event.get("id")),
        "at": event.get("created_at"),
        "by": names.manager(event.get("created_by")),
        "before": _place(event.get("value_before"), names),
        "after": _place(event.get("value_after"), names),
    }


def _place(told: Any, names: Names) -> Record:
    status = next((table(one.get("lead_status")) for one in tables(told) if one.get("lead_status")), {})
    return names.place(status.get("pipeline_id"), status.get("id")) if status else {}


def shape(record: Record, shaping: Shaping) -> Iterator[Row]:
    """The deal's entries: its first stage, then the stage that each move led to."""
    moves = tables(record["moves"])
    made = seconds(record.get("created_at"))
    first = table(moves[0].get("before")) if moves else {}
    if first and made and made >= (seconds(record.get("from")) or 0):
        yield from _entry(record, first, made, "", shaping)
    for move in moves:
        yield from _entry(record, table(move.get("after")), move.get("at"), text(move.get("by")), shaping)


def _entry(record: Record, place: Record, at: Any, by: str, shaping: Shaping) -> Iterable[Row]:
    if not place.get("stage") or not is_wanted(place, place, shaping):
        return
    yield Row(
        "stage_entry",
        {
            "deal_id": text(record["id"]),
            "entered_at": instant(at),
            "pipeline": place.get("pipeline") or None,
            "stage": place.get("stage"),
            "stage_number": place.get("stage_number"),
            "manager": by or None,
        },
    )
