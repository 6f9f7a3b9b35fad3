"""The tables of the Logs API: tab-separated, escaped as ClickHouse does, arrays within."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from longfunnel.connect._engine import ChangedSchemaError, TemporaryError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT: Final = "short"
"""Put into a line that has fewer values than fields, or more."""
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "a": "\a", "v": "\v"}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ITEM: Final = re.compile(r"\s*(?:'((?:[^'\\]|\\.|'')*)'|\"((?:[^\"\\]|\\.)*)\"|([^,\[\]'\"]*))\s*(,|$)", re.DOTALL)


def read_lines(body: bytes) -> Iterator[dict[str, str]]:
    """The lines of a part: field → raw text, still escaped. Raises ChangedSchemaError for a part without a line of field names,
    TemporaryError for one that is broken off."""
    if not body.strip():
        return
    end = body.find(b"\n")
    header = body[: end if end >= 0 else len(body)].decode("utf-8-sig", "replace").rstrip("\r").split("\t")
    if not all(name.startswith("ym:") for name in header):
        said = Text(
            "Metrika's table has no line of field names; it begins with {start!r}.",
            "В таблице Метрики нет строки с названиями полей; она начинается с {start!r}.",
        )
        raise ChangedSchemaError(said.format(start=body[:100]))
    start = end + 1 if end >= 0 else len(body)
    while start < len(body):
        end = body.find(b"\n", start)
        stop = len(body) if end < 0 else end
        text = body[start:stop].decode("utf-8", "replace").rstrip("\r")
        start = stop + 1
        if not text:
            continue
        values = text.split("\t")
        if len(values) == len(header):
            yield dict(zip(header, values, strict=True))
        elif end < 0:
            raise TemporaryError(
                Text(
                    "Metrika's table is broken off within its last line.",
                    "Таблица Метрики обрывается на последней строке.",
                )
            )
        else:
            yield {**dict(zip(header, values, strict=False)), SHORT: f"{len(values)} values for {len(header)} fields"}


def text_of(raw: str | None) -> str | None:
    r"""A value without its escapes; None for an empty one and for ``\N``."""
    if raw in (None, "", r"\N"):
        return None
    assert raw is not None  # noqa: S101 - for the type check
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), raw) if "\\" in raw else raw


def items_of(raw: str | None) -> list[str]:
    r"""The items of an array: ``[1,2]``, ``['it\'s','b']``; its quotes may themselves be escaped, ``[\'a\']``. What is no array is one
    item. Raises ValueError for an array that does not end."""
    if raw in (None, "", r"\N", "[]"):
        return []
    assert raw is not None  # noqa: S101 - for the type check
    if raw.startswith(("[\\'", '[\\"')):
        raw = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), raw)
    if not raw.startswith("["):
        return [text_of(raw) or ""]
    if not raw.endswith("]"):
        raise ValueError(Text("the array does not end: {raw}", "массив не закрыт: {raw}").format(raw=raw[:80]))
    items: list[str] = []
    inside, place = raw[1:-1], 0
    while place < len(inside):
        found = _ITEM.match(inside, place)
        if found is None:
            raise ValueError(Text("this is no array: {raw}", "это не массив: {raw}").format(raw=raw[:80]))
        quoted = found[1] if found[1] is not None else found[2]
        item = found[3].strip() if quoted is None else text_of(quoted.replace("''", "'"))
        items.append(item or "")
        place = found.end()
    return items
