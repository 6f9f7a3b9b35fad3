"""A page as whoever has a shared link sees it: the same words, numbers and pictures, without anything that leads further."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup, escape

_GONE = {"nav", "iframe", "object"}
"""Elements that only serve to go on."""
_GONE_CLASSES = {"strip", "menu", "how", "exports", "page-head", "link", "button", "more", "builder", "row-search"}
"""Parts of a page that only serve to go on, and its head, which the link's own stands for."""
_STAYS = "data-png"
"""A button that keeps what is on the screen."""
_LEADS = ("href", "xlink:href", "src", "action", "method", "formaction", "download", "target", "ping")
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_OF_CHARTS = {"url", "urls"}


def read_only(page: str) -> Markup:
    """The inside of a page without menus, buttons and addresses, those of its charts' marks included.

    A link becomes its own text. A form that asks shows what was asked and takes nothing; one that changes something is left out.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return Markup("".join(reader.made))  # noqa: S704 - our own page, escaped when it was made


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.made: list[str] = []
        self._dropped = ""
        """The element that is being left out, and how many of its name are open within."""
        self._open = 0
        self._is_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element without what leads further, or leave it out."""
        if self._dropped:
            self._open += tag == self._dropped
            return
        kept = dict(attrs)
        if _is_gone(tag, kept):
            if tag not in _VOID:
                self._dropped, self._open = tag, 1
            return
        self._is_data = tag == "script"
        self.made.append(_written(tag, kept))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """The same for an element of a picture that has no inside."""
        if not self._dropped and not _is_gone(tag, dict(attrs)):
            self.made.append(_written(tag, dict(attrs), end="/"))

    def handle_endtag(self, tag: str) -> None:
        """The element's end, unless it was left out."""
        if self._dropped:
            self._open -= tag == self._dropped
            if not self._open:
                self._dropped = ""
            return
        self._is_data = False
        self.made.append(f"</{_TAGS.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        """Text as it is; what a chart is drawn from, without the addresses of its marks."""
        if not self._dropped:
            self.made.append(_without_addresses(data) if self._is_data else data)

    def handle_entityref(self, name: str) -> None:
        """A character written by its name."""
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """A character written by its number."""
        self.handle_data(f"&#{name};")


def _is_gone(tag: str, attributes: dict[str, str | None]) -> bool:
    match tag:
        case "button":
            return _STAYS not in attributes
        case "input" if attributes.get("type") == "hidden":
            return True
        case "form" if (attributes.get("method") or "get").lower() != "get":
            return True
    classes = set((attributes.get("class") or "").split())
    return tag in _GONE or bool(classes & _GONE_CLASSES)


def _written(tag: str, attributes: dict[str, str | None], end: str = "") -> str:
    is_ours = tag in ("use", "img")  # our own pictures
    kept = [
        (name, value)
        for name, value in attributes.items()
        if not (name in _LEADS and not (is_ours and (value or "").startswith(("/static/", "#"))))
        and not name.startswith(("hx-", "on", "data-panel"))
    ]
    if tag == "form":
        kept.append(("inert", None))
    said = "".join(
        f" {_NAMES.get(name, name)}" + ("" if value is None else f'="{escape(value)}"') for name, value in kept
    )
    return f"<{_TAGS.get(tag, tag)}{said}{end}>"


_TAGS = {"form": "div"}
_NAMES = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio", "textlength": "textLength"}
"""Names of SVG that the parser writes small."""


def _without_addresses(data: str) -> str:
    def plain(value: Any) -> Any:
        match value:
            case dict():
                return {key: plain(one) for key, one in value.items() if key not in _OF_CHARTS}
            case list():
                return [plain(one) for one in value]
            case _:
                return value

    made = json.dumps(plain(json.loads(data)), ensure_ascii=False)
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
