"""Up: one process that collects, loads and answers. It stops gracefully: what was acknowledged is loaded or waits on disk."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from granian.constants import Interfaces
from granian.server.embed import Server

from longfunnel.app.business import OWN_FOLDER
from longfunnel.app.privacy.erasure import finish_erasures
from longfunnel.app.serving.collecting import LOG_FOLDER, Collecting, open_log, serving
from longfunnel.app.serving.doors import Doors
from longfunnel.app.serving.jobs import end_jobs
from longfunnel.app.serving.running import announce, withdraw
from longfunnel.app.serving.schedule import Schedule
from longfunnel.app.sources.connected import is_genuine
from longfunnel.collect.calls.lending import Lending
from longfunnel.collect.doors.endpoint import Endpoint
from longfunnel.collect.doors.monitoring import Monitor
from longfunnel.collect.loading.loader import Loader
from longfunnel.collect.plan import Plan
from longfunnel.collect.visiting.regions import Regions
from longfunnel.collect.visiting.traffic import read_agent
from longfunnel.collect.visiting.visitors import DailySalt
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business
    from longfunnel.app.serving.doors import GoAhead, MakeControl, Pages
    from longfunnel.core.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Addresses:
    """Where a running server is found."""

    tracker: dict[str, str]
    """Site → the line of HTML that goes into its pages."""
    hooks: dict[str, str]
    """Webhook → the address to give to its sender."""
    health: str


class PortError(LongfunnelError):
    """The address is taken or may not be used."""

    code = "port"


def serve(
    business: Business,
    *,
    host: str = "127.0.0.1",
    port: int = 8700,
    public_url: str = "",
    on_ready: Callable[[Addresses], None] | None = None,
    pages: Pages | None = None,
    control: MakeControl | None = None,
    go_ahead: GoAhead | None = None,
) -> None:
    """Collect until SIGTERM or SIGINT. ``public_url`` is how the world reaches us, where a proxy stands before us.

    ``pages`` makes the application that answers whatever is not the collector's, of the business and the public address.
    ``go_ahead`` has them made ahead of their visitors, after the start and after each build.
    ``control`` makes the one that carries out the commands of other processes.
    ``on_ready`` is told where to look once requests are taken. Raises PortError, SettingsError, WarehouseError before that.
    """
    gc.freeze()  # what the start has made stays for good: no collection need look through it again
    gc.set_threshold(20_000, 20, 50)  # a thousand requests under way are no garbage: look for it less often
    finish_erasures(business)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        url = public_url or f"http://{host}:{port}"
        runner.run(_run(business, host, port, url, on_ready, pages, control, go_ahead))
    finish_erasures(business)


async def _run(
    business: Business,
    host: str,
    port: int,
    public_url: str,
    on_ready: Callable[[Addresses], None] | None,
    pages: Pages | None,
    control: MakeControl | None,
    go_ahead: GoAhead | None,
) -> None:
    settings = business.settings
    plan = Plan(settings)
    own_folder = business.folder / OWN_FOLDER
    database = settings.collector.region_database
    regions = Regions(business.folder / database if database else None, settings.business.language)
    _check_port(host, port)
    warehouse = business.warehouse.cursor()
    # a load a second soon fills the usual 16 MB, and each checkpoint writes the newest rows once more
    warehouse.execute("SET checkpoint_threshold = '64MB'")
    log = open_log(business)
    loader = Loader(warehouse, log, plan)
    await asyncio.to_thread(loader.attempt)  # what waited since the last run: the leases of numbers are among it
    lending = Lending(plan, warehouse)
    schedule = Schedule(business.folder, public_url)
    tokens = _tokens(business, plan)
    monitor = Monitor(log, loader, lending, schedule.works)
    endpoint = Endpoint(
        plan,
        log,
        monitor,
        salt=DailySalt(own_folder / LOG_FOLDER / "salt"),
        regions=regions,
        hook_tokens=tokens,
        key_name=_remembering(business.state.api_keys.name_of),
        environment=os.environ,
        is_genuine=lambda *told: is_genuine(business, *told),
        lending=lending,
        trouble=lambda: loader.trouble,
    )

    def follow(changed: Settings) -> None:
        plan = Plan(changed)
        loader.plan = plan
        loader.attempt()  # the leases so far
        refused = monitor.lending.refused if monitor.lending else {}
        with closing(business.warehouse.cursor()) as own:
            endpoint.follow(plan, Lending(plan, own, refused=refused), _tokens(business, plan))

    schedule.follow = follow
    stop_loading = threading.Event()
    loading = threading.Thread(
        target=loader.run, args=(stop_loading,), kwargs={"on_loaded": schedule.tell}, name="collect-loader"
    )
    shown = pages(business, public_url) if pages else endpoint
    ahead = go_ahead(shown) if pages and go_ahead else None
    running = announce(business.folder, host, port)
    commands = control(running) if control else None
    application = Doors(endpoint, ahead or shown, commands or endpoint)
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        log_enabled=False,
        websockets=False,
        backlog=1024,
    )
    read_agent("Mozilla/5.0")  # the robots' patterns take a while to compile: not while the first visitor waits

    def stop() -> None:
        if commands:
            commands.end()
        server.stop()  # type: ignore[no-untyped-call]

    _stop_at_signals(stop)
    loading.start()
    schedule.start()
    working = asyncio.create_task(server.serve())
    try:
        await _until_listening(host, port, working)
        logger.info("up", extra={"address": public_url, "sites": len(plan.sites), "webhooks": len(tokens)})
        if on_ready:
            on_ready(_addresses(plan, tokens, public_url))
        if ahead:
            ahead.start()
        with serving(business.folder, Collecting(plan, log, loader, asyncio.get_running_loop())):
            await working
    finally:
        withdraw(business.folder, running)
        if ahead:
            await asyncio.to_thread(ahead.end)
        await asyncio.to_thread(end_jobs, business.folder)
        await asyncio.to_thread(schedule.stop)
        await log.close()
        stop_loading.set()
        await asyncio.to_thread(loading.join)
        warehouse.close()
        logger.info("down", extra={"loaded_up_to": str(loader.position)})


def _tokens(business: Business, plan: Plan) -> dict[str, str]:
    """Webhook → the secret part of its address."""
    return {source.name: business.state.api_keys.token(f"webhook {source.name}") for source in plan.addressed}


def _remembering(name_of: Callable[[str], str | None], *, seconds: float = 5) -> Callable[[str], str | None]:
    """Ask the state database about a key at most once in ``seconds``: so late a revoked one is refused."""
    known: dict[str, tuple[float, str | None]] = {}

    def name(secret: str) -> str | None:
        until, found = known.get(secret, (0.0, None))
        if until <= time.monotonic():
            if len(known) > 1000:  # strangers try many keys
                known.clear()
            found = name_of(secret)
            known[secret] = time.monotonic() + seconds, found
        return found

    return name


def _stop_at_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such handlers: Ctrl-C raises KeyboardInterrupt there
            loop.add_signal_handler(number, stop)


def _check_port(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise PortError(
            Text("{host}:{port} cannot be used: {error}.", "{host}:{port} занять нельзя: {error}.").format(
                host=host, port=port, error=error.strerror
            ),
            hint=Text(
                "Stop what uses it, or choose another with --port.",
                "Остановите то, что его занимает, или выберите другой порт: --port.",
            ),
        ) from error


async def _until_listening(host: str, port: int, working: asyncio.Task[None]) -> None:
    while not working.done():
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.02)


def _addresses(plan: Plan, tokens: dict[str, str], public_url: str) -> Addresses:
    url = public_url.rstrip("/")
    return Addresses(
        tracker={site.name: tracker_tag(plan, site.name, url) for site in plan.sites},
        hooks={name: f"{url}/hooks/{quote(name)}/{token}" for name, token in tokens.items()},
        health=f"{url}/health",
    )


def tracker_tag(plan: Plan, site: str, url: str) -> str:
    """The line of HTML for the site's pages; ``url`` is how the world reaches the collector."""
    modules = ' data-load="behaviour numbers"' if plan.pool(site) else ""
    return f'<script defer src="{url}/lf.js" data-site="{site}"{modules}></script>'


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows
        return None
    return uvloop.new_event_loop


class JsonLines(logging.Formatter):
    """A line of the server's log: one JSON object with the time, the level, the event and its numbers. No personal data."""

    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in self._USUAL}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told, ensure_ascii=False, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Send the program's log to the error output as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    own = logging.getLogger("longfunnel")
    own.handlers, own.propagate = [handler], False
    own.setLevel(level)
