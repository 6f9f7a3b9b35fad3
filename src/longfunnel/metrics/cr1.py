"""Conversion of leads into orders = orders / leads of the same cohort."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Metric, Ratio

METRIC = Metric(
    title=Text("CR1", "CR1"),
    meaning=Text(
        "Orders per lead: orders / leads. By lead, both are of the same people: those whose lead came in the period.",
        "Заказов на лид: заказы / лиды. По дате лида обе части говорят об одних людях: чей лид пришёл в период.",
    ),
    unit="share",
    direction="up",
    how=Ratio("orders", "leads"),
    cases="leads",
)
