"""The collector beside the practical limit: a bare ASGI app under the same server that only parses the JSON.

Single-event requests from wrk on the same machine, over loopback only. Both servers run at the same time and are loaded in
turns, so that what else the machine does falls on both; the ratio is the median of the rounds. Ours syncs every event to
disk before it answers, and loads all of them into the warehouse meanwhile.

Run: python benchmarks/collector.py [--rounds 5] [--seconds 4] [--connections 64]
Needs wrk (Debian: apt-get install wrk). Takes about a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import duckdb

from longfunnel.collect.loader import Loader
from longfunnel.collect.log import Log
from longfunnel.collect.plan import Plan
from longfunnel.collect.wire import Hit, to_payload
from longfunnel.core.settings import parse_settings
from longfunnel.warehouse.database import open_warehouse

SETTINGS = """
[business]
timezone = "UTC"
[collector]
requests_per_second = 1000000
[[site]]
name = "shop"
origins = ["https://shop.example"]
requests_per_second = 1000000
"""
OURS = """
import sys
import longfunnel
from longfunnel.app.up import serve
with longfunnel.open(sys.argv[1]) as business:
    serve(business, port=int(sys.argv[2]), on_ready=lambda _: print("ready", flush=True))
"""
BARE = """
import asyncio, signal, sys
import msgspec, uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

HEADERS = [(b"content-length", b"0")]

async def app(scope, receive, send):
    if scope["type"] == "http":
        msgspec.json.decode((await receive())["body"])
        await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b""})

async def main():
    server = Server(app, port=int(sys.argv[2]), interface=Interfaces.ASGINL, log_enabled=False, websockets=False, backlog=1024)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    asyncio.get_running_loop().call_later(0.5, lambda: print("ready", flush=True))
    await server.serve()

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""
LOAD = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/plain"
wrk.headers["Origin"] = "https://shop.example"
wrk.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
local start = '{"s":"shop","v":"8f14e45f-ceea-467f-a8f9-%012d","t":1700000000000,"c":2,"ym":"17000000%08d",'
local event = '"e":[{"i":"' .. RUN .. '-4e3c-8d5b-%012d",'
local rest = '"n":"page_view","t":1700000000000,"u":"https://shop.example/catalog/item-%d?utm_source=yandex&utm_medium=cpc",'
local last = '"r":"https://yandex.ru/","ti":"Item %d"}]}'
local n = 0
request = function()
  n = n + 1
  local v, item = (n * 7919) % 5000, n % 500
  return wrk.format(nil, "/e", nil, string.format(start, v, v) .. string.format(event, n) .. string.format(rest, item) .. string.format(last, item))
end
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(code: str, folder: Path) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", code, str(folder), str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process, port


def load(port: int, folder: Path, seconds: int, connections: int, run: int) -> dict[str, float]:
    script = folder / "load.lua"
    script.write_text(LOAD.replace("RUN", f"'{run:08x}-{port:04x}'"))
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    assert "Non-2xx" not in told, told
    p99, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", told)[0]
    requests = float(re.findall(r"(\d+) requests in", told)[0])
    return {
        "rate": float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0]),
        "p99": float(p99) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit],
        "requests": requests,
    }


def status(process: subprocess.Popen[str], field: str) -> float:
    return float(re.findall(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())[0]) / 1024


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--connections", type=int, default=64)
    arguments.add_argument("--stored", type=int, default=200_000, help="events by which storage is measured")
    given = arguments.parse_args()
    if not shutil.which("wrk"):
        print("wrk is not installed (Debian: apt-get install wrk): nothing was measured.")
        return
    folder = Path(tempfile.mkdtemp(prefix="longfunnel-collector-"))
    (folder / "longfunnel.toml").write_text(SETTINGS)
    (ours, our_port), (bare, bare_port) = start(OURS, folder), start(BARE, folder)
    try:
        idle = status(ours, "VmRSS")
        rounds = []
        for number in range(given.rounds):
            measured = []
            for process, port in ((bare, bare_port), (ours, our_port)):
                before = cpu_seconds(process)
                result = load(port, folder, given.seconds, given.connections, number)
                time.sleep(1)
                result["cpu"] = (cpu_seconds(process) - before) / result["requests"] * 1e6
                measured.append(result)
            rounds.append(measured)
            print("round {}: bare {:,.0f}/s p99 {:.0f} ms, collector {:,.0f}/s p99 {:.0f} ms, CPU a request {:.0f} and {:.0f} µs".format(
                number + 1, measured[0]["rate"], measured[0]["p99"], measured[1]["rate"], measured[1]["p99"], measured[0]["cpu"], measured[1]["cpu"]
            ))  # fmt: skip
        peak = status(ours, "VmHWM")
        acknowledged = int(sum(measured[1]["requests"] for measured in rounds))
    finally:
        for process in (ours, bare):
            process.send_signal(signal.SIGTERM)
        for process in (ours, bare):
            process.wait(60)
    with duckdb.connect(str(folder / ".longfunnel" / "warehouse.duckdb")) as warehouse:
        stored = warehouse.execute("SELECT count(*) FROM facts.event").fetchall()[0][0]
    rates, others = [ours["rate"] for _, ours in rounds], [bare["rate"] for bare, _ in rounds]
    p99 = statistics.median(ours["p99"] for _, ours in rounds)
    bare_p99 = statistics.median(bare["p99"] for bare, _ in rounds)
    ratio = statistics.median(ours / other for ours, other in zip(rates, others, strict=True))
    warehouse_bytes, log_bytes = storage(folder, given.stored)
    print()
    print(f"throughput   {statistics.median(rates):>8,.0f} events/s (best {max(rates):,.0f}); goal 5,000")
    print(f"beside bare  {ratio:>8.2f} (median of rounds; bare {statistics.median(others):,.0f}/s); goal 0.6")
    print(f"p99          {p99:>8.1f} ms (bare {bare_p99:.1f} ms)")
    print(f"memory       {peak:>8.0f} MB at most, {idle:.0f} MB idle; goal 250 MB idle")
    print(f"warehouse    {warehouse_bytes:>8.0f} bytes an event, {given.stored:,} events; goal 100")
    print(f"log          {log_bytes:>8.0f} bytes an event, for as long as it is kept")
    print(
        f"exactly once {stored - acknowledged:>8,} more in the warehouse than the {acknowledged:,} that wrk saw acknowledged: under way at a round's end"
    )
    shutil.rmtree(folder)
    assert stored >= acknowledged


def storage(folder: Path, events: int) -> tuple[float, float]:
    """Bytes an event in the warehouse and in the log, over so many events that what every warehouse has does not count."""
    plan = Plan(parse_settings(SETTINGS))
    warehouse = open_warehouse(folder / "stored")
    body = (
        '{"s":"shop","v":"8f14e45f-ceea-467f-a8f9-%012d","t":1700000000000,"c":2,"ym":"17000000%08d","e":[{"i":"%s","n":"page_view",'
        '"t":1700000000000,"u":"https://shop.example/catalog/item-%d?utm_source=yandex&utm_medium=cpc","r":"https://yandex.ru/","ti":"Item %d"}]}'
    )

    async def fill() -> None:
        log = Log(folder / "stored-log", queue_bytes=1 << 30)
        loader = Loader(warehouse.cursor(), log, plan)
        for first in range(0, events, 10_000):
            waiting = []
            for number in range(first, min(first + 10_000, events)):
                visitor, item = number * 7919 % 5000, number % 500
                text = body % (visitor, visitor, uuid.uuid4(), item, item)
                hit = Hit(
                    time.time_ns() // 1000,
                    "shop",
                    text.encode(),
                    f"8f14e45f-ceea-467f-a8f9-{visitor:012d}",
                    None,
                    "desktop",
                    None,
                    None,
                )
                waiting.append(log.append(to_payload(hit)))
            await asyncio.gather(*waiting)
            loader.load_all()
        await log.close()

    asyncio.run(fill())
    warehouse.execute("CHECKPOINT")
    # blocks that a checkpoint has freed are written again before the file grows
    block, used = warehouse.execute("SELECT block_size, used_blocks FROM pragma_database_size()").fetchall()[0]
    warehouse.close()
    log_bytes = sum(file.stat().st_size for file in (folder / "stored-log").glob("*.log"))
    return block * used / events, log_bytes / events


if __name__ == "__main__":
    main()
