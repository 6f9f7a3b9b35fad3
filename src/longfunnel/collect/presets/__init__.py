"""Webhooks whose fields are known: one TOML for each sender, in it one mapping for each fact.

``columns`` gives for each of ours the sender's fields, the first that has a value is taken; ``values`` translates words.
Senders let their users choose and rename the fields, so that a source's own settings go before these.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.core.errors import SettingsError, did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.core.settings import Source


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one sender's webhook becomes one fact."""

    columns: dict[str, Any]
    constants: dict[str, Any] = {}
    values: dict[str, dict[str, str]] = {}


@cache
def presets() -> dict[str, dict[str, Preset]]:
    """Every preset: the sender's name → fact → mapping."""
    return {
        file.name.removesuffix(".toml"): msgspec.convert(tomllib.loads(file.read_text("utf-8")), dict[str, Preset])
        for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name)
        if file.name.endswith(".toml")
    }


def with_preset(source: Source) -> Source:
    """The source with what its preset adds. Raises SettingsError for a preset that is not there or has no such fact."""
    if not source.preset:
        return source
    known = presets().get(source.preset)
    where = f"[[source]] «{source.name}» preset"
    if known is None:
        said = Text("{where}: there is no «{preset}».", "{where}: нет «{preset}».").format(
            where=where, preset=source.preset
        )
        raise SettingsError(said + did_you_mean(source.preset, presets()))
    preset = known.get(source.fact)
    if preset is None:
        said = Text(
            "{where}: «{preset}» sends {known}, no {fact}.", "{where}: «{preset}» присылает {known}, а не {fact}."
        )
        every = Text(" and ".join(known), " и ".join(known))
        raise SettingsError(said.format(where=where, preset=source.preset, known=every, fact=source.fact))
    own_props, props = source.columns.get("props", {}), preset.columns.get("props", {})
    columns = {**preset.columns, **source.columns}
    if isinstance(own_props, dict) and (own_props or props):
        columns["props"] = {**props, **own_props}
    return msgspec.structs.replace(
        source,
        system=source.system or source.preset,
        columns=columns,
        constants={**preset.constants, **source.constants},
        values={name: {**preset.values.get(name, {}), **source.values.get(name, {})}
                for name in preset.values.keys() | source.values.keys()},
    )  # fmt: skip
