"""A small outside system for the engine's own tests: pages, tokens that rotate, limits, illness, days that are restated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import (
    Api,
    Call,
    Connector,
    Credential,
    ExpiredError,
    Hook,
    OAuth,
    Option,
    Page,
    Rate,
    Reading,
    Record,
    Row,
    Shaping,
    Stream,
    Touched,
    Window,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    import httpx

PAGE = 10


@dataclass
class System:
    """The system: an ASGI application and the knobs of a test."""

    deals: list[dict[str, Any]] = field(default_factory=list)
    spend: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    token: str = "t0"  # noqa: S105 - invented
    refresh: str = "r0"
    ill: int = 0
    """So many answers are 500."""
    busy: int = 0
    """So many answers are 429 with Retry-After: 0."""
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    """So many answers are no gzip, though they say so."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        path, query = (
            scope["path"],
            dict(part.split("=", 1) for part in scope["query_string"].decode().split("&") if part),
        )
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(path)
        status, body, more = 200, {}, []
        if path == "/token":
            received = await receive()
            given = dict(part.split("=", 1) for part in received["body"].decode().split("&"))
            if given.get("refresh_token") == self.refresh:
                turn = int(self.refresh[1:]) + 1
                self.token, self.refresh = f"t{turn}", f"r{turn}"
                body = {"access_token": self.token, "refresh_token": self.refresh, "expires_in": 3600}
            else:
                status, body = 400, {"error": "invalid_grant"}
        elif headers.get("authorization") != f"Bearer {self.token}":
            status, body = 401, {"error": "expired"}
        elif self.ill > 0:
            self.ill -= 1
            status, body = 500, {"error": "ill"}
        elif self.busy > 0:
            self.busy -= 1
            status, body, more = 429, {"error": "busy"}, [(b"retry-after", b"0")]
        elif path == "/deals":
            since = int(query.get("after", "0"))
            body = {"items": [deal for deal in self.deals if deal["version"] > since][:PAGE]}
        elif path.startswith("/deals/"):
            body = {"items": [deal for deal in self.deals if str(deal["id"]) == path.rsplit("/", 1)[1]]}
        elif path == "/spend":
            body = {"rows": self.spend.get(query["day"], [])}
        raw = json.dumps(body).encode()
        if self.broken > 0 and path == "/deals":
            self.broken -= 1
            more = [(b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": status,
                    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode()), *more]})  # fmt: skip
        await send({"type": "http.response.body", "body": raw})


async def _grant(http: httpx.AsyncClient, url: str, _: Mapping[str, str], grant: Mapping[str, str]) -> dict[str, Any]:
    response = await http.post(f"{url}/token", data=dict(grant))
    if response.status_code != 200:
        raise ExpiredError("The refresh token is refused.")
    return dict(response.json())


async def _deals(reading: Reading) -> AsyncIterator[Page]:
    after = int(reading.cursor or 0)
    while True:
        items = (await reading.api.get("deals", {"after": after}))["items"]
        if not items:
            return
        after = items[-1]["version"]
        yield Page(items, after)


async def _fetch(reading: Reading, ids: list[str]) -> AsyncIterator[Page]:
    for one in ids:
        yield Page((await reading.api.get(f"deals/{one}"))["items"])


async def _spend(reading: Reading) -> AsyncIterator[Page]:
    from datetime import timedelta

    day = reading.first_day
    while day <= reading.today:
        rows = (await reading.api.get("spend", {"day": day.isoformat()}))["rows"]
        yield Page(
            [{"day": day.isoformat(), **row} for row in rows],
            day.isoformat(),
            window=Window("spend", day, day, {"account": "a"}),
        )
        day += timedelta(days=1)


def _deal(record: Record, _: Shaping) -> list[Row]:
    if record.get("gone"):
        return [Row("deal", {"deal_id": record["id"], "is_deleted": True}, is_patch=True)]
    return [Row("deal", {"deal_id": record["id"], "created_at": record["at"], "amount": record["amount"], "email": record.get("email"),
                         "stage": record.get("stage")})]  # fmt: skip


def _cost(record: Record, _: Shaping) -> list[Row]:
    return [
        Row(
            "spend",
            {
                "day_on": record["day"],
                "account": "a",
                "campaign": record["campaign"],
                "clicks": record["clicks"],
                "cost": record["cost"],
            },
        )
    ]


def _hook(content_type: str, body: bytes) -> list[Touched]:
    if content_type != "application/json":
        raise ValueError(content_type)
    return [Touched("deals", str(json.loads(body)["id"]))]


async def _check(api: Api, _: Mapping[str, Any]) -> list[Record]:
    await api.get("deals", {"after": 0})
    return [{"option": "account", "value": "a", "title": "The account"}]


CONNECTOR = Connector(
    title=Text("Ledger", "Леджер"),
    base_url="https://ledger.example",
    credentials=(Credential("refresh_token", Text("Refresh token", "Токен")),),
    options=(Option("account", Text("Account", "Счёт")), Option("wanted", Text("Wanted", "Нужно"), kind="flag", default=True)),
    oauth=OAuth(
        "https://ledger.example", _grant, first=lambda given: {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    ),
    sign=lambda access: Call({"Authorization": f"Bearer {access.token}"}),
    rate=Rate(10_000, 1.0),
    reread_days=2,
    hook=Hook(_hook),
    check=_check,
    streams=(
        Stream("deals", Text("Deals", "Сделки"), ("deal",), _deals, _deal, lambda record: str(record["id"]), _fetch),
        Stream("spend", Text("Spend", "Расход"), ("spend",), _spend, _cost, lambda record: f"{record['day']}/{record['campaign']}",
               is_wanted=lambda options: bool(options["wanted"])),
    ),
)  # fmt: skip
