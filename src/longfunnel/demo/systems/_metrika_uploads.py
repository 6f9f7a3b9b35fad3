"""Offline conversions as an invented Metrika takes them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.demo.systems._http import Asked

KINDS = ("BASIC", "CALLS", "CHATS")
STATUSES = ("PREPARED", "UPLOADED", "EXPORTED", "MATCHED", "PROCESSED")
"""One after the other, at each look."""
_IDS = ("UserId", "ClientId", "Yclid", "PurchaseId")
_COLUMNS = (*_IDS, "Target", "DateTime", "Price", "Currency")


class UploadError(Exception):
    """What is wrong with an upload."""


@dataclass
class Uploading:
    """One upload that was taken."""

    id: int
    kind: str
    comment: str
    at: datetime
    rows: list[dict[str, str]]
    linked: int
    status: str = STATUSES[0]
    looks: int = field(default=0)

    def told(self) -> dict[str, Any]:
        """As Metrika tells of it."""
        linked = {"linked_quantity": self.linked} if self.status in STATUSES[3:] else {}
        return {
            "id": self.id, "create_time": f"{self.at:%Y-%m-%dT%H:%M:%SZ}", "source_quantity": len(self.rows), "line_quantity": len(self.rows),
            "comment": self.comment, "type": self.kind, "status": self.status, **linked,
        }  # fmt: skip

    def move_on(self) -> None:
        """A look has passed."""
        if self.status in STATUSES:
            self.status = STATUSES[min(STATUSES.index(self.status) + 1, len(STATUSES) - 1)]


def read_upload(asked: Asked, now: datetime) -> list[dict[str, str]]:
    """The rows of a multipart upload. Raises UploadError that says what is wrong with it."""
    kind = asked.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise UploadError("Content-Type must be multipart/form-data")
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + asked.body)
    parts = message.get_payload() if message.is_multipart() else []
    named = {part.get_param("name", header="content-disposition"): part for part in parts if not isinstance(part, str)}
    if "file" not in named:
        raise UploadError("There is no part named file")
    content = named["file"].get_payload(decode=True)
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else ""
    except UnicodeDecodeError as error:
        raise UploadError("The file is not UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), strict=True)
    columns = list(reader.fieldnames or ())
    if unknown := [name for name in columns if name not in _COLUMNS]:
        raise UploadError(f"Unknown columns: {', '.join(unknown)}")
    if not set(columns) & set(_IDS) or not {"Target", "DateTime"} <= set(columns):
        raise UploadError("Columns Target, DateTime and one of UserId, ClientId, Yclid, PurchaseId are required")
    rows = [{name: value or "" for name, value in row.items()} for row in reader]
    if not rows:
        raise UploadError("The file has no rows")
    for number, row in enumerate(rows, 2):
        _check(row, number, now)
    return rows


def _check(row: dict[str, str], number: int, now: datetime) -> None:
    if not any(row.get(name) for name in _IDS):
        raise UploadError(f"Line {number}: no identifier")
    if not row["Target"]:
        raise UploadError(f"Line {number}: no Target")
    if not row["DateTime"].isascii() or not row["DateTime"].isdigit():
        raise UploadError(f"Line {number}: DateTime must be Unix seconds")
    if int(row["DateTime"]) > now.timestamp():
        raise UploadError(f"Line {number}: DateTime is in the future")
    try:
        Decimal(row.get("Price") or "0")
    except InvalidOperation as error:
        raise UploadError(f"Line {number}: Price must be a number with a point") from error
    if row.get("Price") and len(row.get("Currency") or "RUB") != 3:
        raise UploadError(f"Line {number}: Currency must be an ISO code")
