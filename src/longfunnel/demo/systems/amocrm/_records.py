"""The records of the account, as the API tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems.company import STAGES, Call, Chat, Request

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.demo.systems.company import Visit

Record = dict[str, Any]
Cause = Call | Chat | Request

ACCOUNT, SUBDOMAIN = 17_769_199, "mebelles"
PIPELINE, SERVICE = 7_670_334, 7_670_335
UNSORTED, FIRST_STAGE = 63_384_120, 63_384_121
WON, LOST = 142, 143
CATALOG = 1001
FIELDS = (
    (66_331, "utm_source", "UTM_SOURCE", "tracking_data"),
    (66_332, "utm_medium", "UTM_MEDIUM", "tracking_data"),
    (66_333, "utm_campaign", "UTM_CAMPAIGN", "tracking_data"),
    (66_334, "utm_term", "UTM_TERM", "tracking_data"),
    (66_335, "_ym_uid", "_YM_UID", "tracking_data"),
    (66_336, "_ym_counter", "_YM_COUNTER", "tracking_data"),
    (66_337, "gclientid", "GCLIENTID", "tracking_data"),
    (66_338, "yclid", "YCLID", "tracking_data"),
    (66_339, "roistat", "ROISTAT", "tracking_data"),
    (66_340, "Комментарий «замерщика» 📐", None, "textarea"),
    (66_341, "Дата монтажа", None, "date"),
    (66_342, "utm_content", "UTM_CONTENT", "tracking_data"),
)
"""Id, name, code and type of the fields that deals have."""


def unix(at: datetime) -> int:
    """Unix seconds."""
    return int(at.timestamp())


def pipeline_record(number: int, name: str, stages: tuple[str, ...]) -> Record:
    """A pipeline with its stages: «Неразобранное» first, won and lost last."""
    first = UNSORTED + (number - PIPELINE) * 100
    rows = [(first, "Неразобранное", 1), *((first + place, stage, 0) for place, stage in enumerate(stages, 1))]
    closing = [(WON, STAGES["amocrm"][3], 0), (LOST, STAGES["amocrm"][4], 0)]
    statuses = [
        {"id": status, "name": title, "sort": 10 * (place + 1) if status > LOST else 10_000 + status * 10, "is_editable": kind == 0,
         "pipeline_id": number, "color": "#fffeb2", "type": kind, "account_id": ACCOUNT}
        for place, (status, title, kind) in enumerate([*rows, *closing])
    ]  # fmt: skip
    return {
        "id": number, "name": name, "sort": number - PIPELINE + 1, "is_main": number == PIPELINE, "is_unsorted_on": True, "is_archive": False,
        "account_id": ACCOUNT, "_embedded": {"statuses": statuses},
    }  # fmt: skip


def lead_record(number: int, name: str, price: int, user: int, status: int, made: int, changed: int) -> Record:
    """A deal without its fields and what belongs to it."""
    return {
        "id": number, "name": name, "price": price, "responsible_user_id": user, "group_id": 0, "status_id": status, "pipeline_id": PIPELINE,
        "loss_reason_id": None, "source_id": None, "created_by": user, "updated_by": user, "closed_at": None, "created_at": made,
        "updated_at": changed, "closest_task_at": None, "is_deleted": False, "custom_fields_values": None, "score": None,
        "account_id": ACCOUNT, "labor_cost": None,
    }  # fmt: skip


def contact_field(code: str, value: str) -> Record:
    """A phone or an e-mail of a contact."""
    number = {"PHONE": 70_001, "EMAIL": 70_002}[code]
    return {
        "field_id": number, "field_name": code.title(), "field_code": code, "field_type": "multitext",
        "values": [{"value": value, "enum_id": number * 10, "enum_code": "WORK"}],
    }  # fmt: skip


def tracking_fields(cause: Cause) -> list[Record] | None:
    """The tracking fields of a deal; a chat's deal has no fields at all, which the API tells as null."""
    if isinstance(cause, Chat):
        return None
    visit = cause.visit
    told: dict[str, Any] = {
        "UTM_SOURCE": visit.source, "UTM_MEDIUM": visit.medium, "UTM_CAMPAIGN": visit.campaign, "UTM_TERM": visit.term,
        "_YM_UID": visit.person.ym_client_id, "_YM_COUNTER": "541048", "GCLIENTID": visit.person.ga_client_id,
        "YCLID": visit.click_id if visit.source == "yandex" else "", "ROISTAT": str(visit.person.number),
        "Комментарий «замерщика» 📐": "не звонить до 12:00\nключ у консьержа 🗝", "Дата монтажа": unix(visit.at) + 864_000,
    }  # fmt: skip
    return [
        {
            "field_id": number,
            "field_name": name,
            "field_code": code,
            "field_type": kind,
            "values": [{"value": told[code or name]}],
        }
        for number, name, code, kind in FIELDS
        if told.get(code or name)
    ]


def page_query(visit: Visit) -> str:
    """The marks in the address of the page that a visitor came to."""
    told = {
        "utm_source": visit.source,
        "utm_medium": visit.medium,
        "utm_campaign": visit.campaign,
        "yclid": visit.click_id if visit.source == "yandex" else "",
    }
    return "&".join(f"{name}={value}" for name, value in told.items() if value)
