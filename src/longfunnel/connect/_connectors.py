"""The connectors that there are, found by their files; and what a source's settings must say for its own."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Connector
from longfunnel.core import registry
from longfunnel.core.errors import MENDING, SettingsError, did_you_mean, together
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.core.settings import Source

_FILE, _DLT = "file", "dlt"
"""The entries whose rows come as files: from the disk, and from the sources of dlt."""
_UNKNOWN = Text("unknown setting «{name}».", "неизвестная настройка «{name}».")
_MISSING = Text("«{name}» is missing: {meaning}", "не задано «{name}»: {meaning}")
_KIND_WORDS = {
    "text": Text("text", "текст"),
    "number": Text("number", "число"),
    "flag": Text("flag", "флаг: true или false"),
    "list": Text("list", "список"),
    "table": Text("table", "набор пар"),
}
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
            Text("There is no type of source «{name}».", "Нет типа источника «{name}».").format(name=name)
            + did_you_mean(name, [*known, _FILE, _DLT, "webhook"])
        )
    return registry.entry("longfunnel.connect", name, "CONNECTOR", Connector)


def check_source(source: Source, *, is_whole: bool = True) -> Connector:
    """The source's connector. Raises SettingsError that lists every setting that it does not understand or, where ``is_whole``
    demands them all, misses."""
    connector = connector_named(source.type)
    known = {option.name: option for option in connector.options}
    mistakes = [_UNKNOWN.format(name=name) + did_you_mean(name, known) for name in source.options if name not in known]
    for name, value in source.options.items():
        if name in known and not isinstance(value, _KINDS[known[name].kind]):
            mistakes.append(
                Text("{name} = {value!r} must be a {kind}.", "{name} = {value!r}, а нужен {kind}.").format(
                    name=name, value=value, kind=_KIND_WORDS[known[name].kind]
                )
            )
    mistakes += [
        _MISSING.format(name=option.name, meaning=option.meaning or option.title)
        for option in connector.options
        if is_whole and option.is_required and not source.options.get(option.name)
    ]
    credentials = [credential.name for credential in connector.credentials]
    if not source.base_url:  # the address is made of options
        mistakes += [
            _MISSING.format(name=name, meaning=known[name].meaning or known[name].title)
            for _, name, _, _ in Formatter().parse(connector.base_url)
            if name in known and not known[name].is_required and not (source.options.get(name) or known[name].default)
        ]
    mistakes += [
        _UNKNOWN.format(name=f"credentials.{name}") + did_you_mean(name, credentials)
        for name in source.credentials
        if name not in credentials
    ]
    if mistakes:
        where = spoken(f"[[source]] «{source.name}»: ")
        raise SettingsError(together([where + mistake for mistake in mistakes], MENDING))
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
