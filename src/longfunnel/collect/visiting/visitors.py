"""Who a request of the tracker comes from: the visitor's id by consent, and the cookie that keeps it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_AGE_SECONDS = 395 * 86_400
_COOKIE = re.compile(r"(?:^|;\s*)lf_id=([^;]+)")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def cookie_visitor(header: str) -> str | None:
    """The visitor id in a Cookie header."""
    match = _COOKIE.search(header) if header else None
    return clean_id(match[1]) if match else None


def clean_id(text: str | None) -> str | None:
    """The id if it looks like one of ours; it comes from a stranger and goes into a header."""
    return text if text and _ID.fullmatch(text) else None


def new_id() -> str:
    """An id for a visitor that has none: 128 random bits."""
    return secrets.token_hex(16)


def cookie_attributes(*, is_secure: bool, domain: str) -> str:
    """What follows the visitor id in Set-Cookie: 395 days from now, readable by the page so that its forms can carry the id."""
    parts = ["", f"Max-Age={_AGE_SECONDS}", "Path=/", "SameSite=Lax"]
    if domain:
        parts.append(f"Domain={domain}")
    if is_secure:
        parts.append("Secure")
    return "; ".join(parts).encode("ascii", "ignore").decode("ascii")


def shared_domain(host: str, origin: str) -> str:
    """The domain that the collector's host and the page's origin share, where that is certain; else nothing.

    ``stats.shop.example`` collects for ``https://www.shop.example``: ``shop.example``. The list of public suffixes is not
    needed, as a site stands on the domain that is returned.
    """
    page = (urlsplit(origin).hostname or "").removeprefix("www.")
    own = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return page if "." in page and own.lower().endswith("." + page) else ""


class DailySalt:
    """A secret that is thrown away each day: with it an address gives an id, without it nothing leads back.

    Kept in ``file`` so that a restart does not make one visitor two; a new day overwrites it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._day = -1
        self._salt = b""

    def visitor(self, site: str, address: str, agent: str) -> str:
        """The id of a visitor without cookies: the same for one browser at one address on one day (UTC) of one site."""
        day = int(time.time() // 86_400)
        if day != self._day:
            self._day, self._salt = day, self._of(day)
        told = "\x1f".join((site, address, agent)).encode("utf-8", "replace")
        return "c-" + hashlib.blake2b(told, key=self._salt, digest_size=16).hexdigest()

    def _of(self, day: int) -> bytes:
        try:
            kept_day, _, salt = self._file.read_text("ascii").partition(" ")
            if int(kept_day) == day:
                return bytes.fromhex(salt)
        except (OSError, ValueError):
            pass  # none yet, or another day's
        salt_bytes = secrets.token_bytes(32)
        try:
            descriptor = os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{day} {salt_bytes.hex()}")
        except OSError:
            pass  # a full disk costs at most one visitor counted twice after a restart
        return salt_bytes
