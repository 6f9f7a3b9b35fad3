"""Lists of amoCRM: pages of HAL, and ways through time that lose nothing while records change underneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ChangedSchemaError
from longfunnel.connect.amocrm._access import HeavyError
from longfunnel.connect.amocrm._values import listed, seconds, table
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from longfunnel.connect._engine import Api, Reading, Record

Params = list[tuple[str, str]]

_FIRST_SPAN = 30 * 86400
_MOST_PAGES = 20
_IDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Slice:
    """Some records, after which everything up to ``reached`` (Unix seconds) is read."""

    records: list[Record]
    reached: int
    share: float


@dataclass
class Listing:
    """One list of the API: its path, the key of its records in ``_embedded``, what is asked of it always."""

    api: Api
    path: str
    kind: str
    params: Sequence[tuple[str, str]] = ()
    limit: int = 250
    """Records of a page; 0: as many as the system likes to give."""

    async def page(self, more: Iterable[tuple[str, str]] = ()) -> tuple[list[Record], str]:
        """The first page, and the address of the next one; empty at the end. A page that is too heavy is asked for in smaller ones."""
        while True:
            paging = [("page", "1"), ("limit", str(self.limit))] if self.limit else []
            asked = [*self.params, *more, *paging]
            try:
                return self._unpacked(await self.api.get(self.path, asked))
            except HeavyError:
                self.limit //= 2

    async def whole(self, more: Sequence[tuple[str, str]] = (), *, most: int = 0) -> list[Record] | None:
        """The records of every page, each once; None where there are more than ``most`` pages (0: any number).

        A page that is not there any more shows that the list shrank meanwhile, and that a record may have slipped from one page to
        the one before: then it is read once more.
        """
        found: dict[str, Record] = {}
        is_again = False
        while True:
            records, following = await self.page(more)
            pages = 1
            try:
                while True:
                    found |= {identity(record): record for record in records}
                    if not following:
                        return list(found.values())
                    if pages == most:
                        return None
                    answer = await self.api.get(following)
                    if answer is None and not is_again:
                        is_again = True
                        break
                    records, following = self._unpacked(answer)
                    pages += 1
            except HeavyError:
                self.limit //= 2

    def _unpacked(self, answer: Any) -> tuple[list[Record], str]:
        if answer is None:  # 204: an empty list
            return [], ""
        if not isinstance(answer, dict):
            raise ChangedSchemaError(
                Text(
                    "amoCRM answers {path} with a {kind} in place of a list's page.",
                    "На {path} amoCRM вместо страницы списка отвечает {kind}.",
                ).format(path=self.path, kind=type(answer).__name__)
            )
        rows = listed(table(answer.get("_embedded")).get(self.kind))
        following = table(table(answer.get("_links")).get("next")).get("href") or ""
        records = [row if isinstance(row, dict) else {"value": row} for row in rows]
        return records, str(following) if records else ""


def identity(record: Record) -> str:
    """What tells a record from the others of its list; empty for one without an id."""
    return str(record.get("id") or record.get("uid") or "")


async def by_ids(
    api: Api, path: str, kind: str, ids: Iterable[str], params: Sequence[tuple[str, str]] = ()
) -> dict[str, Record]:
    """The records of these ids, those that are there, by id."""
    wanted = sorted({str(one) for one in ids if one})
    found: dict[str, Record] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        asked = [("filter[id][]", one) for one in wanted[start : start + _IDS_AT_ONCE]]
        rows = await Listing(api, path, kind, params).whole(asked)
        found |= {identity(row): row for row in rows or []}
    return found


def theirs_now(reading: Reading) -> int:
    """This moment by the system's clock, Unix seconds."""
    return int(reading.now.timestamp() - reading.api.clock_skew)


async def by_change(listing: Listing, since: int, now: int) -> AsyncIterator[Slice]:
    """Records by ``updated_at``, from ``since`` on.

    Each slice is one page that is complete in itself: it ends where the next begins, at its last record's second. Pages further on,
    from which records slip away as they are changed, are asked for only where one second holds more than a page.
    """
    at, span = since, _FIRST_SPAN
    while True:
        is_last = at + span >= now
        bounds = _between("updated_at", at, None if is_last else at + span)
        records, following = await listing.page([*bounds, ("order[updated_at]", "asc")])
        changed = [seconds(record.get("updated_at")) for record in records]
        last = changed[-1] if changed else None
        if not following:
            reached = _reached(changed, at, now) if is_last else at + span
            yield Slice(records, reached, _share(since, reached, now))
            if is_last:
                return
            at, span = at + span, span * 2 if len(records) < listing.limit // 2 else span
        elif last is not None and last > at and _is_ascending(changed, at):
            yield Slice(records, last, _share(since, last, now))
            at = last
        else:  # more than a page in one second; or the order that we asked for is not kept
            until = at if last == at else at + (min(span, max(now - at, 1)))
            found = await listing.whole(_between("updated_at", at, until), most=_MOST_PAGES if until > at + 1 else 0)
            if found is None:
                span = max((until - at) // 4, 1)
                continue
            yield Slice(found, until, _share(since, until, now))
            at = until + 1 if until == at else until
            if at > now:
                return


async def by_creation(listing: Listing, since: int, now: int) -> AsyncIterator[Slice]:
    """Records that never change by ``created_at``, from ``since`` on, the oldest first: whole windows of time, each as long as some pages
    allow, put in order here."""
    at, span = since, _FIRST_SPAN
    while True:
        is_last = at + span >= now
        until = None if is_last else at + span
        found = await listing.whole(_between("created_at", at, until), most=_MOST_PAGES if span > 1 else 0)
        if found is None:
            span = max(min(span, now - at) // 4, 1)
            continue
        found.sort(key=lambda record: (seconds(record.get("created_at")) or 0, identity(record)))
        reached = (
            until if until is not None else _reached([seconds(record.get("created_at")) for record in found], at, now)
        )
        yield Slice(found, reached, _share(since, reached, now))
        if is_last:
            return
        at, span = reached, span * 2 if len(found) < listing.limit * _MOST_PAGES // 4 else span


def _between(field: str, since: int, until: int | None) -> Params:
    bounds = [(f"filter[{field}][from]", str(since))]
    return bounds if until is None else [*bounds, (f"filter[{field}][to]", str(until))]


def _reached(told: list[int | None], at: int, now: int) -> int:
    """The last record's time, and never this machine's: its clock may be ahead, and what happens meanwhile would be passed over."""
    return min(max([at, *(one for one in told if one is not None)]), max(now, at))


def _is_ascending(told: list[int | None], since: int) -> bool:
    before = since
    for one in told:
        if one is None or one < before:
            return False
        before = one
    return True


def _share(since: int, reached: int, now: int) -> float:
    return min(1.0, (reached - since) / (now - since)) if now > since else 1.0
