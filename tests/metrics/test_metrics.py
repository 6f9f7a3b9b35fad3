"""The catalogue of metrics."""

from __future__ import annotations

import importlib
import re

import pytest

from longfunnel.dimensions import dimensions
from longfunnel.metrics import BASES, SUBJECTS, Measure, Metric, Ratio, metrics

PROMISED = """
    impressions clicks cost ctr cpc visits bounce_share leads cr cpl qualified_leads deals won lost win_rate orders cr1 cpo
    revenue profit aov romi roas drr cac ltv rpl days_to_order repeat_share nps csat
""".split()  # noqa: SIM905 - a list to read


def test_every_promised_metric_exists() -> None:
    assert set(PROMISED) <= set(metrics())


@pytest.mark.parametrize("metric", metrics().values(), ids=lambda metric: metric.name)
def test_a_metric_says_in_both_languages_what_it_is(metric: Metric) -> None:
    assert metric.title.en
    assert metric.title.ru
    assert metric.meaning.en.endswith(".")
    assert metric.meaning.ru.endswith(".")
    assert importlib.import_module(f"longfunnel.metrics.{metric.name}").__doc__
    assert metric.formula


@pytest.mark.parametrize("metric", metrics().values(), ids=lambda metric: metric.name)
def test_a_metric_is_made_of_known_parts(metric: Metric) -> None:
    assert set(metric.uses) <= set(metrics())
    assert set(metric.subjects) <= set(SUBJECTS)
    if isinstance(metric.how, Ratio):
        assert metric.cases, "a rate says what it rests on"
    if isinstance(metric.cases, str) and metric.cases:
        assert metrics()[metric.cases].unit == "count"
    if isinstance(metric.how, Measure):
        assert metric.basis is not None


def test_no_metric_shares_its_name_with_a_dimension() -> None:
    assert not set(metrics()) & set(dimensions())


def test_every_subject_has_a_date_by_every_basis() -> None:
    assert all(set(subject.dates) == set(BASES) for subject in SUBJECTS.values())


def test_what_is_counted_of_credited_rows_is_counted_in_parts_too() -> None:
    credited = [m for metric in metrics().values() for m in _measures(metric) if SUBJECTS[m.subject].credit]
    for measure in credited:
        assert measure.in_shares.count("c.share") == len(re.findall(r"\b(?:count|sum)\(", measure.sql)), measure.sql
    assert Measure("orders", "sum(t.a + f(t.b)) FILTER (t.c)").in_shares == "sum((t.a + f(t.b)) * c.share) FILTER (t.c)"
    assert Measure("orders", "count(t.a)").in_shares == "coalesce(sum(c.share) FILTER (t.a IS NOT NULL), 0)"


def _measures(metric: Metric) -> list[Measure]:
    parts = (metric.how.numerator, metric.how.denominator) if isinstance(metric.how, Ratio) else (metric.how,)
    return [part for part in (*parts, metric.cases) if isinstance(part, Measure)]
