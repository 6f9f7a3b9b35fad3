"""LTV / CAC = lifetime value to date / customer acquisition cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("LTV / CAC", "LTV / CAC"),
    meaning=Text(
        "How many times a new buyer has paid back what they cost: LTV to date / CAC. LTV is revenue, before cost of goods.",
        "Во сколько раз новый покупатель окупил свою стоимость: LTV на сегодня / CAC. LTV — выручка, до себестоимости.",
    ),
    unit="ratio",
    direction="up",
    how=Ratio("ltv", "cac"),
    cases="new_buyers",
)
