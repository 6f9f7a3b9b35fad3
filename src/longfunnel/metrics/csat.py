"""Customer satisfaction = answers of 4 and 5 / answers (top-two-box)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("CSAT", "CSAT"),
    meaning=Text(
        "Share of answers of 4 and 5 on the scale of 1 to 5.",
        "Доля ответов 4 и 5 по шкале от 1 до 5.",
    ),
    unit="share",
    direction="up",
    how=Ratio(
        Measure("survey_answers", "count(*) FILTER (lower(t.kind) = 'csat' AND t.score >= 4)"),
        Measure("survey_answers", "count(*) FILTER (lower(t.kind) = 'csat' AND t.score IS NOT NULL)"),
    ),
    cases=Measure("survey_answers", "count(*) FILTER (lower(t.kind) = 'csat' AND t.score IS NOT NULL)"),
)
