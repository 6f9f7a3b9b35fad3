"""What the invented VK Ads takes and gives: forms, parameters, listings with ``count``, errors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from longfunnel.demo.systems._http import Answer, Asked, told

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMIT = 50


class VkError(Exception):
    """An answer that is an error: HTTP status, VK's code, words, and words by field."""

    def __init__(self, status: int, code: str, words: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.fields = status, code, words, fields or {}


def form_of(asked: Asked) -> dict[str, str]:
    """The fields of a form that was sent."""
    if (
        asked.method != "POST"
        or asked.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded"
    ):
        raise VkError(400, "invalid_request", "A form is expected")
    return dict(parse_qsl(asked.body.decode()))


def refuse_unknown(params: Mapping[str, str], known: set[str]) -> None:
    """Refuse parameters that are not ``known``."""
    if wrong := [name for name in params if name not in known]:
        raise VkError(400, "validation_failed", "Validation failed", dict.fromkeys(wrong, "unknown parameter"))


def day_of(text: str | None) -> date:
    """The day of a parameter."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise VkError(400, "ERR_WRONG_DATE", "Wrong date") from None


def page_of(rows: list[dict[str, Any]], params: Mapping[str, str], known: set[str], short: tuple[str, ...]) -> Answer:
    """A listing: filtered, sorted, cut to ``fields`` and to the page."""
    filters = {name: value for name, value in params.items() if name.startswith("_")}
    refuse_unknown({name: "" for name in params if not name.startswith("_")}, {"fields", "limit", "offset", "sorting"})
    fields = params["fields"].split(",") if "fields" in params else list(short)
    limit, offset = params.get("limit", "20"), params.get("offset", "0")
    if set(fields) - known or not limit.isdecimal() or not offset.isdecimal() or not 1 <= int(limit) <= _LIMIT:
        raise VkError(400, "validation_failed", "Validation failed", {"limit": "wrong fields, limit or offset"})
    if "status" in known and not any(name.startswith("_status") for name in filters):
        rows = [row for row in rows if row["status"] != "deleted"]
    for name, value in filters.items():
        column, _, how = name[1:].partition("__")
        if column not in known or how not in ("", "in", "ne"):
            raise VkError(400, "validation_failed", "Validation failed", {name: "unknown filter"})
        rows = [row for row in rows if (str(row.get(column)) in value.split(",")) != (how == "ne")]
    sorting = params.get("sorting", "id")
    if sorting.lstrip("-") not in known:
        raise VkError(400, "validation_failed", "Validation failed", {"sorting": "unknown field"})
    rows = sorted(rows, key=lambda row: row[sorting.lstrip("-")], reverse=sorting.startswith("-"))
    page = rows[int(offset) : int(offset) + int(limit)]
    items = [{name: row[name] for name in fields if name in row} for row in page]
    return told({"count": len(rows), "offset": int(offset), "items": items})


def told_trouble(trouble: VkError) -> Answer:
    """The answer that tells of it."""
    if trouble.status == 401:
        header = {"WWW-Authenticate": f'Bearer realm="api", error="{trouble.code}"'}
        return told({"code": trouble.code, "message": trouble.words}, 401, **header)
    error: dict[str, Any] = {"message": trouble.words, "code": trouble.code}
    if trouble.fields:
        error["fields"] = {name: {"message": words, "code": "invalid"} for name, words in trouble.fields.items()}
    return told({"error": error}, trouble.status)
