"""The way into amoCRM: how requests are signed, how tokens are had, what its errors mean."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from longfunnel.connect._engine import (
    CONNECT_AGAIN,
    Access,
    Call,
    ConnectError,
    Credential,
    ExpiredError,
    ForbiddenError,
    LimitedError,
    OAuth,
    RefusedError,
    Tokens,
    Way,
    usual_error,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from longfunnel.connect._engine.contract import Grant

API = "/api/v4"
SMALLEST_PAGE = 25
_TOKEN_PATH = "/oauth2/access_token"  # noqa: S105 - an address
_BLOCKED_SECONDS = 3600.0
_DOMAINS = ("amocrm.ru", "amocrm.com", "kommo.com")

CREDENTIALS = (
    Credential(
        "token",
        Text("Long-lived token", "Долгосрочный токен"),
        Text(
            "amoMarket → your private integration → Keys and scopes → Generate a long-lived token. It cannot be renewed by a program.",
            "amoМаркет → ваша интеграция → «Ключи и доступы» → «Сгенерировать токен». Программа продлить его не может.",
        ),
        is_required=False,
    ),
    Credential(
        "client_id",
        Text("Integration id", "ID интеграции"),
        Text("In place of a long-lived token: «Keys and scopes».", "Вместо долгосрочного токена: «Ключи и доступы»."),
        is_secret=False,
        is_required=False,
    ),
    Credential(
        "client_secret",
        Text("Secret key", "Секретный ключ"),
        Text("Of the same integration.", "У той же интеграции."),
        is_required=False,
    ),
    Credential(
        "redirect_uri",
        Text("Redirect address", "Ссылка для перенаправления"),
        Text("Exactly as the integration has it.", "Буква в букву как в интеграции."),
        is_secret=False,
        is_required=False,
    ),
    Credential(
        "code",
        Text("Authorization code", "Код авторизации"),
        Text("From «Keys and scopes»; it lives for 20 minutes and serves once.", "Из «Ключей и доступов»; живёт 20 минут, годится один раз."),
        is_required=False,
    ),
    Credential(
        "refresh_token",
        Text("Refresh token", "Refresh-токен"),
        Text(
            "In place of a code, where you have one. No other program may use it afterwards: it changes at each use.",
            "Вместо кода, если он уже есть. Другой программе он больше не послужит: меняется при каждом обмене.",
        ),
        is_required=False,
    ),
)  # fmt: skip
WAYS = (
    Way(
        Text("Long-lived token (simpler)", "Долгосрочный токен (проще)"),
        ("token",),
        (
            Text(
                "In amoCRM open amoMarket → the three dots → Create an integration → Private.",
                "В amoCRM откройте «amoМаркет» → три точки → «Создать интеграцию» → «Внешняя».",
            ),
            Text("Allow all, save, and open its tab «Keys and scopes».", "Разрешите доступ ко всему, сохраните и откройте вкладку «Ключи и доступы»."),
            Text(
                "Press «Generate a long-lived token», choose the longest term, copy the token here.",
                "Нажмите «Сгенерировать токен», выберите самый долгий срок и скопируйте токен сюда.",
            ),
        ),
    ),
    Way(
        Text("Application", "Приложение"),
        ("client_id", "client_secret", "redirect_uri"),
        (
            Text(
                "In amoCRM open amoMarket → the three dots → Create an integration → Private.",
                "В amoCRM откройте «amoМаркет» → три точки → «Создать интеграцию» → «Внешняя».",
            ),
            Text("Redirect address: {back}", "Ссылка для перенаправления: {back}"),
            Text(
                "From «Keys and scopes» copy the id, the secret key and the code; the code lives for 20 minutes.",
                "Из «Ключей и доступов» скопируйте ID, секретный ключ и код; код живёт 20 минут.",
            ),
        ),
        also=("code", "refresh_token"),
    ),
)  # fmt: skip


_UNPAID = Text(
    "The account is not paid; the sync goes on by itself once it is.",
    "Аккаунт не оплачен; после оплаты загрузка продолжится сама.",
)


class HeavyError(ConnectError):
    """A page was too large for the system to prepare in time: a smaller one may do."""

    kind = "temporary"


class InvalidError(RefusedError):
    """Items of a request that the system refuses, and with them the whole request."""

    def __init__(self, message: Text, reasons: Mapping[str, str]) -> None:
        super().__init__(message)
        self.reasons = dict(reasons)
        """By ``request_id``; empty where the system does not say which item."""


def sign(access: Access) -> Call:
    """A request's signature: the long-lived token, else the one that OAuth gave."""
    return Call(headers={"Authorization": f"Bearer {access.token}"}, prefix=API)


def classify(response: httpx.Response) -> ConnectError | None:
    """What an answer means."""
    status, request = response.status_code, response.request
    if status < 300:
        return None
    told = Text("amoCRM answered {status} to {path}: {said}", "amoCRM отвечает {status} на {path}: {said}").format(
        status=status, path=request.url.path, said=_said(response)
    )
    if status < 400:
        where = response.headers.get("Location", "")
        return RefusedError(
            Text("amoCRM sends us elsewhere: {where}.", "amoCRM отправляет на другой адрес: {where}.").format(
                where=where
            ),
            hint=Text("Check subdomain and domain of the source.", "Проверьте у источника subdomain и domain."),
        )
    if status == 401:
        return ExpiredError(told, hint=CONNECT_AGAIN)
    if status == 402:
        return ForbiddenError(told, hint=_UNPAID)
    if status == 403:
        return _forbidden(response, told)
    if status in (400, 422):
        return InvalidError(told, _reasons(response))
    limit = request.url.params.get("limit", "")
    if status == 504 and limit.isdecimal() and int(limit) > SMALLEST_PAGE:
        return HeavyError(told)
    return usual_error(response)


def _forbidden(response: httpx.Response, told: Text) -> ConnectError:
    """Rights are missing; or, where the answer is not the API's own, the address of this machine is blocked: then a pause helps, and
    asking again lengthens it."""
    if isinstance(_problem(response), dict):
        return ForbiddenError(
            told,
            hint=Text(
                "The user who made the token needs rights to deals, contacts and the list of users.",
                "Тому, кто выпустил токен, нужны права на сделки, контакты и список пользователей.",
            ),
        )
    return LimitedError(
        told,
        seconds=_BLOCKED_SECONDS,
        hint=Text(
            "This machine's address seems to be blocked for asking too often.",
            "Похоже, адрес этого сервера заблокирован за слишком частые запросы.",
        ),
    )


def _problem(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _said(response: httpx.Response) -> str:
    problem = _problem(response)
    if not isinstance(problem, dict):
        return response.text[:200].strip() or response.reason_phrase
    words = [str(problem.get(key)) for key in ("hint", "title", "detail") if problem.get(key)]
    return ". ".join([*words, *_reasons(response).values()])[:500] or response.reason_phrase


def _reasons(response: httpx.Response) -> dict[str, str]:
    problem = _problem(response)
    found = problem.get("validation-errors") if isinstance(problem, dict) else None
    reasons: dict[str, str] = {}
    for item in found if isinstance(found, list) else []:
        if not isinstance(item, dict):
            continue
        errors = [error for error in item.get("errors") or [] if isinstance(error, dict)]
        words = [": ".join(str(error[key]) for key in ("path", "detail", "code") if error.get(key)) for error in errors]
        reasons[str(item.get("request_id", ""))] = "; ".join(words) or "refused"
    return reasons


async def _grant(http: httpx.AsyncClient, url: str, credentials: Mapping[str, str], grant: Grant) -> Tokens:
    redirect = grant.get("redirect_uri") or credentials.get("redirect_uri", "")
    address = url.rstrip("/").removesuffix(API).removesuffix(_TOKEN_PATH)
    response = await http.post(
        address + _TOKEN_PATH,
        json={
            "client_id": credentials.get("client_id", ""),
            "client_secret": credentials.get("client_secret", ""),
            **grant,
            "redirect_uri": redirect,
        },
    )
    if response.status_code in (400, 401):
        raise ExpiredError(
            Text("amoCRM gives no token: {said}", "amoCRM не даёт токен: {said}").format(said=_said(response)),
            hint=CONNECT_AGAIN,
        )
    if trouble := classify(response):
        raise trouble
    given = _problem(response)
    if not isinstance(given, dict):
        raise RefusedError(
            Text("{host} gives no token: {start!r}.", "{host} не даёт токен: {start!r}.").format(
                host=urlsplit(address).hostname, start=response.text[:100]
            )
        )
    # the address goes with every later exchange, also where it is our own page and stands in no setting
    return {
        "access_token": given.get("access_token", ""),
        "refresh_token": given.get("refresh_token", ""),
        "expires_at": time.time() + float(given.get("expires_in") or 0),
        "redirect_uri": redirect,
    }


def _authorize(url: str, credentials: Mapping[str, str], redirect: str, state: str) -> str:  # noqa: ARG001 - it is the integration's
    host = urlsplit(url).hostname or ""
    domain = next((one for one in _DOMAINS if host == one or host.endswith(f".{one}")), "")
    page = f"https://www.{domain}/oauth" if domain else f"{url.rstrip('/')}/oauth"
    return f"{page}?{urlencode({'client_id': credentials.get('client_id', ''), 'state': state, 'mode': 'popup'})}"


def _first(credentials: Mapping[str, str]) -> Grant | None:
    if credentials.get("refresh_token"):
        return {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
    if credentials.get("code"):
        return {"grant_type": "authorization_code", "code": credentials["code"]}
    return None


OAUTH = OAuth(
    "{base_url}",
    _grant,
    _authorize,
    _first,
    is_used=lambda credentials: bool(credentials.get("client_id")) or not credentials.get("token"),
)
