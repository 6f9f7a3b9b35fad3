"""A business whose CRM is the invented portal of Bitrix24."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import longfunnel
from longfunnel.demo.systems.bitrix24 import SECRET, Bitrix24, Knobs, app
from longfunnel.demo.systems.company import Company, Deal
from longfunnel.demo.systems.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.connect import ImportReport

COMPANY = Company(days=40)
DEALS = [deal for deal in COMPANY.deals_of("bitrix24") if not deal.is_deleted]
CURRENT = "SELECT * FROM facts.{} QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1"


class Desk:
    """The business, its portal, and short ways to both."""

    def __init__(self, business: Business, system: Bitrix24) -> None:
        self.business, self.system, self.portal = business, system, system.portal

    def sync(self) -> ImportReport:
        """Bring what is new."""
        return self.business.sync(["crm"])[0]

    def rows(self, what: str, fact: str = "deal", more: str = "") -> list[tuple[Any, ...]]:
        """Of the newest versions."""
        return self.business.warehouse.execute(f"SELECT {what} FROM ({CURRENT.format(fact)}) {more}").fetchall()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the source has said, whenever it was."""
        return {
            fact: self.rows("* EXCLUDE (recorded_at, import_id)", fact, "ORDER BY key_hash")
            for fact in ("lead", "deal", "stage_entry", "identity_link")
        }

    @property
    def state(self) -> Any:
        """How the connection fares."""
        return self.business.state.connections.all()["crm"]

    def hook(self, kind: str, body: bytes) -> None:
        """A webhook has come."""
        many = self.business.warehouse.execute("SELECT count(*) FROM main.webhooks").fetchall()[0][0]
        self.business.warehouse.execute(
            "INSERT INTO main.webhooks VALUES (?, 'crm', ?, ?, ?)",
            [datetime(2026, 11, 1), f"1:{many:05}", kind, body.decode()],
        )


@contextmanager
def connected(
    folder: Path, knobs: Knobs | None = None, *, company: Company = COMPANY, **settings: object
) -> Iterator[Desk]:
    """A business connected to the company's portal."""
    system = app(company, knobs)
    with serving(system) as url:
        lines: dict[str, object] = {
            "base_url": url, "oauth_url": url, "since": "2026-01-01", "patience_seconds": 10, "requests_per_second": 2000,
            "credentials.webhook": f"https://mebelles.bitrix24.ru/rest/1/{SECRET}/", "cost_field": "UF_CRM_COST",
            "reason_lost_field": "UF_CRM_REASON", "order_id_field": "UF_CRM_ORDER", "deletions_hours": 0, **settings,
        }  # fmt: skip
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items() if value is not None)
        (folder / "longfunnel.toml").write_text(
            f'[business]\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n[[source]]\nname = "crm"\ntype = "bitrix24"\n{text}\n'
        )
        business = longfunnel.open(folder)
        try:
            yield Desk(business, system)
        finally:
            business.close()


def first(status: str) -> Deal:
    """The first deal of that status."""
    return next(deal for deal in DEALS if deal.status == status)
