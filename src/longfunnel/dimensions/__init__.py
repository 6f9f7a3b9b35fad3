"""How numbers can be cut: one dimension per file, named by the file. Adding a dimension is adding a file.

Besides these, ``props.NAME`` is any further column that a mapping kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from longfunnel.core.registry import catalogue
from longfunnel.core.text import Text, spoken
from longfunnel.dimensions._dimension import Dimension

__all__ = ["PROPS", "UNKNOWN", "Dimension", "dimension", "dimensions", "value_text"]

PROPS = "props."
UNKNOWN = Text("unknown", "неизвестно")
"""What a row is called whose value of the cut is not known."""
_SHORT = {"kind": "lead_kind"}
"""Columns of single rows that are called otherwise than the dimension."""
_STATUS = {"open": Text("open", "в работе"), "won": Text("won", "выиграна"), "lost": Text("lost", "проиграна")}
_TABLES_WITH_PROPS = ("spends", "leads", "deals", "orders", "survey_answers")


@cache
def dimensions() -> dict[str, Dimension]:
    """Every dimension by name, in alphabetical order."""
    return {name: replace(entry, name=name) for name, entry in catalogue(__name__, "DIMENSION", Dimension).items()}


def dimension(name: str) -> Dimension | None:
    """The dimension called ``name`` (or by an alias), ``props.NAME`` for a kept column, None when there is none such."""
    if name.startswith(PROPS) and len(name) > len(PROPS):
        return _of_props(name)
    found = dimensions().get(name)
    return found or next((entry for entry in dimensions().values() if name in entry.aliases), None)


def value_text(name: str, value: object) -> Text:
    """What people call a value of the dimension ``name``; the unknown one (None or empty) has a word, too."""
    if value is None or value == "":
        return UNKNOWN
    entry = dimension(_SHORT.get(name, name))
    words = entry.words if entry else _STATUS if name == "status" else {}
    return words.get(str(value)) or spoken(str(value))


def _of_props(name: str) -> Dimension:
    key = name.removeprefix(PROPS)
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")  # JSON Pointer, RFC 6901
    literal = pointer.replace("'", "''")
    return Dimension(
        title=Text(key, key),
        meaning=Text(f"The source's own column «{key}».", f"Собственная колонка источника «{key}»."),
        columns=dict.fromkeys(_TABLES_WITH_PROPS, f"json_extract_string(t.props, '{literal}')"),
        name=name,
    )
