"""A business connected to an invented amoCRM account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import longfunnel
from longfunnel.app.business import Business
from longfunnel.app.sources.connected import given_of
from longfunnel.connect._engine import Api
from longfunnel.connect._engine.running import api_of
from longfunnel.demo.systems.amocrm import Amocrm, Knobs, app
from longfunnel.demo.systems.company import Company
from longfunnel.demo.systems.serving import serving


@cache
def company() -> Company:
    """A month of the company: about thirty deals."""
    return Company(days=30, visitors_a_day=10, deleted_share=0.1)


class Desk:
    """The business and the account beside each other."""

    def __init__(self, folder: Path, url: str, system: Amocrm, settings: dict[str, object]) -> None:
        lines = {
            "base_url": url,
            "since": "2026-09-01",
            "patience_seconds": 3,
            "requests_per_second": 500,
            "credentials.token": "long-lived-token",
            **settings,
        }
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items() if value is not None)
        head = '[business]\ncurrency = "EUR"\ntimezone = "Europe/Moscow"\ncountry = "RU"\n'
        (folder / "longfunnel.toml").write_text(f'{head}[[source]]\nname = "amo"\ntype = "amocrm"\n{text}\n')
        self.business: Business = longfunnel.open(folder)
        self.system, self.account, self.knobs, self.company = system, system.account, system.knobs, company()

    def sync(self) -> tuple[int, int]:
        """Bring what is new: rows that were added, rows that changed."""
        report = self.business.sync(["amo"])[0]
        return report.added, report.changed

    def now(self, fact: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """The newest versions of a fact's rows, in order."""
        newest = f"SELECT * FROM facts.{fact} QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"
        return self.business.warehouse.execute(
            f"SELECT {columns} FROM ({newest}) WHERE {where} ORDER BY ALL"
        ).fetchall()

    def all(self) -> list[list[tuple[Any, ...]]]:
        """Everything that is known, without when and how it was learnt."""
        return [
            self.now(fact, "COLUMNS(c -> c NOT IN ('recorded_at', 'import_id'))")
            for fact in ("deal", "lead", "stage_entry")
        ]

    @property
    def state(self) -> str:
        """How the connection fares."""
        return self.business.state.connections.all()["amo"].state

    @property
    def quarantine(self) -> list[tuple[Any, ...]]:
        """Place, column and reason of what could not be understood."""
        return self.business.warehouse.execute(
            "SELECT file, column_name, reason FROM main.quarantine ORDER BY ALL"
        ).fetchall()

    def api(self) -> Api:
        """The way to the account, to be opened."""
        return api_of(given_of(self.business, self.business.settings.source[0]))

    def hook(self, number: int, body: str) -> None:
        """A webhook has come."""
        kind = "application/x-www-form-urlencoded"
        self.business.warehouse.execute(
            "INSERT INTO main.webhooks VALUES (TIMESTAMP '2026-11-01' + to_seconds(?), 'amo', ?, ?, ?)",
            [number, f"1:{number}", kind, body],
        )


@contextmanager
def connected(folder: Path, system: Amocrm | None = None, **settings: object) -> Iterator[Desk]:
    """A business in ``folder`` connected to an account, served meanwhile."""
    system = system or app(company(), Knobs(requests_per_second=0))
    with serving(system) as url:
        desk = Desk(folder, url, system, settings)
        try:
            yield desk
        finally:
            desk.business.close()
