"""What a browser calls itself, in words: «Firefox, Windows»."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.core.settings import Language

# the first that fits: most browsers name those that they descend from as well
_BROWSERS = (
    ("YaBrowser/", Text("Yandex Browser", "Яндекс Браузер")),
    ("Edg", Text("Edge", "Edge")),
    ("OPR/", Text("Opera", "Opera")),
    ("SamsungBrowser/", Text("Samsung Internet", "Samsung Internet")),
    ("Firefox/", Text("Firefox", "Firefox")),
    ("FxiOS/", Text("Firefox", "Firefox")),
    ("CriOS/", Text("Chrome", "Chrome")),
    ("Chrome/", Text("Chrome", "Chrome")),
    ("Safari/", Text("Safari", "Safari")),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_UNKNOWN = Text("Another program", "Другая программа")


def browser_words(agent: str, language: Language) -> str:
    """The browser and its system, where they are known."""
    browser = next((text for sign, text in _BROWSERS if sign in agent), _UNKNOWN).to(language)
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return f"{browser}, {system}" if system else browser
