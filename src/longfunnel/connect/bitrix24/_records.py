"""Deals, leads and contacts: one reading for all of them, and what is put into a record beside its own row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import GoneError, Page, Reading, Record
from longfunnel.connect.bitrix24._calls import PAGE, Command, Listing, ask_all, number_of, read_all, sweep
from longfunnel.connect.bitrix24._words import Words, read_choices, read_managers, started_at, words_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from zoneinfo import ZoneInfo

    from longfunnel.connect._engine import Api

_OVERLAP = timedelta(minutes=5)
"""A change may become visible a little after the moment that it is dated."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of records of the CRM."""

    name: str
    select: tuple[str, ...]
    is_backfilled: bool = True
    """Whether a first reading brings those that are there; contacts come with their deals and leads."""

    def listing(self, filter: dict[str, Any]) -> Listing:
        """The list of those that match."""
        return Listing(f"crm.{self.name}.list", filter, self.select)


_OPTIONAL = frozenset({"crm.company.list", "crm.item.productrow.list"})
"""What a record can do without where the portal does not show it."""
_PERSON = ("ID", "NAME", "LAST_NAME", "DATE_CREATE", "DATE_MODIFY", "PHONE", "EMAIL")
DEAL = Kind("deal", ("*", "UF_*"))
LEAD = Kind("lead", ("*", "UF_*", "PHONE", "EMAIL"))
CONTACT = Kind("contact", _PERSON, is_backfilled=False)
COMPANY = Kind("company", ("ID", "TITLE", "PHONE", "EMAIL"))


def reader(kind: Kind) -> Callable[[Reading], AsyncIterator[Page]]:
    """The ``read`` of a stream: what has changed since the last reading, by id.

    One sweep brings all records that were changed since a moment, in the order of their ids, so that a record that changes
    meanwhile moves no other; the next sweep begins before this one began, and before the newest change that it saw.
    """

    async def read(reading: Reading) -> AsyncIterator[Page]:
        words = await words_of(reading)
        cursor = reading.cursor if isinstance(reading.cursor, dict) else {}
        first_day = min(str(cursor.get("since") or reading.since), reading.since.isoformat())
        if kind.is_backfilled and first_day < str(cursor.get("since") or first_day):
            cursor = {}  # the settings want an earlier beginning: all of it once more
        began = _instant(cursor.get("began"), reading.shaping.zone) or await started_at(reading)
        since = cursor.get("from") or _beginning(reading, kind, began)
        newest = _instant(cursor.get("newest"), reading.shaping.zone)
        last, read_so_far, many = str(cursor.get("id") or "0"), 0, None
        async for rows, total in sweep(reading.api, kind.listing({">=DATE_MODIFY": since}), last):
            many = many or total
            read_so_far += len(rows)
            if rows:
                last = str(number_of(rows[-1]))
                newest = max(
                    filter(None, (newest, *(_changed_at(row, reading.shaping.zone) for row in rows))), default=None
                )
            place = {"from": since, "id": last, "began": began.isoformat(), "since": first_day, "names": words.names}
            if newest is not None:
                place["newest"] = newest.isoformat()
            yield Page(await dressed(reading, kind, rows), place, min(read_so_far / many, 1.0) if many else None)
        if newest is not None:
            since = _later(since, (min(began, newest) - _OVERLAP).isoformat(timespec="seconds"))
        yield Page([], {"from": since, "since": first_day, "names": words.names}, 1.0)

    return read


def fetcher(kind: Kind) -> Callable[[Reading, list[str]], AsyncIterator[Page]]:
    """The ``fetch`` of a stream: the records of these ids as they are now; those that are gone, as deleted."""

    async def fetch(reading: Reading, ids: list[str]) -> AsyncIterator[Page]:
        wanted = list(dict.fromkeys(one for one in ids if one.isdecimal()))
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            rows = await rows_by_id(reading.api, kind, some)
            records = await dressed(reading, kind, list(rows.values()))
            if kind is not CONTACT:
                missing = [one for one in some if one not in rows]
                records += [deleted(one) for one in await gone(reading.api, kind, missing)]
            yield Page(records)

    return fetch


def deleted(key: str, *, is_deleted: bool = True) -> Record:
    """A record that says nothing but that it was deleted, or is there again."""
    return {"row": {"ID": key}, "is_deleted": is_deleted}


def is_wanted(row: Record, options: Any) -> bool:
    """Whether the deal stands in one of the pipelines that the source wants."""
    pipelines = [str(one) for one in options.get("pipelines") or ()]
    return not pipelines or str(row.get("CATEGORY_ID") or 0) in pipelines


async def rows_by_id(api: Api, kind: Kind, ids: Iterable[str]) -> dict[str, Record]:
    """The rows of these ids that are there."""
    rows = await read_all(api, _by_id(kind, list(ids)))
    return {str(number_of(row)): row for page in rows for row in page}


async def gone(api: Api, kind: Kind, ids: list[str]) -> list[str]:
    """Those of the ids that the portal says are not there. What it only hides from us is not gone."""
    answers = await ask_all(api, [(f"crm.{kind.name}.get", {"id": one}) for one in ids])
    return [one for one, answer in zip(ids, answers, strict=True) if isinstance(answer, GoneError)]


async def dressed(reading: Reading, kind: Kind, rows: list[Record]) -> list[Record]:
    """The records of the rows: with the names and the people that belong to them."""
    if not rows:
        return []
    if kind is CONTACT:
        return [{"row": row} for row in rows]
    words = await words_of(reading)
    await read_managers(reading, words)
    await read_choices(reading, words, kind.name)
    records: list[Record] = []
    if kind is DEAL:
        others = [row for row in rows if not is_wanted(row, reading.options)]
        if others:  # a deal that has left the wanted pipelines is none of ours any more
            known = reading.known("deal")
            records += [deleted(key) for key in (str(number_of(row)) for row in others) if known.get(key) is False]
            rows = [row for row in rows if is_wanted(row, reading.options)]
    people = await _people(reading, kind, rows)
    return records + [_record(words, kind, row, *people) for row in rows]


async def _people(
    reading: Reading, kind: Kind, rows: list[Record]
) -> tuple[dict[str, Record], dict[str, Record], dict[str, list[Record]]]:
    """The contacts and the companies of the rows, and the products of each deal."""
    # a lead that came back has the phones of its contact
    nameless = rows if kind is DEAL else [row for row in rows if not row.get("PHONE") and not row.get("EMAIL")]
    contacts = _references(nameless, "CONTACT_ID")
    companies = _references(rows, "COMPANY_ID")
    of_contacts, of_companies = _by_id(CONTACT, contacts), _by_id(COMPANY, companies)
    of_products: list[Command] = []
    if kind is DEAL and reading.options.get("products", True):
        deals = [str(number_of(row)) for row in rows]
        of_products = [
            ("crm.item.productrow.list", {"order": {"id": "ASC"}, "filter": {"=ownerType": "D", "@ownerId": deals[start : start + PAGE]}, "start": 0})
            for start in range(0, len(deals), PAGE)
        ]  # fmt: skip
    answers = await read_all(reading.api, [*of_contacts, *of_companies, *of_products], optional=_OPTIONAL)
    first, second = len(of_contacts), len(of_contacts) + len(of_companies)
    products: dict[str, list[Record]] = {}
    for page in answers[second:]:
        for row in page:
            products.setdefault(str(row.get("ownerId")), []).append(
                {name: row.get(name) for name in ("productId", "productName", "price", "quantity")}
            )
    return (
        {str(number_of(row)): row for page in answers[:first] for row in page},
        {str(number_of(row)): row for page in answers[first:second] for row in page},
        products,
    )


def _record(
    words: Words,
    kind: Kind,
    row: Record,
    contacts: dict[str, Record],
    companies: dict[str, Record],
    products: dict[str, list[Record]],
) -> Record:
    record: Record = {
        "row": row,
        "manager": words.manager(row.get("ASSIGNED_BY_ID")),
        "source": words.sources.get(str(row.get("SOURCE_ID"))),
        "contact": contacts.get(str(row.get("CONTACT_ID"))),
        "company": companies.get(str(row.get("COMPANY_ID"))),
        "words": words.chosen(kind.name, row),
    }
    if kind is DEAL:
        stage = words.stage(row.get("STAGE_ID"))
        record["pipeline"] = words.pipeline(row.get("CATEGORY_ID"))
        record["products"] = products.get(str(number_of(row)), [])
    else:
        stage = words.statuses.get(str(row.get("STATUS_ID")))
    record["stage"] = stage.name if stage else None
    record["semantics"] = (
        row.get("STAGE_SEMANTIC_ID") or row.get("STATUS_SEMANTIC_ID") or (stage.semantics if stage else None)
    )
    return record


def _by_id(kind: Kind, ids: list[str]) -> list[Command]:
    """Lists of the rows of these ids: a page holds as many as a list of ids names."""
    chunks = (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
    return [(f"crm.{kind.name}.list", {"order": {"ID": "ASC"}, "filter": {"@ID": chunk}, "select": list(kind.select), "start": -1})
            for chunk in chunks]  # fmt: skip


def _references(rows: list[Record], name: str) -> list[str]:
    ids = dict.fromkeys(str(row.get(name) or "") for row in rows)
    return [one for one in ids if one.isdecimal() and one != "0"]


def _beginning(reading: Reading, kind: Kind, began: datetime) -> str:
    if not kind.is_backfilled:
        return (began - _OVERLAP).isoformat(timespec="seconds")
    return datetime.combine(reading.since, time(), reading.shaping.zone).isoformat()


def _changed_at(row: Record, zone: ZoneInfo) -> datetime | None:
    return _instant(row.get("DATE_MODIFY"), zone)


def _instant(text: Any, zone: ZoneInfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _later(one: str, other: str) -> str:
    return max(one, other, key=datetime.fromisoformat)
