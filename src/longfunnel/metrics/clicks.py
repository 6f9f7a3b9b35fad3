"""Clicks: how often ads were clicked."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Clicks", "Клики"),
    meaning=Text(
        "Times an ad was clicked, as the ad systems report it.",
        "Сколько раз кликнули по рекламе, по данным рекламных систем.",
    ),
    unit="count",
    direction="up",
    how=Measure("spends", "sum(t.clicks)", zero=False),
)
