"""A source after it is connected: its mapping changed, the source removed, and what it brought taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from longfunnel.app.build import LIVE, building
from longfunnel.app.settings_file import change_settings, row_named, rows_of
from longfunnel.app.sources.status import bring_in
from longfunnel.core.errors import NothingYetError, SettingsError
from longfunnel.core.text import Text
from longfunnel.warehouse.database import transaction
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tomlkit import TOMLDocument

    from longfunnel.app.business import Business
    from longfunnel.connect import ImportReport
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Source

_MAPPED = ("fact", "columns", "constants", "values", "system", "timezone", "date_order", "decimal")
"""What a changed mapping writes anew; the file, its encoding and the like stay as they are."""
_KEPT_OF_A_SOURCE = ("imports", "quarantine", "cursors", "raw_records", "webhooks")


def change_mapping(business: Business, source: Source) -> None:
    """Write what ``source`` says of its columns into the ``[[source]]`` of its name. Raises SettingsError, with the file as it was."""

    def change(document: TOMLDocument) -> None:
        row = row_named(document, "source", source.name)
        for key in _MAPPED:
            value = getattr(source, key)
            if _plain(row.get(key, {} if isinstance(value, dict) else "")) == value:
                continue
            row.pop(key, None)
            for path, inner in _leaves((key,), value):
                row.add(tomlkit.key(list(path)), inner)

    change_settings(business, change)


def remove_source(business: Business, name: str) -> None:
    """Take the source out of longfunnel.toml and forget its secrets; what it brought stays. Raises SettingsError, with the file as
    it was, for one that is not there and for one that something else in the file still needs."""

    def change(document: TOMLDocument) -> None:
        needing = [row.get("name", "") for row in document.get("write_back", []) if row.get("to") == name]
        if needing:
            said = Text(
                "«{name}» is written to by {needing}: delete that sending first.",
                "В «{name}» отправляет {needing}: сначала удалите эту отправку.",
            )
            raise SettingsError(said.format(name=name, needing=", ".join(f"«{one}»" for one in needing)))
        rows_of(document, "source").remove(row_named(document, "source", name))

    change_settings(business, change)
    business.state.connections.forget(name)


def take_out(
    business: Business, name: str, *, keeping_corrections: bool = False, progress: Progress | None = None
) -> int:
    """Delete everything that the source has brought, earlier states with it, and build without it; how many rows of facts that was.
    ``keeping_corrections``: rows that were mended by hand are to be read as mended when the source is read again."""
    connection = business.warehouse
    if progress:
        progress(Text("taking out the rows", "убираем строки"), 0.1)
    with building:
        with business.interruptible(), transaction(connection):
            gone = sum(
                connection.execute(f'DELETE FROM facts."{fact}" WHERE source_system = ?', [name]).fetchall()[0][0]
                for fact in facts()
            )
            for table in (*_KEPT_OF_A_SOURCE, *(() if keeping_corrections else ("corrections",))):
                connection.execute(f"DELETE FROM main.{table} WHERE source_system = ?", [name])
            for (schema,) in connection.execute("SELECT schema_name FROM main.builds").fetchall():
                if schema != LIVE:  # an earlier state was built of the rows that are gone
                    connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            connection.execute("DELETE FROM main.builds WHERE schema_name <> ?", [LIVE])
        if progress:
            progress(Text("building", "сборка"), 0.4)
        try:
            business.build(full=True)
        except NothingYetError:  # it was the only source
            with transaction(connection):
                connection.execute(f"DROP SCHEMA IF EXISTS {LIVE} CASCADE")
                connection.execute("DELETE FROM main.builds")
    return int(gone)


def read_anew(business: Business, name: str, *, progress: Progress | None = None) -> list[ImportReport]:
    """Take out what the source has brought and bring it in again by its mapping as it is now."""

    def part(since: float, share: float) -> Progress | None:
        return (lambda what, done: progress(what, since + share * done)) if progress else None

    take_out(business, name, keeping_corrections=True, progress=part(0, 0.4))
    return bring_in(business, [name], progress=part(0.4, 0.6))


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Dotted keys and their values, as a person would write them; what is empty is not written."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif value != "":
        yield path, value


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
