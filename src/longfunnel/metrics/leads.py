"""Leads: requests to be contacted."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Leads", "Лиды"),
    meaning=Text(
        "Requests to be contacted: forms, calls, chats, CRM leads. The same request from two systems is one lead. "
        "Where none are held row by row, leads as reported by the sources.",
        "Обращения: заявки, звонки, чаты, лиды CRM. Одно обращение из двух систем — один лид. Если лидов поштучно "
        "нет — лиды по отчётам источников.",
    ),
    unit="count",
    direction="up",
    how=Measure("leads", "count(*)", instead="reported_leads"),
)
