"""Yandex OAuth: one server for Direct and Metrika."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from longfunnel.connect._engine.contract import Credential, Grant, OAuth, Tokens
from longfunnel.connect._engine.errors import CONNECT_AGAIN, ExpiredError, LimitedError, TemporaryError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

CREDENTIALS = (
    Credential(
        "token",
        Text("OAuth token", "OAuth-токен"),
        Text(
            "A token of an application of yours at oauth.yandex.ru. Not needed where you sign in through the browser.",
            "Токен вашего приложения на oauth.yandex.ru. Не нужен, если входить через браузер.",
        ),
        is_required=False,
    ),
    Credential(
        "client_id",
        Text("Application id (ClientID)", "ID приложения (ClientID)"),
        Text("Of the application at oauth.yandex.ru.", "У приложения на oauth.yandex.ru."),
        is_secret=False,
        is_required=False,
    ),
    Credential(
        "client_secret",
        Text("Application secret (Client secret)", "Секрет приложения (Client secret)"),
        Text("Of the same application.", "У того же приложения."),
        is_required=False,
    ),
    Credential(
        "refresh_token",
        Text("Refresh token", "Refresh-токен"),
        Text(
            "In place of signing in, where you have one already; goes with the application's id and secret.",
            "Вместо входа, если он уже есть; нужны ещё ID и секрет приложения.",
        ),
        is_required=False,
    ),
)


async def _grant(http: httpx.AsyncClient, url: str, credentials: Mapping[str, str], grant: Grant) -> Tokens:
    own = {name: credentials[name] for name in ("client_id", "client_secret") if name in credentials}
    response = await http.post(f"{url.rstrip('/')}/token", data={**grant, **own})
    try:
        said: Any = response.json()
    except ValueError:
        said = None
    if response.status_code == 429:
        raise LimitedError(
            Text("Yandex OAuth is asked for tokens too often.", "У Яндекс OAuth слишком часто просят токены.")
        )
    if response.status_code >= 500:
        raise TemporaryError(
            Text("Yandex OAuth answered {status}.", "Яндекс OAuth отвечает {status}.").format(
                status=response.status_code
            )
        )
    if response.status_code != 200 or not isinstance(said, dict) or not said.get("access_token"):
        why = (said.get("error_description") or said.get("error")) if isinstance(said, dict) else None
        raise ExpiredError(
            Text("Yandex OAuth gave no token: {why}.", "Яндекс OAuth не дал токен: {why}.").format(
                why=why or response.status_code
            ),
            hint=CONNECT_AGAIN,
        )
    tokens: Tokens = {name: said[name] for name in ("access_token", "refresh_token") if said.get(name)}
    if said.get("expires_in"):
        tokens["expires_at"] = time.time() + float(said["expires_in"])
    return tokens


def _authorize(url: str, credentials: Mapping[str, str], redirect: str, state: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": credentials.get("client_id", ""),
        "redirect_uri": redirect,
        "state": state,
    }
    return f"{url.rstrip('/')}/authorize?{urlencode(asked)}"


def _first(credentials: Mapping[str, str]) -> Grant | None:
    refresh = credentials.get("refresh_token")
    return {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else None


OAUTH = OAuth("https://oauth.yandex.ru", _grant, _authorize, _first)
