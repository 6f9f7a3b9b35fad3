"""Bounce share = bounced visits / visits where it is known (the inverse of GA4 engagement rate, Metrika «отказы»)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("Bounce share", "Отказы"),
    meaning=Text(
        "Share of visits that left at once, among visits where that is known.",
        "Доля визитов, которые сразу ушли, среди визитов, где это известно.",
    ),
    unit="share",
    direction="down",
    how=Ratio(
        Measure("visits", "coalesce(sum(t.visits) FILTER (t.is_bounce), 0)"),
        Measure("visits", "sum(t.visits) FILTER (t.is_bounce IS NOT NULL)"),
    ),
    cases=Measure("visits", "sum(t.visits) FILTER (t.is_bounce IS NOT NULL)"),
)
