"""Identifiers as different readers may see them: whole for those who work with people, masked for viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.web.visit import Visit


def sees_whole(visit: Visit) -> bool:
    """Whether contacts are shown whole to this reader."""
    return visit.user is not None and visit.user.role != "viewer"


def shown_identifier(kind: str, value: str, *, whole: bool) -> str:
    """A phone or e-mail as people write it; masked, enough of it is left to recognise it by."""
    if kind == "phone":
        written = _phone(value)
        return written if whole else _masked_phone(written)
    if whole:
        return value
    if kind == "email":
        name, _, host = value.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"{value[:3]}•••" if len(value) > 4 else "•••"


def masked_name(name: str, *, whole: bool) -> str:
    """A person's name; masked, the first word and an initial."""
    if whole or not name:
        return name
    first, _, rest = name.partition(" ")
    return f"{first} {rest[:1]}." if rest else first


def _phone(value: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(value), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return value


def _masked_phone(written: str) -> str:
    digits = sum(letter.isdigit() for letter in written)
    seen = 0
    made = []
    for letter in written:
        seen += letter.isdigit()
        made.append("•" if letter.isdigit() and 4 < seen <= digits - 2 else letter)
    return "".join(made)


_SAYING = ("phone", "email", "telegram", "user", "contact")
"""Kinds of identifiers that a reader may know somebody by."""


def known_as(identifiers: Iterable[str], *, whole: bool) -> list[str]:
    """Identifiers (``kind:value``) as this reader may see them, what says most first; cookies, which say nothing, are left out."""
    parts = [text.partition(":") for text in identifiers]
    said = sorted((part for part in parts if part[0] in _SAYING), key=lambda part: _SAYING.index(part[0]))
    return [shown_identifier(kind, value, whole=whole) for kind, _, value in said]
