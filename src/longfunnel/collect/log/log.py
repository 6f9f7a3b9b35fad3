"""The durable log: whatever was acknowledged is in it, on disk, until the warehouse has it.

Requests that wait at the same time share one write and one fsync (group commit). A full queue and a full disk are said
at once, as errors with a time to try again.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.collect.log.segment import Damage, Position, Record, frame, parse, segment_name, segment_number
from longfunnel.collect.log.segment_files import mend_tail, sync_folder
from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

_DSYNC: int = getattr(os, "O_DSYNC", 0)
"""A write to a file opened so returns when its bytes, and what is needed to read them back, are on disk: one system call, and
one turn of the interpreter's lock, instead of two."""
_LOOK_SECONDS = 0.5
"""How often the free space of the disk is looked at."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LogUnavailableError(LongfunnelError):
    """The log cannot take a record now; nothing of it was kept. Try again in ``retry_seconds``."""

    code = "log_unavailable"

    def __init__(self, message: str, *, retry_seconds: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_seconds = retry_seconds


@dataclass(frozen=True)
class Chunk:
    """What one read of the log gave, and the position to go on from."""

    records: list[Record]
    segment: int
    next: Position


class Log:
    """An append-only log in ``folder``. Append from one event loop; read and discard from any thread.

    ``linger`` (seconds) is how long the first record of a group waits for others: more of it is fewer fsyncs and later
    answers. ``queue_bytes`` bounds what waits to be written, ``reserve_bytes`` is disk space left to the warehouse. ``first_segment`` keeps a log that was
    lost from beginning again below what the warehouse already has.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 16 << 20,
        queue_bytes: int = 8 << 20,
        reserve_bytes: int = 64 << 20,
        linger: float = 0.002,
        first_segment: int = 1,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._segment_bytes, self._queue_bytes, self._reserve_bytes, self._linger = (
            segment_bytes,
            queue_bytes,
            reserve_bytes,
            linger,
        )
        mend_tail(folder)
        self._file: int | None = None
        self.synced = Position(max([first_segment - 1, *self.segments()]) + 1, 0)
        """Everything before it is on disk. A start always begins a new segment: nothing is written behind old bytes."""
        self.trouble = ""
        """Why the last write failed; empty when it succeeded."""
        self.syncs = 0
        self._queued = 0
        self._next_look = 0.0
        self._records: list[bytes] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._is_writing = False
        self._is_closed = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="collect-log")

    @property
    def queued_bytes(self) -> int:
        """Bytes that were handed over and are not yet on disk."""
        return self._queued

    def segments(self) -> list[int]:
        """Numbers of the segments on disk, in order."""
        return sorted(number for file in self.folder.iterdir() if (number := segment_number(file.name)) is not None)

    async def append(self, payload: bytes) -> None:
        """Return when the payload is on disk. Raises LogUnavailableError when it was not kept."""
        await self.hand_over(payload)

    def hand_over(self, payload: bytes) -> asyncio.Future[None]:
        """Take the payload; the future is done when it is on disk. Raises, or the future has, LogUnavailableError when it was not kept."""
        if self._is_closed:
            raise LogUnavailableError("The collector is stopping.", retry_seconds=5)
        if self._queued + len(payload) > self._queue_bytes:
            raise LogUnavailableError("More arrives than the disk can take.", retry_seconds=1)
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        if not self._records and not self._is_writing:
            loop.call_later(self._linger, self._flush, loop)
        self._queued += len(payload)
        self._records.append(frame(payload))
        self._waiters.append(waiter)
        return waiter

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        records, waiters = self._records, self._waiters
        if not records or self._is_writing:
            return
        self._records, self._waiters, self._is_writing = [], [], True
        began = loop.time()
        # the log outlives the loop's interest in it: close() waits for the writer, so no reference is lost
        written = loop.run_in_executor(self._writer, self._write, records)

        def done(outcome: asyncio.Future[None]) -> None:
            self._is_writing = False
            self._queued -= sum(map(len, records)) - len(records) * _FRAME
            error = outcome.exception()
            for waiter in waiters:
                if waiter.done():  # its client has gone
                    continue
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)
            if self._records:
                loop.call_at(max(began + self._linger, loop.time()), self._flush, loop)

        written.add_done_callback(done)

    def _write(self, records: list[bytes]) -> None:
        data = memoryview(b"".join(records))
        try:
            self._keep_reserve(len(data))
            if self._file is None or self.synced.offset >= self._segment_bytes:
                self._open_next()
            assert self._file is not None  # noqa: S101 - _open_next sets it or raises
            rest = data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if not _DSYNC:
                os.fsync(self._file)
        except OSError as error:
            self._give_up_segment()
            self.trouble = (
                "the disk is full" if error.errno in _FULL else f"the disk refuses to write ({error.strerror})"
            )
            logger.error("log_write_failed", extra={"reason": self.trouble, "records": len(records)})  # noqa: TRY400 - said in words
            raise LogUnavailableError(
                f"Nothing was kept: {self.trouble}.", hint="Free some space; the sender tries again.", retry_seconds=10
            ) from error
        self.trouble = ""
        self.syncs += 1
        self.synced = Position(self.synced.segment, self.synced.offset + len(data))

    def _open_next(self) -> None:
        number = self.synced.segment if self._file is None and self.synced.offset == 0 else self.synced.segment + 1
        file = os.open(
            self.folder / segment_name(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | _DSYNC, 0o600
        )
        if self._file is not None:
            os.close(self._file)
        self._file, self.synced = file, Position(number, 0)
        sync_folder(self.folder)

    def _keep_reserve(self, wanted: int) -> None:
        """Raise OSError ENOSPC when the write would leave less than the reserve to others."""
        if self._reserve_bytes and (self.trouble or time.monotonic() >= self._next_look):
            space = os.statvfs(self.folder)
            if space.f_bavail * space.f_frsize < self._reserve_bytes + wanted:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._next_look = time.monotonic() + _LOOK_SECONDS

    def _give_up_segment(self) -> None:
        # after a failed write or fsync the state of the file's end is unknown: cut it to what was acknowledged, go on in a new one
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self.synced.offset)
        except OSError:
            logger.warning("log_tail_left", extra={"position": str(self.synced)})
        os.close(self._file)
        self._file = None
        if self.synced.offset == 0:
            (self.folder / segment_name(self.synced.segment)).unlink(missing_ok=True)
        else:
            self.synced = Position(self.synced.segment + 1, 0)

    def read(self, position: Position) -> Chunk:
        """The records from ``position`` to the end of its segment, as far as they are on disk.

        Damaged bytes are copied to ``damaged/``, told of in the log and passed over; the records after them are kept.
        """
        synced = self.synced
        last = synced.segment if synced.offset else synced.segment - 1
        numbers = [number for number in self.segments() if position.segment <= number <= last]
        if not numbers:
            return Chunk([], position.segment, max(position, Position(synced.segment, 0)))
        number = numbers[0]
        offset = position.offset if number == position.segment else 0
        with (self.folder / segment_name(number)).open("rb") as file:
            file.seek(offset)
            data = file.read(synced.offset - offset) if number == synced.segment else file.read()
        records, damages = parse(data, offset)
        for damage in damages:
            self._set_aside(number, damage, data[damage.start - offset : damage.end - offset])
        end = Position(number, offset + len(data))
        return Chunk(records, number, end if number == synced.segment else Position(number + 1, 0))

    def _set_aside(self, number: int, damage: Damage, data: bytes) -> None:
        if damage.is_torn:
            return
        folder = self.folder / "damaged"
        folder.mkdir(exist_ok=True)
        copy = folder / f"{segment_name(number)}.{damage.start}"
        copy.write_bytes(data)
        logger.error(
            "log_damaged",
            extra={
                "position": f"{segment_name(number)}:{damage.start}",
                "bytes": damage.end - damage.start,
                "copy": str(copy),
            },
        )

    def discard(self, before: Position, *, keep_seconds: float) -> int:
        """Delete the segments that lie wholly before ``before`` and are older than ``keep_seconds``; how many."""
        limit = time.time() - keep_seconds
        gone = 0
        for number in self.segments():
            file = self.folder / segment_name(number)
            if number < min(before.segment, self.synced.segment) and file.stat().st_mtime <= limit:
                file.unlink()
                gone += 1
        return gone

    async def roll(self) -> Position:
        """End the segment: what comes from now on goes into a new one, at the place that is returned."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._end_segment)

    def _end_segment(self) -> Position:
        if self._file is not None:
            os.close(self._file)
            self._file, self.synced = None, Position(self.synced.segment + 1, 0)
        return self.synced

    def rewrite(self, keeps: Callable[[Record, int], bool], *, loaded: Position) -> int:
        """Take out of the segments that are ended and loaded every record that ``keeps`` (of it and its segment) refuses; how many.

        What was set aside as damaged goes too: nobody can tell whose it is. Each file is replaced in one step.
        """
        taken_out = 0
        for number in self.segments():
            if number > loaded.segment or number >= self.synced.segment:
                continue
            file = self.folder / segment_name(number)
            records, damages = parse(file.read_bytes())
            kept = [record for record in records if keeps(record, number)]
            if len(kept) == len(records) and not damages:
                continue
            taken_out += len(records) - len(kept)
            new = file.with_suffix(".new")
            with new.open("wb") as opened:
                opened.writelines(frame(record.payload) for record in kept)
                opened.flush()
                os.fsync(opened.fileno())
            new.replace(file)
        shutil.rmtree(self.folder / "damaged", ignore_errors=True)
        sync_folder(self.folder)
        return taken_out

    async def close(self) -> None:
        """Write what waits, then let go of the file."""
        self._is_closed = True
        while self._records or self._is_writing:
            await asyncio.sleep(0.005)
        self._writer.shutdown()
        if self._file is not None:
            os.close(self._file)
            self._file = None


_FRAME = len(frame(b""))
