"""The collector beside the practical limit: a bare ASGI app under the same server that only parses the JSON.

Requests with one event from known and from new visitors, and with twenty, from wrk on the same machine, over loopback only. Both servers run at the same time and are loaded in
turns, so that what else the machine does falls on both; the ratio is the median of the rounds. Ours syncs every event to
disk before it answers, and loads all of them into the warehouse meanwhile.

A durable answer waits for the disk, so that few connections would measure waiting: by Little's law 64 of them at 8 ms make
8,000 a second, whatever a request costs. Both are therefore asked by as many as a site of that size has.

Run: python benchmarks/collector.py [--rounds 3] [--seconds 4] [--connections 256]
Needs wrk (Debian: apt-get install wrk). Takes about three minutes. The server's builds are off: they are another benchmark's (build.py).
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
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

from longfunnel.app.serving.running import find
from longfunnel.collect.loading.loader import Loader
from longfunnel.collect.log.log import Log
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
[schedule]
build_seconds = 0
"""
OURS = """
import sys
import longfunnel
from longfunnel.app.serving.control import Control
from longfunnel.app.serving.up import serve
from longfunnel.cli.remote import carry_out, stop
with longfunnel.open(sys.argv[1]) as business:
    control = lambda running: Control(running, carry_out, stop)
    serve(business, port=int(sys.argv[2]), on_ready=lambda _: print("ready", flush=True), control=control)
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
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
LOAD = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/plain"
wrk.headers["Origin"] = "https://shop.example"
wrk.headers["User-Agent"] = "AGENT"
local start = '{"s":"shop","v":"8f14e45f-ceea-467f-a8f9-%012d","t":1700000000000,"c":2,"ym":"17000000%08d","e":['
local event = '{"i":"' .. RUN .. '-4e3c-8d5b-%012d","n":"page_view","t":1700000000000,'
local rest = '"u":"https://shop.example/catalog/item-%d?utm_source=yandex&utm_medium=cpc","r":"https://yandex.ru/","ti":"Item %d"}'
local n, visits = 0, 0
request = function()
  visits = visits + 1
  local v = NEW and visits or (visits * 7919) % 5000
  local events = {}
  for number = 1, BATCH do
    n = n + 1
    events[number] = string.format(event, n) .. string.format(rest, n % 500, n % 500)
  end
  return wrk.format(nil, "/e", nil, string.format(start, v, v) .. table.concat(events, ",") .. "]}")
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


SHAPES = {"one event": (1, False), "one event, new visitors": (1, True), "twenty events": (20, False)}
"""What a request holds: how many events, and whether each comes from a visitor that was never seen."""


def load(
    port: int, folder: Path, seconds: int, connections: int, run: int, batch: int = 1, is_new: bool = False
) -> dict[str, float]:
    script = folder / "load.lua"
    told = {"RUN": f"'{run:08x}-{port:04x}'", "NEW": str(is_new).lower(), "BATCH": str(batch), "AGENT": AGENT}
    text = LOAD
    for name, value in told.items():
        text = text.replace(name, value)
    script.write_text(text)
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
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    assert "Non-2xx" not in said, said
    p99, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
    requests = float(re.findall(r"(\d+) requests in", said)[0])
    return {
        "rate": float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]) * batch,
        "p99": float(p99) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit],
        "requests": requests,
        "events": requests * batch,
    }


def visible_after(port: int, folder: Path) -> list[float]:
    """Seconds from an event's acknowledgement until a query of another process, through the server, has it."""
    found = []
    for number in range(5):
        event = {"i": f"visible-{number}", "n": "page_view", "t": 1}
        body = json.dumps({"s": "shop", "v": "visible", "t": 1, "c": 2, "e": [event]})
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/e", body, {"User-Agent": AGENT})
        with connection.getresponse() as taken:
            assert taken.status == 202
            taken.read()
        began = time.monotonic()
        server = find(folder)
        assert server
        order = {
            "words": [
                "-C",
                str(folder),
                "sql",
                f"SELECT count(*) AS n FROM facts.event WHERE event_id = 'visible-{number}'",
                "--format",
                "csv",
            ],
            "folder": str(folder),
        }
        while True:
            connection.request("POST", "/control/run", json.dumps(order), {"Authorization": f"Bearer {server.secret}"})
            if "n\\r\\n1" in connection.getresponse().read().decode():
                break
            time.sleep(0.02)
        found.append(time.monotonic() - began)
    return found


def status(process: subprocess.Popen[str], field: str) -> float:
    return float(re.findall(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())[0]) / 1024


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--connections", type=int, default=256)
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
        rounds: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {shape: [] for shape in SHAPES}
        for number in range(given.rounds):
            for place, (shape, (batch, is_new)) in enumerate(SHAPES.items()):
                measured = []
                for process, port in ((bare, bare_port), (ours, our_port)):
                    before = cpu_seconds(process)
                    run = number * len(SHAPES) + place
                    result = load(port, folder, given.seconds, given.connections, run, batch, is_new)
                    time.sleep(1)
                    result["cpu"] = (cpu_seconds(process) - before) / result["requests"] * 1e6
                    measured.append(result)
                rounds[shape].append((measured[0], measured[1]))
        last = load(our_port, folder, given.seconds, given.connections, given.rounds * len(SHAPES))
        seconds = visible_after(our_port, folder)
        peak = status(ours, "VmHWM")
        loaded = [own for shape in rounds.values() for _, own in shape] + [last]
        acknowledged = int(sum(own["events"] for own in loaded)) + len(seconds)
    finally:
        for process in (ours, bare):
            process.send_signal(signal.SIGTERM)
        for process in (ours, bare):
            process.wait(60)
    with duckdb.connect(str(folder / ".longfunnel" / "warehouse.duckdb")) as warehouse:
        stored = warehouse.execute("SELECT count(*) FROM facts.event").fetchall()[0][0]
    for shape, measures in rounds.items():
        told = {
            name: [statistics.median(pair[which][name] for pair in measures) for which in (0, 1)]
            for name in ("rate", "p99", "cpu")
        }
        ratio = statistics.median(own["rate"] / other["rate"] for other, own in measures)
        print(
            f"{shape}: {told['rate'][1]:,.0f} events/s, {ratio:.2f} of bare ({told['rate'][0]:,.0f}); p99 {told['p99'][1]:.0f} ms ({told['p99'][0]:.0f}); CPU a request {told['cpu'][1]:.0f} µs ({told['cpu'][0]:.0f})"
        )
    print("goals: one event a request: 5,000 events/s, 0.6 of bare")
    warehouse_bytes, log_bytes = storage(folder, given.stored)
    print(
        f"visible      {statistics.median(seconds):>8.2f} s from the acknowledgement to a query, right after saturation (at most {max(seconds):.2f}); goal 2"
    )
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
