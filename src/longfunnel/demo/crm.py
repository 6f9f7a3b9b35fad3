"""What sales make of the requests: deals, who sells them, how they end, and the stages they pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longfunnel.demo.catalogue import (
    CALL,
    CHANNELS,
    CHECKOUT,
    CLOSED_EARLY,
    COMPETITOR,
    EXPENSIVE,
    NO_LEAD,
    OFFICE,
    OFFICE_SELLERS,
    PRODUCTS,
    REASONS,
    RETAIL_SELLERS,
    RETAIL_STAGES,
    SELLERS,
    SHARED_PHONE,
    UNREACHED,
)
from longfunnel.demo.columns import Deals, Requests
from longfunnel.demo.faults import PRICE_CHANGE, PRICE_WIN_FACTOR, price_has_changed
from longfunnel.demo.journeys import seconds_of_day
from longfunnel.demo.scale import DAY, END, HOUR, START, Dice, Flags, Floats, Ints

OPEN, WON, LOST = range(3)
BASE_WIN = 0.245
STAGES = len(RETAIL_STAGES)
REASON_SHARES = (0.34, 0.22, 0.14, 0.20, 0.10)
OFFLINE_QUALITY = 0.95
NEVER = -1


def deals_of(requests: Requests, offset: int, generation: int, dice: Dice) -> Deals:
    """The deals that grow from a batch of requests; ``offset`` is the batch's first index among all requests."""
    rng = dice.of(f"deals {generation}")
    grown = requests.is_qualified & (rng.random(len(requests)) < 0.93)
    grown |= (requests.kind == CHECKOUT) | (requests.situation == SHARED_PHONE)
    chosen = requests.take(grown)
    index = np.flatnonzero(grown) + offset
    created = chosen.at + rng.integers(60, 1_500, len(chosen))
    deals = _sell(
        index, chosen.person, created, chosen.product, chosen.channel, chosen.kind == CHECKOUT, chosen.is_repeat, rng
    )
    deals.situation[:] = chosen.situation
    return _close_early(deals, chosen, rng) if generation == 0 else deals


def deals_without_lead(count: int, next_person: int, dice: Dice) -> Deals:
    """Deals that managers make by hand, for clients whose request nobody wrote down."""
    rng = dice.of("deals by hand")
    created = START + rng.integers(0, (END - START) // DAY - 20, count) * DAY + seconds_of_day(count, rng)
    product = rng.choice(3, count)
    no = np.zeros(count, bool)
    deals = _sell(
        np.full(count, -1), next_person + np.arange(count), created, product, np.full(count, len(CHANNELS)), no, no, rng
    )
    deals.situation[:] = NO_LEAD
    return deals


def _sell(
    request: Ints,
    person: Ints,
    created: Ints,
    product: Ints,
    channel: Ints,
    is_checkout: Flags,
    is_repeat: Flags,
    rng: np.random.Generator,
) -> Deals:
    total = len(created)
    is_office = product == OFFICE
    retail, office = len(RETAIL_SELLERS), len(OFFICE_SELLERS)
    manager = np.where(is_office, retail + rng.integers(0, office, total), rng.integers(0, retail, total))
    skill = np.array([seller.skill for seller in SELLERS])[manager]
    reply = np.array([seller.reply_hours for seller in SELLERS])[manager]
    changed = price_has_changed(product, created)
    quality = np.array([*(c.win_factor for c in CHANNELS), OFFLINE_QUALITY])[channel]
    chance = BASE_WIN * skill * quality * np.where(changed, PRICE_WIN_FACTOR, 1.0) * np.where(is_repeat, 2.0, 1.0)
    is_won = rng.random(total) < np.where(is_checkout, 0.88, np.minimum(chance, 0.9))
    responded = created + np.rint(HOUR * rng.lognormal(np.log(reply), 0.8)).astype(np.int64)
    median = np.where(is_office, np.where(is_won, 34.0, 40.0), np.where(is_won, 14.0, 16.0))
    days = rng.lognormal(np.log(median), np.where(is_office, 0.55, 0.65))
    days = np.where(is_checkout, rng.gamma(2.0, 0.4, total), days)
    responded = np.where(is_checkout, created + rng.integers(300, 7_200, total), responded)
    closed = responded + np.rint(days * DAY).astype(np.int64)
    is_open = closed >= END
    status = np.where(is_open, OPEN, np.where(is_won, WON, LOST))
    lost_at = rng.choice(STAGES, total, p=(0.10, 0.28, 0.22, 0.28, 0.12))
    reason = rng.choice(len(REASONS), total, p=REASON_SHARES)
    reason = np.where(changed & (rng.random(total) < 0.45), EXPENSIVE, reason)
    reason = np.where((lost_at == 0) & (rng.random(total) < 0.7), UNREACHED, reason)
    reason = np.where((reply > 10) & (rng.random(total) < 0.35), COMPETITOR, reason)
    price = np.array([p.price for p in PRODUCTS], np.float64)[product] * np.where(changed, PRICE_CHANGE, 1.0)
    roubles = price * rng.lognormal(0, np.array([p.spread for p in PRODUCTS])[product]) * np.where(is_repeat, 0.8, 1.0)
    amount = np.rint(roubles / 10).astype(np.int64) * 1_000
    cost_share = np.array([p.cost_share for p in PRODUCTS])[product] * rng.normal(1, 0.05, total)
    cost = np.rint(amount * cost_share / np.where(changed, PRICE_CHANGE, 1.0)).astype(np.int64)
    return Deals(
        request,
        person,
        created,
        responded,
        np.where(is_open, NEVER, closed),
        status,
        product,
        manager,
        amount,
        cost,
        lost_at,
        reason,
        np.zeros(total, np.int64),
        is_repeat,
        is_checkout,
    )


def _close_early(deals: Deals, requests: Requests, rng: np.random.Generator) -> Deals:
    """Three sales were written down before the call that they grew from: a deal closed before its lead's first
    contact."""
    fitting = np.flatnonzero(
        (deals.status == WON) & (requests.kind == CALL) & (deals.product != OFFICE) & (deals.situation == 0)
    )
    picked = rng.choice(fitting, 3, replace=False)
    shift = deals.closed[picked] - deals.created[picked] + 2 * DAY
    for times in (deals.created, deals.responded, deals.closed):
        times[picked] -= shift
    deals.situation[picked] = CLOSED_EARLY
    return deals


@dataclass(frozen=True)
class StageHistory:
    """Deals entering stages: the deal's index, the stage's place (the last two are won and lost), when."""

    deal: Ints
    stage: Ints
    at: Ints


def stage_history(deals: Deals, dice: Dice) -> StageHistory:
    """Every stage entry, by deal and time: some stages are skipped, some deals go back a stage and come again."""
    rng = dice.of("stages")
    total = len(deals)
    end = np.where(deals.closed >= 0, deals.closed, END + 20 * DAY)
    entered: Floats = np.full((total, STAGES), np.nan)
    entered[:, 0] = deals.created
    entered[:, 1] = np.minimum(deals.responded, end - 60)
    parts = np.sort(rng.random((total, STAGES - 2)), axis=1)
    entered[:, 2:] = entered[:, 1:2] + (end[:, None] - entered[:, 1:2]) * (0.05 + 0.9 * parts)
    entered[:, 2:][rng.random((total, STAGES - 2)) < 0.08] = np.nan
    reached = np.where(deals.status == LOST, deals.lost_at_stage, STAGES)
    entered[np.arange(STAGES)[None, :] > reached[:, None]] = np.nan
    entered[deals.is_checkout, 2:4] = np.nan
    deal, stage = np.nonzero(~np.isnan(entered))
    at = entered[deal, stage].astype(np.int64)
    back_deal, back_stage, back_at = _returns(entered, end, rng)
    is_closed = np.flatnonzero(deals.closed >= 0)
    deal = np.concatenate([deal, back_deal, is_closed])
    stage = np.concatenate([stage, back_stage, np.where(deals.status[is_closed] == WON, STAGES, STAGES + 1)])
    at = np.concatenate([at, back_at, deals.closed[is_closed]])
    order = np.lexsort((stage, at, deal))
    order = order[at[order] < END]
    return StageHistory(deal[order], stage[order], at[order])


def _returns(entered: Floats, end: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Six deals in a hundred that had a quote go back to be measured, and are quoted again."""
    quoted = np.flatnonzero(~np.isnan(entered[:, 2]) & ~np.isnan(entered[:, 3]) & (rng.random(len(entered)) < 0.06))
    following = np.where(np.isnan(entered[quoted, 4]), end[quoted], entered[quoted, 4])
    gap = following - entered[quoted, 3]
    back = (entered[quoted, 3] + 0.35 * gap).astype(np.int64)
    again = (entered[quoted, 3] + 0.7 * gap).astype(np.int64)
    return np.tile(quoted, 2), np.repeat([2, 3], len(quoted)), np.concatenate([back, again])


def current_stage(deals: Deals, history: StageHistory) -> Ints:
    """The stage each deal stands in at the end of the history."""
    stage = np.zeros(len(deals), np.int64)
    stage[history.deal] = history.stage
    return stage


def manager_of_requests(requests: Requests, deals: Deals, dice: Dice) -> Ints:
    """Who answers each request: the deal's seller, and somebody of the right team where no deal came of it."""
    rng = dice.of("answering")
    retail = rng.integers(0, len(RETAIL_SELLERS), len(requests))
    office = len(RETAIL_SELLERS) + rng.integers(0, len(OFFICE_SELLERS), len(requests))
    manager = np.where(requests.product == OFFICE, office, retail)
    made = deals.request >= 0
    manager[deals.request[made]] = deals.manager[made]
    return manager
