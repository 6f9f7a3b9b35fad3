"""Who comes to the site, when, from where and on which device."""

from __future__ import annotations

from datetime import date

import numpy as np

from longfunnel.demo.ads import Ad, choose_ads
from longfunnel.demo.catalogue import (
    CHANNELS,
    DIRECT,
    EMAIL,
    GOOGLE,
    OFFICE,
    PRODUCTS,
    REFERRAL,
    REGION_SHARES,
    REGIONS,
    YANDEX,
)
from longfunnel.demo.columns import Requests, Visits
from longfunnel.demo.scale import DAY, DAYS, END, FIRST_DAY, START, Dice, Floats, Ints

MONTH_SEASON = (0.78, 0.92, 1.08, 1.06, 0.95, 0.84, 0.76, 0.90, 1.16, 1.22, 1.14, 0.95)
"""January to December: people furnish their homes in spring and autumn."""
WEEK_SEASON = (1.10, 1.10, 1.07, 1.04, 0.98, 0.84, 0.87)
HOUR_SEASON = (5, 3, 2, 1, 1, 2, 6, 14, 26, 40, 50, 54, 54, 50, 50, 48, 46, 46, 48, 52, 58, 56, 38, 16)
SALES = ((date(2025, 11, 24), 7, 1.6), (date(2026, 5, 7), 10, 1.8))
"""Sales: first day, days, how much busier. The request form breaks in the middle of the second one."""
GROWTH = 0.45
"""How much busier the last day is than the first one, season aside."""
MEAN_VISITS = 1.88
RETURN_GAP_DAYS = (2.6, 1.15)
"""Median and log-spread of the days between visits."""


def day_weights() -> Floats:
    """How busy each day of the history is, relative to the others."""
    days = np.arange(DAYS)
    month = np.datetime64(FIRST_DAY).astype("datetime64[D]") + days
    season = np.array(MONTH_SEASON)[month.astype("datetime64[M]").astype(np.int64) % 12]
    week = np.array(WEEK_SEASON)[(FIRST_DAY.weekday() + days) % 7]
    sale = np.ones(DAYS)
    for first, length, factor in SALES:
        start = (first - FIRST_DAY).days
        sale[start : start + length] = factor
    return np.asarray(season * week * sale * (1 + GROWTH * days / DAYS))


def seconds_of_day(count: int, rng: np.random.Generator) -> Ints:
    """Times of day at which people come, in seconds from midnight."""
    weights = np.array(HOUR_SEASON, np.float64)
    return rng.choice(24, count, p=weights / weights.sum()) * 3_600 + rng.integers(0, 3_600, count)


def devices_of(person: Ints, dice: Dice) -> Ints:
    """How many devices each person uses: 1, 2 or 3."""
    return 1 + np.searchsorted(
        [0.62, 0.93], (dice.scramble(person, 11) % np.uint64(1_000)).astype(np.float64) / 1_000, side="right"
    )


def device_kind(person: Ints, slot: Ints, dice: Dice) -> Ints:
    """The kind of a person's device, an index in ``catalogue.DEVICES``: mostly a phone first, then a computer."""
    luck = (dice.scramble(person * 4 + slot, 12) % np.uint64(100)).astype(np.int64)
    return np.where(
        slot == 0, np.where(luck < 66, 0, np.where(luck < 95, 1, 2)), np.where(luck < 25, 0, np.where(luck < 92, 1, 2))
    )


def region_of(person: Ints, dice: Dice) -> Ints:
    """Where each person lives: an index in ``catalogue.REGIONS``."""
    luck = (dice.scramble(person, 13) % np.uint64(10_000)).astype(np.float64) / 10_000
    return np.minimum(np.searchsorted(np.cumsum(REGION_SHARES), luck, side="right"), len(REGIONS) - 1)


def first_journeys(people: int, ads: list[Ad], dice: Dice) -> Visits:
    """All visits of people who come by themselves, sorted by person and time."""
    rng = dice.of("journeys")
    weights = day_weights()
    product_shares = np.array([product.share for product in PRODUCTS])
    product = rng.choice(len(PRODUCTS), people, p=product_shares / product_shares.sum())
    first_day = rng.choice(DAYS, people, p=weights / weights.sum())
    visits = np.minimum(rng.geometric(1 / MEAN_VISITS, people), 9)
    person = np.repeat(np.arange(people), visits)
    start = np.cumsum(visits) - visits
    number = np.arange(len(person)) - np.repeat(start, visits)
    gaps = np.where(
        number > 0, np.floor(rng.lognormal(np.log(RETURN_GAP_DAYS[0]), RETURN_GAP_DAYS[1], len(person))), 0
    ).astype(np.int64)
    days = np.cumsum(gaps)
    days += np.repeat(first_day - days[start], visits)
    at = START + days * DAY + seconds_of_day(len(person), rng)
    order = np.lexsort((at, person))
    person, at = person[order], at[order]
    first_shares = np.array([channel.share for channel in CHANNELS])
    first_channel = rng.choice(len(CHANNELS), people, p=first_shares / first_shares.sum())
    return_shares = np.array([channel.return_share for channel in CHANNELS])
    returning = rng.choice(len(CHANNELS), len(person), p=return_shares / return_shares.sum())
    channel = np.where((number == 0) | (rng.random(len(person)) < 0.16), first_channel[person], returning)
    slot = rng.integers(0, devices_of(person, dice))
    wanted = product[person]
    came = Visits(person, at, channel, choose_ads(ads, channel, wanted, rng), slot, wanted, number + 1)
    return came.take(came.at < END)


RETURN_CHANNELS = ((EMAIL, 0.34), (DIRECT, 0.30), (YANDEX, 0.16), (GOOGLE, 0.10), (REFERRAL, 0.10))


def return_visits(buyers: Requests, bought_at: Ints, generation: int, dice: Dice) -> Visits:
    """The visits in which buyers come back for another order, one per buyer who does (about four in ten)."""
    rng = dice.of(f"returns {generation}")
    at = bought_at + np.rint(DAY * rng.lognormal(np.log(75), 0.6, len(bought_at))).astype(np.int64)
    at = at // DAY * DAY + seconds_of_day(len(at), rng)
    come = (rng.random(len(at)) < 0.44) & (at < END)
    channels, shares = zip(*RETURN_CHANNELS, strict=True)
    channel = rng.choice(np.array(channels), len(at), p=np.array(shares))
    other = rng.choice(4, len(at))
    product = np.where((rng.random(len(at)) < 0.5) | (buyers.product == OFFICE), buyers.product, other)
    slot = rng.integers(0, devices_of(buyers.person, dice))
    return Visits(
        buyers.person, at, channel, np.full(len(at), -1), slot, product, np.full(len(at), 20 + generation)
    ).take(come)
