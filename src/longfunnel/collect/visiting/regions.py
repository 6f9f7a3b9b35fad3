"""From an address to a region, where the business has a database for it. The address is forgotten at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from longfunnel.core.errors import SettingsError
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from pathlib import Path


class _Database(Protocol):
    def get(self, address: str) -> object: ...


class Regions:
    """Looks addresses up in a MaxMind-format file (GeoLite2 City, DB-IP City Lite); without one every region is unknown."""

    def __init__(self, file: Path | None, language: str = "en") -> None:
        self._database: _Database | None = None
        self._language = language
        if file is None:
            return
        try:
            import maxminddb
        except ImportError as error:
            raise SettingsError(
                Text("[collector] region_database needs a package.", "Для [collector] region_database нужен пакет."),
                hint=spoken("pip install 'longfunnel[regions]'"),
            ) from error
        try:
            self._database = maxminddb.open_database(str(file), maxminddb.MODE_MMAP)
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            said = Text(
                "[collector] region_database «{file}» cannot be read: {why}.",
                "[collector] region_database: «{file}» не читается: {why}.",
            )
            raise SettingsError(said.format(file=file, why=error)) from error

    def of(self, address: str) -> str | None:
        """The region of the address (the country where no region is known), in the business's language; None if unknown."""
        if self._database is None:
            return None
        try:
            found = self._database.get(address)
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        subdivisions = found.get("subdivisions") or [{}]
        for place in (subdivisions[0], found.get("country") or {}):
            names = place.get("names") or {}
            if name := names.get(self._language) or names.get("en"):
                return str(name)
        return None
