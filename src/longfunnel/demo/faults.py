"""What is wrong in the invented business on purpose: when, where and how much. The truth file tells all of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.demo.catalogue import KITCHEN, VK
from longfunnel.demo.scale import DAY, Flags, Ints, clock

if TYPE_CHECKING:
    from longfunnel.demo.columns import Visits

BROKEN_FORM_FROM: Final = date(2026, 5, 12)
BROKEN_FORM_DAYS: Final = 3
"""The request form of the site sends nothing: people begin to fill it in, and no request arrives."""

UTM_LOST_FROM: Final = date(2026, 2, 2)
UTM_LOST_UNTIL: Final = date(2026, 3, 1)
"""Links of VK Ads lose their marks and click ids in a redirect, both days included: the visits look direct."""

PRICE_CHANGE_ON: Final = date(2026, 4, 1)
PRICE_CHANGE: Final = 1.18
PRICE_WIN_FACTOR: Final = 0.72
"""Fitted kitchens become dearer by 18 %, and fewer of the deals made since then are won."""

DUPLICATE_MONTH: Final = date(2026, 6, 1)
"""The CRM's leads of this month lie in the folder twice, under two file names."""

BEFORE_TRACKING_CAMPAIGN_FROM: Final = date(2025, 8, 18)
"""Yandex Direct already spends money; the site is tracked from 2025-09-01."""


def form_is_broken(at: Ints) -> Flags:
    """Whether the site's request form is broken at these instants."""
    start = clock(BROKEN_FORM_FROM)
    return np.asarray((at >= start) & (at < start + BROKEN_FORM_DAYS * DAY))


def utm_is_lost(visits: Visits) -> Flags:
    """Whether a visit's marks, click id and referrer are lost."""
    lost = (visits.at >= clock(UTM_LOST_FROM)) & (visits.at < clock(UTM_LOST_UNTIL) + DAY)
    return np.asarray((visits.channel == VK) & lost)


def price_has_changed(product: Ints, at: Ints) -> Flags:
    """Whether a deal of that product, made at that instant, has the new price."""
    return np.asarray((product == KITCHEN) & (at >= clock(PRICE_CHANGE_ON)))


def broken_form_days() -> list[str]:
    """The days of the broken form, as ISO dates."""
    return [(BROKEN_FORM_FROM + timedelta(days=day)).isoformat() for day in range(BROKEN_FORM_DAYS)]
