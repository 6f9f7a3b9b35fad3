"""What an address of a page tells: its path, the UTM marks, the click ids."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

_LONGEST = 4096


class Link(NamedTuple):
    """An address taken apart; what it does not have is None."""

    host: str | None = None
    page: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    content: str | None = None
    term: str | None = None
    yclid: str | None = None
    gclid: str | None = None
    fbclid: str | None = None
    vkclid: str | None = None


_MARKS = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_content": "content",
    "utm_term": "term",
    "yclid": "yclid",
    "ymclid": "yclid",
    "gclid": "gclid",
    "gbraid": "gclid",
    "wbraid": "gclid",
    "fbclid": "fbclid",
    "rb_clickid": "vkclid",
    "vkclid": "vkclid",
}


@lru_cache(maxsize=4096)
def read_link(address: str) -> Link:
    """The parts of an address. Marks are read in the query and, where a site routes by it, in the fragment.

    The first mark of a kind wins; percent-codes are read as UTF-8. An address that makes no sense gives nothing.
    """
    try:
        parts = urlsplit(address[:_LONGEST])
        host = parts.hostname
    except ValueError:  # https://[not-an-address/
        return Link()
    found: dict[str, str] = {}
    for text in (parts.query, parts.fragment.rpartition("?")[2]):
        if "=" not in text:
            continue
        try:
            pairs = parse_qsl(text, max_num_fields=200, errors="replace")
        except ValueError:
            continue
        for name, value in pairs:
            mark = _MARKS.get(name.lower())
            if mark and value and mark not in found:
                found[mark] = value[:512]
    return Link(host=host, page=parts.path or ("/" if host else None), **found)
