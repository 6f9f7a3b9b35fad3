"""Jobs: long work that was asked for, who asked, and what came of it. It outlives the process that did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the mapper reads it
from typing import TYPE_CHECKING

from sqlalchemy import Text as Words
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from longfunnel.core.text import NOTHING, Text, read_stored, stored
from longfunnel.state.tables import Instant, Table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

_KEPT = 500
_UNFINISHED = ("waiting", "running")


class JobRow(Table):
    """One job."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Words)
    """import, sync, backup …"""
    subject: Mapped[str] = mapped_column(Words)
    asked_by: Mapped[str] = mapped_column(Words)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(Words)
    """waiting, running, done, failed, stopped, or interrupted: the process ended in the middle."""
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(Words)
    """Why it failed, as ``stored`` writes words."""
    hint: Mapped[str] = mapped_column(Words)
    result: Mapped[str] = mapped_column(Words)
    """What it brought, as JSON; empty for nothing that is worth keeping."""


@dataclass(frozen=True)
class KeptJob:
    """One job as it is remembered."""

    number: int
    kind: str
    subject: str
    by: str
    asked_at: datetime
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    trouble: Text = NOTHING
    hint: Text = NOTHING
    result: str = ""


class Jobs:
    """The jobs in the state database: the latest few hundred."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, kind: str, subject: str, by: str, at: datetime) -> int:
        """Note that a job was asked for; its number. Numbers never come again while the job is remembered."""
        with self._sessions.begin() as session:
            row = JobRow(
                kind=kind, subject=subject, asked_by=by, asked_at=at, state="waiting", trouble="", hint="", result=""
            )
            session.add(row)
            session.flush()
            session.execute(delete(JobRow).where(JobRow.id <= row.id - _KEPT, JobRow.state.not_in(_UNFINISHED)))
            return row.id

    def note(self, job: KeptJob) -> None:
        """How the job stands now. One that is forgotten stays so."""
        with self._sessions.begin() as session:
            row = session.get(JobRow, job.number)
            if row is not None:
                row.state, row.started_at, row.ended_at = job.state, job.started_at, job.ended_at
                row.trouble, row.hint, row.result = stored(job.trouble), stored(job.hint), job.result

    def interrupt(self, at: datetime) -> None:
        """Whatever is not over was interrupted: the process that did it is gone."""
        with self._sessions.begin() as session:
            gone = update(JobRow).where(JobRow.state.in_(_UNFINISHED))
            session.execute(gone.values(state="interrupted", ended_at=at))

    def get(self, number: int) -> KeptJob | None:
        """The job of that number, or None."""
        with self._sessions() as session:
            row = session.get(JobRow, number)
            return _kept(row) if row else None

    def latest(self, limit: int) -> list[KeptJob]:
        """The newest jobs, newest first."""
        with self._sessions() as session:
            return [_kept(row) for row in session.scalars(select(JobRow).order_by(JobRow.id.desc()).limit(limit))]


def _kept(row: JobRow) -> KeptJob:
    return KeptJob(
        row.id, row.kind, row.subject, row.asked_by, row.asked_at, row.state, row.started_at, row.ended_at,
        read_stored(row.trouble), read_stored(row.hint), row.result,
    )  # fmt: skip
