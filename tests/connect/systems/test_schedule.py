"""A server that reads an outside system: it ends at once although the system does not answer, and webhooks wake it."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

import pytest
from tests.connect.systems import ledger_system
from tests.connect.systems.ledger_system import System

import longfunnel
from longfunnel.app.serving.schedule import Schedule
from longfunnel.connect import _connectors
from longfunnel.demo.systems.serving import serving


def _deal(number: int) -> dict[str, object]:
    return {"id": number, "version": number, "at": "2026-01-01T10:00:00+03:00", "amount": "5"}


@pytest.mark.slow
def test_a_webhook_wakes_the_server_and_an_ill_system_does_not_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connectors, "connector_named", lambda _: ledger_system.CONNECTOR)
    system = System(deals=[_deal(1)])
    with serving(system) as url, longfunnel.open(tmp_path) as business:
        lines = {
            "base_url": url,
            "oauth_url": url,
            "patience_seconds": 600,
            "wanted": False,
            "credentials.refresh_token": "r0",
        }
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items())
        business.settings_file.write_text(f'[[source]]\nname = "crm"\ntype = "ledger"\n{text}\n')

        def tell(number: int) -> None:
            business.warehouse.execute(
                "INSERT INTO main.webhooks VALUES (?, 'crm', ?, 'application/json', ?)",
                [datetime(2026, 1, 1), f"1:{number}", f'{{"id": {number}}}'],
            )
            schedule.tell(1)

        def deals() -> int:
            count: int = business.warehouse.execute("SELECT count(*) FROM facts.deal").fetchall()[0][0]
            return count

        schedule = Schedule(tmp_path)
        schedule.start()
        try:
            tell(1)
            until = time.monotonic() + 30
            while not deals() and time.monotonic() < until:
                time.sleep(0.05)
            assert deals() == 1
            system.ill = 1_000_000
            before = len(system.asked)
            tell(2)
            while len(system.asked) == before and time.monotonic() < until:
                time.sleep(0.05)
            assert len(system.asked) > before
        finally:
            began = time.monotonic()
            schedule.stop()
        assert time.monotonic() - began < 60  # far less than the ten minutes that it would have waited
