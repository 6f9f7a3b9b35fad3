"""The log's files as a crash may have left them, and how a change of their folder is made to last."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from longfunnel.collect.log.segment import parse, segment_name, segment_number

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def mend_tail(folder: Path) -> None:
    """Cut an unfinished write off the newest segment; an empty segment goes."""
    numbers = sorted(number for file in folder.iterdir() if (number := segment_number(file.name)) is not None)
    if not numbers:
        return
    file = folder / segment_name(numbers[-1])
    _, damages = parse(file.read_bytes())
    if damages and damages[-1].is_torn:
        tail = damages[-1]
        with file.open("r+b") as opened:
            opened.truncate(tail.start)
            os.fsync(opened.fileno())
        logger.warning("log_tail_cut", extra={"position": f"{file.name}:{tail.start}", "bytes": tail.end - tail.start})


def sync_folder(folder: Path) -> None:
    """Return when the names of the folder's files are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
