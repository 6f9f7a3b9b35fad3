"""What a page's HTML says to a browser of the tracker: its tags, and the policies that the page carries itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


@dataclass(frozen=True)
class Tag:
    """One tag of the tracker, as the page has it."""

    src: str
    site: str
    host: str
    """Address of the collector, without a slash at its end."""
    consent: str
    load: str
    nonce: str


class PageTags(HTMLParser):
    """The tags of the tracker and the policies in a page's HTML."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.tags: list[Tag] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag of the page."""
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self._address = urljoin(self._address, given["href"])
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))
        src = urljoin(self._address, given.get("src", ""))
        if tag == "script" and (urlsplit(src).path.endswith("/lf.js") or ("data-site" in given and given.get("src"))):
            host = given.get("data-host") or re.sub(r"[^/]*$", "", src)
            self.tags.append(
                Tag(
                    src,
                    given.get("data-site", ""),
                    host.rstrip("/"),
                    given.get("data-consent", "full"),
                    given.get("data-load", "behaviour"),
                    given.get("nonce", ""),
                )
            )
