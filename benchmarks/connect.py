"""A first sync of a large CRM: rows a second, requests, memory.

    python benchmarks/connect.py [--deals 200000] [--memory 200MB]

An invented portal of Bitrix24 with so many deals (each with its contact, product and history of stages) runs in a process of its own; its
limits are off. The sync runs in another process, so that its processor time and its peak memory are its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = """[business]
currency = "RUB"
timezone = "Europe/Moscow"

[[source]]
name = "crm"
type = "bitrix24"
base_url = "{url}"
since = "2020-01-01"
credentials.webhook = "1/{secret}"
requests_per_second = 10000
"""


def serve(deals: int) -> None:
    """The portal, until the input ends."""
    from longfunnel.demo.systems.bitrix24 import app
    from longfunnel.demo.systems.company import Company
    from longfunnel.demo.systems.serving import serving

    system = app(Company())
    own = len(system.portal.tables["deal"])
    system.portal.multiply(max(0, round(deals / own) - 1))
    with serving(system) as url:
        print(url, len(system.portal.tables["deal"]), flush=True)
        sys.stdin.read()
        print(f"{system.gate.requests:,} requests", flush=True)
        os._exit(0)  # the server's threads would meet an interpreter that is taken apart


def sync(url: str, folder: Path, memory: str) -> None:
    """One first sync and one that finds nothing new."""
    import longfunnel
    from longfunnel.demo.systems.bitrix24 import SECRET

    (folder / "longfunnel.toml").write_text(SETTINGS.format(url=url, secret=SECRET))
    business = longfunnel.open(folder, memory=memory)
    for name in ("first sync", "second sync"):
        clock, processor = time.perf_counter(), time.process_time()
        report = business.sync(["crm"])[0]
        seconds, processor = time.perf_counter() - clock, time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{name:12} {report.read:>9,} rows  {report.added:>9,} added  {seconds:>7.1f} s, {report.read / seconds:>6,.0f} rows/s"
            f"  of processor time {processor:>6.1f} s, {report.read / processor:>6,.0f} rows/s  peak {peak:>4} MB",
            flush=True,
        )
    business.close()


def main() -> None:
    """Start the portal, then the sync."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--deals", type=int, default=200_000)
    arguments.add_argument(
        "--memory", default="200MB", help="bound of the warehouse's own memory, which else grows with what it holds"
    )
    arguments.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("--url", help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        serve(given.deals)
        return
    if given.url:
        sync(given.url, given.folder, given.memory)
        return
    command = [sys.executable, __file__, "--serve", "--deals", str(given.deals)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as portal,
    ):
        assert portal.stdin
        assert portal.stdout
        url, deals = portal.stdout.readline().split()
        print(f"{int(deals):,} deals")
        subprocess.run(
            [sys.executable, __file__, "--url", url, "--folder", folder, "--memory", given.memory], check=True
        )
        portal.stdin.close()
        print(portal.stdout.readline().strip())


if __name__ == "__main__":
    main()
