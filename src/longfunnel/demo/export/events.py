"""The site's own log of events: pages, forms, chats, calls' taps, orders; one file a month."""

from __future__ import annotations

import itertools
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from longfunnel.demo.catalogue import (
    CALL,
    CHAT,
    CHECKOUT,
    DEVICES,
    FORM,
    LATE_CALLER,
    PRODUCTS,
    READY,
    REGIONS,
    SITE,
)
from longfunnel.demo.crm import WON
from longfunnel.demo.export.files import gzipped
from longfunnel.demo.journeys import device_kind, region_of
from longfunnel.demo.marks import hexadecimal, metrika_ids, user_id, visitor_ids
from longfunnel.demo.scale import FIRST_DAY, UTC_OFFSET, Ints, clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.demo.world import World

NAMES = ("page_view", "form_start", "form_submit", "add_to_cart", "purchase", "phone_click", "chat_start")
PAGE, FORM_START, FORM_SUBMIT, CART, PURCHASE, PHONE, CHAT_START = range(len(NAMES))
PATHS = (
    *(f"/{product.key}/" for product in PRODUCTS),
    "/",
    "/otzyvy/",
    "/dostavka/",
    "/akcii/",
    "/ceny/",
    "/kontakty/",
    "/zamer/",
    "/korzina/",
)
CONTACTS_PAGE, FORM_PAGE, CART_PAGE = len(PATHS) - 3, len(PATHS) - 2, len(PATHS) - 1
NO_REQUEST = -1


def write_events(folder: Path, world: World, progress: Callable[[float], None]) -> dict[str, int]:
    """Write all months; the rows of each file by its path."""
    requested = np.full(len(world.visits), NO_REQUEST, np.int64)
    known = world.requests.visit >= 0
    requested[world.requests.visit[known]] = np.flatnonzero(known)
    swallowed = np.zeros(len(world.visits), bool)
    swallowed[world.swallowed.visit] = True
    deal_of = np.full(len(world.requests), -1, np.int64)
    made = world.deals.request >= 0
    deal_of[world.deals.request[made]] = np.flatnonzero(made)
    rows: dict[str, int] = {}
    months = [
        date(FIRST_DAY.year + (FIRST_DAY.month - 1 + step) // 12, (FIRST_DAY.month - 1 + step) % 12 + 1, 1)
        for step in range(15)
    ]
    first_event = 0
    for number, (start, stop) in enumerate(itertools.pairwise(months)):
        low, high = np.searchsorted(world.visits.at, [clock(start), clock(stop)])
        visit, name, at, page, is_landing = _events(world, np.arange(low, high), requested, swallowed, number)
        table = _table(world, visit, name, at, page, is_landing, requested, deal_of, first_event)
        first_event += len(visit)
        path = folder / f"events-{start:%Y-%m}.{world.scale.events_format}"
        _write(path, table)
        rows[path.name] = len(table)
        progress((number + 1) / (len(months) - 1))
    return rows


def _events(
    world: World, visit: Ints, requested: Ints, swallowed: Any, month: int
) -> tuple[Ints, Ints, Ints, Ints, Any]:
    """The events of some visits, by time: the visit, the event's name, when, on which page, whether it opens the
    visit."""
    rng = world.dice.of(f"events {month}")
    at = world.visits.at[visit]
    request = requested[visit]
    kind = np.where(request >= 0, world.requests.kind[request], -1)
    pages = np.minimum(rng.geometric(0.46, len(visit)), 12) + (request >= 0)
    place = np.repeat(np.arange(len(visit)), pages)
    start = np.cumsum(pages) - pages
    number = np.arange(len(place)) - np.repeat(start, pages)
    dwell = np.where(number > 0, 4 + np.rint(rng.exponential(46, len(place))), 0).astype(np.int64)
    elapsed = np.cumsum(dwell)
    elapsed -= np.repeat(elapsed[start], pages)
    product = world.visits.product[visit][place]
    page = np.where(
        (number == 0) | (rng.random(len(place)) < 0.3), product, rng.integers(0, len(PATHS) - 2, len(place))
    )
    parts = [(place, np.full(len(place), PAGE), at[place] + elapsed, page)]

    def happens(mask: Any, name: int, when: Ints, where: int) -> None:
        rows = np.flatnonzero(mask)
        parts.append((rows, np.full(len(rows), name), when[rows], np.full(len(rows), where)))

    asked_at = np.where(request >= 0, world.requests.at[request], at + rng.integers(60, 600, len(visit)))
    tried = swallowed[visit] | (rng.random(len(visit)) < 0.02)
    happens((kind == FORM) | (tried & (request < 0)), FORM_START, asked_at - 45, FORM_PAGE)
    happens(kind == FORM, FORM_SUBMIT, asked_at, FORM_PAGE)
    browsing = (world.visits.product[visit] == READY) & (rng.random(len(visit)) < 0.06)
    happens((kind == CHECKOUT) | (browsing & (request < 0)), CART, asked_at - 60, READY)
    happens(kind == CHECKOUT, FORM_SUBMIT, asked_at, CART_PAGE)
    happens(kind == CALL, PHONE, asked_at - 20, CONTACTS_PAGE)
    happens(kind == CHAT, CHAT_START, asked_at, CONTACTS_PAGE)
    bought = np.isin(request, world.deals.request[world.deals.is_checkout & (world.deals.status == WON)])
    happens(bought & (request >= 0), PURCHASE, asked_at + 25, CART_PAGE)
    row, name, when, where = (np.concatenate(column) for column in zip(*parts, strict=True))
    opens = np.zeros(len(row), bool)
    opens[: len(place)] = number == 0
    order = np.lexsort((name, row, when))
    return visit[row[order]], name[order], when[order], where[order], opens[order]


def _table(
    world: World, visit: Ints, name: Ints, at: Ints, page: Ints, opens: Any, requested: Ints, deal_of: Ints, first: int
) -> pa.Table:
    """The events as the columns of the log."""
    visits, marks, dice = world.visits, world.marks, world.dice
    person, slot = visits.person[visit], visits.slot[visit]
    event = dice.scramble(first + np.arange(len(visit)), 51)
    mark = np.where(opens, marks.mark[visit], 0)
    path = _pick(PATHS, page)
    yclid, clickid = np.where(opens, marks.yclid[visit], 0), np.where(opens, marks.rb_clickid[visit], 0)
    url = pc.binary_join_element_wise(
        SITE,
        path,
        pc.fill_null(_pick(marks.query, mark), ""),
        _tag("&yclid=", yclid),
        _tag("&rb_clickid=", clickid),
        "",
    )
    deal = np.where(name == PURCHASE, deal_of[requested[visit]], -1)
    buys = np.flatnonzero(name == PURCHASE)
    orders: list[str | None] = [None] * len(visit)
    amounts: list[float | None] = [None] * len(visit)
    for row in buys.tolist():
        orders[row] = world.order_id(int(deal[row]))
        amounts[row] = int(world.deals.amount[deal[row]]) / 100
    millis = (event % np.uint64(1_000)).astype(np.int64)
    columns: dict[str, Any] = {
        "event_id": hexadecimal(event),
        "time": pa.array((at - UTC_OFFSET) * 1_000 + millis, pa.int64()).cast(pa.timestamp("ms", tz="UTC")),
        "event": _pick(NAMES, name),
        "visitor_id": visitor_ids(person, slot, dice),
        "user_id": _users(world, person, at),
        "ym_uid": _numbers(metrika_ids(person, slot, dice)),
        "yclid": _numbers(yclid),
        "rb_clickid": _numbers(clickid),
        "url": url,
        "path": path,
        "referrer": _pick(marks.referrers, np.where(opens, marks.referrer[visit], 0)),
    }
    for place, field in enumerate(("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")):
        columns[field] = _pick([row[place] for row in marks.table], mark)
    columns["device"] = _pick(DEVICES, device_kind(person, slot, dice))
    columns["city"] = _pick([region.say(world.language) for region in REGIONS], region_of(person, world.dice))
    columns["order_id"] = pa.array(orders, pa.string())
    columns["amount"] = pa.array(amounts, pa.float64())
    columns["currency"] = _pick(("", "RUB"), (name == PURCHASE).astype(np.int64))
    return pa.table(columns)


def _users(world: World, person: Ints, at: Ints) -> pa.Array:
    """The account of a registered person, on the visits after their first request; late callers registered before
    they called."""
    contacts = world.contacts
    asked, first = np.unique(world.requests.person, return_index=True)
    since = np.full(len(contacts.person), np.iinfo(np.int64).max)
    since[contacts.of(asked)] = world.requests.at[first]
    since[contacts.of(world.requests.person[world.requests.situation == LATE_CALLER])] = 0
    place = np.minimum(np.searchsorted(contacts.person, person), len(contacts.person) - 1)
    known = (contacts.person[place] == person) & contacts.has_account[place] & (at >= since[place])
    users = pa.array([user_id(spot) for spot in range(len(contacts.person))], pa.string())
    return users.take(pa.array(np.where(known, place, 0), mask=~known))


def _pick(words: Any, index: Ints) -> pa.Array:
    """Words by index; an empty word is a missing value."""
    return pa.array([word or None for word in words], pa.string()).take(pa.array(index))


def _numbers(values: Ints) -> pa.Array:
    """Numbers as text; 0 is a missing value."""
    return pa.array(values, mask=values == 0).cast(pa.string())


def _tag(label: str, values: Ints) -> pa.Array:
    return pc.fill_null(pc.binary_join_element_wise(label, _numbers(values), ""), "")


def _write(path: Path, table: pa.Table) -> None:
    if path.suffix == ".parquet":
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, compression="zstd", row_group_size=250_000)
        return
    with gzipped(path) as file:
        pa_csv.write_csv(table, pa.PythonFile(file, mode="w"))
