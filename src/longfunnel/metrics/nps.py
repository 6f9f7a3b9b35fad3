"""Net promoter score = % promoters (9-10) - % detractors (0-6) (Reichheld, HBR 2003)."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric, Ratio

METRIC = Metric(
    title=Text("NPS", "NPS"),
    meaning=Text(
        "Share of answers of 9 and 10 less share of answers of 0 to 6, in points from −100 to 100.",
        "Доля ответов 9 и 10 минус доля ответов от 0 до 6, в пунктах от −100 до 100.",
    ),
    unit="score",
    direction="up",
    how=Ratio(
        Measure(
            "survey_answers",
            "100 * (count(*) FILTER (lower(t.kind) = 'nps' AND t.score >= 9) - count(*) FILTER (lower(t.kind) = "
            "'nps' AND t.score <= 6))",
        ),
        Measure("survey_answers", "count(*) FILTER (lower(t.kind) = 'nps' AND t.score IS NOT NULL)"),
    ),
    cases=Measure("survey_answers", "count(*) FILTER (lower(t.kind) = 'nps' AND t.score IS NOT NULL)"),
)
