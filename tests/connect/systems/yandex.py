"""What the tests of Yandex's connectors share: a business whose one source reaches an invented system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import longfunnel
from longfunnel.app.business import Business
from longfunnel.connect import ImportReport
from longfunnel.connect._engine import Page
from longfunnel.connect._engine.writing import Writer
from longfunnel.core.text import Text
from longfunnel.demo.systems._yandex_oauth import YandexOAuth
from longfunnel.demo.systems.company import ZONE, Company
from longfunnel.demo.systems.serving import App, serving

SOURCE = "ads"


def make_company() -> Company:
    """A company that lives till today."""
    return Company(today=datetime.now(ZONE).date(), days=12, visitors_a_day=8)


@dataclass
class Site:
    """A business and the address of the system that it is connected to."""

    business: Business
    url: str
    kind: str
    company: Company
    settings: dict[str, Any] = field(default_factory=dict)

    def set(self, **settings: Any) -> None:
        """Change settings of the source."""
        self.settings |= settings
        lines = "\n".join(f"{name} = {_toml(value)}" for name, value in self.settings.items() if value is not None)
        text = f'[business]\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n[[source]]\nname = "{SOURCE}"\ntype = "{self.kind}"\n{lines}\n'
        (self.business.folder / "longfunnel.toml").write_text(text)

    def sync(self) -> ImportReport:
        """Bring what is new."""
        return self.business.sync([SOURCE])[0]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the warehouse answers."""
        return self.business.warehouse.execute(sql, list(values)).fetchall()

    def state(self) -> tuple[str, Text]:
        """How the source fares, and in which words."""
        found = self.business.state.connections.all()[SOURCE]
        return found.state, found.told

    def cursor(self) -> Any:
        """The place that is kept."""
        found = self.rows("SELECT place FROM main.cursors WHERE source_system = ?", SOURCE)
        return json.loads(found[0][0]) if found else None


@contextmanager
def site(folder: Path, kind: str, company: Company, app: App, **settings: Any) -> Iterator[Site]:
    """A business in ``folder`` with one source of the ``kind``, connected to ``app``."""
    with ExitStack() as opened:
        url = opened.enter_context(serving(app))
        folder.mkdir(parents=True, exist_ok=True)
        business = longfunnel.open(folder)
        opened.callback(business.close)
        made = Site(business, url, kind, company)
        made.set(
            **{
                "base_url": url,
                "oauth_url": url,
                "since": company.since.isoformat(),
                "patience_seconds": 5,
                "requests_per_second": 500,
                "credentials.token": YandexOAuth().token,
                **settings,
            }
        )
        yield made


def killed_at(made: Site, write: int) -> bool:
    """Sync, every page written by itself, and die before the so many-th is; whether it came to that."""
    own, written = Writer.write, 0

    def die(self: Writer, pages: list[Page]) -> None:
        nonlocal written
        written += 1
        if written == write:
            raise KeyboardInterrupt
        own(self, pages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("longfunnel.connect._engine.running._RECORDS_AT_ONCE", 0)
        patch.setattr(Writer, "write", die)
        try:
            made.sync()
        except KeyboardInterrupt:
            return True
    return False


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(name))} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
