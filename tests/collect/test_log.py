from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from longfunnel.collect.log.log import Log, LogUnavailableError
from longfunnel.collect.log.segment import Position, frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


START = Position(0, 0)


def everything(log: Log, position: Position = START) -> list[bytes]:
    found: list[bytes] = []
    while True:
        chunk = log.read(position)
        found += [record.payload for record in chunk.records]
        if chunk.next == position or (not chunk.records and chunk.next >= log.synced):
            return found
        position = chunk.next


def write(log: Log, payloads: list[bytes]) -> None:
    async def run() -> None:
        await asyncio.gather(*(log.append(payload) for payload in payloads))
        await log.close()

    asyncio.run(run())


def test_records_are_read_back_in_order_across_segments_and_restarts(tmp_path: Path) -> None:
    first = [b"%d" % number * 20 for number in range(50)]

    async def one_by_one(log: Log) -> None:
        for payload in first:
            await log.append(payload)
        await log.close()

    asyncio.run(one_by_one(Log(tmp_path, segment_bytes=300, linger=0, reserve_bytes=0)))
    write(again := Log(tmp_path, reserve_bytes=0), [b"later"])
    assert len(again.segments()) > 5
    assert everything(again) == [*first, b"later"]


def test_records_that_wait_together_share_a_sync(tmp_path: Path) -> None:
    log = Log(tmp_path, reserve_bytes=0)
    write(log, [b"%d" % number for number in range(200)])
    assert log.syncs == 1
    assert len(everything(log)) == 200


def test_a_reader_sees_only_what_is_on_disk(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path, linger=0.05, reserve_bytes=0)
        waiting = asyncio.create_task(log.append(b"x"))
        await asyncio.sleep(0.01)
        assert everything(log) == []
        await waiting
        assert everything(log) == [b"x"]
        await log.close()

    asyncio.run(run())


def test_a_full_queue_refuses_at_once_and_keeps_what_it_took(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path, queue_bytes=100, reserve_bytes=0)
        taken = [asyncio.create_task(log.append(b"x" * 40)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailableError) as refused:
            await log.append(b"y" * 40)
        assert refused.value.retry_seconds == 1
        await asyncio.gather(*taken)
        await log.append(b"z" * 40)
        assert everything(log) == [b"x" * 40, b"x" * 40, b"z" * 40]
        await log.close()
        with pytest.raises(LogUnavailableError):
            await log.append(b"late")

    asyncio.run(run())


def test_a_client_that_leaves_takes_nothing_with_it(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path, reserve_bytes=0)
        leaver, stayer = asyncio.create_task(log.append(b"gone")), asyncio.create_task(log.append(b"here"))
        await asyncio.sleep(0)
        leaver.cancel()
        await stayer
        assert everything(log) == [b"gone", b"here"]
        await log.close()

    asyncio.run(run())


def test_an_unfinished_write_is_cut_off_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(Log(tmp_path, reserve_bytes=0), [b"a", b"b"])
    segment = next(tmp_path.glob("*.log"))
    whole = segment.read_bytes()
    segment.write_bytes(whole + frame(b"unfinished")[:-3])
    log = Log(tmp_path, reserve_bytes=0)
    assert segment.read_bytes() == whole
    assert "log_tail_cut" in caplog.messages
    write(log, [b"c"])
    assert everything(log) == [b"a", b"b", b"c"]


def test_a_damaged_middle_is_set_aside_and_the_rest_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(Log(tmp_path, reserve_bytes=0), [b"first", b"second", b"third"])
    segment = next(tmp_path.glob("*.log"))
    hurt = segment.read_bytes().replace(b"second", b"sECond")
    segment.write_bytes(hurt)
    log = Log(tmp_path, reserve_bytes=0)
    assert everything(log) == [b"first", b"third"]
    [copy] = (tmp_path / "damaged").iterdir()
    assert b"sECond" in copy.read_bytes()
    assert caplog.messages == ["log_damaged"]
    assert segment.read_bytes() == hurt
    asyncio.run(log.close())


def test_a_lost_log_goes_on_behind_what_was_loaded(tmp_path: Path) -> None:
    log = Log(tmp_path, reserve_bytes=0, first_segment=58)
    write(log, [b"new"])
    assert everything(log, Position(57, 4000)) == [b"new"]


def test_loaded_segments_go_when_they_are_old_enough(tmp_path: Path) -> None:
    for number in range(3):
        write(Log(tmp_path, reserve_bytes=0), [b"%d" % number])
    write(log := Log(tmp_path, reserve_bytes=0), [b"now"])
    numbers = log.segments()
    assert log.discard(Position(numbers[2], 5), keep_seconds=3600) == 0
    assert log.discard(Position(numbers[2], 5), keep_seconds=0) == 2
    assert log.segments() == numbers[2:]


def test_the_reserve_of_the_disk_is_left_to_others(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path, reserve_bytes=1 << 60, linger=0)
        with pytest.raises(LogUnavailableError, match="disk is full"):
            await log.append(b"x")
        assert log.trouble == "the disk is full"
        assert everything(log) == []
        await log.close()

    asyncio.run(run())


def test_a_file_size_limit_refuses_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path, linger=0, reserve_bytes=0)
        kept = [b"k" * 900] * 4
        for payload in kept:
            await log.append(payload)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
        try:
            with pytest.raises(LogUnavailableError, match="disk is full"):
                await log.append(b"x" * 900)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        await log.append(b"after")
        assert everything(log) == [*kept, b"after"]
        assert log.trouble == ""
        await log.close()

    asyncio.run(run())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk: Path) -> None:
    async def run() -> None:
        log = Log(small_disk / "log", linger=0, reserve_bytes=0, segment_bytes=40_000)
        acknowledged, refused = [], 0
        for number in range(60):
            payload = b"%03d" % number * 1500
            try:
                await log.append(payload)
                acknowledged.append(payload)
            except LogUnavailableError:
                refused += 1
        assert acknowledged
        assert refused > 5
        assert everything(log) == acknowledged
        for number in log.segments()[:2]:
            (small_disk / "log" / f"{number:012d}.log").unlink()
        await log.append(b"there is room again")
        assert everything(log)[-1] == b"there is room again"
        await log.close()
        assert everything(Log(small_disk / "log", reserve_bytes=0))[-1] == b"there is room again"

    asyncio.run(run())
