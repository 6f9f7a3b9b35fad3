"""What deals, leads and contacts mean as facts. Pure: all that is needed stands in the record."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Record, Row, Shaping
from longfunnel.warehouse.facts import Type, facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

_STATUS = {"S": "won", "F": "lost", "P": "open"}
_LONGEST_PROP = 1000


def deal(record: Record, shaping: Shaping) -> Iterator[Row]:
    """A deal, and the further phones and addresses of its contact."""
    row: dict[str, Any] = record["row"]
    if "is_deleted" in record:
        yield Row("deal", {"deal_id": text(row["ID"]), "is_deleted": record["is_deleted"]}, is_patch=True)
        return
    options, zone = shaping.options, shaping.zone
    contact, company = record.get("contact") or {}, record.get("company") or {}
    whose = contact or company
    status = _STATUS.get(str(record.get("semantics") or ""))
    reason = options.get("reason_lost_field")
    values = {
        "deal_id": text(row["ID"]),
        "lead_id": reference(row.get("LEAD_ID")),
        "created_at": instant(row.get("DATE_CREATE"), zone),
        "closed_at": (instant(row.get("MOVED_TIME"), zone) or instant(row.get("CLOSEDATE"), zone)) if status in ("won", "lost") else None,
        "modified_at": instant(row.get("DATE_MODIFY"), zone),
        "status": status,
        "pipeline": record.get("pipeline"),
        "stage": record.get("stage"),
        "amount": row.get("OPPORTUNITY"),
        "cost_of_goods": _money(spoken(record, options.get("cost_field"))),
        "currency": text(row.get("CURRENCY_ID")) or shaping.currency,
        "contact_id": reference(row.get("CONTACT_ID")),
        "email": _first(whose.get("EMAIL")),
        "phone": _first(whose.get("PHONE")),
        "name": text(row.get("TITLE")),
        "company": text(company.get("TITLE")),
        "manager": record.get("manager"),
        "product": _product(record.get("products") or []),
        "order_id": spoken(record, options.get("order_id_field")),
        "reason_lost": spoken(record, reason) if status == "lost" else None,
        "is_repeat": _either(row.get("IS_RETURN_CUSTOMER"), row.get("IS_REPEATED_APPROACH")),
        **_marketing(record, options),
        "props": _props(record),
    }  # fmt: skip
    yield Row("deal", {**values, **own_columns("deal", record, shaping)})
    yield from links("contact", contact, zone, after=1)


def lead(record: Record, shaping: Shaping) -> Iterator[Row]:
    """A lead, and its further phones and addresses."""
    row: dict[str, Any] = record["row"]
    if "is_deleted" in record:
        yield Row("lead", {"lead_id": text(row["ID"]), "is_deleted": record["is_deleted"]}, is_patch=True)
        return
    contact = record.get("contact") or {}
    values = {
        "lead_id": text(row["ID"]),
        "created_at": instant(row.get("DATE_CREATE"), shaping.zone),
        "kind": "crm",
        "contact_id": reference(row.get("CONTACT_ID")),
        "email": _first(row.get("EMAIL")) or _first(contact.get("EMAIL")),
        "phone": _first(row.get("PHONE")) or _first(contact.get("PHONE")),
        "name": _person(row) or text(row.get("TITLE")),
        "company": text(row.get("COMPANY_TITLE")) or text((record.get("company") or {}).get("TITLE")),
        "is_qualified": _is_qualified(record, shaping.options),
        "quality": record.get("stage") or text(row.get("STATUS_ID")),
        "manager": record.get("manager"),
        "region": text(row.get("ADDRESS_CITY")),
        **_marketing(record, shaping.options),
        "props": _props(record),
    }
    yield Row("lead", {**values, **own_columns("lead", record, shaping)})
    yield from links("lead", row, shaping.zone, after=1)


def contact(record: Record, shaping: Shaping) -> Iterator[Row]:
    """All the phones and addresses of a contact: evidence that they are one person's."""
    yield from links("contact", record["row"], shaping.zone)


def links(kind: str, row: Mapping[str, Any], zone: ZoneInfo, *, after: int = 0) -> Iterator[Row]:
    """Evidence that the phones and addresses of a contact or lead are one person's; ``after``: how many the row itself tells."""
    for name in ("PHONE", "EMAIL"):
        for value in list(dict.fromkeys(_values(row.get(name))))[after:]:
            ends = {"kind_a": kind, "value_a": text(row["ID"]), "kind_b": name.lower(), "value_b": value}
            yield Row("identity_link", {**ends, "seen_at": instant(row.get("DATE_CREATE"), zone)})


def own_columns(fact: str, record: Record, shaping: Shaping) -> dict[str, Any]:
    """What the source's ``columns`` say (ours = theirs, or several of which the first that is filled counts)."""
    found: dict[str, Any] = {}
    for ours, theirs in shaping.columns.items():
        column = facts()[fact].column_by_name.get(ours)
        if column is None:  # of another fact
            continue
        for name in theirs if isinstance(theirs, list | tuple) else [theirs]:
            value: Any = spoken(record, name)
            if value is not None:
                match column.type:
                    case Type.MONEY:
                        value = _money(value)
                    case Type.INSTANT:
                        value = instant(value, shaping.zone)
                    case Type.DAY:
                        value = value[:10]
                    case _:
                        pass
                found[ours] = value
                break
    return found


def spoken(record: Record, name: object) -> str | None:
    """A field's value as text: the chosen item of a list, several after commas; None where it is empty."""
    if not name:
        return None
    words: Mapping[str, str] = record.get("words") or {}
    return words.get(str(name)) or text(record["row"].get(str(name)))


def text(value: Any) -> str | None:
    """A scalar as text, a list's values after commas; None for what is empty or a structure."""
    if value is None or value is False or isinstance(value, dict):
        return None
    if isinstance(value, list | tuple):
        return ", ".join(part for part in map(text, value) if part) or None
    return (repr(value) if isinstance(value, float) else "Y" if value is True else str(value)).strip() or None


def reference(value: Any) -> str | None:
    """An id of another record; the portal writes none as null, an empty text or 0."""
    found = text(value)
    return None if found == "0" else found


def instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """An instant; without an offset it is of the source's zone. Raises ValueError for what is none."""
    if value in (None, "", False):
        return None
    at = datetime.fromisoformat(str(value).strip())
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _marketing(record: Record, options: Mapping[str, Any]) -> dict[str, Any]:
    """The UTM marks. The portal's own «source» (call, web form, chat) says how somebody came in, not which ad brought them: it counts
    only where the source's settings say so."""
    row = record["row"]
    said = record.get("source") if options.get("crm_source_is_channel") else None
    return {
        "source": text(row.get("UTM_SOURCE")) or said or None,
        "medium": text(row.get("UTM_MEDIUM")),
        "campaign": text(row.get("UTM_CAMPAIGN")),
        "content": text(row.get("UTM_CONTENT")),
        "term": text(row.get("UTM_TERM")),
    }


def _props(record: Record) -> dict[str, Any] | None:
    """The portal's own fields under their names, and its word for the source."""
    row: dict[str, Any] = record["row"]
    found = {name: spoken(record, name) for name in sorted(row) if name.startswith("UF_")}
    found["SOURCE_ID"] = record.get("source") or text(row.get("SOURCE_ID"))
    return {name: value for name, value in found.items() if value and len(value) <= _LONGEST_PROP} or None


def _is_qualified(record: Record, options: Mapping[str, Any]) -> bool | None:
    """A lead that was converted, or has one of the statuses that the source names, is; a junk one is not."""
    wanted = {str(one) for one in options.get("qualified_statuses") or ()}
    if wanted & {str(record.get("stage")), str(record["row"].get("STATUS_ID"))}:
        return True
    return {"S": True, "F": False}.get(str(record.get("semantics") or ""))


def _product(products: list[dict[str, Any]]) -> str | None:
    """What most of the deal's money is for."""
    named = [product for product in products if text(product.get("productName"))]
    return text(max(named, key=_sum)["productName"]) if named else None


def _sum(product: dict[str, Any]) -> Decimal:
    try:
        price = Decimal(text(product.get("price")) or "0")
        total = price * Decimal(text(product.get("quantity")) or "1")
    except InvalidOperation:
        return Decimal(0)
    return total if total.is_finite() else Decimal(0)


def _money(value: str | None) -> str | None:
    """A field of the type «money» holds ``1000|RUB``."""
    return value.partition("|")[0].strip() or None if value else None


def _either(*flags: Any) -> bool | None:
    known = [flag in ("Y", True, 1, "1") for flag in flags if flag not in (None, "")]
    return any(known) if known else None


def _values(fields: Any) -> list[str]:
    """The values of a multiple field (PHONE, EMAIL)."""
    rows = list(fields.values()) if isinstance(fields, dict) else fields or []
    rows = rows if isinstance(rows, list) else [rows]
    found = (text(row.get("VALUE")) if isinstance(row, dict) else text(row) for row in rows)
    return [value for value in found if value]


def _first(fields: Any) -> str | None:
    return next(iter(_values(fields)), None)


def _person(row: Mapping[str, Any]) -> str | None:
    return " ".join(filter(None, (text(row.get("NAME")), text(row.get("LAST_NAME"))))) or None
