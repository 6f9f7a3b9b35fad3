"""An invented portal of Bitrix24: the kitchen department of the company, by REST 2.

Strings where the vendor writes strings, 50 rows a page, batches with references, PHP's empty lists, the leaky bucket, the budget of
time, tokens that expire and rotate.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from longfunnel.demo.systems._http import Answer, Asked, served, told
from longfunnel.demo.systems.bitrix24._batch import carry_out_batch, nested
from longfunnel.demo.systems.bitrix24._gate import CLIENT_ID, CLIENT_SECRET, REFRESH, SECRET, Gate, Knobs
from longfunnel.demo.systems.bitrix24._lists import Refused
from longfunnel.demo.systems.bitrix24._methods import carry_out
from longfunnel.demo.systems.bitrix24._portal import Portal

if TYPE_CHECKING:
    from longfunnel.demo.systems.company import Company

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "REFRESH", "SECRET", "Bitrix24", "Knobs", "Portal", "app", "webhook"]

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class Bitrix24:
    """The portal behind its gate; an ASGI application."""

    def __init__(self, company: Company, knobs: Knobs) -> None:
        self.portal = Portal(company)
        self.knobs = knobs
        self.gate = Gate(knobs, self.portal.clock)
        self._app = served(self._answer)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        await self._app(scope, receive, send)

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/oauth/token/":
            return self.gate.give_token(asked)
        began = self.portal.clock()
        self.gate.requests += 1
        try:
            self.gate.played()
            params = _params(asked)
            method, is_app = self.gate.enter(asked.path, params)
            scopes = self.knobs.scopes | ({"app"} if is_app else set())
            if method == "batch":
                result: Any = carry_out_batch(params, lambda name, given: self._command(name, given, scopes))
                body: dict[str, Any] = {"result": result}
            else:
                self.gate.work(method)
                result, envelope = carry_out(self.portal, method, params, scopes)
                body = {"result": result, **envelope}
            status = 200
        except Refused as error:
            status, body = error.status, {"error": error.code, "error_description": error.description}
            if status in (429, 503):
                body["time"] = self.gate.time(began)
        else:
            body["time"] = self.gate.time(began)
        answer = told(body, status)
        if self.knobs.garbled > 0:
            self.knobs.garbled -= 1
            answer = Answer(200, "<html>Портал обновляется</html>".encode(), {"content-type": "text/html"})
        if self.knobs.broken > 0:
            self.knobs.broken -= 1
            answer = Answer(
                status,
                answer.body[: len(answer.body) // 2],
                {**answer.headers, "content-length": str(len(answer.body))},
            )
        return Answer(answer.status, answer.body, answer.headers, self.knobs.page_seconds)

    def _command(
        self, method: str, params: dict[str, Any], scopes: frozenset[str]
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        began = self.portal.clock()
        self.gate.limit_command()
        self.gate.work(method)
        result, envelope = carry_out(self.portal, method, params, scopes)
        return result, envelope, self.gate.time(began)


def app(company: Company, knobs: Knobs | None = None) -> Bitrix24:
    """The company's portal."""
    return Bitrix24(company, knobs or Knobs())


def webhook(event: str, key: object, *, token: str = "") -> tuple[str, bytes]:
    """The content type and the body of what the portal sends when something happens to a record."""
    fields = {
        "event": event, "event_handler_id": "201", "data[FIELDS][ID]": str(key), "ts": "1736405807", "auth[domain]": "mebelles.bitrix24.ru",
        "auth[member_id]": "a223", "auth[application_token]": token,
    }  # fmt: skip
    return _FORM, urlencode(fields).encode()


def _params(asked: Asked) -> dict[str, Any]:
    params = nested(asked.query)
    kind = asked.headers.get("content-type", "").partition(";")[0].strip()
    if not asked.body:
        return params
    if kind == _FORM:
        return {**params, **nested(parse_qsl(asked.body.decode(), keep_blank_values=True))}
    if kind != _JSON:
        raise Refused("INVALID_REQUEST", f"Unsupported content type {kind}")
    try:
        given = json.loads(asked.body)
    except ValueError:
        raise Refused("INVALID_REQUEST", "Malformed JSON") from None
    if not isinstance(given, dict):
        raise Refused("INVALID_REQUEST", "Malformed JSON")
    return {**params, **given}
