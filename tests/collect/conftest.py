from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from longfunnel.collect.doors.endpoint import Endpoint
from longfunnel.collect.doors.monitoring import Monitor
from longfunnel.collect.loading.loader import Loader
from longfunnel.collect.log.log import Log
from longfunnel.collect.plan import Plan
from longfunnel.collect.visiting.regions import Regions
from longfunnel.collect.visiting.visitors import DailySalt
from longfunnel.core.settings import parse_settings
from longfunnel.warehouse.database import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
SETTINGS = """
[business]
currency = "RUB"
timezone = "Europe/Moscow"
country = "RU"

[collector]
requests_per_second = 100000

[[site]]
name = "shop"
origins = ["https://shop.example", "https://*.shop.example"]
own_addresses = ["10.1.0.0/16"]
spam_referrers = ["spam.example"]
goals = [{ name = "cart", url = "/cart*" }]

[[source]]
name = "tilda"
type = "webhook"
fact = "lead"
system = "crm"
columns.lead_id = "id"
columns.created_at = "date"
columns.phone = "client.phones.0"
columns.name = "client.name"
columns.kind = "type"
columns.props.color = "extra.color"
constants.source = "tilda"
values.kind."Заявка" = "form"

[[source]]
name = "signed"
type = "webhook"
fact = "payment"
columns.payment_id = "id"
columns.amount = "sum"
signature.header = "X-Signature"
signature.secret_env = "PAY_SECRET"
"""


@dataclass
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value.decode() for key, value in self.headers if key == name.encode()), None)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Collector:
    """The whole server side without a socket: requests in, rows of the warehouse out."""

    folder: Path
    settings: str = SETTINGS
    log_options: dict[str, Any] = field(default_factory=dict)
    hook_tokens: dict[str, str] = field(default_factory=lambda: {"tilda": "t0ken", "signed": "s0"})

    def __post_init__(self) -> None:
        self.plan = Plan(parse_settings(self.settings))
        self.runner = asyncio.Runner()
        self.warehouse = open_warehouse(self.folder / "own", threads=1)
        self.log = Log(self.folder / "log", **{"linger": 0.0, "reserve_bytes": 0, **self.log_options})
        self.loader = Loader(self.warehouse.cursor(), self.log, self.plan)
        self.monitor = Monitor(self.log, self.loader)
        self.endpoint = Endpoint(
            self.plan,
            self.log,
            self.monitor,
            salt=DailySalt(self.folder / "salt"),
            regions=Regions(None),
            hook_tokens=self.hook_tokens,
            key_name={"lf_secret": "crm"}.get,
            environment={"PAY_SECRET": "сек"},
        )

    def ask(
        self, method: str, path: str, body: bytes | list[bytes] = b"", *, address: str = "203.0.113.7", **headers: str
    ) -> Answer:
        return self.runner.run(self._ask(method, path, body, address, headers))

    async def _ask(
        self, method: str, path: str, body: bytes | list[bytes], address: str, headers: dict[str, str]
    ) -> Answer:
        parts = [body] if isinstance(body, bytes) else body
        messages = itertools.chain(
            (
                {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
                for number, part in enumerate(parts)
            ),
            itertools.repeat({"type": "http.disconnect"}),
        )
        sent: list[Any] = []
        given = {
            "host": "stats.shop.example",
            "user-agent": CHROME,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode("ascii"),
            "scheme": "http",
            "client": (address, 1),
            "headers": [(name.lower().encode(), value.encode("utf-8")) for name, value in given.items()],
        }

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.endpoint(scope, receive, send)
        return Answer(sent[0]["status"], sent[0]["headers"], b"".join(message["body"] for message in sent[1:]))

    @staticmethod
    def event(identity: str = "e1", name: str = "page_view", at: float = 1_000_000, **more: Any) -> dict[str, Any]:
        return {"i": identity, "n": name, "t": at, **more}

    def track(self, *events: dict[str, Any], batch: dict[str, Any] | None = None, **headers: str) -> Answer:
        whole = {"s": "shop", "v": "v1", "t": 1_000_000, "c": 2, "e": list(events), **(batch or {})}
        return self.ask("POST", "/e", msgspec.json.encode(whole), **headers)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        self.loader.load_all()
        return self.warehouse.execute(sql).fetchall()

    def close(self) -> None:
        self.runner.run(self.log.close())
        self.runner.close()
        self.loader._connection.close()
        self.warehouse.close()


@pytest.fixture(scope="session")
def collector_class() -> type[Collector]:
    return Collector


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Collector]]:
    made: list[Collector] = []

    def start(folder: str = "a", **options: Any) -> Collector:
        (tmp_path / folder).mkdir(exist_ok=True)
        made.append(Collector(tmp_path / folder, **options))
        return made[-1]

    yield start
    for collector in made:
        collector.close()


@pytest.fixture
def collector(make: Callable[..., Collector]) -> Collector:
    return make()
