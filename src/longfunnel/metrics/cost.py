"""Cost: what attention cost."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Cost", "Расход"),
    meaning=Text(
        "What advertising cost, as it is billed, converted to the business currency at the rate of its day.",
        "Сколько стоила реклама по счетам, в валюте бизнеса по курсу дня.",
    ),
    unit="money",
    direction="down",
    how=Measure("spends", "sum(t.cost)", zero=False),
)
