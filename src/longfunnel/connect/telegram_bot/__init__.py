"""A Telegram bot: who started it and from which link, the phones they shared, what was written; who joined its channel.

Telegram forgets an update once the next question goes beyond it, so that each answer is on disk before the next question.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from longfunnel.connect._engine import (
    Access,
    Api,
    Call,
    ChangedSchemaError,
    ConnectError,
    Connector,
    Credential,
    ExpiredError,
    ForbiddenError,
    Hook,
    LimitedError,
    Option,
    Page,
    Rate,
    Reading,
    Record,
    RefusedError,
    Stream,
    TemporaryError,
    Touched,
    usual_error,
)
from longfunnel.connect.telegram_bot._meaning import MARKS, shape_update
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_UPDATES = ("message", "callback_query", "my_chat_member", "chat_member", "chat_join_request")
_AT_ONCE = 100
_LONGEST_WAIT = 50
_IDS_HOLD = timedelta(days=6)
"""After a week without updates Telegram may number them anew, and an old offset would throw them away."""
_IN_USE = Text(
    'Only one program can read a bot\'s updates. If the bot has a webhook, set receive = "webhook" and let Longfunnel register its own, '
    "or have your program pass each update on to Longfunnel's address; if another program polls, stop one of the two. "
    "Longfunnel never removes a webhook by itself.",
    'Обновления бота может читать только одна программа. Если у бота есть вебхук, поставьте receive = "webhook" и дайте Longfunnel '
    "поставить свой — или пусть ваша программа пересылает обновления на адрес Longfunnel; если бота опрашивает другая программа, "
    "остановите одну из двух. Сам Longfunnel вебхук никогда не снимает.",
)
_WRONG_TOKEN = Text(
    "The token is wrong or was revoked: take it from @BotFather and connect again.",
    "Токен неверный или отозван: возьмите его у @BotFather и подключите заново.",
)


async def _read(reading: Reading) -> AsyncIterator[Page]:
    """What Telegram keeps for us, a hundred updates at a time, until it has no more."""
    options = reading.options
    _check_options(options)
    if options["receive"] == "webhook":
        return
    wait = min(max(int(options["wait_seconds"] or 0), 0), _LONGEST_WAIT)
    asked: dict[str, Any] = {
        "limit": _AT_ONCE, "timeout": wait, "allowed_updates": json.dumps(list(options["updates"] or _UPDATES)),
    }  # fmt: skip
    place = reading.cursor if isinstance(reading.cursor, dict) else {}
    if place and reading.now - datetime.fromisoformat(place["at"]) < _IDS_HOLD:
        asked["offset"] = place["offset"]
    while True:
        got = await reading.api.get("getUpdates", asked, timeout=httpx.Timeout(wait + 30.0, connect=15.0))
        updates = got["result"]
        if not updates:
            return
        offset = max(int(update["update_id"]) for update in updates) + 1
        if offset == asked.get("offset"):
            raise ChangedSchemaError(
                Text(
                    "Telegram tells the same updates again, though they were confirmed.",
                    "Telegram повторяет обновления, которые уже подтверждены.",
                )
            )
        asked["offset"] = offset
        cursor = {"offset": offset, "at": reading.now.isoformat()}
        yield Page(_received(reading, updates), cursor=cursor, is_written_first=True)


async def _fetch(reading: Reading, updates: list[str]) -> AsyncIterator[Page]:
    """The updates that webhooks brought whole; what is missing is only whose bot it was."""
    yield Page(_received(reading, [json.loads(update) for update in updates]))


def _received(reading: Reading, updates: list[Record]) -> list[Record]:
    bot_id = reading.api.access.token.partition(":")[0]
    return [{**update, "bot_id": bot_id, "received_at": reading.now.isoformat()} for update in updates]


def _check_options(options: Mapping[str, Any]) -> None:
    """Raises RefusedError that lists what the settings say wrongly."""
    wrong: list[Text] = []
    if options["receive"] not in ("poll", "webhook"):
        said = Text(
            "receive = {value!r} is neither poll nor webhook.", "receive = {value!r}, а бывает только poll или webhook."
        )
        wrong.append(said.format(value=options["receive"]))
    for payload, told in (options["payloads"] or {}).items():
        names = set(told) if isinstance(told, dict) else set() if isinstance(told, str) else {str(told)}
        if unknown := {name for name in names if name.removeprefix("utm_") not in MARKS}:
            said = Text(
                "payloads.{payload}: {unknown} is none of {known}.", "payloads.{payload}: {unknown} нет среди {known}."
            )
            wrong.append(said.format(payload=payload, unknown=", ".join(sorted(unknown)), known=", ".join(MARKS)))
    if wrong:
        raise RefusedError(
            Text(" ".join(one.en for one in wrong), " ".join(one.ru for one in wrong)),
            hint=Text("Mend the [[source]] in longfunnel.toml.", "Исправьте [[source]] в longfunnel.toml."),
        )


def _sign(access: Access) -> Call:
    return Call(prefix=f"/bot{access.token}")


def _trouble(response: httpx.Response) -> ConnectError | None:
    """Telegram says ``ok`` in every answer. The address holds the token: no message may show it."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "ok" not in body:
        return usual_error(response) or ChangedSchemaError(
            Text(
                "Telegram answered with something that is no answer of its API.",
                "Telegram отвечает не так, как его API.",
            )
        )
    if body["ok"] is True:
        return None
    code = int(body.get("error_code") or response.status_code)
    told = Text("Telegram answered {code}: {why}", "Telegram отвечает {code}: {why}").format(
        code=code, why=body.get("description") or Text("no reason given", "причина не названа")
    )
    match code:
        case 401 | 404:
            return ExpiredError(told, hint=_WRONG_TOKEN)
        case 403:
            return ForbiddenError(told)
        case 409:
            return RefusedError(told, hint=_IN_USE)
        case 429:
            seconds = (body.get("parameters") or {}).get("retry_after")
            return LimitedError(told, seconds=float(seconds) if seconds is not None else None)
        case _ if code >= 500:
            return TemporaryError(told)
    return RefusedError(told)


async def _check(api: Api, _: Mapping[str, Any]) -> list[Record]:
    me = (await api.get("getMe"))["result"]
    hook = (await api.get("getWebhookInfo"))["result"]
    way = Text("it has no webhook", "вебхука нет")
    if hook.get("url"):
        way = Text("its webhook is {url}", "его вебхук — {url}").format(url=hook["url"])
    if hook.get("url") and (why := hook.get("last_error_message")):
        way += Text("; its last trouble: {why}", "; последняя его ошибка: {why}").format(why=why)
    return [
        {
            "option": "receive",
            "value": "webhook" if hook.get("url") else "poll",
            "title": spoken(f"@{me.get('username')}: ") + way,
        }
    ]


def _secret(credentials: Mapping[str, str]) -> str:
    """What Telegram repeats with each webhook: as it was given, else made of the token."""
    own = f"longfunnel webhook {credentials.get('token', '')}"
    return credentials.get("webhook_secret") or hashlib.sha256(own.encode()).hexdigest()


def _is_genuine(headers: Mapping[str, str], _: str, __: bytes, credentials: Mapping[str, str]) -> bool:
    told = headers.get("x-telegram-bot-api-secret-token", "")
    return hmac.compare_digest(told.encode(), _secret(credentials).encode())


async def _register(api: Api, url: str, options: Mapping[str, Any]) -> None:
    await api.post(
        "setWebhook",
        {
            "url": url,
            "secret_token": _secret(api.access.credentials),
            "allowed_updates": list(options.get("updates") or _UPDATES),
        },
    )


def _told(_: str, body: bytes) -> list[Touched]:
    update = json.loads(body)
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise ValueError("it is no update of a bot")  # noqa: TRY004 - what the contract asks for
    return [Touched("updates", json.dumps(update))]


CONNECTOR = Connector(
    title=Text("Telegram bot", "Бот Telegram"),
    base_url="https://api.telegram.org",
    credentials=(
        Credential(
            "token",
            Text("Token of the bot", "Токен бота"),
            Text("@BotFather gives it: /mybots, API Token.", "Его даёт @BotFather: /mybots → API Token."),
        ),
        Credential(
            "webhook_secret",
            Text("Secret of the webhook", "Секрет вебхука"),
            Text(
                "For a program of yours that passes updates on with the header X-Telegram-Bot-Api-Secret-Token.",
                "Если обновления пересылает ваша программа с заголовком X-Telegram-Bot-Api-Secret-Token.",
            ),
            is_required=False,
        ),
    ),
    options=(
        Option(
            "receive",
            Text("How updates come", "Как приходят обновления"),
            Text(
                "poll: each sync asks for them; webhook: Telegram, or a program of yours, sends them.",
                "poll: их спрашивает каждая синхронизация; webhook: их присылает Telegram или ваша программа.",
            ),
            default="poll",
        ),
        Option(
            "wait_seconds",
            Text("Seconds to wait for updates", "Сколько секунд ждать обновлений"),
            Text("Of each question, up to 50.", "В каждом запросе, до 50."),
            kind="number",
            default=0,
        ),
        Option(
            "updates",
            Text("Kinds of updates", "Виды обновлений"),
            Text("As Telegram names them.", "Как их называет Telegram."),
            kind="list",
            default=_UPDATES,
        ),
        Option(
            "payloads",
            Text("Start links", "Ссылки на бота"),
            Text(
                'What t.me/bot?start=PAYLOAD means: payloads.spring = { source = "vk", medium = "cpc", campaign = "spring" }.',
                'Что значит t.me/bot?start=МЕТКА: payloads.spring = { source = "vk", medium = "cpc", campaign = "spring" }.',
            ),
            kind="table",
        ),
        Option(
            "joins",
            Text("Joins of a channel", "Вступления в канал"),
            Text("Whether joins of channels where the bot is an administrator are events.", "Считать ли событиями вступления в каналы, где бот администратор."),
            kind="flag",
            default=True,
        ),
    ),
    sign=_sign,
    classify=_trouble,
    rate=Rate(5, at_once=1),
    has_global_ids=True,
    hook=Hook(_told, _is_genuine, _register),
    streams=(
        Stream(
            "updates",
            Text("Updates", "Обновления"),
            ("lead", "message", "event", "identity_link"),
            _read,
            shape_update,
            lambda update: str(update["update_id"]),
            fetch=_fetch,
        ),
    ),
    check=_check,
)  # fmt: skip
