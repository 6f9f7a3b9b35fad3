"""Changing longfunnel.toml from a page: only what was changed is touched, comments and order stay, nothing wrong is written."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import ParseError

from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings
from longfunnel.core.settings_mistakes import toml_said
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tomlkit import TOMLDocument

    from longfunnel.app.business import Business
    from longfunnel.core.settings import Settings

_one_at_a_time = threading.RLock()


def change_settings(business: Business, change: Callable[[TOMLDocument], None]) -> Settings:
    """Apply ``change`` to the document and write it. Raises SettingsError, with the file as it was, when the outcome is wrong."""
    with _one_at_a_time:
        text = business.settings_file.read_text("utf-8")
        try:
            document = tomlkit.parse(text)
        except ParseError as error:
            raise SettingsError(
                Text("{file} is not valid TOML: {error}.", "{file} не читается как TOML: {error}.").format(
                    file=business.settings_file.name, error=toml_said(error)
                )
            ) from error
        change(document)
        return write_settings(business, tomlkit.dumps(document))


def write_settings(business: Business, text: str) -> Settings:
    """Put ``text`` in the place of longfunnel.toml, in one step: a kill leaves either the old or the new one. Raises SettingsError."""
    file = business.settings_file
    with _one_at_a_time:
        settings = parse_settings(text, file=file.name)
        new = file.with_suffix(".toml.new")
        with new.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    return settings


def set_values(document: TOMLDocument, section: str, values: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Set the values of ``[section]``. One that is the default and was not written stays unwritten."""
    table = document.get(section)
    if table is None:
        if all(values[name] == defaults.get(name) for name in values):
            return
        table = document[section] = tomlkit.table()
    for name, value in values.items():
        if name in table:
            if _plain(table[name]) != value:
                table[name] = value
        elif value != defaults.get(name):
            table[name] = value


def rows_of(document: TOMLDocument, section: str) -> Any:
    """The ``[[section]]`` tables of the document, made when there are none."""
    if section not in document:
        document[section] = tomlkit.aot()
    return document[section]


def row_named(document: TOMLDocument, section: str, name: str) -> Any:
    """The ``[[section]]`` table of that name. Raises SettingsError."""
    for row in document.get(section, []):
        if row.get("name") == name:
            return row
    raise SettingsError(
        Text("There is no [[{section}]] «{name}».", "[[{section}]] «{name}» нет.").format(section=section, name=name)
    )


def new_row(values: dict[str, Any]) -> Any:
    """A table for an array of tables, of the values that are not empty."""
    row = tomlkit.table()
    for key, value in values.items():
        if value not in ("", None, [], {}):
            row[key] = value
    return row


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
