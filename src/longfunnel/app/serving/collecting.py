"""The log and the loader of a business, for what needs them at rest: the server's own where it runs in this process."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.app.business import OWN_FOLDER
from longfunnel.collect.loading.loader import Loader, loaded_position
from longfunnel.collect.log.log import Log
from longfunnel.collect.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.collect.log.segment import Position

LOG_FOLDER = "log"


@dataclass(frozen=True)
class Collecting:
    """What collects for a business."""

    plan: Plan
    log: Log
    loader: Loader
    loop: asyncio.AbstractEventLoop | None
    """Where the log is appended to; None: nobody appends."""

    def roll(self) -> Position:
        """End the log's segment and load everything before the place that is returned. Not to be called from the loop itself."""
        rolled = self.log.roll()
        end = asyncio.run_coroutine_threadsafe(rolled, self.loop).result() if self.loop else asyncio.run(rolled)
        self.loader.load_all()
        return end


_serving: dict[Path, Collecting] = {}


@contextmanager
def serving(folder: Path, collecting: Collecting) -> Iterator[None]:
    """This process serves the folder meanwhile."""
    _serving[folder] = collecting
    try:
        yield
    finally:
        del _serving[folder]


def is_served(folder: Path) -> bool:
    """Whether this process serves the folder."""
    return folder in _serving


@contextmanager
def collecting(business: Business) -> Iterator[Collecting]:
    """What collects for the business: the server in this process, or a log and a loader for the while."""
    if business.folder in _serving:
        yield _serving[business.folder]
        return
    plan = Plan(business.settings)
    connection = business.warehouse.cursor()
    log = open_log(business)
    try:
        yield Collecting(plan, log, Loader(connection, log, plan), None)
    finally:
        asyncio.run(log.close())
        connection.close()


def open_log(business: Business) -> Log:
    """The log of the business, to be appended to: the warehouse is held, so nobody else does."""
    first = loaded_position(business.warehouse).segment + 1
    return Log(business.folder / OWN_FOLDER / LOG_FOLDER, first_segment=first)
