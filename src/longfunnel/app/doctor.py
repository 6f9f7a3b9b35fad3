"""Doctor: look at everything that can be wrong, and say what to mend."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from longfunnel.collect.plan import WEBHOOK
from longfunnel.core.errors import LongfunnelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.business import Business

_LOW_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth a look, or broken; and what to do."""

    level: Literal["ok", "warning", "fault"]
    text: str
    advice: str = ""


def doctor(business: Business) -> list[Finding]:
    """All findings, in the order of the data's way: settings, sources, facts, identity, disk. Changes nothing."""
    try:
        settings = business.settings
    except LongfunnelError as error:
        return [Finding("fault", error.message, error.hint)]
    findings = [Finding("ok", f"{business.settings_file.name}: {len(settings.source)} sources")]
    if not settings.source:
        findings.append(Finding("warning", "No source is set up yet.", "longfunnel import FILE"))
    try:
        _ = business.warehouse
    except LongfunnelError as error:
        return [*findings, Finding("fault", error.message, error.hint)]
    return [*findings, *_sources(business), *_ids(business), *_disk(business)]


def _sources(business: Business) -> Iterator[Finding]:
    for source in business.settings.source:
        row = business.warehouse.execute(
            """SELECT count(DISTINCT file), max(recorded_at),
                      (SELECT count(*) FROM main.quarantine q WHERE q.source_system = $name)
               FROM main.imports WHERE source_system = $name""",
            {"name": source.name},
        ).fetchall()[0]
        files, latest, quarantined = row
        if source.is_connected:
            yield _connected(business, source.name, quarantined)
            continue
        if not files and source.type == WEBHOOK and not quarantined:
            yield Finding(
                "warning",
                f"{source.name}: nothing was sent yet.",
                "longfunnel up tells the address to give to its sender.",
            )
            continue
        if not files and source.type != WEBHOOK:
            yield Finding(
                "warning", f"{source.name}: nothing imported yet from {source.path}.", f"longfunnel sync {source.name}"
            )
            continue
        if quarantined:
            yield Finding(
                "warning",
                f"{source.name}: {quarantined} rows are in quarantine.",
                f"longfunnel quarantine {source.name}",
            )
        else:
            what = "webhooks" if source.type == WEBHOOK else f"{files} files"
            yield Finding("ok", f"{source.name}: {what}, last imported {latest:%Y-%m-%d %H:%M} UTC")


def _connected(business: Business, name: str, quarantined: int) -> Finding:
    known = business.state.connections.all().get(name)
    if known is None or not known.state:
        return Finding("warning", f"{name}: never read yet.", f"longfunnel connect {name}")
    if known.state != "good":
        return Finding("fault", f"{name} ({known.state}): {known.told}", f"longfunnel connect {name}")
    if quarantined:
        return Finding("warning", f"{name}: {quarantined} records are in quarantine.", f"longfunnel quarantine {name}")
    return Finding("ok", f"{name}: connected, last read {known.looked_at:%Y-%m-%d %H:%M} UTC")


def _ids(business: Business) -> Iterator[Finding]:
    """Two unnamed systems that bring the same ids: references to them cannot be told apart."""
    for fact, column in (("lead", "lead_id"), ("deal", "deal_id")):
        pairs = business.warehouse.execute(
            f"""SELECT a.source_system, b.source_system, count(DISTINCT a.{column})
                FROM facts.{fact} a JOIN facts.{fact} b ON a.{column} = b.{column} AND a.source_system < b.source_system
                WHERE a.system = '' AND b.system = '' GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
        for first, second, shared in pairs:
            yield Finding(
                "warning",
                f"{first} and {second} both bring {fact}s with the same ids ({shared} of them).",
                f'If these are different {fact}s, give each source its own system = "…" in longfunnel.toml.',
            )


def _disk(business: Business) -> Iterator[Finding]:
    free = shutil.disk_usage(business.folder).free
    if free < _LOW_DISK_BYTES:
        yield Finding(
            "warning",
            f"Only {free / 1e6:.0f} MB are free on the disk of {business.folder}.",
            "Free some space before the next import.",
        )
