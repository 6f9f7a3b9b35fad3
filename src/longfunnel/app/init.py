"""Init: make the folder of one business. Never overwrites."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import TYPE_CHECKING

from longfunnel.app.business import SETTINGS_FILE, Business
from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path


def init(folder: Path, *, name: str, currency: str, timezone: str, language: str) -> Business:
    """Write longfunnel.toml into ``folder`` (made if need be) and return the business.

    Raises SettingsError when the folder already has one, or when a value is not understood; nothing is written then.
    """
    file = folder / SETTINGS_FILE
    if file.exists():
        raise SettingsError(
            Text("{file} is there already and stays as it is.", "{file} уже есть и остаётся как есть.").format(
                file=file
            ),
            hint=Text(
                "Edit it, or choose another folder with -C.", "Измените его или назовите другую папку: -C ПАПКА."
            ),
        )
    text = files("longfunnel.app").joinpath("longfunnel.toml.txt").read_text("utf-8")
    for key, value in (("NAME", name), ("CURRENCY", currency.upper()), ("TIMEZONE", timezone), ("LANGUAGE", language)):
        text = text.replace(f"{{{key}}}", value.replace("\\", "\\\\").replace('"', '\\"'))
    parse_settings(text, file=str(file))
    folder.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)
    return Business(folder.resolve())


def begin(folder: Path) -> Business | None:
    """A business without a name in a folder with nothing in it, to be named in the browser: its language, currency and zone are
    those of this machine. None, and nothing written, for a folder that holds something (a hidden file is nothing)."""
    if folder.exists() and any(not one.name.startswith(".") for one in folder.iterdir()):
        return None
    from babel.localtime import get_localzone

    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    language = "ru" if said.startswith("ru") else "en"
    zone = getattr(get_localzone(), "key", "")
    currency = "RUB" if language == "ru" else "USD"
    return init(folder, name="", currency=currency, timezone=zone if "/" in zone else "UTC", language=language)
