"""Payments and refunds. Money is whole kopecks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longfunnel.demo.catalogue import OFFICE
from longfunnel.demo.columns import Columns, Deals
from longfunnel.demo.crm import WON
from longfunnel.demo.scale import DAY, END, START, Dice, Flags, Ints

METHODS = ("Карта", "Счёт", "Наличные")
CARD, INVOICE, CASH = range(3)
ORPHANS = 6
"""Payments by people and for orders that no system knows."""
NO_CURRENCY = 2
"""Payments whose currency the book-keeper left empty."""


@dataclass
class Payments(Columns):
    """One row is a payment or a refund."""

    deal: Ints
    """Index of the deal that is paid, -1 for a payment that belongs to none."""
    at: Ints
    amount: Ints
    is_refund: Flags
    method: Ints
    has_currency: Flags


def payments_of(deals: Deals, dice: Dice) -> Payments:
    """Payments of the won deals, in order of time: in full, or an advance and the rest; some are refunded; some are
    orphans."""
    rng = dice.of("payments")
    won = np.flatnonzero(deals.status == WON)
    closed, amount = deals.closed[won], deals.amount[won]
    is_office = deals.product[won] == OFFICE
    in_parts = ~deals.is_checkout[won] & (is_office | (rng.random(len(won)) < 0.35))
    advance = np.where(in_parts, amount * rng.choice([0.3, 0.5, 0.7], len(won)), amount)
    first = np.rint(advance / 100).astype(np.int64) * 100
    first_at = np.where(deals.is_checkout[won], deals.created[won] - 30, closed + rng.integers(-7_000, 7_000, len(won)))
    method = np.where(is_office, INVOICE, np.where(deals.is_checkout[won] | (rng.random(len(won)) < 0.7), CARD, CASH))
    rest_at = closed + rng.integers(7, 35, len(won)) * DAY
    refunded = rng.random(len(won)) < 0.035
    back = np.where(rng.random(len(won)) < 0.4, amount, np.rint(amount * 0.12 / 100).astype(np.int64) * 100)
    last_at = np.where(in_parts, rest_at, first_at)
    refund_at = last_at + rng.integers(2, 25, len(won)) * DAY

    def batch(mask: Flags, at: Ints, sum_: Ints, is_refund: bool) -> Payments:
        rows = np.flatnonzero(mask)
        return Payments(
            won[rows], at[rows], sum_[rows], np.full(len(rows), is_refund), method[rows], np.ones(len(rows), bool)
        )

    paid = batch(np.ones(len(won), bool), first_at, first, False)
    paid = paid.join(batch(in_parts, rest_at, amount - first, False)).join(batch(refunded, refund_at, back, True))
    paid = paid.take((paid.at < END) & (paid.amount > 0))
    paid = paid.join(_orphans(rng))
    paid = paid.take(np.argsort(paid.at, kind="stable"))
    cash = np.flatnonzero((paid.deal >= 0) & ~paid.is_refund & (paid.method == CASH))
    paid.has_currency[rng.choice(cash, NO_CURRENCY, replace=False)] = False
    return paid


def _orphans(rng: np.random.Generator) -> Payments:
    at = START + rng.integers(40, (END - START) // DAY - 5, ORPHANS) * DAY + rng.integers(32_000, 68_000, ORPHANS)
    return Payments(
        np.full(ORPHANS, -1),
        at,
        rng.integers(90, 900, ORPHANS) * 10_000,
        np.zeros(ORPHANS, bool),
        np.full(ORPHANS, CARD),
        np.ones(ORPHANS, bool),
    )
