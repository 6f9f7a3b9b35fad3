"""The connected demo: one invented company, seven systems that tell of it over real HTTP, one funnel, and the sources written back."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from longfunnel.app.business import OWN_FOLDER, Business
from longfunnel.core.errors import SettingsError
from longfunnel.core.text import Text
from longfunnel.demo.systems.all import Connected, all_systems
from longfunnel.demo.systems.company import CURRENCY, ZONE, Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.connect import ImportReport
    from longfunnel.core.progress import Progress

MARK_FILE = "connected.json"
"""Says that the folder holds this demo, and of which day and seed its company is."""


@dataclass
class ConnectedDemo:
    """The business, what its systems brought, and what was written back."""

    business: Business
    company: Company
    imports: list[ImportReport]
    systems: list[Connected]
    written: dict[str, int] = field(default_factory=dict)
    """[[write_back]] → values and conversions that were written."""

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day of the company."""
        return self.company.since.isoformat(), self.company.today.isoformat()


@contextmanager
def demo_connected(
    folder: Path, *, seed: int = 7, language: str = "en", progress: Progress | None = None
) -> Iterator[ConnectedDemo]:
    """Serve the seven systems on loopback, connect a business to them, read, build, and write the sources back.

    The systems answer until the context ends. A folder that holds the same demo goes on where it was; one that holds another
    business stays as it is (SettingsError).
    """
    company = _company(folder, seed)
    with all_systems(company) as systems:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "longfunnel.toml").write_text(_settings(systems, company, language), "utf-8")
        business = Business(folder.resolve())
        try:
            imports = business.sync(progress=progress)
            business.build(progress=progress)
            made = ConnectedDemo(business, company, imports, systems)
            asyncio.run(_write_back(made, progress or (lambda *_: None)))
            yield made
        finally:
            business.close()


async def _write_back(made: ConnectedDemo, tell: Progress) -> None:
    from longfunnel.app.write_back import carry_out, plan

    for rule in made.business.settings.write_back:
        done = await carry_out(made.business, await plan(made.business, rule), tell)
        made.written[rule.name] = done.written + done.conversions


def _company(folder: Path, seed: int) -> Company:
    """The company of the folder, or a new one up to today."""
    mark = folder / MARK_FILE
    if mark.exists():
        made = json.loads(mark.read_text("utf-8"))
        if made["seed"] == seed:
            return Company(today=datetime.fromisoformat(made["today"]).date(), seed=seed)
    if mark.exists() or (folder / OWN_FOLDER).exists():
        raise SettingsError(
            Text(
                "{folder} holds another business; it stays as it is.", "В {folder} другой бизнес; он остаётся как есть."
            ).format(folder=folder),
            hint=Text("Name another folder, or delete that one.", "Назовите другую папку или удалите эту."),
        )
    company = Company(today=datetime.now(ZONE).date(), seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"seed": seed, "today": company.today.isoformat()}), "utf-8")
    return company


def _settings(systems: list[Connected], company: Company, language: str) -> str:
    parts = [
        "# The connected demo: each [[source]] reaches an invented system on this machine, as it would reach the real one.",
        f'[business]\nname = "Мебель Лес"\ncurrency = "{CURRENCY}"\ntimezone = "{ZONE.key}"\nlanguage = "{language}"\n',
    ]
    for system in systems:
        lines = {"base_url": system.url, "oauth_url": system.url, "since": company.since.isoformat(), **system.settings}
        body = "\n".join(f"{name} = {_toml(value)}" for name, value in lines.items())
        parts.append(f'[[source]]\nname = "{system.name}"\ntype = "{system.type}"\n{body}\n')
    since = company.since.isoformat()
    parts += [
        f'[[write_back]]\nname = "{name}"\nto = "{to}"\nsince = "{since}"\n{more}'
        for name, to, more in (
            ("sources-bitrix24", "bitrix24", ""),
            ("sources-amocrm", "amocrm", ""),
            ("conversions-metrika", "metrika", 'kind = "conversions"\ntarget = "deal_won"\n'),
            ("conversions-vk", "vk", 'kind = "conversions"\ntarget = "Won deals"\n'),
        )
    ]
    return "\n".join(parts)


def _toml(value: Any) -> str:
    return json.dumps(float(value) if isinstance(value, Decimal) else value, ensure_ascii=False)
