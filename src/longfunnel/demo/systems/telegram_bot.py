"""The Bot API of Telegram, invented: updates that are kept until they are confirmed, one reader at a time, a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.demo.systems._http import Answer, Asked, served, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.demo.systems.company import Chat, Company, Person
    from longfunnel.demo.systems.serving import App

_BOT = {"id": 7001, "is_bot": True, "first_name": "Мебель Лес", "username": "mebel_les_bot"}
_KINDS = {
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message", "edited_business_message",
    "deleted_business_messages", "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query",
    "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost",
}  # fmt: skip
_ONLY_IF_ASKED = {"chat_member", "message_reaction", "message_reaction_count"}
_PARAMS = {
    "getMe": set(),
    "getUpdates": {"offset", "limit", "timeout", "allowed_updates"},
    "setWebhook": {
        "url",
        "certificate",
        "ip_address",
        "max_connections",
        "allowed_updates",
        "drop_pending_updates",
        "secret_token",
    },
    "getWebhookInfo": set(),
    "sendMessage": {"chat_id", "text", "parse_mode", "reply_markup", "reply_parameters", "disable_notification"},
}
_SECRET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass
class Knobs:
    """How the invented Telegram behaves; may be turned while it runs."""

    token: str = "7001:AAinvented"  # noqa: S105 - of an invented system
    failures: deque[str] = field(default_factory=deque)
    """What the next requests meet: 429, 500, 409 (another reader), html, odd (a result of another form), lost (answered, and the
    answer never came)."""
    retry_after: int = 0
    """Seconds, as a 429 says them."""
    webhook: str = ""
    secret: str = ""
    updates: list[dict[str, Any]] = field(default_factory=list)
    """Those that nobody has confirmed; the company's chats come first."""
    blocked: set[int] = field(default_factory=set)
    """Users who have blocked the bot."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Methods with their parameters, in order."""
    kinds: set[str] = field(default_factory=lambda: _KINDS - _ONLY_IF_ASKED)
    """What is delivered, as it was asked for last."""


class _BotError(Exception):
    def __init__(self, code: int, words: str, **parameters: int) -> None:
        super().__init__(words)
        self.code, self.words, self.parameters = code, words, parameters


def app(company: Company, knobs: Knobs) -> App:
    """The application; the company's chats become updates."""
    knobs.updates[:0] = [start(chat) for chat in company.chats]
    return served(_Telegram(knobs).answer)


def start(chat: Chat) -> dict[str, Any]:
    """The update of a person who pressed Start."""
    return message(chat.update_id, chat.visit.person, chat.at, f"/start {chat.payload}")


def message(update_id: int, person: Person, at: datetime, text: str, **more: Any) -> dict[str, Any]:
    """The update of a person who wrote to the bot, or shared a contact (``contact={…}``)."""
    said = {"text": text} if text else {}
    marks = [{"offset": 0, "length": 6, "type": "bot_command"}] if text.startswith("/start") else []
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id % 1_000_000, "from": user(person), "date": int(at.timestamp()),
            "chat": {"id": person.telegram_id, "first_name": person.name.split()[0], "type": "private"},
            **said, **({"entities": marks} if marks else {}), **more,
        },
    }  # fmt: skip


def user(person: Person) -> dict[str, Any]:
    """A person as Telegram knows them."""
    first, _, last = person.name.partition(" ")
    return {"id": person.telegram_id, "is_bot": False, "first_name": first, "last_name": last, "language_code": "ru"}


def joined(update_id: int, person: Person, at: datetime, link: str, *, leaves: bool = False) -> dict[str, Any]:
    """The update of a person who joined the channel by a named link, or left it."""
    states = [{"status": "left", "user": user(person)}, {"status": "member", "user": user(person)}]
    before, after = reversed(states) if leaves else states
    invited = {
        "invite_link": {
            "invite_link": "https://t.me/+AbCdEf",
            "name": link,
            "creator": _BOT,
            "is_primary": False,
            "is_revoked": False,
        }
    }
    return {
        "update_id": update_id,
        "chat_member": {
            "chat": {"id": -1001234567890, "title": "Мебель и лес 🌲", "type": "channel"}, "from": user(person), "date": int(at.timestamp()),
            "old_chat_member": before, "new_chat_member": after, **({} if leaves or not link else invited),
        },
    }  # fmt: skip


def blocked(update_id: int, person: Person, at: datetime) -> dict[str, Any]:
    """The update of a person who stopped the bot."""
    return {
        "update_id": update_id,
        "my_chat_member": {
            "chat": {"id": person.telegram_id, "type": "private"}, "from": user(person), "date": int(at.timestamp()),
            "old_chat_member": {"status": "member", "user": _BOT}, "new_chat_member": {"status": "kicked", "user": _BOT, "until_date": 0},
        },
    }  # fmt: skip


def pressed(update_id: int, person: Person, at: datetime, data: str) -> dict[str, Any]:
    """The update of a person who pressed a button under a message that the bot sent at ``at``."""
    sent = {
        "message_id": 900_000 + update_id % 1000, "from": _BOT, "date": int(at.timestamp()), "text": "Выберите цвет",
        "chat": {"id": person.telegram_id, "type": "private"},
    }  # fmt: skip
    return {
        "update_id": update_id,
        "callback_query": {
            "id": str(update_id),
            "from": user(person),
            "message": sent,
            "data": data,
            "chat_instance": "1",
        },
    }


class _Telegram:
    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._sent = 0

    async def answer(self, asked: Asked) -> Answer:
        try:
            method, params = self._understood(asked)
            failure = self._knobs.failures.popleft() if self._knobs.failures else ""
            if ill := self._ill(failure):
                return ill
            result = await self._result(method, params)
        except _BotError as trouble:
            parameters = {"parameters": trouble.parameters} if trouble.parameters else {}
            return told(
                {"ok": False, "error_code": trouble.code, "description": trouble.words, **parameters}, trouble.code
            )
        if failure == "lost":
            return Answer(502, b"<html>Bad Gateway</html>", {"content-type": "text/html"})
        return told({"ok": True, "result": result})

    def _understood(self, asked: Asked) -> tuple[str, dict[str, Any]]:
        bot, _, method = asked.path.strip("/").partition("/")
        if not bot.startswith("bot") or ":" not in bot or method not in _PARAMS:
            raise _BotError(404, "Not Found")
        if bot != f"bot{self._knobs.token}":
            raise _BotError(401, "Unauthorized")
        params = _params(asked)
        self._knobs.asked.append((method, params))
        if unknown := set(params) - _PARAMS[method]:
            raise _BotError(400, f"Bad Request: unknown parameters {', '.join(sorted(unknown))}")
        return method, params

    def _ill(self, failure: str) -> Answer | None:
        match failure:
            case "429":
                seconds = self._knobs.retry_after
                raise _BotError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
            case "409":
                raise _BotError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            case "500":
                raise _BotError(500, "Internal Server Error")
            case "odd":
                return told({"ok": True, "result": {"updates": []}})
            case "html":
                return Answer(200, b"<html></html>", {"content-type": "text/html"})
        return None

    async def _result(self, method: str, params: Mapping[str, Any]) -> Any:
        knobs = self._knobs
        match method:
            case "getMe":
                return _BOT
            case "getUpdates":
                return await self._updates(params)
            case "setWebhook":
                secret = str(params.get("secret_token", ""))
                if (
                    not str(params.get("url", "")).startswith(("https://", "http://127.0.0.1"))
                    or set(secret) - _SECRET
                    or len(secret) > 256
                ):
                    raise _BotError(400, "Bad Request: bad webhook")
                knobs.webhook, knobs.secret = str(params["url"]), secret
                knobs.kinds = _kinds(params) or knobs.kinds
                return True
            case "getWebhookInfo":
                return {
                    "url": knobs.webhook,
                    "has_custom_certificate": False,
                    "pending_update_count": len(knobs.updates),
                    "max_connections": 40,
                }
        return self._send(params)

    async def _updates(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        knobs = self._knobs
        if knobs.webhook:
            raise _BotError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        limit, wait = int(params.get("limit", 100)), int(params.get("timeout", 0))
        if not 1 <= limit <= 100 or not 0 <= wait <= 50:
            raise _BotError(400, "Bad Request: wrong limit or timeout")
        knobs.kinds = _kinds(params) or knobs.kinds
        if "offset" in params:
            knobs.updates = [update for update in knobs.updates if update["update_id"] >= int(params["offset"])]
        until = time.monotonic() + wait
        while True:
            wanted = [update for update in knobs.updates if knobs.kinds & update.keys()]
            if wanted or time.monotonic() >= until:
                return sorted(wanted, key=lambda update: int(update["update_id"]))[:limit]
            await asyncio.sleep(0.02)

    def _send(self, params: Mapping[str, Any]) -> dict[str, Any]:
        text, chat = str(params.get("text", "")), params.get("chat_id")
        if not 1 <= len(text) <= 4096:
            raise _BotError(
                400, "Bad Request: message text is empty" if not text else "Bad Request: message is too long"
            )
        if not str(chat).lstrip("-").isdecimal():
            raise _BotError(400, "Bad Request: chat not found")
        if int(str(chat)) in self._knobs.blocked:
            raise _BotError(403, "Forbidden: bot was blocked by the user")
        self._sent += 1
        now = int(datetime.now(UTC).timestamp())
        return {
            "message_id": 900_000 + self._sent,
            "from": _BOT,
            "chat": {"id": int(str(chat)), "type": "private"},
            "date": now,
            "text": text,
        }


def _params(asked: Asked) -> dict[str, Any]:
    given: dict[str, Any] = dict(asked.params)
    kind = asked.headers.get("content-type", "").partition(";")[0]
    try:
        if kind == "application/json" and asked.body:
            given |= json.loads(asked.body)
        elif kind == "application/x-www-form-urlencoded":
            given |= dict(parse_qsl(asked.body.decode()))
    except (ValueError, TypeError):
        raise _BotError(400, "Bad Request: can't parse the request") from None
    return given


def _kinds(params: Mapping[str, Any]) -> set[str]:
    told = params.get("allowed_updates", [])
    kinds = json.loads(told) if isinstance(told, str) else told
    if not isinstance(kinds, list) or set(kinds) - _KINDS:
        raise _BotError(400, "Bad Request: can't parse allowed updates JSON object")
    return set(kinds)
