"""What is counted: one metric per file, named by the file. Adding a metric is adding a file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from longfunnel.core.registry import catalogue
from longfunnel.core.stages import Stage  # noqa: TC001 - cached by it
from longfunnel.core.text import Text
from longfunnel.metrics._metric import Difference, Measure, Metric, Ratio
from longfunnel.metrics._subject import BASES, SUBJECTS, Basis, Subject

__all__ = ["BASES", "SUBJECTS", "Basis", "Difference", "Measure", "Metric", "Ratio", "Subject", "metrics"]


@cache
def metrics(stages: tuple[Stage, ...] = ()) -> dict[str, Metric]:
    """Every metric by name, in alphabetical order; the stages of the long funnel are titled as the settings' ``stages`` call them."""
    if not stages:
        return {name: replace(metric, name=name) for name, metric in catalogue(__name__, "METRIC", Metric).items()}
    own = {stage.metric: stage for stage in stages}
    return {name: _called(metric, own[name]) if name in own else metric for name, metric in metrics().items()}


def _called(metric: Metric, stage: Stage) -> Metric:
    return replace(metric, title=Text(stage.en or metric.title.en, stage.ru or metric.title.ru))
