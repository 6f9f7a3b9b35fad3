"""Marks of where a request came from: the fields that amoCRM fills from the site, and the addresses of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from longfunnel.connect.amocrm._values import Fields

CODES: dict[str, tuple[str, ...]] = {
    "source": ("UTM_SOURCE", "OPENSTAT_SERVICE"),
    "medium": ("UTM_MEDIUM",),
    "campaign": ("UTM_CAMPAIGN", "OPENSTAT_CAMPAIGN"),
    "content": ("UTM_CONTENT", "OPENSTAT_AD"),
    "term": ("UTM_TERM", "OPENSTAT_SOURCE"),
    "referrer": ("REFERRER", "UTM_REFERRER"),
    "ym_client_id": ("YM_UID", "METRIKA_CLIENT_ID", "YM_CLIENT_ID"),
    "ga_client_id": ("GCLIENTID", "GA_CLIENT_ID"),
    "gclid": ("GCLID",),
    "yclid": ("YCLID",),
    "fbclid": ("FBCLID",),
    "vkclid": ("VKCLID", "RB_CLICKID"),
}
"""Column → codes of the fields of kind «tracking data», or names of fields that people have made for the same; the first with a value."""
MARKS = frozenset(code for codes in CODES.values() for code in codes)
_IN_ADDRESS = {
    "source": "utm_source",
    "medium": "utm_medium",
    "campaign": "utm_campaign",
    "content": "utm_content",
    "term": "utm_term",
    "gclid": "gclid",
    "yclid": "yclid",
    "fbclid": "fbclid",
    "vkclid": "rb_clickid",
}


def marks_of(fields: Fields) -> dict[str, str | None]:
    """The columns that the fields fill."""
    return {column: fields.named(*codes) for column, codes in CODES.items()}


def marks_in(address: Any) -> dict[str, str | None]:
    """The columns that a page's address fills."""
    if not isinstance(address, str):
        return {}
    try:
        told = dict(parse_qsl(urlsplit(address).query))
    except ValueError:
        return {}
    return {column: told.get(name) or None for column, name in _IN_ADDRESS.items()}
