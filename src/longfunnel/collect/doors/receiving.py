"""Ways in for other systems: the API with a secret key, and webhooks at a secret address."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from longfunnel.collect.doors.gate import JSON, Gate
from longfunnel.collect.doors.http import HttpError, Receive, Scope, Send, answer, read_body
from longfunnel.collect.loading.events import instant, now_microseconds
from longfunnel.collect.loading.hooks import is_signed
from longfunnel.collect.loading.submissions import SubmissionError, submitted_rows
from longfunnel.collect.visiting.traffic import is_within
from longfunnel.collect.wire import Hook, Submission, WireError
from longfunnel.core.errors import did_you_mean
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from longfunnel.core.collecting import Signature

IsGenuine = Callable[[str, Mapping[str, str], str, bytes], bool]
"""Of a source's name, the headers (lower case), the content type and the body."""
FORM = "application/x-www-form-urlencoded"


class Receiving:
    """Takes what other systems send. ``key_name`` gives the name of a secret key, or None for one that does not exist;
    ``is_genuine`` says whether a webhook comes from the system that its source is connected to."""

    def __init__(
        self,
        gate: Gate,
        *,
        hook_tokens: Mapping[str, str],
        key_name: Callable[[str], str | None],
        environment: Mapping[str, str],
        is_genuine: IsGenuine = lambda *_: True,
    ) -> None:
        self._gate, self._hook_tokens, self._key_name, self._environment = gate, hook_tokens, key_name, environment
        self._is_genuine = is_genuine

    def follow(self, hook_tokens: Mapping[str, str]) -> None:
        """From now on the webhooks are these."""
        self._hook_tokens = hook_tokens

    async def submit(self, name: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> int:
        """Rows of the fact ``name``, checked before they are accepted; the status of the answer."""
        self._gate.admit(scope, headers)
        scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        source = self._key_name(secret.strip()) if scheme.lower() == "bearer" else None
        if source is None:
            raise HttpError(
                401,
                "unauthorized",
                "Send a secret key: «Authorization: Bearer lf_…». `longfunnel key add NAME` makes one.",
            )
        if name not in facts():
            raise HttpError(404, "unknown_fact", f"There is no fact «{name[:100]}».{did_you_mean(name, facts())}")
        body = await read_body(headers, receive)
        request_key = headers.get(b"idempotency-key", b"").decode("latin-1").strip() or None
        if request_key and len(request_key) > 200:
            raise HttpError(400, "malformed", "Idempotency-Key: at most 200 characters.")
        at = now_microseconds()
        reader = self._gate.plan.reader()
        try:
            rows = submitted_rows(name, body, reader, received_at=instant(at), request_key=request_key)
        except SubmissionError as error:
            raise HttpError(422, error.code, error.message, fields=error.fields) from error
        except WireError as error:
            raise HttpError(400, error.code, error.message) from error
        await self._gate.keep(Submission(at, source, name, body, request_key))
        self._gate.monitor.events += len(rows)
        await answer(send, 202, JSON, msgspec.json.encode({"accepted": len(rows)}))
        return 202

    async def hook(
        self, rest: str, method: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> int:
        """A webhook, whatever is in it: what follows ``/hooks/`` in the address is its name and its token.

        Some systems send by GET: then the query is the form.
        """
        address, _ = self._gate.admit(scope, headers)
        name, _, token = rest.partition("/")
        name = unquote(name)
        source = self._gate.plan.addressee(name)
        expected = self._hook_tokens.get(name, "")
        if source is None or not expected or not hmac.compare_digest(expected.encode(), token.strip("/").encode()):
            raise HttpError(404, "not_found", "There is no such webhook: its name or its token is wrong.")
        if (senders := self._gate.plan.hook_senders(name)) and not is_within(address, senders):
            raise HttpError(403, "sender", f"{address} is none of the senders of «{name}».")
        if method == "GET":
            body, content_type = bytes(scope.get("query_string", b"")), FORM
        else:
            body = await read_body(headers, receive)
            content_type = headers.get(b"content-type", b"").decode("latin-1")[:200]
        if source.signature:
            _check_signature(source.signature, headers, body, self._environment)
        if self._gate.plan.is_connected(name):
            told = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in headers.items()}
            if not self._is_genuine(name, told, content_type, body):
                raise HttpError(401, "not_genuine", f"This is no webhook of the system that «{name}» is connected to.")
        await self._gate.keep(Hook(now_microseconds(), name, content_type, body))
        self._gate.monitor.events += 1
        await answer(send, 200, [])  # some senders take nothing else for a success
        return 200


def _check_signature(rule: Signature, headers: dict[bytes, bytes], body: bytes, environment: Mapping[str, str]) -> None:
    secret = environment.get(rule.secret_env, "")
    if not secret:
        raise HttpError(
            503, "signature_secret", f"The webhook's secret is not set: {rule.secret_env}.", retry_seconds=60
        )
    given = headers.get(rule.header.lower().encode("latin-1", "ignore"), b"").decode("latin-1")
    if not is_signed(rule, given, body, secret):
        raise HttpError(401, "signature", f"The signature in {rule.header} does not fit the body.")
