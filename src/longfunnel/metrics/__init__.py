"""What is counted: one metric per file, named by the file. Adding a metric is adding a file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from longfunnel.core.registry import catalogue
from longfunnel.metrics._metric import Difference, Measure, Metric, Ratio
from longfunnel.metrics._subject import BASES, SUBJECTS, Basis, Subject

__all__ = ["BASES", "SUBJECTS", "Basis", "Difference", "Measure", "Metric", "Ratio", "Subject", "metrics"]


@cache
def metrics() -> dict[str, Metric]:
    """Every metric by name, in alphabetical order."""
    return {name: replace(metric, name=name) for name, metric in catalogue(__name__, "METRIC", Metric).items()}
