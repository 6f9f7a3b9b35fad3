"""The connectors that there are, found by their files; and what a source's settings must say for its own."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Connector
from longfunnel.core import registry
from longfunnel.core.errors import SettingsError, did_you_mean, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.core.settings import Source

_FILE, _DLT = "file", "dlt"
"""The entries whose rows come as files: from the disk, and from the sources of dlt."""
_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str, int),
    "number": (int, float),
    "flag": (bool,),
    "list": (list, tuple),
    "table": (dict,),
}


def connector_names() -> tuple[str, ...]:
    """The types of sources that reach an outside system."""
    return tuple(name for name in registry.names("longfunnel.connect") if name not in (_FILE, _DLT))


def connector_named(name: str) -> Connector:
    """The connector of that type. Raises SettingsError for one that is not there."""
    known = connector_names()
    if name not in known:
        raise SettingsError(
            f"There is no type of source «{name}».{did_you_mean(name, [*known, _FILE, _DLT, 'webhook'])}"
        )
    return registry.entry("longfunnel.connect", name, "CONNECTOR", Connector)


def check_source(source: Source, *, is_whole: bool = True) -> Connector:
    """The source's connector. Raises SettingsError that lists every setting that it does not understand or, where ``is_whole``
    demands them all, misses."""
    connector = connector_named(source.type)
    known = {option.name: option for option in connector.options}
    where = f"[[source]] «{source.name}»: "
    mistakes = [
        f"{where}unknown setting «{name}».{did_you_mean(name, known)}" for name in source.options if name not in known
    ]
    for name, value in source.options.items():
        if name in known and not isinstance(value, _KINDS[known[name].kind]):
            mistakes.append(f"{where}{name} = {value!r} must be a {known[name].kind}.")
    mistakes += [
        f"{where}«{option.name}» is missing: {option.meaning or option.title}"
        for option in connector.options
        if is_whole and option.is_required and not source.options.get(option.name)
    ]
    credentials = [credential.name for credential in connector.credentials]
    if not source.base_url:  # the address is made of options
        mistakes += [
            f"{where}«{name}» is missing: {known[name].meaning or known[name].title}"
            for _, name, _, _ in Formatter().parse(connector.base_url)
            if name in known and not known[name].is_required and not (source.options.get(name) or known[name].default)
        ]
    mistakes += [
        f"{where}unknown setting «credentials.{name}».{did_you_mean(name, credentials)}"
        for name in source.credentials
        if name not in credentials
    ]
    if mistakes:
        raise SettingsError(together(mistakes, "longfunnel.toml needs mending:"))
    return connector


def credentials_of(
    source: Source, connector: Connector, environment: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """The source's credentials: from the environment, else the settings, else what ``longfunnel connect`` has kept."""
    found: dict[str, Any] = {}
    for credential in connector.credentials:
        name = credential.name
        value = environment.get(variable(source.name, name)) or source.credentials.get(name) or kept.get(name)
        if value:
            found[name] = str(value).strip()
    return found


def missing_credentials(connector: Connector, credentials: Mapping[str, str]) -> list[str]:
    """The names of those that are required and not there."""
    return [one.name for one in connector.credentials if one.is_required and one.name not in credentials]


def variable(source: str, credential: str) -> str:
    """The environment variable of a credential: ``LONGFUNNEL_DIRECT_TOKEN``."""
    return re.sub(r"[^A-Z0-9]+", "_", f"LONGFUNNEL_{source}_{credential}".upper())
