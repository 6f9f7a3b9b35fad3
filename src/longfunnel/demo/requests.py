"""Who asks to be contacted: leads from visits, and those that no tracked visit leads to."""

from __future__ import annotations

import numpy as np

from longfunnel.demo.catalogue import (
    BEFORE_TRACKING,
    CALL,
    CHANNELS,
    CHAT,
    CHECKOUT,
    FORM,
    LATE_CALLER,
    NO_VISIT,
    NORMAL,
    OFFICE,
    OFFLINE,
    PRODUCTS,
    SHARED_PHONE,
)
from longfunnel.demo.columns import Requests, Visits
from longfunnel.demo.faults import form_is_broken
from longfunnel.demo.journeys import seconds_of_day
from longfunnel.demo.scale import DAY, END, START, TRACKING_LEAD_IN_DAYS, Dice, Flags, Ints

LATE_DAYS = 110
"""A late caller was on the site longer ago than the usual lookback of 90 days."""


def from_visits(visits: Visits, dice: Dice, generation: int = 0) -> tuple[Requests, Requests]:
    """Requests that people make in visits: those that arrive, and those that the broken form swallows.

    In the first generation a person asks once at most, in the first visit that convinces; buyers who come back have
    come to order, and three in four do.
    """
    rng = dice.of(f"requests {generation}")
    rate = np.array([channel.lead_rate for channel in CHANNELS])[visits.channel] * (
        1 + 0.22 * (np.minimum(visits.number, 5) - 1)
    )
    if generation:
        rate = np.full(len(visits), 0.75)
    asked = np.flatnonzero(rng.random(len(visits)) < rate)
    person, first = np.unique(visits.person[asked], return_index=True)
    visit = asked[first]
    product = visits.product[visit]
    shop = np.array([p.checkout_share for p in PRODUCTS])[product]
    luck = rng.random(len(visit))
    rest = (luck - shop) / (1 - shop)
    kind = np.where(
        luck < shop, CHECKOUT, np.where(rest < 0.60, FORM, np.where((rest < 0.93) | (product == OFFICE), CALL, CHAT))
    )
    at = visits.at[visit] + rng.integers(90, 780, len(visit))
    quality = np.array([channel.deal_rate for channel in CHANNELS])[visits.channel[visit]]
    is_qualified = (rng.random(len(visit)) < np.minimum(quality * (1.35 if generation else 1.12), 0.97)) | (
        kind == CHECKOUT
    )
    made = Requests(
        person,
        at,
        visit,
        visits.channel[visit],
        visits.ad[visit],
        kind,
        product,
        np.full(len(visit), NORMAL),
        np.full(len(visit), generation > 0),
        is_qualified,
    )
    swallowed = (kind == FORM) & form_is_broken(at)
    made, lost = made.take((at < END) & ~swallowed), made.take(swallowed)
    return (_with_shared_phone(made, rng) if generation == 0 else made), lost


def _with_shared_phone(requests: Requests, rng: np.random.Generator) -> Requests:
    """Some companies that ask by the form sit in one business centre, and leave its reception's phone."""
    office = np.flatnonzero((requests.product == OFFICE) & (requests.kind == FORM))
    if len(office) < 12:
        office = np.flatnonzero(requests.product == OFFICE)
    tenants = rng.choice(office, min(len(office), max(12, len(office) // 40)), replace=False)
    requests.situation[tenants] = SHARED_PHONE
    requests.is_qualified[tenants] = True
    return requests


def without_visit(requests: Requests, visits: Visits, next_person: int, dice: Dice) -> Requests:
    """Requests that no tracked visit explains: strangers who call, visitors who call much later, and the time
    before tracking."""
    rng = dice.of("offline requests")
    few = max(10, len(requests) // 60)
    stranger_at = START + rng.integers(0, (END - START) // DAY, 2 * few) * DAY + seconds_of_day(2 * few, rng)
    early_at = START - rng.integers(1, TRACKING_LEAD_IN_DAYS, few) * DAY + seconds_of_day(few, rng)
    quiet = np.setdiff1d(np.unique(visits.person), requests.person)
    late = rng.choice(quiet, 40 * few, replace=False)
    ends = np.searchsorted(visits.person, late, side="right") - 1
    late_at = visits.at[ends] + rng.integers(LATE_DAYS, LATE_DAYS + 60, len(late)) * DAY
    possible = np.flatnonzero(late_at < END)[:few]
    persons = [next_person + np.arange(3 * few), late[possible]]
    situation = np.repeat([NO_VISIT, BEFORE_TRACKING, LATE_CALLER], [2 * few, few, len(possible)])
    total = len(situation)
    product = np.concatenate([rng.choice(3, 3 * few), np.minimum(visits.product[ends[possible]], 2)])
    return Requests(
        person=np.concatenate(persons),
        at=np.concatenate([stranger_at, early_at, late_at[possible]]),
        visit=np.full(total, -1),
        channel=np.concatenate([np.full(3 * few, OFFLINE), visits.channel[ends[possible]]]),
        ad=np.full(total, -1),
        kind=np.full(total, CALL),
        product=product,
        situation=situation,
        is_repeat=np.zeros(total, bool),
        is_qualified=rng.random(total) < 0.75,
    )


def by_time(requests: Requests) -> tuple[Requests, Ints]:
    """The requests in order of time, and where each old position has gone."""
    order = np.argsort(requests.at, kind="stable")
    moved = np.empty(len(order), np.int64)
    moved[order] = np.arange(len(order))
    return requests.take(order), moved


def leaves_utm(requests: Requests, dice: Dice) -> Flags:
    """Whether the CRM was told the request's marks: always for forms, chats and the shop, for seven calls in ten."""
    told = dice.of("told marks").random(len(requests)) < 0.7
    return np.asarray((requests.visit >= 0) & ((requests.kind != CALL) | told))
