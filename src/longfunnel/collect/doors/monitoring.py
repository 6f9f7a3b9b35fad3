"""What the collector counts about itself, in the text format of Prometheus. Numbers only: nobody's data is in a label."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client import Metric

    from longfunnel.collect.calls.lending import Lending
    from longfunnel.collect.loading.loader import Loader
    from longfunnel.collect.log.log import Log


class Work(Protocol):
    """Work that the server does by itself, as it counts itself."""

    name: str
    done: int
    failed: int
    seconds: float
    trouble: str


class Monitor(Collector):
    """Counts of one server. The hot path adds to plain numbers; they are read when somebody asks."""

    def __init__(
        self, log: Log, loader: Loader | None, lending: Lending | None = None, works: Sequence[Work] = ()
    ) -> None:
        self._log, self._loader, self._works = log, loader, works
        self.lending = lending
        self.answers: dict[int, int] = {}
        """Requests by status of the answer."""
        self.events = 0
        """Events that were acknowledged."""
        self.without_consent = 0
        """Requests that were thrown away because the visitor had refused."""
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def count(self, status: int) -> None:
        """A request was answered."""
        self.answers[status] = self.answers.get(status, 0) + 1

    def text(self) -> bytes:
        """All measures, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """The measures as they stand."""
        answers = CounterMetricFamily(
            "longfunnel_collector_answers", "Requests by status of the answer.", labels=["status"]
        )
        for status, number in sorted(self.answers.items()):
            answers.add_metric([str(status)], number)
        yield answers
        yield CounterMetricFamily("longfunnel_collector_events", "Events that were acknowledged.", value=self.events)
        yield CounterMetricFamily(
            "longfunnel_collector_without_consent",
            "Requests thrown away for want of consent.",
            value=self.without_consent,
        )
        yield CounterMetricFamily("longfunnel_collector_syncs", "Group commits of the log.", value=self._log.syncs)
        yield GaugeMetricFamily(
            "longfunnel_collector_queued_bytes", "Bytes that wait for the disk.", value=self._log.queued_bytes
        )
        yield GaugeMetricFamily(
            "longfunnel_collector_log_healthy",
            "1 when the last write of the log succeeded.",
            value=not self._log.trouble,
        )
        yield from self._scheduled()
        if self.lending:
            lent = GaugeMetricFamily("longfunnel_numbers_lent", "Tracking numbers that visits have.", labels=["site"])
            refused = CounterMetricFamily(
                "longfunnel_numbers_refused", "Visits that found no tracking number free.", labels=["site"]
            )
            for site, number in self.lending.lent().items():
                lent.add_metric([site], number)
                refused.add_metric([site], self.lending.refused.get(site, 0))
            yield from (lent, refused)
        if self._loader:
            yield CounterMetricFamily(
                "longfunnel_loader_rows", "Rows of facts that were loaded.", value=self._loader.rows
            )
            yield CounterMetricFamily(
                "longfunnel_loader_quarantined",
                "Parts of requests put into quarantine.",
                value=self._loader.quarantined,
            )
            yield GaugeMetricFamily(
                "longfunnel_loader_healthy", "1 when the last load succeeded.", value=not self._loader.trouble
            )
            if self._loader.loaded_at:
                yield GaugeMetricFamily(
                    "longfunnel_loader_idle_seconds",
                    "Since rows were last loaded.",
                    value=time.time() - self._loader.loaded_at,
                )

    def _scheduled(self) -> Iterable[Metric]:
        done = CounterMetricFamily("longfunnel_schedule_done", "Scheduled work that was done.", labels=["work"])
        failed = CounterMetricFamily("longfunnel_schedule_failed", "Scheduled work that failed.", labels=["work"])
        seconds = GaugeMetricFamily("longfunnel_schedule_seconds", "How long it took the last time.", labels=["work"])
        for work in self._works:
            done.add_metric([work.name], work.done)
            failed.add_metric([work.name], work.failed)
            seconds.add_metric([work.name], work.seconds)
        return done, failed, seconds
