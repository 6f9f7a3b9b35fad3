"""Deals: opportunities in the CRM."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Deals", "Сделки"),
    meaning=Text(
        "Deals made in the CRM, whatever became of them; deleted ones do not count.",
        "Сделки, заведённые в CRM, чем бы они ни кончились; удалённые не считаются.",
    ),
    unit="count",
    direction="up",
    how=Measure("deals", "count(*)"),
)
