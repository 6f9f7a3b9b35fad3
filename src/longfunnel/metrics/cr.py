"""Conversion into a lead = leads / visits."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CR", "CR"),
    meaning=Text(
        "Share of visits that became leads: leads / visits.",
        "Доля визитов, которые стали лидами: лиды / визиты.",
    ),
    unit="share",
    direction="up",
    how=Ratio("leads", "visits"),
    cases="visits",
)
