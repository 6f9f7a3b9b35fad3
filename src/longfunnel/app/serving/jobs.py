"""Jobs: long work of a server (imports, syncs, builds), one at a time, with progress, cancel and a history in memory."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from longfunnel.app.business import Business, now
from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    Tell = Callable[[str, float], None]
    Do = Callable[[Business, Tell], Any]

logger = logging.getLogger(__name__)

_KEPT = 50
JobState = Literal["waiting", "running", "done", "failed", "stopped"]


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
    what: str = ""
    """What is being done now."""
    share: float = 0.0
    """0..1 of it."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: Any = None
    trouble: str = ""
    """Why it failed, in plain words."""
    hint: str = ""
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _business: Business | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "stopped")

    def stop(self) -> None:
        """End it as soon as it can be ended; a job that waits never starts."""
        self._stop.set()
        business = self._business
        if business is not None:
            business.warehouse.interrupt()

    def run(self, folder: Path, do: Do) -> None:
        """Do it, on connections of its own."""
        if self._stop.is_set():
            self.state, self.ended_at = "stopped", now()
            return
        self.state, self.started_at = "running", now()
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
                self.trouble = error.message if isinstance(error, LongfunnelError) else str(error).split("\n", 1)[0]
                self.hint = getattr(error, "hint", "")
                logger.error("job_failed", extra={"job": self.kind, "reason": type(error).__name__})  # noqa: TRY400 - a message may quote a row
        except Exception:
            self.state = "failed"
            logger.exception("job_broke", extra={"job": self.kind})
        self.ended_at = now()

    def _tell(self, what: str, share: float) -> None:
        if self._stop.is_set():
            raise StoppedError("Stopped.")
        self.what, self.share = what, share


class Jobs:
    """The jobs of one business in this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._known: dict[int, Job] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._lock = threading.Lock()

    def begin(self, kind: str, subject: str, do: Do, *, by: str = "") -> Job:
        """Queue a job. ``do`` gets a business of its own and a function that takes what is being done and the share done."""
        with self._lock:
            job = Job(next(self._numbers), kind, subject, by, now())
            self._known[job.number] = job
            over = [one.number for one in self._known.values() if one.is_over]
            for number in over[: max(0, len(self._known) - _KEPT)]:
                del self._known[number]
        self._worker.submit(job.run, self._folder, do)
        return job

    def get(self, number: int) -> Job | None:
        """The job of that number, if it is remembered."""
        return self._known.get(number)

    def all(self) -> list[Job]:
        """The jobs that are remembered, newest first."""
        return sorted(self._known.values(), key=lambda job: -job.number)

    def running(self, subject: str = "") -> Job | None:
        """The newest job that is not over, of that subject if one is named."""
        return next((job for job in self.all() if not job.is_over and subject in ("", job.subject)), None)

    def end(self) -> None:
        """Stop what runs and what waits, and come back when all is at rest: the server ends."""
        for job in self.all():
            if not job.is_over:
                job.stop()
        self._worker.shutdown(cancel_futures=True)


_jobs: dict[Path, Jobs] = {}
_making = threading.Lock()


def end_jobs(folder: Path) -> None:
    """End the jobs of the business in that folder, if it has any."""
    with _making:
        jobs = _jobs.pop(folder, None)
    if jobs:
        jobs.end()


def jobs_of(folder: Path) -> Jobs:
    """The jobs of the business in that folder."""
    with _making:
        if folder not in _jobs:
            _jobs[folder] = Jobs(folder)
        return _jobs[folder]
