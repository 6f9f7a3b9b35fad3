"""What an update of a Telegram bot means: who asked to be contacted, from where they came, what was written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.connect._engine import Record, Row, Shaping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MARKS = ("source", "medium", "campaign", "content", "term")
"""What an entry of the setting ``payloads`` may say."""
_START = re.compile(r"/start(?:@\w+)?(?:\s+(\S+))?\s*")
_VISITOR = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the collector's, the tracker's
_METRIKA = re.compile(r"ym_(\d{10,20})")
_SHOWN = 100
_HERE = frozenset({"member", "administrator", "creator"})


def shape_update(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The lead of a person's first /start or shared phone; messages, clicks on buttons, goodbyes; joins of a channel."""
    for kind in ("message", "business_message"):
        if message := record.get(kind):
            yield from _of_message(record, message, shaping)
    if click := record.get("callback_query"):
        yield from _of_click(record, click)
    if (change := record.get("my_chat_member")) and _is_blocked(change):
        yield _goodbye(record, change, change["chat"])
    if change := record.get("chat_member"):
        yield from _of_member(record, change, shaping)


def _of_message(record: Record, message: Record, shaping: Shaping) -> Iterator[Row]:
    chat, sender = message["chat"], message.get("from") or {}
    if chat.get("type") != "private":
        return
    answered = message.get("reply_to_message") or {}
    if (answered.get("from") or {}).get("is_bot") and answered.get("date"):
        yield _message(record, answered, "sent")
    if sender.get("id") != chat["id"]:  # the business's own side of a talk
        yield _message(record, message, "sent")
        return
    start = _START.fullmatch(str(message.get("text") or ""))
    contact = message.get("contact") or {}
    is_own = contact.get("user_id") is not None and contact["user_id"] == sender["id"]
    if start or (is_own and contact.get("phone_number")):
        yield from _lead(record, message, start[1] if start else None, shaping.options, is_start=bool(start))
    if is_own and contact.get("phone_number"):
        yield Row(
            "lead",
            {"lead_id": _lead_id(record, sender), "phone": str(contact["phone_number"])},
            is_patch=True,
        )
    if not start:
        yield _message(record, message, "answered")


def _lead(
    record: Record, message: Record, payload: str | None, options: Mapping[str, Any], *, is_start: bool
) -> Iterator[Row]:
    """The first telling counts: who starts the bot again is the same lead. Each visitor that a link names is evidence, though."""
    sender = message["from"]
    at, person = _moment(message["date"]), str(sender["id"])
    come = _from_payload(payload, options) if payload else {}
    yield Row(
        "lead",
        {
            "lead_id": _lead_id(record, sender),
            "created_at": at,
            "kind": "chat",
            "telegram_id": person,
            "name": _name(sender),
            **come,
            **({"props": _about(record, sender, payload)} if is_start else {}),
        },
        is_first=True,
    )
    for kind, column in (("visitor", "visitor_id"), ("ym_client", "ym_client_id")):
        if come.get(column):
            yield _link(kind, come[column], person, at)


def _about(record: Record, sender: Record, payload: str | None) -> dict[str, Any]:
    return {
        "payload": payload,
        "username": sender.get("username"),
        "language": sender.get("language_code"),
        "bot_id": record.get("bot_id"),
    }


def _from_payload(payload: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Where a start link was, by its payload: as the settings say; a visitor of the site or of Metrika; else the payload itself
    is the campaign."""
    told = (options.get("payloads") or {}).get(payload)
    if isinstance(told, str):
        told = dict(parse_qsl(told))
    if isinstance(told, dict):
        return {
            name.removeprefix("utm_"): str(value) for name, value in told.items() if name.removeprefix("utm_") in MARKS
        }
    if _VISITOR.fullmatch(payload):
        return {"visitor_id": payload}
    if found := _METRIKA.fullmatch(payload):
        return {"ym_client_id": found[1]}
    return {"source": "telegram", "medium": "bot", "campaign": payload}


def _of_click(record: Record, click: Record) -> Iterator[Row]:
    """A button was pressed under a message of the bot: the message was sent, and clicked when we heard of it."""
    message = click.get("message") or {}
    if (message.get("chat") or {}).get("type") != "private":
        return
    if message.get("date"):  # 0: Telegram no longer shows so old a message
        yield _message(record, message, "sent")
    heard = record.get("received_at")
    at = datetime.fromisoformat(heard) if heard else _moment(message["date"])
    yield _message(record, message, "clicked", at=at, subject=click.get("data"))


def _of_member(record: Record, change: Record, shaping: Shaping) -> Iterator[Row]:
    """Somebody joined or left a channel or group in which the bot is an administrator."""
    before, after = _is_in(change["old_chat_member"]), _is_in(change["new_chat_member"])
    user, chat = change["new_chat_member"]["user"], change["chat"]
    if user.get("is_bot") or before == after:
        return
    if before:
        yield _goodbye(record, change, user)
        return
    if shaping.options.get("joins") is False:
        return
    link = change.get("invite_link") or {}
    at, visitor = _moment(change["date"]), f"telegram-{user['id']}"
    yield Row(
        "event",
        {
            "event_id": _id(record, record["update_id"]),
            "happened_at": at,
            "name": "telegram_join",
            "visitor_id": visitor,
            "title": chat.get("title"),
            "source": "telegram",
            "medium": "channel",
            "campaign": link.get("name") or link.get("invite_link") or chat.get("title"),
            "props": {
                "telegram_id": str(user["id"]),
                "chat_id": str(chat["id"]),
                "chat": chat.get("title"),
                "invite_link": link.get("invite_link"),
                "via_request": change.get("via_join_request"),
            },
        },
    )
    yield _link("visitor", visitor, str(user["id"]), at)


def _is_blocked(change: Record) -> bool:
    return bool(change["chat"].get("type") == "private" and change["new_chat_member"].get("status") == "kicked")


def _is_in(member: Record) -> bool:
    status = member.get("status")
    return status in _HERE or (status == "restricted" and bool(member.get("is_member")))


def _goodbye(record: Record, change: Record, person: Record) -> Row:
    return Row(
        "message",
        {
            "message_id": _id(record, record["update_id"]),
            "kind": "unsubscribed",
            "happened_at": _moment(change["date"]),
            "medium": "telegram",
            "campaign": change["chat"].get("title"),
            "telegram_id": str(person["id"]),
        },
    )


def _message(record: Record, message: Record, kind: str, *, at: datetime | None = None, subject: Any = None) -> Row:
    chat = message["chat"]
    text = str(subject or message.get("text") or message.get("caption") or "")
    return Row(
        "message",
        {
            "message_id": _id(record, chat["id"], message["message_id"]),
            "kind": kind,
            "happened_at": at or _moment(message["date"]),
            "medium": "telegram",
            "telegram_id": str(chat["id"]),
            "subject": text[:_SHOWN].strip() or None,
        },
    )


def _link(kind: str, value: str, telegram_id: str, at: datetime) -> Row:
    return Row(
        "identity_link",
        {"kind_a": kind, "value_a": value, "kind_b": "telegram", "value_b": telegram_id, "seen_at": at},
    )


def _lead_id(record: Record, person: Record) -> str:
    return _id(record, person["id"])


def _id(record: Record, *parts: Any) -> str:
    """Of one bot: chats and users are the same for all bots, messages are not."""
    return ":".join(str(part) for part in (record.get("bot_id"), *parts) if part)


def _name(person: Record) -> str | None:
    return " ".join(str(person[part]) for part in ("first_name", "last_name") if person.get(part)) or None


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
