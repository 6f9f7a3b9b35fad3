"""The portal's dictionaries: stages, statuses, users, own fields."""

from __future__ import annotations

from typing import Any

from longfunnel.demo.systems.company import MANAGERS, REASONS
from longfunnel.demo.systems.company import STAGES as NAMES

Row = dict[str, Any]
CATEGORY = "3"
_KEYS = ("NEW", "UC_ZAMER", "FINAL_INVOICE", "WON", "LOSE")
_SEMANTICS = (None, None, None, "S", "F")
STAGES: tuple[tuple[str, str, str | None, int], ...] = tuple(
    (f"C{CATEGORY}:{key}", name, semantics, 10 * place)
    for place, (key, name, semantics) in enumerate(zip(_KEYS, NAMES["bitrix24"], _SEMANTICS, strict=True), 1)
)
"""Id, name, semantics and SORT of the stages of the pipeline in use."""
_STATUSES = (
    ("STATUS", "NEW", "Не обработан", None), ("STATUS", "IN_PROCESS", "В работе", None), ("STATUS", "CONVERTED", "Качественный лид", "S"),
    ("STATUS", "JUNK", "Некачественный лид", "F"), ("SOURCE", "CALL", "Звонок", None), ("SOURCE", "WEB", "Веб-сайт", None),
    ("SOURCE", "TELEGRAM", "Telegram — бот 🤖", None), ("DEAL_STAGE", "NEW", "Новая", None), ("DEAL_STAGE", "WON", "Успех", "S"),
    ("DEAL_STAGE", "LOSE", "Провал", "F"),
)  # fmt: skip

USERS: tuple[Row, ...] = tuple(
    {"ID": str(number), "ACTIVE": number != 3, "NAME": name.partition(" ")[0], "LAST_NAME": name.partition(" ")[2], "EMAIL": f"m{number}@mebel-les.example",
     "UF_DEPARTMENT": [1]}
    for number, name in enumerate(MANAGERS, 1)
)  # fmt: skip

_PLAIN = {"isRequired": False, "isReadOnly": False, "isImmutable": False, "isMultiple": False, "isDynamic": True}


def _field(kind: str, title: str, **more: Any) -> Row:
    return {
        "type": kind,
        **_PLAIN,
        "title": title,
        "listLabel": title,
        "formLabel": title,
        "filterLabel": title,
        **more,
    }


FIELDS: dict[str, dict[str, Row]] = {
    "deal": {
        "ID": {**_field("integer", "ID"), "isReadOnly": True, "isDynamic": False},
        "TITLE": {**_field("string", "Название"), "isDynamic": False},
        "OPPORTUNITY": {**_field("double", "Сумма"), "isDynamic": False},
        "UF_CRM_REASON": _field("enumeration", "Причина отказа", items=[{"ID": str(45 + n), "VALUE": reason} for n, reason in enumerate(REASONS)]),
        "UF_CRM_COST": _field("money", "Себестоимость"),
        "UF_CRM_ORDER": _field("string", "Номер заказа"),
        "UF_CRM_TELEGRAM": _field("string", "Telegram ID"),
        "UF_CRM_TAGS": _field("enumeration", "Метки", isMultiple=True, items=[{"ID": "91", "VALUE": "VIP"}, {"ID": "92", "VALUE": "Дизайнер «А»"}]),
    },
    "lead": {
        "ID": {**_field("integer", "ID"), "isReadOnly": True, "isDynamic": False},
        "UF_CRM_YM_UID": _field("string", "ClientID Метрики"),
    },
}  # fmt: skip


def fields_of(kind: str) -> dict[str, Row]:
    """The fields of deals or leads, to be added to."""
    return {name: dict(about) for name, about in FIELDS[kind].items()}


def statuses() -> list[Row]:
    """What crm.status.list shows: stages, statuses of leads and sources; not in the order of SORT."""
    rows = [
        (entity, key, name, semantics, 10 * place) for place, (entity, key, name, semantics) in enumerate(_STATUSES, 1)
    ]
    rows += [(f"DEAL_STAGE_{CATEGORY}", key, name, semantics, sort) for key, name, semantics, sort in reversed(STAGES)]
    return [
        {"ID": str(number), "ENTITY_ID": entity, "STATUS_ID": key, "NAME": name, "NAME_INIT": "", "SORT": str(sort), "SYSTEM": "N",
         "CATEGORY_ID": CATEGORY if entity.endswith(CATEGORY) else None, "COLOR": "#22B9FF", "SEMANTICS": semantics,
         "EXTRA": {"SEMANTICS": {"S": "success", "F": "failure"}.get(semantics or "", "process"), "COLOR": "#22B9FF"}}
        for number, (entity, key, name, semantics, sort) in enumerate(rows, 1)
    ]  # fmt: skip
