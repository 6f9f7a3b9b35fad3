"""What a call and a request of Calltouch mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from longfunnel.connect._engine import Record, Row, Shaping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_NOTHING = frozenset({"<не указано>", "<не заполнено>", "(not set)", "<unknown>"})
_CLICKS = {
    "yclid": "yclid", "ymclid": "yclid", "gclid": "gclid", "gbraid": "gclid", "wbraid": "gclid", "fbclid": "fbclid",
    "rb_clickid": "vkclid", "vkclid": "vkclid",
}  # fmt: skip
CALLS_AS_LEADS: dict[str, Callable[[Record], bool]] = {
    "none": lambda _: False,
    "unique_target": lambda call: call.get("uniqTargetCall") is True,
    "target": lambda call: call.get("targetCall") is True,
    "unique": lambda call: call.get("uniqueCall") is True,
    "all": lambda _: True,
}
"""Which calls are leads, by the setting ``calls_as_leads``."""


def shape_call(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The call; where the settings want it, also the lead that called."""
    started_at = _call_time(record, shaping)
    call_id = str(record["callId"])
    person = {
        "phone": _text(record.get("callerNumber")),
        "ym_client_id": _text(record.get("yaClientId")),
        "ga_client_id": _text(record.get("clientId")),
        **_clicks(record.get("url")),
        **_marks(record, keyword="keyword"),
        "manager": _text(record.get("manager")),
        "region": _text(record.get("city")),
        "visit_id": _id(record.get("sessionId")),
    }
    yield Row(
        "call",
        {
            "call_id": call_id,
            "started_at": started_at,
            "tracking_number": _text(record.get("phoneNumber")),
            **person,
            "duration_seconds": record.get("duration"),
            "wait_seconds": record.get("waitingConnect"),
            "is_answered": record.get("successful"),
            "is_unique": record.get("uniqueCall"),
            "is_target": record.get("targetCall"),
            "tags": _tags(record.get("callTags")),
            "props": _props(record)
            | {
                "callphase": record.get("callphase"),
                "call_url": record.get("callUrl"),
                "pool": record.get("subPoolName"),
                "redirect_number": record.get("redirectNumber"),
                "status": record.get("statusDetails"),
                "is_unique_target": record.get("uniqTargetCall"),
                "is_callback": record.get("callbackCall"),
                "callback_request_id": _id((record.get("callbackInfo") or {}).get("callbackRequestId")),
            },
        },
    )
    if CALLS_AS_LEADS[str(shaping.options.get("calls_as_leads") or "none")](record):
        yield Row("lead", {"lead_id": f"call-{call_id}", "created_at": started_at, "kind": "call", **person})


def shape_request(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The request as a lead."""
    session, client = record.get("session") or {}, record.get("client") or {}
    contacts = client.get("contacts") or []
    comments = [str(one["comment"]) for one in record.get("comments") or [] if one.get("comment")]
    created_at = (
        _moment(record["date"]) if record.get("date") not in (None, "") else _written(record["dateStr"], shaping)
    )
    yield Row(
        "lead",
        {
            "lead_id": str(record["requestId"]),
            "created_at": created_at,
            "kind": "form",
            "name": _text(client.get("fio")),
            "phone": next((str(one["phoneNumber"]) for one in client.get("phones") or [] if one.get("phoneNumber")), None),
            "email": next(
                (str(one["contactValue"]) for one in contacts
                 if str(one.get("contactType")).upper() in ("EMAIL", "E-MAIL") and one.get("contactValue")),
                None,
            ),
            "ym_client_id": _text(session.get("yaClientId")),
            "ga_client_id": _text(session.get("guaClientId")),
            **_clicks(session.get("url")),
            **_marks(session, keyword="keywords"),
            "is_qualified": record.get("targetRequest"),
            "manager": _text(record.get("manager")),
            "region": _text(session.get("city")),
            "visit_id": _id(session.get("sessionId")),
            "props": _props(record)
            | {
                "subject": record.get("subject"),
                "request_number": record.get("requestNumber"),
                "request_status": record.get("status"),
                "is_unique": record.get("uniqueRequest"),
                "is_unique_target": record.get("uniqTargetRequest"),
                "tags": _tags(record.get("RequestTags")),
                "comment": "; ".join(comments),
            },
        },
    )  # fmt: skip


def _marks(told: Mapping[str, Any], *, keyword: str) -> dict[str, str | None]:
    """The marks of the link; where it has none, what Calltouch made of the visit."""
    return {
        "source": _text(told.get("utmSource")) or _text(told.get("source")),
        "medium": _text(told.get("utmMedium")) or _text(told.get("medium")),
        "campaign": _text(told.get("utmCampaign")),
        "content": _text(told.get("utmContent")),
        "term": _text(told.get("utmTerm")) or _text(told.get(keyword)),
        "referrer": _text(told.get("ref")),
        "landing_page": _text(told.get("url")),
    }


def _clicks(address: Any) -> dict[str, str]:
    """The click ids that the first page's address carries, by column."""
    try:
        query = parse_qsl(urlsplit(str(address or "")).query)
    except ValueError:
        return {}
    return {_CLICKS[name.lower()]: value for name, value in query if name.lower() in _CLICKS and _text(value)}


def _props(record: Record) -> dict[str, Any]:
    return {
        "site_id": record.get("siteId"),
        "hostname": record.get("hostname"),
        "orders": record.get("orders") or None,
        "yandex_direct": record.get("yandexDirect") or None,
        "google_ads": record.get("googleAdWords") or None,
        "ct_client_id": _id(record.get("ctClientId")),
        "ct_global_id": _id(record.get("ctGlobalId")),
        "marks": {str(one["name"]): one.get("value") for one in record.get("additionalTags") or [] if one.get("name")} or None,
    }  # fmt: skip


def _tags(tags: Any) -> str | None:
    names = [name.strip() for tag in tags or [] for name in tag.get("names") or [] if name and name.strip()]
    return ", ".join(dict.fromkeys(names)) or None


def _text(value: Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    return None if not text or text.lower() in _NOTHING else text


def _id(value: Any) -> str | None:
    """An id; 0 is none."""
    text = _text(value)
    return None if text == "0" else text


def _call_time(record: Record, shaping: Shaping) -> datetime:
    if str(record.get("timestamp") or "").isdecimal():
        return _moment(record["timestamp"])
    return _written(record["date"], shaping)


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))


def _written(text: str, shaping: Shaping) -> datetime:
    """``29/11/2016 12:40:11`` in the cabinet's zone."""
    text = text.strip()
    if found := re.fullmatch(r"(\d\d)[/.](\d\d)[/.](\d{4})[ T](.+)", text):
        text = f"{found[3]}-{found[2]}-{found[1]}T{found[4]}"
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=shaping.zone)
