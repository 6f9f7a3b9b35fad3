"""VK Ads (ads.vk.com): what each ad cost on each day, and the leads of its lead forms.

Days are Moscow's. Goals are restated for a week and more, so that each sync reads the last days again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from longfunnel.connect._engine import (
    CONNECT_AGAIN,
    Access,
    Api,
    Call,
    ConnectError,
    Connector,
    Credential,
    ExpiredError,
    ForbiddenError,
    GoneError,
    LimitedError,
    OAuth,
    Option,
    Rate,
    Record,
    RefusedError,
    Stream,
    TemporaryError,
    Tokens,
    usual_error,
)
from longfunnel.connect.vk_ads._leads import lead_key, read_leads, shape_lead
from longfunnel.connect.vk_ads._offline import CONVERSIONS
from longfunnel.connect.vk_ads._spend import read_spend, shape_spend, spend_key
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_TOKEN = "/api/v2/oauth2/token.json"  # noqa: S105 - a path
_SCOPES = "read_ads,read_payments,read_clients"
_TOO_MANY = Text(
    "VK keeps five tokens of one client at most. Remove them all and sync again: "
    "curl -d client_id=… -d client_secret=… https://ads.vk.com/api/v2/oauth2/token/delete.json "
    "(other programs of the same client then ask for theirs anew).",
    "VK хранит не больше пяти токенов одного клиента. Удалите их все и повторите загрузку: "
    "curl -d client_id=… -d client_secret=… https://ads.vk.com/api/v2/oauth2/token/delete.json "
    "(другие программы этого клиента запросят свои заново).",
)
_NO_TOKEN = Text("VK Ads gives no token: {said}.", "VK Реклама не даёт токен: {said}.")
_RIGHTS = Text(
    "The client needs the right read_ads, and the cabinet must be open to it.",
    "Клиенту нужно право read_ads и доступ к кабинету.",
)


def _authorize(url: str, credentials: Mapping[str, str], redirect_uri: str, state: str) -> str:
    asked = {
        "action": "oauth2", "response_type": "code", "client_id": credentials.get("client_id", ""), "state": state,
        "scope": _SCOPES, "redirect_uri": redirect_uri,
    }  # fmt: skip
    return f"{url.rstrip('/')}/hq/settings/access?{urlencode(asked)}"


def _first(credentials: Mapping[str, str]) -> dict[str, str] | None:
    """An agency asks for its client's token, an advertiser for its own; without the secret somebody must sign in."""
    if not credentials.get("client_secret"):
        return None
    client = {name: credentials[name] for name in ("agency_client_name", "agency_client_id") if credentials.get(name)}
    return {"grant_type": "agency_client_credentials" if client else "client_credentials", **client}


async def _grant(http: httpx.AsyncClient, url: str, credentials: Mapping[str, str], grant: Mapping[str, str]) -> Tokens:
    try:
        return await _asked(http, url, credentials, grant)
    except ExpiredError:
        again = _first(credentials)
        if grant["grant_type"] != "refresh_token" or again is None:
            raise
        return await _asked(http, url, credentials, again)  # VK drops tokens that nobody used for a month


async def _asked(http: httpx.AsyncClient, url: str, credentials: Mapping[str, str], grant: Mapping[str, str]) -> Tokens:
    own = {name: credentials[name] for name in ("client_id", "client_secret") if credentials.get(name)}
    if grant["grant_type"] == "authorization_code":
        own.pop("client_secret", None)
    asked = {name: value for name, value in grant.items() if name != "redirect_uri"}  # VK takes the code alone
    response = await http.post(f"{url.rstrip('/')}{_TOKEN}", data={**asked, **own})
    said = _said(response)
    if response.status_code == 403:
        raise ForbiddenError(_NO_TOKEN.format(said=said), hint=_TOO_MANY)
    if response.status_code in (400, 401):
        raise ExpiredError(
            _NO_TOKEN.format(said=said),
            hint=Text(
                "Check client_id and client_secret (ads.vk.com: Settings, Access to the API), and connect the source again.",
                "Проверьте client_id и client_secret (ads.vk.com: «Настройки» → «Доступ к API») и подключите источник заново.",
            ),
        )
    if trouble := _trouble(response):
        raise trouble
    try:
        tokens: Tokens = response.json()
        seconds = float(tokens.get("expires_in") or 0)  # a string or a number
    except (ValueError, TypeError, AttributeError) as error:
        raise TemporaryError(
            Text(
                "VK Ads answered the request for a token with something else: {said}.",
                "На запрос токена VK Реклама отвечает другим: {said}.",
            ).format(said=said)
        ) from error
    return tokens | ({"expires_at": _now() + seconds} if seconds else {})


def _now() -> float:
    import time

    return time.time()


def _sign(access: Access) -> Call:
    return Call(headers={"Authorization": f"Bearer {access.token}"})


def _said(response: httpx.Response) -> str:
    """What the body says, with its code."""
    try:
        body = response.json()
        error = body.get("error") if isinstance(body.get("error"), dict) else body
        fields = [f"{name}: {field.get('message')}" for name, field in (error.get("fields") or {}).items()]
        words = "; ".join([str(error.get("message") or response.reason_phrase), *fields])
        return f"{words} ({error['code']})" if error.get("code") else words
    except (ValueError, AttributeError):
        return response.text[:200].strip() or response.reason_phrase


def _trouble(response: httpx.Response) -> ConnectError | None:
    status = response.status_code
    if status < 400:
        return None
    told = Text("VK Ads answered {status}: {said}.", "VK Реклама отвечает {status}: {said}.").format(
        status=status, said=_said(response)
    )
    if status == 401:
        return ExpiredError(told, hint=CONNECT_AGAIN)
    if status == 403:
        return ForbiddenError(told, hint=_RIGHTS)
    if status == 404:
        return GoneError(told)
    if status == 429:
        return LimitedError(told, seconds=_pause(response.headers))
    return RefusedError(told) if status == 400 else usual_error(response)


def _pause(headers: Mapping[str, str]) -> float | None:
    """Seconds until another request has a chance, by the limit that is used up. A day's and an hour's begin anew at a time
    that VK does not tell: the question is asked again now and then."""
    given = headers.get("Retry-After", "")
    if given.isdecimal():
        return float(given)
    used_up = {name for name in ("RPS", "Hourly", "Daily") if headers.get(f"X-RateLimit-{name}-Remaining") == "0"}
    return 3600.0 if "Daily" in used_up else 600.0 if "Hourly" in used_up else 1.0 if "RPS" in used_up else None


async def _check(api: Api, _: Mapping[str, Any]) -> list[Record]:
    got = await api.get("/api/v2/ad_plans.json", {"fields": "id,name", "limit": 50, "offset": 0}) or {}
    return [{"option": "campaign", "value": str(plan["id"]), "title": plan.get("name", "")} for plan in got["items"]]


CONNECTOR = Connector(
    title=Text("VK Ads", "VK Реклама"),
    base_url="https://ads.vk.com",
    credentials=(
        Credential(
            "client_id",
            Text("Client id", "Client ID"),
            Text(
                "In ads.vk.com under Settings, Access to the API.",
                "В кабинете ads.vk.com: «Настройки» → «Доступ к API».",
            ),
            is_secret=False,
        ),
        Credential(
            "client_secret",
            Text("Client secret", "Client Secret"),
            Text(
                "Beside the client id. Without it somebody must sign in with a browser.",
                "Там же. Без него нужно войти через браузер.",
            ),
            is_required=False,
        ),
        Credential(
            "agency_client_name",
            Text("Client of the agency, by name", "Клиент агентства: имя"),
            Text("For agencies: whose ads to read.", "Для агентств: чью рекламу читать."),
            is_secret=False,
            is_required=False,
        ),
        Credential(
            "agency_client_id",
            Text("Client of the agency, by id", "Клиент агентства: ID"),
            Text("In place of the name.", "Вместо имени."),
            is_secret=False,
            is_required=False,
        ),
    ),
    options=(
        Option(
            "account",
            Text("Account", "Кабинет"),
            Text("How reports call the account; empty: the agency's client.", "Название кабинета в отчётах; пусто: клиент агентства."),
        ),
        Option(
            "currency",
            Text("Currency of the account", "Валюта кабинета"),
            Text("VK does not say it.", "VK её не сообщает."),
            default="RUB",
        ),
        Option(
            "attribution",
            Text("Day of a goal", "День цели"),
            Text(
                "conversion: the day of the goal; impression: the day of the ad. Empty: as VK counts by itself.",
                "conversion: день цели; impression: день показа. Пусто: как считает VK.",
            ),
        ),
        Option(
            "campaign_macro",
            Text("What {{campaign_id}} means", "Что значит {{campaign_id}}"),
            Text(
                "ad_plan or ad_group: whose id VK puts into links for {{campaign_id}}.",
                "ad_plan или ad_group: чей номер VK подставляет в ссылки вместо {{campaign_id}}.",
            ),
            default="ad_plan",
        ),
        Option(
            "history_days",
            Text("Days of history", "Дней истории"),
            Text("How far back VK tells statistics.", "За сколько дней назад VK отдаёт статистику."),
            kind="number",
            default=366,
        ),
        Option(
            "lead_forms",
            Text("Lead forms", "Лид-формы"),
            Text(
                "Whether to read them. Not set: where the account has any.",
                "Читать ли заявки лид-форм. Не задано: если они есть в кабинете.",
            ),
            kind="flag",
        ),
        Option(
            "offline_columns",
            Text("Columns of offline conversions", "Столбцы офлайн-конверсий"),
            Text(
                "Of contact, time and amount; VK does not document the file's rows.",
                "Из contact, time и amount; VK не описывает строки файла.",
            ),
            kind="list",
            default=("contact", "time", "amount"),
        ),
        Option(
            "offline_days",
            Text("Days of offline conversions", "Дни офлайн-конверсий"),
            Text("For how many days before a conversion its ad may earn it.", "За сколько дней до конверсии её засчитывают рекламе."),
            kind="number",
            default=90,
        ),
    ),
    conversions=CONVERSIONS,
    oauth=OAuth("{base_url}", _grant, _authorize, _first),
    sign=_sign,
    classify=_trouble,
    rate=Rate(4, at_once=2),
    reread_days=10,
    timezone="Europe/Moscow",
    has_global_ids=True,
    streams=(
        Stream("spend", Text("Spend", "Расходы"), ("spend",), read_spend, shape_spend, spend_key),
        Stream(
            "leads",
            Text("Leads of lead forms", "Заявки лид-форм"),
            ("lead",),
            read_leads,
            shape_lead,
            lead_key,
            is_wanted=lambda options: options.get("lead_forms") is not False,
        ),
    ),
    check=_check,
)  # fmt: skip
