"""Customer acquisition cost = cost / new buyers."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CAC", "CAC"),
    meaning=Text(
        "What a new buyer cost: cost / people who ordered for the first time.",
        "Сколько стоил новый покупатель: расход / люди с первым заказом.",
    ),
    unit="money",
    direction="down",
    how=Ratio("cost", "new_buyers"),
    cases="new_buyers",
)
