"""Static files: read once, packed once, served under an address that changes with their content, so that browsers keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "png": "image/png",
    "webp": "image/webp",
    "txt": "text/plain; charset=utf-8",
}
_LEFT_OUT = ("node_modules",)
_PACKED_ALREADY = ("woff2", "png", "webp")


@dataclass(frozen=True)
class Asset:
    """One static file."""

    body: bytes
    packed: bytes | None
    """gzip; None where it would not be smaller."""
    media_type: str


@dataclass(frozen=True)
class Assets:
    """All static files by path, under one version: modules import each other by relative paths, so they change together."""

    version: str
    by_path: dict[str, Asset]

    def url(self, path: str) -> str:
        """Where a page finds the file. Raises KeyError for a file that is not there."""
        self.by_path[path]
        return f"/static/{self.version}/{path}"


@cache
def assets() -> Assets:
    """The files of ``web/static`` that browsers ask for."""
    found = dict(_walk(files("longfunnel.web") / "static", ""))
    version = hashlib.sha256()
    for path in sorted(found):
        version.update(path.encode() + b"\0" + found[path].body)
    return Assets(version.hexdigest()[:12], found)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found = []
    for item in folder.iterdir():
        path = prefix + item.name
        if item.is_dir():
            found += [] if item.name in _LEFT_OUT else _walk(item, path + "/")
            continue
        kind = item.name.rpartition(".")[2]
        if kind in _TYPES:
            body = item.read_bytes()
            packed = None if kind in _PACKED_ALREADY else gzip.compress(body, 9, mtime=0)
            found.append((path, Asset(body, packed if packed and len(packed) < len(body) else None, _TYPES[kind])))
    return found
