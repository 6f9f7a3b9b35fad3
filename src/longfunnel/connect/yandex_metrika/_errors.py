"""What Metrika's answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.connect._engine import (
    CONNECT_AGAIN,
    ConnectError,
    ExpiredError,
    ForbiddenError,
    LimitedError,
    RefusedError,
    usual_error,
)
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    import httpx

_HINTS = {
    "quota_requests_by_uid": Text(
        "Metrika allows a user 5,000 requests a day, counted anew from midnight UTC.",
        "Метрика разрешает пользователю 5000 запросов в день; счёт начинается заново в полночь по UTC.",
    ),
    "quota_parallel_requests": Text(
        "Metrika allows a user three requests at once.", "Метрика разрешает пользователю три запроса одновременно."
    ),
}
_SHOWN = 300


def classify(response: httpx.Response) -> ConnectError | None:
    """The trouble that an answer of Metrika tells, None for a good one."""
    said = _told(response)
    if said is None:
        return usual_error(response)
    kinds = [str(error.get("error_type") or "") for error in said["errors"]]
    words = str(
        said.get("message") or next((error.get("message") for error in said["errors"] if error.get("message")), "")
    )
    status = response.status_code if response.status_code >= 400 else _code(said)
    told = Text("Yandex Metrika: {words} ({kinds}).", "Яндекс Метрика: {words} ({kinds}).").format(
        words=words[:_SHOWN] or Text("an error", "ошибка"), kinds=", ".join(kind for kind in kinds if kind) or status
    )
    if status == 401 or "invalid_token" in kinds:
        return ExpiredError(told, hint=CONNECT_AGAIN)
    if status in (420, 429) or any(kind.startswith("quota") for kind in kinds):
        hint = next((_HINTS[kind] for kind in kinds if kind in _HINTS), NOTHING)
        return LimitedError(told, seconds=_seconds(response.headers.get("Retry-After")), hint=hint)
    if "access_denied" in kinds or status == 403:
        return ForbiddenError(
            told,
            hint=Text(
                "The token's owner needs the right to see the counter.",
                "Владельцу токена нужно право смотреть счётчик.",
            ),
        )
    return usual_error(response) if response.status_code >= 500 or status == 404 else RefusedError(told)


def _told(response: httpx.Response) -> dict[str, Any] | None:
    """The body of an error, whatever the status says; None where there is none."""
    body = response.content
    if body.lstrip()[:1] != b"{" or (response.status_code < 400 and b'"errors"' not in body[:2000]):
        return None
    try:
        said = msgspec.json.decode(body)
    except (ValueError, msgspec.DecodeError):
        return None
    if not isinstance(said, dict) or not (said.get("errors") or response.status_code >= 400):
        return None
    errors = said.get("errors")
    return {
        **said,
        "errors": [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else [],
    }


def _code(said: dict[str, Any]) -> int:
    code = said.get("code")
    return code if isinstance(code, int) else 400


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
