"""Doctor: look at everything that can be wrong, and say what to mend."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from longfunnel.collect.plan import WEBHOOK
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.business import Business

_LOW_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth a look, or broken; and what to do."""

    level: Literal["ok", "warning", "fault"]
    text: Text
    advice: Text = NOTHING


def doctor(business: Business) -> list[Finding]:
    """All findings, in the order of the data's way: settings, sources, facts, identity, disk. Changes nothing."""
    try:
        settings = business.settings
    except LongfunnelError as error:
        return [Finding("fault", error.said, error.advice)]
    told = Text("{file}: {count} sources", "{file}: источников {count}")
    findings = [Finding("ok", told.format(file=business.settings_file.name, count=len(settings.source)))]
    if not settings.source:
        findings.append(
            Finding(
                "warning",
                Text("No source is set up yet.", "Источников пока нет."),
                Text("longfunnel import FILE", "longfunnel import ФАЙЛ"),
            )
        )
    try:
        _ = business.warehouse
    except LongfunnelError as error:
        return [*findings, Finding("fault", error.said, error.advice)]
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
                Text("{name}: nothing was sent yet.", "{name}: пока ничего не прислали.").format(name=source.name),
                Text(
                    "longfunnel up tells the address to give to its sender.",
                    "Адрес для отправителя скажет longfunnel up.",
                ),
            )
            continue
        if not files and source.type != WEBHOOK:
            yield Finding(
                "warning",
                Text("{name}: nothing imported yet from {path}.", "{name}: из {path} пока ничего не загружено.").format(
                    name=source.name, path=source.path
                ),
                spoken(f"longfunnel sync {source.name}"),
            )
            continue
        if quarantined:
            yield Finding(
                "warning",
                Text("{name}: {count} rows are in quarantine.", "{name}: строк в карантине — {count}.").format(
                    name=source.name, count=quarantined
                ),
                spoken(f"longfunnel quarantine {source.name}"),
            )
        else:
            many = Text("{count} files", "файлов {count}").format(count=files)
            told = Text(
                "{name}: {what}, last imported {at:%Y-%m-%d %H:%M} UTC",
                "{name}: {what}, загружено {at:%d.%m.%Y %H:%M} UTC",
            )
            what = Text("webhooks", "вебхуки") if source.type == WEBHOOK else many
            yield Finding("ok", told.format(name=source.name, what=what, at=latest))


def _connected(business: Business, name: str, quarantined: int) -> Finding:
    known = business.state.connections.all().get(name)
    advice = spoken(f"longfunnel connect {name}")
    if known is None or not known.state:
        return Finding("warning", Text("{name}: never read yet.", "{name}: ещё не читали.").format(name=name), advice)
    if known.state != "good":
        return Finding("fault", spoken(f"{name} ({known.state}): ") + known.told, advice)
    if quarantined:
        told = Text("{name}: {count} records are in quarantine.", "{name}: записей в карантине — {count}.")
        advice = spoken(f"longfunnel quarantine {name}")
        return Finding("warning", told.format(name=name, count=quarantined), advice)
    told = Text(
        "{name}: connected, last read {at:%Y-%m-%d %H:%M} UTC", "{name}: подключено, прочитано {at:%d.%m.%Y %H:%M} UTC"
    )
    return Finding("ok", told.format(name=name, at=known.looked_at))


def _ids(business: Business) -> Iterator[Finding]:
    """Two unnamed systems that bring the same ids: references to them cannot be told apart."""
    for fact, column, things in (("lead", "lead_id", "лиды"), ("deal", "deal_id", "сделки")):
        pairs = business.warehouse.execute(
            f"""SELECT a.source_system, b.source_system, count(DISTINCT a.{column})
                FROM facts.{fact} a JOIN facts.{fact} b ON a.{column} = b.{column} AND a.source_system < b.source_system
                WHERE a.system = '' AND b.system = '' GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
        for first, second, shared in pairs:
            yield Finding(
                "warning",
                Text(
                    "{first} and {second} both bring {things} with the same ids ({shared} of them).",
                    "{first} и {second} приносят {things} с одинаковыми id ({shared}).",
                ).format(first=first, second=second, shared=shared, things=Text(f"{fact}s", things)),
                Text(
                    'If these are different {things}, give each source its own system = "…" in longfunnel.toml.',
                    'Если это разные {things}, задайте каждому источнику свою system = "…" в longfunnel.toml.',
                ).format(things=Text(f"{fact}s", things)),
            )


def _disk(business: Business) -> Iterator[Finding]:
    free = shutil.disk_usage(business.folder).free
    if free < _LOW_DISK_BYTES:
        yield Finding(
            "warning",
            Text(
                "Only {free:.0f} MB are free on the disk of {folder}.",
                "На диске папки {folder} свободно лишь {free:.0f} МБ.",
            ).format(free=free / 1e6, folder=business.folder),
            Text("Free some space before the next import.", "Освободите место до следующей загрузки."),
        )
