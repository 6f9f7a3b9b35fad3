"""Writing a ``[[source]]`` as a person would: one setting a line, dotted keys, nothing that is the default."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from longfunnel.core.settings import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")
_OPTIONS = ("system", "encoding", "delimiter", "decimal", "date_order", "timezone", "sheet", "skip_rows", "unit")


def source_toml(source: Source) -> str:
    """The block of longfunnel.toml that gives this source back when it is read."""
    lines = ["[[source]]"]
    lines += [f"{name} = {_value(getattr(source, name))}" for name in ("name", "type", "path", "fact")]
    defaults = Source(name="", fact="")
    lines += [
        f"{name} = {_value(getattr(source, name))}"
        for name in _OPTIONS
        if getattr(source, name) != getattr(defaults, name)
    ]
    for section in ("columns", "constants", "values"):
        lines += _dotted(section, getattr(source, section))
    return "\n".join(lines) + "\n"


def _dotted(prefix: str, table: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key, value in table.items():
        name = f"{prefix}.{key if _BARE.match(key) else _value(key)}"
        lines += _dotted(name, value) if isinstance(value, dict) else [f"{name} = {_value(value)}"]
    return lines


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's too, except that TOML also wants DEL escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
