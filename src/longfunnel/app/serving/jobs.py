"""Jobs: long work of a server (imports, syncs, builds), one at a time, with progress and cancel. What came of each is kept in
the state database, where a job that a killed process left in the middle is marked as interrupted."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import duckdb
import msgspec

from longfunnel.app.business import Business, now
from longfunnel.connect import ImportReport
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import NOTHING, Text, spoken
from longfunnel.state import KeptJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from longfunnel.core.progress import Progress

    Do = Callable[[Business, Progress], Any]

logger = logging.getLogger(__name__)

_SHOWN = 50
JobState = Literal["waiting", "running", "done", "failed", "stopped", "interrupted"]


class StoppedError(LongfunnelError):
    """Somebody stopped the job; what it had not committed is as before."""

    code = "stopped"


@dataclass
class Job:
    """One job, as it goes on."""

    number: int
    kind: str
    """What it is for: import, sync, backup …"""
    subject: str
    """What it is about: the source's name."""
    by: str
    """Whose job it is."""
    asked_at: datetime
    state: JobState = "waiting"
    what: Text = NOTHING
    """What is being done now."""
    share: float = 0.0
    """0..1 of it."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: Any = None
    """What ``do`` gave. Kept beyond this process: the reports of an import, and words."""
    trouble: Text = NOTHING
    """Why it failed, in plain words."""
    hint: Text = NOTHING
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _business: Business | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("waiting", "running")

    def stop(self) -> None:
        """End it as soon as it can be ended; a job that waits never starts."""
        self._stop.set()
        business = self._business
        if business is not None:
            business.warehouse.interrupt()

    def run(self, folder: Path, do: Do, note: Callable[[Job], None]) -> None:
        """Do it, on connections of its own; ``note`` is told when it begins and when it has ended."""
        if self._stop.is_set():
            self.state, self.ended_at = "stopped", now()
            note(self)
            return
        self.state, self.started_at = "running", now()
        note(self)
        try:
            with Business(folder) as business:
                self._business = business
                try:
                    self.result = do(business, self._tell)
                finally:
                    self._business = None
            self.state, self.share = "done", 1.0
        except (LongfunnelError, duckdb.Error, OSError, KeyboardInterrupt) as error:
            is_stopped = self._stop.is_set()
            self.state = "stopped" if is_stopped else "failed"
            if not is_stopped:
                if isinstance(error, LongfunnelError):
                    self.trouble, self.hint = error.said, error.advice
                else:
                    self.trouble = spoken(str(error).split("\n", 1)[0])
                logger.error("job_failed", extra={"job": self.kind, "reason": type(error).__name__})  # noqa: TRY400 - a message may quote a row
        except Exception:
            self.state = "failed"
            logger.exception("job_broke", extra={"job": self.kind})
        self.ended_at = now()
        note(self)

    def _tell(self, what: str | Text, share: float) -> None:
        if self._stop.is_set():
            raise StoppedError(Text("Stopped.", "Остановлено."))
        self.what, self.share = spoken(what), share


class Jobs:
    """The jobs of one business: those of this process, and what is kept of earlier ones."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self._known: dict[int, Job] = {}
        business.state.jobs.interrupt(now())
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._lock = threading.Lock()

    def begin(self, kind: str, subject: str, do: Do, *, by: str = "") -> Job:
        """Queue a job. ``do`` gets a business of its own and a function that takes what is being done and the share done."""
        with self._lock:
            at = now()
            job = Job(self.business.state.jobs.add(kind, subject, by, at), kind, subject, by, at)
            self._known[job.number] = job
            over = [one.number for one in self._known.values() if one.is_over]
            for number in over[: max(0, len(self._known) - _SHOWN)]:
                del self._known[number]
        self._worker.submit(job.run, self.business.folder, do, self._note)
        return job

    def get(self, number: int) -> Job | None:
        """The job of that number, if it is remembered."""
        known = self._known.get(number)
        if known is not None:
            return known
        kept = self.business.state.jobs.get(number) if number < _LARGEST else None
        return _remembered(kept) if kept else None

    def all(self) -> list[Job]:
        """The latest jobs, newest first."""
        return [self._known.get(kept.number) or _remembered(kept) for kept in self.business.state.jobs.latest(_SHOWN)]

    def running(self, subject: str = "") -> Job | None:
        """The newest job that is not over, of that subject if one is named."""
        mine = (job for job in reversed([*self._known.values()]) if subject in ("", job.subject))
        return next((job for job in mine if not job.is_over), None)

    def end(self) -> None:
        """Stop what runs and what waits, and come back when all is at rest: the server ends."""
        for job in [*self._known.values()]:
            if not job.is_over:
                job.stop()
        self._worker.shutdown()  # what waits sees that it is stopped, and says so

    def _note(self, job: Job) -> None:
        self.business.state.jobs.note(
            KeptJob(
                job.number, job.kind, job.subject, job.by, job.asked_at, job.state, job.started_at, job.ended_at,
                job.trouble, job.hint, _written(job.result),
            )
        )  # fmt: skip


_LARGEST = 1 << 31
"""Numbers below it are those of a table."""


class _Result(msgspec.Struct, omit_defaults=True):
    """What is kept of a result."""

    reports: list[ImportReport] = []
    said: Text = NOTHING


def _written(result: Any) -> str:
    if isinstance(result, Text):
        return msgspec.json.encode(_Result(said=result)).decode()
    reports = [one for one in result if isinstance(one, ImportReport)] if isinstance(result, list) else []
    return msgspec.json.encode(_Result(reports)).decode() if reports else ""


def _remembered(kept: KeptJob) -> Job:
    read = msgspec.json.decode(kept.result, type=_Result) if kept.result else _Result()
    return Job(
        kept.number, kept.kind, kept.subject, kept.by, kept.asked_at, cast("JobState", kept.state),
        started_at=kept.started_at, ended_at=kept.ended_at, result=read.reports or read.said or None,
        trouble=kept.trouble, hint=kept.hint,
    )  # fmt: skip


_jobs: dict[Path, Jobs] = {}
_making = threading.Lock()


def end_jobs(folder: Path) -> None:
    """End the jobs of the business in that folder, if it has any."""
    with _making:
        jobs = _jobs.pop(folder, None)
    if jobs:
        jobs.end()


def jobs_of(business: Business) -> Jobs:
    """The jobs of the business, which stays open for as long as they are asked for."""
    with _making:
        known = _jobs.get(business.folder)
        if known is None:
            known = _jobs[business.folder] = Jobs(business)
        known.business = business
        return known
