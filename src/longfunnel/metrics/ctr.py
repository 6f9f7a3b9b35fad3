"""Click-through rate = clicks / impressions (IAB)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CTR", "CTR"),
    meaning=Text(
        "Share of impressions that were clicked: clicks / impressions.",
        "Доля показов, после которых кликнули: клики / показы.",
    ),
    unit="share",
    direction="up",
    how=Ratio("clicks", "impressions"),
    cases="impressions",
)
