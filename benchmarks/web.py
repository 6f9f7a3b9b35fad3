"""How long the server takes for every page, and how much script and style a browser fetches at its first page.

    python benchmarks/web.py                      # the medium invented business; the goal: every page under 300 ms
    python benchmarks/web.py --scale small
    python benchmarks/web.py --folder demo-business

A page's time is that of the whole request inside the server, warm: the median of five after two. «first» is the first request for it
after the start, when no answer is remembered; «fresh» is the median with no remembered answer but warm code.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

import longfunnel
from longfunnel.app.access.accounts import ready_link
from longfunnel.app.demo import demo
from longfunnel.web.application import make_app
from longfunnel.web.assets import assets
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.web.site import Site

GOAL_MS, GOAL_KB = 300, 500
URL = "http://bench.local"


def paths() -> list[str]:
    """Every page that an address without parameters opens."""
    return sorted(
        route.path
        for page in pages().values()
        for route in page.routes
        if route.method == "GET"
        and "{" not in route.path
        and route.path not in ("/enter", "/welcome", "/sign-in", "/reset")
    )


def forget(site: Site) -> None:
    """Let the next question be answered anew."""
    site.answering._known.clear()


async def measure(business: Business) -> list[tuple[str, int, float, float, float]]:
    """(path, status, first, fresh, warm) of every page, in milliseconds."""
    app = make_app(business, URL)
    site: Site = app.state.site
    transport = httpx.ASGITransport(app)
    found = []
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        link = urlsplit(ready_link(business, URL))
        await client.get(f"{link.path}?{link.query}")

        async def once(path: str) -> tuple[int, float]:
            began = time.perf_counter()
            answer = await client.get(path)
            return answer.status_code, (time.perf_counter() - began) * 1000

        for path in paths():
            forget(site)
            status, first = await once(path)
            fresh = []
            for _ in range(3):
                forget(site)
                fresh.append((await once(path))[1])
            warm = [(await once(path))[1] for _ in range(5)]
            found.append((path, status, first, median(fresh), median(warm)))
        page = (await client.get("/")).text
    print(f"\nfirst page: {weight(page) / 1000:.0f} KB of script and style, packed (goal: under {GOAL_KB})")
    return found


def weight(page: str) -> int:
    """Packed bytes of the scripts and styles that a page leads to, with what the scripts import."""
    wanted = re.findall(r'/static/[^/"]+/((?:css|js|vendor)/[^"]+\.(?:css|js))', page)
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        asset = assets().by_path.get(name)
        if name in seen or asset is None:
            continue
        seen.add(name)
        if name.endswith(".js"):
            folder = Path("/", name).parent
            for found in re.findall(r'["\'](\.{1,2}/[\w./-]+\.js)["\']', asset.body.decode("utf-8", "ignore")):
                wanted.append((folder / found).resolve().as_posix().lstrip("/"))
    return sum(len(item.packed or item.body) for name, item in assets().by_path.items() if name in seen)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="medium")
    parser.add_argument("--folder", type=Path, help="a business that is there already")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if not asked.folder:
            demo(Path(work) / "business", scale=asked.scale).business.close()
        with longfunnel.open(asked.folder or Path(work) / "business") as business:
            rows = asyncio.run(measure(business))
    print(f"\n{'page':<28}{'':>4}{'first':>10}{'fresh':>10}{'warm':>10}   ms, in the server (goal: under {GOAL_MS})")
    for path, status, first, fresh, warm in rows:
        print(f"{path:<28}{status:>4}{first:>10.0f}{fresh:>10.0f}{warm:>10.0f}{'   over' if fresh > GOAL_MS else ''}")


if __name__ == "__main__":
    main()
