"""Bitrix24's errors in the words of the engine: by their code, which stands in the body, whatever the HTTP status."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from longfunnel.connect._engine import (
    ConnectError,
    ExpiredError,
    ForbiddenError,
    GoneError,
    LimitedError,
    RefusedError,
    TemporaryError,
    usual_error,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    import httpx

_EXPIRED = frozenset({"expired_token", "invalid_token", "no_auth_found", "invalid_credentials", "wrong_auth_type"})
_FORBIDDEN = frozenset(
    {"insufficient_scope", "access_denied", "user_access_error", "payment_required", "error_method_not_allowed"}
)
_TEMPORARY = frozenset({"internal_server_error", "error_unexpected_answer", "service_unavailable"})
_BUDGET_SECONDS = 60.0
"""How long to wait where the system does not say when its budget of time is new: it is counted in buckets of a minute."""
_BLOCKED_SECONDS = 3600.0
_SHOWN = 300

_CONNECT_AGAIN = Text(
    "Connect the source again with a fresh webhook or application: longfunnel connect NAME",
    "Подключите источник заново, с новым вебхуком или приложением: longfunnel connect ИМЯ",
)
_SCOPES = Text(
    "Give the webhook (or the application) the scopes crm and user, and its user the right to read these records in the CRM.",
    "Дайте вебхуку (или приложению) права crm и user, а его пользователю — право читать эти записи в CRM.",
)
_BLOCKED = Text(
    "Bitrix24 has blocked the portal's REST: ask its support why.",
    "Битрикс24 заблокировал REST портала: спросите у поддержки почему.",
)
_NO_METHOD = Text(
    "The portal is older than this connector, or its plan is without this method.",
    "Портал старее этого коннектора, или на его тарифе нет такого метода.",
)


class BlockedError(LimitedError):
    """Bitrix24 has blocked the portal's requests by hand: asking again makes it worse."""

    is_worth_retrying = False


def classify(response: httpx.Response) -> ConnectError | None:
    """What an answer means. Errors of single commands of a batch are not looked at: see ``told_in_batch``."""
    if 300 <= response.status_code < 400:
        return GoneError(
            Text("{host} redirects to {there}.", "{host} перенаправляет на {there}.").format(
                host=response.request.url.host,
                there=urlsplit(response.headers.get("Location", "")).netloc or Text("another page", "другую страницу"),
            ),
            hint=Text(
                "Is it still the portal's address? Set the new one.",
                "Не сменился ли адрес портала? Укажите новый.",
            ),
        )
    try:
        body = json.loads(response.content)
    except ValueError:
        return usual_error(response)
    if isinstance(body, dict) and "error" in body and (response.status_code >= 400 or "result" not in body):
        return trouble(body, response.status_code, body.get("time"))
    return usual_error(response)


def told_in_batch(error: object, its_time: object) -> ConnectError:
    """What the error of one command of a batch means; its status is 200 like its neighbours'."""
    return trouble(error if isinstance(error, dict) else {"error_description": str(error)}, 200, its_time)


def trouble(body: dict[str, Any], status: int, its_time: object) -> ConnectError:
    """The error that a body tells. The code may be empty or a number: then only the description speaks."""
    code, description = str(body.get("error") or ""), str(body.get("error_description") or "")[:_SHOWN]
    words = ": ".join(part for part in (code, description) if part)
    told = Text("Bitrix24 says: {said}.", "Битрикс24 отвечает: {said}.").format(
        said=words or Text("status {status}", "статус {status}").format(status=status)
    )
    word, said = code.lower(), description.lower()
    if word in _EXPIRED or (status == 401 and word not in _FORBIDDEN):
        return ExpiredError(told, hint=_CONNECT_AGAIN)
    if word in _FORBIDDEN or "access denied" in said or "доступ запрещ" in said:
        return ForbiddenError(told, hint=_SCOPES)
    if word == "overload_limit":
        return BlockedError(told, seconds=_BLOCKED_SECONDS, hint=_BLOCKED)
    if word == "operation_time_limit":
        return LimitedError(told, seconds=_till_reset(its_time))
    if word == "query_limit_exceeded" or status == 429:
        return LimitedError(told)
    if word == "error_method_not_found":
        return RefusedError(told, hint=_NO_METHOD)
    is_unnamed = word in ("", "0")
    if word == "portal_deleted" or "not_found" in word or (is_unnamed and ("not found" in said or "не найд" in said)):
        return GoneError(told)
    if word in _TEMPORARY or (status >= 500 and not word) or status in (502, 503, 504):
        return TemporaryError(told)
    return RefusedError(told)


def _till_reset(its_time: object) -> float:
    """Seconds until ``operating_reset_at``, by the system's own clock where the answer tells it."""
    known = its_time if isinstance(its_time, dict) else {}
    try:
        reset = float(known["operating_reset_at"])
        return min(max(1.0, reset - float(known.get("finish") or time.time())), 3600.0)
    except (KeyError, TypeError, ValueError):
        return _BUDGET_SECONDS
