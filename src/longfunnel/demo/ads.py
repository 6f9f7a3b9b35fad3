"""The ads: campaigns, groups, keywords, and what each of them cost on each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.catalogue import CHANNELS, NETWORK, PAID, PRODUCTS, SEARCH, TELEGRAM, VK
from longfunnel.demo.faults import BEFORE_TRACKING_CAMPAIGN_FROM
from longfunnel.demo.scale import DAY, DAYS, FIRST_DAY, START, Dice, Flags, Floats, Ints, Scale

if TYPE_CHECKING:
    from longfunnel.demo.columns import Visits

VAT = 1.22


@dataclass(frozen=True)
class Ad:
    """What a click is bought with: a keyword, an audience or a banner of one campaign."""

    channel: int
    campaign_id: int
    campaign: str
    group: str
    term: str
    content: str
    product: int
    weight: float


def make_ads(scale: Scale) -> list[Ad]:
    """Every ad of the business: paid channels × markets × products × words."""
    ads: list[Ad] = []
    for market_number, market in enumerate(scale.markets):
        for number, product in enumerate(PRODUCTS):
            campaign_id = 70_410_100 + 1_000 * market_number + 10 * number
            names = {
                SEARCH: [(word, f"{product.key}_{place}", word) for place, word in enumerate(product.words)],
                NETWORK: [
                    (f"интерес: {word}", f"{product.key}_rsya", f"banner{place}")
                    for place, word in enumerate(("ремонт", "новостройки"))
                ],
                VK: [
                    ("", f"{product.key}_{who}", f"{who}_{kind}")
                    for who, kind in (("novosely", "video"), ("remont", "carousel"))
                ],
                TELEGRAM: [("", product.key, "post")],
            }
            prefix = {SEARCH: "search", NETWORK: "rsya", VK: "vk", TELEGRAM: "tg"}
            for channel, rows in names.items():
                for place, (term, group, content) in enumerate(rows):
                    mark = f"{group}_ad" if channel == SEARCH else content
                    campaign = f"{prefix[channel]}_{product.key}_{market}"
                    ads.append(
                        Ad(
                            channel,
                            campaign_id + 2_000_000 * channel,
                            campaign,
                            group,
                            term,
                            mark,
                            number,
                            1.0 / (1 + place),
                        )
                    )
    return ads


def choose_ads(ads: list[Ad], channel: Ints, product: Ints, dice: np.random.Generator) -> Ints:
    """An ad of the right channel and product for each visit; -1 where its channel has no ads."""
    chosen = np.full(len(channel), -1, np.int64)
    for paid in PAID:
        for number in range(len(PRODUCTS)):
            here = np.flatnonzero((channel == paid) & (product == number))
            fitting = [i for i, ad in enumerate(ads) if ad.channel == paid and ad.product == number]
            weights = np.array([ads[i].weight for i in fitting])
            chosen[here] = np.array(fitting)[dice.choice(len(fitting), len(here), p=weights / weights.sum())]
    return chosen


@dataclass(frozen=True)
class Spend:
    """Impressions, clicks and cost (kopecks) of ads, one row a day and ad. ``ad`` is an index, ``day`` counts from
    the first day."""

    ad: Ints
    day: Ints
    impressions: Ints
    clicks: Ints
    cost: Ints

    def of(self, rows: Flags) -> Spend:
        """The rows of a mask."""
        return Spend(self.ad[rows], self.day[rows], self.impressions[rows], self.clicks[rows], self.cost[rows])

    def dates(self) -> list[str]:
        """The ISO date of each row."""
        return [(FIRST_DAY + timedelta(days=int(day))).isoformat() for day in self.day]


def spend_of(visits: Visits, ads: list[Ad], dice: Dice) -> Spend:
    """What the visits that ads brought have cost, day by day, with the clicks that never became a visit.

    Search ads also ran for two weeks before the site was tracked: rows with negative days.
    """
    rng = dice.of("spend")
    early = (FIRST_DAY - BEFORE_TRACKING_CAMPAIGN_FROM).days
    channel = np.array([ad.channel for ad in ads])
    paid = visits.ad >= 0
    day = (visits.at[paid] - START) // DAY
    came = np.zeros((len(ads), early + DAYS), np.int64)
    np.add.at(came, (visits.ad[paid], day + early), 1)
    month = came[channel == SEARCH, early : early + 30]
    came[channel == SEARCH, :early] = rng.poisson(month.mean(axis=1, keepdims=True), (len(month), early))
    clicks = came + rng.poisson(0.13 * came)
    ctr = _per_ad(channel, [c.ctr for c in CHANNELS]) * rng.lognormal(0, 0.25, (len(ads), 1))
    impressions = clicks + rng.poisson(clicks * (1 / ctr - 1) * rng.gamma(30, 1 / 30, came.shape))
    impressions += rng.poisson(
        0.4 / ctr * (came.mean(axis=1, keepdims=True) / (1 + came.mean(axis=1, keepdims=True))), came.shape
    )
    running = came.any(axis=1, keepdims=True) & (
        (channel == SEARCH)[:, None] | (np.arange(came.shape[1]) >= early)[None, :]
    )
    impressions = np.where(running, impressions, 0)
    dearer = 1 + 0.25 * np.arange(came.shape[1]) / came.shape[1]
    cpc = _per_ad(channel, [c.cpc for c in CHANNELS]) * rng.lognormal(0, 0.22, (len(ads), 1)) * dearer
    cost = np.rint(clicks * cpc * rng.lognormal(0, 0.08, came.shape) * 100).astype(np.int64)
    which, when = np.nonzero(impressions)
    order = np.lexsort((which, when))
    which, when = which[order], when[order]
    return Spend(which, when - early, impressions[which, when], clicks[which, when], cost[which, when])


def _per_ad(channel: Ints, values: list[float]) -> Floats:
    return np.array(values)[channel][:, None]
