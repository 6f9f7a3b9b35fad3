"""What Direct's answers mean. Its errors come under HTTP 200 too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import (
    CONNECT_AGAIN,
    ConnectError,
    ExpiredError,
    ForbiddenError,
    GoneError,
    LimitedError,
    RefusedError,
    TemporaryError,
    usual_error,
)
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    import httpx

_EXPIRED = {53}
_FORBIDDEN = {54, 58, 513, 8800}
_TEMPORARY = {52, 1000, 1001, 1002}
_LIMITED = {56, 506, 9000}
_NO_POINTS = 152
_POINTS_SECONDS = 3600.0
"""Points come back in equal parts each hour."""
_HEAVY = re.compile(
    r"heavy|too (large|big|much|long)|narrow|reduce|processing ?mode|online mode|offline", re.IGNORECASE
)
_SHOWN = 300

_HINTS: dict[int, Text] = {
    53: CONNECT_AGAIN,
    54: Text(
        "The token's owner must be an agency of this login: check «logins» in the settings.",
        "Владелец токена должен быть агентством этого логина: проверьте «logins» в настройках.",
    ),
    58: Text(
        "The application needs access to the API: Direct → Tools → API → My applications.",
        "Приложению нужен доступ к API: Директ → «Инструменты» → «API» → «Мои заявки».",
    ),
    513: Text(
        "This Yandex login has no account in Direct: sign in with the login of the advertiser.",
        "У этого логина Яндекса нет кабинета в Директе: войдите под логином рекламодателя.",
    ),
    8800: Text("Name the advertisers of the agency in «logins».", "Укажите рекламодателей агентства в «logins»."),
    152: Text(
        "The account's points for today are spent: the next sync goes on from here.",
        "Баллы аккаунта на сегодня потрачены: следующая загрузка продолжит с этого места.",
    ),
}


class TooHeavyError(RefusedError):
    """The report takes longer than the server allows: a shorter one may do."""


def classify(response: httpx.Response) -> ConnectError | None:
    """The trouble that an answer of Direct tells, None for a good one."""
    is_report = response.request.url.path.rstrip("/").endswith("/reports")
    error = _told(response.content)
    if error is None:
        if response.status_code in (502, 504) and is_report:
            said = Text("Direct gave up on a report (HTTP {status}).", "Директ не осилил отчёт (HTTP {status}).")
            return TooHeavyError(said.format(status=response.status_code))
        return usual_error(response)
    code = _code(error)
    words = " ".join(str(error.get(name) or "") for name in ("error_string", "error_detail")).strip()[:_SHOWN]
    told = Text("Yandex Direct: {words} (code {code}).", "Яндекс Директ: {words} (код {code}).").format(
        words=words or Text("an error", "ошибка"), code=code
    )
    hint = _HINTS.get(8800 if "Client-Login" in words else code, NOTHING)
    if is_report and response.status_code in (400, 500, 502) and _HEAVY.search(words):
        return TooHeavyError(told, hint=hint)
    if code in _EXPIRED:
        return ExpiredError(told, hint=hint)
    if code in _FORBIDDEN:
        return ForbiddenError(told, hint=hint)
    if code == _NO_POINTS:
        return LimitedError(told, seconds=_POINTS_SECONDS, hint=hint)
    if code in _LIMITED:
        return LimitedError(
            told, seconds=seconds(response.headers.get("retryIn") or response.headers.get("Retry-After"))
        )
    if code in _TEMPORARY or response.status_code >= 500:
        return TemporaryError(told)
    match response.status_code:
        case 401:
            return ExpiredError(told, hint=_HINTS[53])
        case 403:
            return ForbiddenError(told)
        case 404 | 410:
            return GoneError(told)
        case 420 | 429:
            return LimitedError(told, seconds=seconds(response.headers.get("Retry-After")))
        case _:
            return RefusedError(told)


def seconds(text: str | None) -> float | None:
    """A header's number of seconds; None for what is none."""
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0 <= value < 86_400 else None


def _told(body: bytes) -> dict[str, Any] | None:
    """The error in a body; a report's table is looked at by its first byte only."""
    if body.lstrip()[:1] != b"{":
        return None
    try:
        error = json.loads(body).get("error")
    except ValueError:
        return None
    return error if isinstance(error, dict) else None


def _code(error: dict[str, Any]) -> int:
    try:
        return int(error.get("error_code") or 0)
    except (TypeError, ValueError):
        return 0
