"""Reads the log while another process writes it: what is there, and then what comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from longfunnel.collect.log.segment import Position, Record, parse, segment_name, segment_number

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

_PAUSE_SECONDS = 0.2


def follow(
    folder: Path, *, last: int = 0, is_over: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Position, bytes] | None]:
    """Place and payload of the ``last`` records of the log in ``folder``, then of each that comes; None when there is none for now.

    Ends when ``is_over`` says so at such a pause. Damaged bytes are passed over: telling of them is the loader's.
    """
    place = yield from _latest(folder, last)
    while True:
        found = False
        for number in (number for number in _segments(folder) if number >= place.segment):
            offset = place.offset if number == place.segment else 0
            records, offset = _read(folder, number, offset)
            for record in records:
                found = True
                yield Position(number, record.offset), record.payload
            place = Position(number, offset)
        if not found:
            yield None
            if is_over():
                return
            time.sleep(_PAUSE_SECONDS)


def _latest(folder: Path, last: int) -> Generator[tuple[Position, bytes], None, Position]:
    """The ``last`` records; the end that was reached is the generator's value."""
    end = Position(0, 0)
    found: list[tuple[Position, bytes]] = []
    for number in reversed(_segments(folder)):
        records, offset = _read(folder, number, 0)
        end = max(end, Position(number, offset))
        wanted = records[-(last - len(found)) :] if last > len(found) else []
        found = [(Position(number, record.offset), record.payload) for record in wanted] + found
        if len(found) >= last:
            break
    yield from found
    return end


def _segments(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(number for file in folder.iterdir() if (number := segment_number(file.name)) is not None)


def _read(folder: Path, number: int, offset: int) -> tuple[list[Record], int]:
    """The whole records from ``offset`` on, and where to go on: before a record that is still being written."""
    try:
        with (folder / segment_name(number)).open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:  # loaded long ago, and tidied away between two looks
        return [], offset
    records, damages = parse(data, offset)
    if damages and damages[-1].is_torn:
        return records, damages[-1].start
    return records, offset + len(data)
