"""How long the server takes for every page, and how much script and style a browser fetches at its first page.

    python benchmarks/web.py                      # the medium invented business; the goal: every page under 300 ms
    python benchmarks/web.py --scale small
    python benchmarks/web.py --folder demo-business

Two times of each page, inside the server: to its frame, which is what a browser shows first (the whole page, where that is quick), and
to the whole. «first» is the first request for it after the start, when nothing of the build is remembered either; «fresh» is the median
of three with no remembered answer but warm code; «warm» the median of five with remembered answers. A page whose frame takes longer
than the goal is marked.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Took:
    """One request of a page, in milliseconds: to the frame, and to the whole."""

    status: int
    frame: float
    whole: float


@dataclass(frozen=True)
class Row:
    """One page."""

    path: str
    first: Took
    fresh: Took
    warm: Took


def median_of(found: list[Took]) -> Took:
    """The median of both times."""
    return Took(found[0].status, median(one.frame for one in found), median(one.whole for one in found))


async def measure(business: Business) -> list[Row]:
    """Every page."""
    app = make_app(business, URL)
    site: Site = app.state.site
    transport = httpx.ASGITransport(app)
    found: list[Row] = []
    async with httpx.AsyncClient(transport=transport, base_url=URL, timeout=120) as client:
        link = urlsplit(ready_link(business, URL))
        await client.get(f"{link.path}?{link.query}")

        async def once(path: str) -> Took:
            began = time.perf_counter()
            answer = await client.get(path)
            frame = (time.perf_counter() - began) * 1000
            if found := re.search(r"LF-Work&#34;: &#34;([\w-]+)", answer.text):
                answer = await client.get(path, headers={"hx-request": "true", "lf-work": found.group(1)})
            return Took(answer.status_code, frame, (time.perf_counter() - began) * 1000)

        for path in paths():
            site.answering.forget()
            first = await once(path)
            fresh = []
            for _ in range(3):
                site.answering.forget(build=False)
                fresh.append(await once(path))
            warm = [await once(path) for _ in range(5)]
            found.append(Row(path, first, median_of(fresh), median_of(warm)))
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
    print(f"\n{'':<32}{'first':^16}{'fresh':^16}{'warm':^16}   ms, in the server (goal: the frame under {GOAL_MS})")
    print(f"{'page':<28}{'':>4}" + f"{'frame':>8}{'whole':>8}" * 3)
    for row in rows:
        times = "".join(f"{took.frame:>8.0f}{took.whole:>8.0f}" for took in (row.first, row.fresh, row.warm))
        mark = "   over" if row.fresh.frame > GOAL_MS else "   streams" if row.fresh.whole > GOAL_MS else ""
        print(f"{row.path:<28}{row.first.status:>4}{times}{mark}")


if __name__ == "__main__":
    main()
