"""Qualified leads: leads that sales accepted."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Qualified leads", "Квалифицированные лиды"),
    meaning=Text(
        "Leads that sales accepted as real ones, by their own mark or by a stage their deal reached.",
        "Лиды, которые отдел продаж признал настоящими: по их отметке или по этапу сделки.",
    ),
    unit="count",
    direction="up",
    how=Measure("leads", "CASE WHEN count(t.is_qualified) > 0 THEN count(*) FILTER (t.is_qualified) END"),
)
