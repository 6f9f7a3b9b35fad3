"""Whole businesses: real companies' files where they are there, and the invented one, built once and copied for every change."""

from __future__ import annotations

import os
import pickle
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.app.real_files import REAL

import longfunnel
from longfunnel.app.business import Business, now
from longfunnel.app.init import init
from longfunnel.app.sources.import_files import add_source, propose_source
from longfunnel.demo import Truth, write_business

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

LATE = ("data/bitrix24/deals_2026-11-05_corrected.csv", "data/bitrix24/leads_june_for_director.csv")
"""Exports of the invented business that come after the others."""


@dataclass(frozen=True)
class Made:
    """The invented business, imported in two goes: first without the late files, then all. Copy it before you open it."""

    folder: Path
    truth: Truth
    between: datetime
    """UTC, after the first go and before the second."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One for all workers: the first to ask makes it, the others wait."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "invented"
    try:
        shared.mkdir()
    except FileExistsError:
        while not (shared / "made").exists():
            assert not (shared / "failed").exists(), (shared / "failed").read_text()
            time.sleep(0.2)
    else:
        try:
            _make(shared)
        except BaseException as error:
            (shared / "failed").write_text(repr(error))
            raise
    return Made(*pickle.loads((shared / "made").read_bytes()))  # noqa: S301 - written below


def _make(shared: Path) -> None:
    folder = shared / "business"
    truth = write_business(folder, language="en")
    for name in LATE:
        (folder / name).rename(shared / Path(name).name)
    with longfunnel.open(folder) as business:
        business.sync()
        business.build()
        between = now()
        for name in LATE:
            (shared / Path(name).name).rename(folder / name)
        business.sync()
        business.build()
    (shared / "writing").write_bytes(pickle.dumps((folder, truth, between)))
    (shared / "writing").rename(shared / "made")


@pytest.fixture(scope="session")
def truth(made: Made) -> Truth:
    return made.truth


@pytest.fixture(scope="session")
def demo(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    """The invented business, only to be asked."""
    with longfunnel.open(shutil.copytree(made.folder, tmp_path_factory.mktemp("demo") / "business")) as business:
        yield business


@pytest.fixture
def another(made: Made, tmp_path: Path) -> Iterator[Business]:
    """A copy of the invented business, to be changed."""
    with longfunnel.open(shutil.copytree(made.folder, tmp_path / "business")) as business:
        yield business


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Business]:
    """Makes a business of a real company's files as the README does, agreeing to what is proposed."""

    def make(name: str, files: list[str], **settings: str) -> Business:
        if not (REAL / name).is_dir():
            pytest.skip(f"{REAL / name} is not here")
        folder = tmp_path_factory.mktemp(name)
        business = init(folder, name=name, **{"language": "en", **settings})
        for file in files:
            shutil.copy(REAL / name / file, folder)
            add_source(business, propose_source(business, folder / file))
        business.sync()
        business.build()
        return business

    return make


@pytest.fixture(scope="session")
def answers() -> Callable[[Business], dict[str, Any]]:
    """What a business answers to the questions that lean on everything."""

    def ask(business: Business) -> dict[str, Any]:
        return {
            "long_funnel": business.ask("long_funnel").rows,
            "by": business.ask("long_funnel", by=["channel", "campaign"]).rows,
            "channels": business.ask("channels", by=["channel"], grain="month", basis="payment").rows,
            "pipeline": business.ask("pipeline").rows,
            "sales": business.ask("sales_funnel", by=["manager"]).rows,
            "ledger": business.ask("ledger").rows,
        }

    return ask
