"""Visits: sessions on the site."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Visits", "Визиты"),
    meaning=Text(
        "Sessions on the site: 30 minutes of silence or a new campaign ends one. Where there is no site data, "
        "visits as the ad systems report them.",
        "Сессии на сайте: визит заканчивают 30 минут тишины или новая кампания. Если данных сайта нет — визиты по "
        "отчётам рекламных систем.",
    ),
    unit="count",
    direction="up",
    how=Measure("visits", "sum(t.visits)", instead="reported_visits"),
)
