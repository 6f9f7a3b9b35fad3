"""Impressions: how often ads were shown."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Impressions", "Показы"),
    meaning=Text(
        "Times an ad was shown, as the ad systems report it.",
        "Сколько раз показали рекламу, по данным рекламных систем.",
    ),
    unit="count",
    direction="up",
    how=Measure("spends", "sum(t.impressions)", zero=False),
)
