"""Photographs every page of the invented business, in both languages.

python -m longfunnel.cli.screenshots docs/screenshots       (needs playwright and Chromium)
"""

from __future__ import annotations

import base64
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longfunnel.core.errors import LongfunnelError
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_WIDE, _NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
_PROGRAM = "from longfunnel.cli.main import run; run()"
_QUALITY = 60
"""Of WebP: text stays sharp, a page takes some 40 KB."""
_SMALL = Path(str(files("longfunnel.web"))) / "static" / "img" / "demo"


def photograph(folder: Path) -> None:
    """Write ``<page>.<language>.webp`` of every page, and the overview on a phone and in the dark; of the pages of the
    navigation small ones, too, for a business that has no data yet."""
    from playwright.sync_api import sync_playwright  # a tool of whoever works on the program, not one of its needs

    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        raise LongfunnelError("Chromium is not installed.", hint="On Debian: apt-get install chromium")
    for one in (folder, _SMALL):
        one.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language in ("en", "ru"):
            with _served(language) as link:
                page = browser.new_page(viewport=_WIDE, locale=language, reduced_motion="reduce")  # type: ignore[arg-type]
                page.goto(link)
                home = page.url.rstrip("/")
                for path in _paths():
                    name = path.strip("/").replace("/", "-") or "overview"
                    _shoot(page, home + path, folder / f"{name}.{language}.webp")
                for name, path in _main():
                    _shoot(page, home + path, _SMALL / f"{name}.{language}.webp", scale=0.6)
                page.emulate_media(color_scheme="dark")
                _shoot(page, f"{home}/", folder / f"overview-dark.{language}.webp")
                page.emulate_media(color_scheme="light")
                page.set_viewport_size(_NARROW)  # type: ignore[arg-type]
                _shoot(page, f"{home}/", folder / f"overview-phone.{language}.webp")
        browser.close()


def _main() -> list[tuple[str, str]]:
    return [(name, page.path) for name, page in pages().items() if page.nav and page.routes[0].report]


def _paths() -> list[str]:
    """Every page that a signed-in owner opens without more in its address; whether it stands alone shows when it is asked."""
    return sorted(
        route.path
        for page in pages().values()
        for route in page.routes
        if route.method == "GET"
        and "{" not in route.path
        and route.allows("owner")
        and not route.is_file
        and route.path != "/enter"
    )


def _shoot(page: Any, url: str, file: Path, *, scale: float = 1) -> None:
    answer = page.goto(url)
    if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
        return
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('[data-waiting]')")
    session = page.context.new_cdp_session(page)  # Playwright's own screenshots know no WebP
    clip = {"x": 0, "y": 0, **page.viewport_size, "scale": scale}
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY, "clip": clip})
    file.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def _served(language: str) -> Iterator[str]:
    """The invented business behind a server of its own; gives the link into its ready account."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as work:
        words = [
            "-c",
            _PROGRAM,
            "-q",
            "demo",
            f"{work}/demo",
            "--language",
            language,
            "--serve",
            "--port",
            str(port),
        ]
        server = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, encoding="utf-8")  # noqa: S603 - our own program
        try:
            assert server.stdout is not None  # noqa: S101 - it was asked for
            link = next((line.strip() for line in server.stdout if re.match(r"http://\S+/enter\?", line)), "")
            if not link:
                raise LongfunnelError("The demo did not start.")
            yield link
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    photograph(Path(sys.argv[1]))
