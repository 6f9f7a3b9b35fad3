"""Spans of time as people write them: 30d, 12h, 1d12h, 90s."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS: Final = {"week": "w", "day": "d", "hour": "h", "hr": "h", "minute": "m", "min": "m", "second": "s", "sec": "s"}
_PIECE = re.compile(r"(\d+(?:\.\d{1,6})?)\s*([a-z]+)\s*")
_LONGEST: Final = Decimal(86_400) * 999_999_999


def read_span(text: str) -> timedelta:
    """The span of ``30d``, ``1d12h``, ``90 s``, ``2 weeks``; a minus before it is read, for others to refuse.

    Raises QuestionError for anything else.
    """
    rest = text.strip().lower()
    sign = -1 if rest.startswith("-") else 1
    rest = rest.removeprefix("-").strip()
    seconds, place = Decimal(0), 0
    while place < len(rest) and (piece := _PIECE.match(rest, place)):
        number, word = piece.groups()
        unit = _WORDS.get(word.removesuffix("s"), word) if len(word) > 1 else word
        if unit not in _UNITS:
            break
        seconds += Decimal(number) * _UNITS[unit]
        place = piece.end()
    if not rest or place < len(rest) or seconds > _LONGEST:
        raise QuestionError(
            Text(
                "«{text}» is not a time; write it as 30d, 12h, 45m, 90s, 2w or 1d12h.",
                "«{text}» — не срок; пишите как 30d (дни), 12h (часы), 45m (минуты), 90s (секунды), 2w (недели) или 1d12h.",
            ).format(text=text)
        )
    return sign * timedelta(microseconds=int(seconds * 1_000_000))


def written_span(span: timedelta) -> str:
    """The span in its fewest units: ``1d12h``. Reading it gives the same span."""
    if span < timedelta(0):
        return "-" + written_span(-span)
    micros = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        count, micros = divmod(micros, size * 1_000_000)
        parts += [f"{count}{unit}"] if count else []
    if micros or not parts:
        parts.append(f"{Decimal(micros) / 1_000_000:f}s")
    return "".join(parts)
