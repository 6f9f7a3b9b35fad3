"""Leads that people left in VK's own lead forms: each form's table."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ChangedSchemaError, ForbiddenError, GoneError, Page, Row
from longfunnel.connect.vk_ads._ads import ads_of, listed, marks_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from longfunnel.connect._engine import Reading, Record, Shaping

_FORMS = "/api/v1/lead_ads/lead_forms"
_COLUMNS = {
    "campaign_id": ("id кампании", "campaign id"),
    "ad_group_id": ("id группы", "id группы объявлений", "group id", "ad group id"),
    "ad_id": ("id объявления", "ad id", "banner id"),
    "created_at": ("время лида", "дата лида", "lead time", "created at"),
    "name": ("имя", "фио", "имя и фамилия", "name", "full name"),
    "phone": ("телефон", "номер телефона", "phone", "phone number"),
    "email": ("e-mail", "email", "почта", "эл. почта", "электронная почта"),
    "region": ("город", "city"),
}
"""Ours → headers of the table; every other column is an answer to a question of the form."""
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?: ?([+-]\d\d):?(\d\d)| ?Z)?(?: [A-Z]{2,5})?$")


async def read_leads(reading: Reading) -> AsyncIterator[Page]:
    """Every form's leads since the day before the cursor's."""
    forms: list[Record] = []
    try:
        async for items in listed(reading.api, f"{_FORMS}.json", {}):
            forms += items
    except (ForbiddenError, GoneError):
        if reading.options.get("lead_forms"):
            raise
        return  # an account that has none need not be open to them
    ads = await ads_of(reading) if forms else {}
    since = f"{reading.first_day - timedelta(days=1)} 00:00:00"  # the export's times are UTC
    for number, form in enumerate(forms, 1):
        response = await reading.api.request(
            "GET", f"{_FORMS}/{form['id']}/leads.csv", params={"_created_at__gte": since}
        )
        yield Page(
            [{**lead, "ad": ads.get(lead.get("ad_id", ""), {})} for lead in _leads(form, response.content)],
            share=number / len(forms),
        )
    yield Page([], cursor={"day": reading.today.isoformat()})


def _leads(form: Record, body: bytes) -> Iterable[Record]:
    table = list(csv.reader(io.StringIO(body.decode("utf-8-sig", "replace"), newline="")))
    if not table:
        return
    ours = {header.lower(): name for name, headers in _COLUMNS.items() for header in headers}
    names = [ours.get(header.strip().lower(), "") for header in table[0]]
    if "created_at" not in names:
        raise ChangedSchemaError(
            Text(
                "The table of the lead form {form} has no column «Время лида», only: {columns}.",
                "В таблице лид-формы {form} нет колонки «Время лида», есть только: {columns}.",
            ).format(form=form["id"], columns=", ".join(table[0]))
        )
    for row in table[1:]:
        if not any(row):
            continue
        lead: Record = {"form_id": str(form["id"]), "form": form.get("name"), "answers": {}}
        for name, header, value in zip(names, table[0], row, strict=False):
            if name and name not in lead:
                lead[name] = value.strip()
            else:
                lead["answers"][header.strip()] = value.strip()
        yield lead


def lead_key(record: Record) -> str:
    """The table has no id: form, ad, moment and contact make one."""
    told = [str(record.get(name, "")) for name in ("form_id", "ad_id", "created_at", "phone", "email", "name")]
    return f"{record['form_id']}-{hashlib.sha256(chr(31).join(told).encode('utf-8', 'replace')).hexdigest()[:16]}"


def shape_lead(record: Record, shaping: Shaping) -> Iterable[Row]:
    """The lead, with the marks of its ad."""
    ad: dict[str, Any] = record.get("ad") or {}
    ad_id = record.get("ad_id") or ""
    marks = marks_of(ad_id, ad, shaping.options)
    yield Row(
        "lead",
        {
            "lead_id": lead_key(record),
            "created_at": _time(record["created_at"]),
            "kind": "form",
            "name": record.get("name"),
            "phone": record.get("phone"),
            "email": record.get("email"),
            "region": record.get("region"),
            **marks,
            "campaign": marks["campaign"] or record.get("campaign_id"),
            "content": marks["content"] or ad_id,
            "props": {
                **record["answers"],
                "lead_form": record.get("form"),
                "campaign_id": record.get("campaign_id"),
                "ad_group_id": record.get("ad_group_id"),
                "ad_id": ad_id,
            },
        },
    )


def _time(text: str) -> datetime:
    """As Go writes it: 2022-12-08 21:41:03.922 +0000 UTC. Without an offset it is UTC."""
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError(Text("«{text}» is no time", "«{text}» — не время").format(text=text))
    day, clock, fraction, hours, minutes = found.groups()
    return datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{f'{hours}:{minutes}' if hours else '+00:00'}")
