"""The two ways in: an incoming webhook, whose secret stands in its address; and an application, whose tokens rotate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from longfunnel.connect._engine import (
    CONNECT_IT,
    Access,
    Call,
    ExpiredError,
    ForbiddenError,
    OAuth,
    RefusedError,
    TemporaryError,
    Tokens,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_WHOLE = re.compile(r"(https?://[^/\s]+(?:/[^/\s]+)*?)/rest/(\d+)/([^/\s?#]+)(?:/[\w.]*)?/?")
_PARTS = re.compile(r"()/?(?:rest/)?(\d+)/([^/\s?#]+)/?")
_WHERE = Text(
    "It looks like https://portal.bitrix24.ru/rest/1/secret/: Developer resources → Other → Inbound webhook.",
    "Он выглядит так: https://portal.bitrix24.ru/rest/1/secret/ — «Разработчикам» → «Другое» → «Входящий вебхук».",
)


def sign(access: Access) -> Call:
    """A webhook signs by its address, an application by the parameter ``auth``. Raises RefusedError for a webhook that is none."""
    webhook = access.credentials.get("webhook")
    if webhook:
        portal, path = webhook_parts(webhook)
        return Call(prefix=path, base_url=portal)
    if not access.token:
        raise ExpiredError(
            Text(
                "Bitrix24 needs a webhook, or an application's client_id, client_secret and refresh_token.",
                "Битрикс24 нужен вебхук или client_id, client_secret и refresh_token приложения.",
            ),
            hint=CONNECT_IT,
        )
    endpoint = str(access.tokens.get("client_endpoint") or f"{_portal(access.credentials)}/rest/")
    address = urlsplit(endpoint)
    return Call(
        params={"auth": access.token}, prefix=address.path.rstrip("/"), base_url=f"{address.scheme}://{address.netloc}"
    )


def webhook_parts(webhook: str) -> tuple[str, str]:
    """The portal's address (empty where only the parts ``1/secret`` are given) and the path ``/rest/1/secret``."""
    found = _WHOLE.fullmatch(webhook.strip()) or _PARTS.fullmatch(webhook.strip())
    if not found:
        raise RefusedError(
            Text("The webhook is no address of an inbound webhook.", "Это не адрес входящего вебхука."), hint=_WHERE
        )
    portal, user, secret = found.groups()
    return portal, f"/rest/{user}/{secret}"


def _portal(credentials: Mapping[str, str]) -> str:
    portal = credentials.get("portal", "").strip().rstrip("/")
    return portal if "://" in portal else f"https://{portal}"


def _authorize(_: str, credentials: Mapping[str, str], redirect: str, state: str) -> str:
    """The portal's page where a person allows the application. The way back is the one that the application itself names. The page's
    path is not verified: a ``portal`` that has a path of its own is taken as that page."""
    portal = _portal(credentials)
    page = portal if urlsplit(portal).path else f"{portal}/oauth/authorize/"
    query = urlencode({"client_id": credentials.get("client_id", ""), "state": state, "redirect_uri": redirect})
    return f"{page}?{query}"


def _first(credentials: Mapping[str, str]) -> dict[str, str] | None:
    if token := credentials.get("refresh_token"):
        return {"grant_type": "refresh_token", "refresh_token": token}
    return None


async def _grant(http: httpx.AsyncClient, url: str, credentials: Mapping[str, str], grant: Mapping[str, str]) -> Tokens:
    """Ask the vendor's server for tokens. The refresh token rotates: each answer brings the next one."""
    asked = {name: value for name, value in grant.items() if name != "redirect_uri"}
    params = {
        **asked,
        "client_id": credentials.get("client_id", ""),
        "client_secret": credentials.get("client_secret", ""),
    }
    response = await http.get(f"{url.rstrip('/')}/oauth/token/", params=params)
    try:
        body: Any = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    code = str(body.get("error") or "")
    why = f"{code or response.status_code} {body.get('error_description') or ''}".strip()
    told = Text("{host} gave no token: {why}.", "{host} не дал токен: {why}.").format(
        host=response.request.url.host, why=why
    )
    if code.upper() == "PAYMENT_REQUIRED":
        raise ForbiddenError(
            told,
            hint=Text(
                "Applications need a paid plan of Bitrix24, or an inbound webhook instead.",
                "Приложениям нужен платный тариф Битрикс24; можно взять входящий вебхук.",
            ),
        )
    if not code and (response.status_code >= 500 or response.status_code == 429):
        raise TemporaryError(told)
    if code or response.status_code >= 400 or not body.get("access_token"):
        raise ExpiredError(
            told,
            hint=Text(
                "Connect the application again: longfunnel connect NAME",
                "Подключите приложение заново: longfunnel connect ИМЯ",
            ),
        )
    kept = {name: body.get(name) for name in ("access_token", "refresh_token", "client_endpoint", "member_id", "scope")}
    return {**{name: value for name, value in kept.items() if value}, "expires_at": body.get("expires")}


OAUTH = OAuth(
    "https://oauth.bitrix.info",
    _grant,
    authorize=_authorize,
    first=_first,
    is_used=lambda credentials: not credentials.get("webhook") and bool(credentials.get("client_id")),
)
