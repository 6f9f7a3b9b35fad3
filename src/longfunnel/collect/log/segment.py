"""How records lie in a file of the log, and how they are read back from a file that a crash or a bad disk has hurt.

A record is a mark, the payload's length, a CRC-32 of length and payload, and the payload. The mark lets a reader find the
next whole record after bytes that make no sense.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

MARK = b"\xf1LF\x01"
_HEADER = struct.Struct("<4sII")
MAX_PAYLOAD = 1 << 20
"""Bytes. A longer length in a header is taken for damage."""
_NAME = re.compile(r"(\d{12})\.log")


class Position(NamedTuple):
    """A place in the log: segment by number, byte in its file. Later places are greater."""

    segment: int
    offset: int

    def __str__(self) -> str:
        return f"{segment_name(self.segment)}:{self.offset}"


class Record(NamedTuple):
    """One payload and the byte of the file at which its record begins."""

    offset: int
    payload: bytes


@dataclass(frozen=True)
class Damage:
    """Bytes from ``start`` to ``end`` that are no whole record."""

    start: int
    end: int
    is_torn: bool
    """True for an unfinished write at the end: nobody was told that it was kept."""


def segment_name(number: int) -> str:
    """File name of a segment."""
    return f"{number:012d}.log"


def segment_number(name: str) -> int | None:
    """The segment's number, or None for a file that is none."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def frame(payload: bytes) -> bytes:
    """The payload as a record."""
    length = len(payload)
    return _HEADER.pack(MARK, length, crc32(payload, length)) + payload


def parse(data: bytes, start: int = 0) -> tuple[list[Record], list[Damage]]:
    """The whole records of ``data``, in order, and what lies between them. ``start`` is the place of ``data`` in its file."""
    records: list[Record] = []
    damages: list[Damage] = []
    place, size = 0, len(data)
    while place < size:
        # the same test as in _record_end, written out: a call and a second slice for each record would double the time
        body = place + _HEADER.size
        if body <= size:
            mark, length, check = _HEADER.unpack_from(data, place)
            end = body + length
            if mark == MARK and length <= MAX_PAYLOAD and end <= size:
                payload = data[body:end]
                if crc32(payload, length) == check:
                    records.append(Record(start + place, payload))
                    place = end
                    continue
        healthy = _next_whole(data, place + 1)
        stop = size if healthy is None else healthy
        damages.append(Damage(start + place, start + stop, healthy is None and _is_torn(data, place)))
        place = stop
    return records, damages


def _record_end(data: bytes, place: int) -> int:
    """Where the record at ``place`` ends; 0 when no whole record begins there."""
    if len(data) - place < _HEADER.size:
        return 0
    mark, length, check = _HEADER.unpack_from(data, place)
    end: int = place + _HEADER.size + length
    if mark != MARK or length > MAX_PAYLOAD or end > len(data):
        return 0
    return end if crc32(memoryview(data)[place + _HEADER.size : end], length) == check else 0


def _next_whole(data: bytes, place: int) -> int | None:
    while (place := data.find(MARK, place)) >= 0:
        if _record_end(data, place):
            return place
        place += 1
    return None


def _is_torn(data: bytes, place: int) -> bool:
    rest = data[place:]
    if not rest.strip(b"\0"):
        return True  # a file system may lengthen a file before it writes into it
    if len(rest) < _HEADER.size:
        return MARK.startswith(rest[:4]) or rest.startswith(MARK)
    mark, length, _ = _HEADER.unpack_from(rest)
    is_unfinished: bool = mark == MARK and length <= MAX_PAYLOAD and _HEADER.size + length > len(rest)
    return is_unfinished
