"""The pages over an invented business: made once, copied for every test that changes it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from tests.web.visitor import ACCOUNTS, MANAGER, PASSWORD, URL, Browser

import longfunnel
from longfunnel.app.access import accounts
from longfunnel.app.access.accounts import add_user
from longfunnel.demo import write_business
from longfunnel.demo.scale import SCALES
from longfunnel.web import make_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longfunnel.app.business import Business


PEOPLE = 3_000
"""Visitors of the invented business as these tests know it: enough for every page to have something to show."""
SOURCES = ("yandex_direct_search", "telegram_ads", "site_events", "site_forms", "bitrix24_leads", "bitrix24_deals", "bitrix24_stages", "payments")  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """Passwords hashed with the least work: there are many sign-ins here, and nobody to keep out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, light_passwords: None) -> Path:
    """A small part of the invented business, built, with one account of each role: one for all workers. Copy it before you open it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "web"
    try:
        shared.mkdir()
    except FileExistsError:
        while not (shared / "made").exists():
            assert not (shared / "failed").exists(), (shared / "failed").read_text()
            time.sleep(0.1)
    else:
        try:
            _make(shared / "business")
        except BaseException as error:
            (shared / "failed").write_text(repr(error))
            raise
        (shared / "made").touch()
    return shared / "business"


def _make(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "small", replace(SCALES["small"], people=PEOPLE))
        write_business(folder, language="en")
    settings = folder / "longfunnel.toml"
    head, *sources = settings.read_text("utf-8").split("[[source]]")
    kept = [text for text in sources if any(f'name = "{name}"' in text for name in SOURCES)]
    settings.write_text("[[source]]".join([head, *kept]).replace("events-*", "events-2026-0[6789]"), "utf-8")
    with longfunnel.open(folder) as business:
        business.sync()
        business.build()
        for role, email in ACCOUNTS.items():
            manager = MANAGER if role == "manager" else ""
            add_user(business, email=email, name=role.title(), role=role, password=PASSWORD, manager=manager)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def served(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    """The invented business, only to be looked at."""
    with longfunnel.open(shutil.copytree(made, tmp_path_factory.mktemp("served") / "business")) as business:
        yield business


@pytest.fixture(scope="session")
def enter(served: Business) -> Iterator[Callable[[str], Browser]]:
    """Gives a browser in which the user of a role (or nobody: "") is signed in; each role signs in once."""
    app = make_app(served, URL)
    known: dict[str, Browser] = {}

    def browser(role: str) -> Browser:
        if role not in known:
            known[role] = Browser(app)
            if role:
                known[role].sign_in(ACCOUNTS[role])
        return known[role]

    yield browser
    for one in known.values():
        one.client.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Business]:
    """A business without data and without accounts."""
    (tmp_path / "longfunnel.toml").write_text(
        '[business]\nname = "Cedar"\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n'
    )
    with longfunnel.open(tmp_path) as business:
        yield business


@pytest.fixture
def browse() -> Iterator[Callable[[Business], Browser]]:
    """Opens a browser at a business."""
    opened: list[Browser] = []

    def browse(business: Business) -> Browser:
        opened.append(Browser(make_app(business, URL)))
        return opened[-1]

    yield browse
    for browser in opened:
        browser.client.close()
