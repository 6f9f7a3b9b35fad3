"""Batches: up to 50 commands as PHP queries, of which later ones may name what earlier ones gave."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.demo.systems.bitrix24._lists import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
_COMMANDS = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\]]+\])+)")


def nested(pairs: list[tuple[str, str]]) -> Row:
    """Parameters as PHP reads them: ``filter[>ID]=10&select[]=ID``."""
    found: Row = {}
    for key, value in pairs:
        head, *parts = re.split(r"[\[\]]+", key.rstrip("]")) if "[" in key and not key.endswith("[]") else [key]
        if key.endswith("[]"):
            head, *parts = [*re.split(r"[\[\]]+", key[:-2].rstrip("]")), ""]
        place = found
        path = [head, *parts]
        for part in path[:-1]:
            step = place.setdefault(part, {})
            if not isinstance(step, dict):
                step = place[part] = {}
            place = step
        place[path[-1] or str(len(place))] = value
    return found


def carry_out_batch(params: Row, one: Callable[[str, Row], tuple[Any, Row, Row]]) -> Row:
    """The result of ``batch``. ``one`` carries out a method and gives its result, what its envelope says, and its time."""
    commands = params.get("cmd")
    if isinstance(commands, list):
        commands = {str(place): command for place, command in enumerate(commands)}
    if not isinstance(commands, dict):
        raise Refused("INVALID_ARG_VALUE", "Parameter 'cmd' must be array.")
    halt = str(params.get("halt", 0)) in ("1", "true", "True")
    parts: dict[str, Row] = {
        name: {} for name in ("result", "result_error", "result_total", "result_next", "result_time")
    }
    for number, (name, command) in enumerate(commands.items()):
        try:
            method, given = _command(number, str(command), parts["result"])
            parts["result"][name], envelope, parts["result_time"][name] = one(method, given)
            for key, value in envelope.items():
                parts[f"result_{key}"][name] = value
        except Refused as error:
            parts["result_error"][name] = {"error": error.code, "error_description": error.description}
            if halt:
                break
    return {name: part or [] for name, part in parts.items()}  # PHP: an empty map is an empty list


def _command(number: int, command: str, results: Row) -> tuple[str, Row]:
    if number >= _COMMANDS:
        raise Refused("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    method, _, query = command.partition("?")
    if method == "batch":
        raise Refused("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
    filled: Row = _filled(nested(parse_qsl(query, keep_blank_values=True)), results)
    return method, filled


def _filled(value: Any, results: Row) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, results) for key, one in value.items()}
    return _REFERENCE.sub(lambda found: str(_at(results, re.findall(r"\[([^\]]+)\]", found[1]))), value)


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return value
