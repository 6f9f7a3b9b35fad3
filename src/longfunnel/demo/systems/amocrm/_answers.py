"""The paths of the API: strict about what is asked, HAL in what is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.demo.systems.amocrm._asked import Answer, Asked, Problem, json_answer
from longfunnel.demo.systems.amocrm._changes import add_fields, add_webhook, patch_leads
from longfunnel.demo.systems.amocrm._records import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.demo.systems.amocrm._account import Account
    from longfunnel.demo.systems.amocrm._records import Record

_EVENT_LIMIT = 100
_PAGING = ("page", "limit")
_WITH = {"contacts", "loss_reason", "source_id", "catalog_elements", "is_price_modified_by_robot", "only_deleted"}


def route(account: Account, asked: Asked, page_limit: int) -> Answer:
    """The answer to a request of the API. Raises Problem."""
    for method, pattern, answer in _ROUTES:
        if asked.method == method and (parts := re.fullmatch(pattern, asked.path)):
            return answer(account, asked, page_limit, *parts.groups())
    raise Problem(404, f"there is no {asked.method} {asked.path}")


def _hal(asked: Asked, kind: str, records: list[Record], page_limit: int, *allowed: str) -> Answer:
    known = [re.escape(name) for name in _PAGING] + list(allowed)
    for name, _ in asked.params:
        if not any(re.fullmatch(pattern, name) for pattern in known):
            raise Problem(400, f"unknown parameter {name}")
    limit, page = _number(asked, "limit", 50), _number(asked, "page", 1)
    if not 1 <= limit <= 250 or page < 1:
        raise Problem(400, "limit must be from 1 to 250")
    limit = min(limit, page_limit)
    some = records[(page - 1) * limit : page * limit]
    if not some:
        return Answer(204)
    links = {"self": {"href": f"{asked.url}?{urlencode(asked.params)}"}}
    if page * limit < len(records):
        rest = [(name, value) for name, value in asked.params if name not in _PAGING]
        links["next"] = {"href": f"{asked.url}?{urlencode([*rest, ('page', page + 1), ('limit', limit)])}"}
    return json_answer({"_page": page, "_links": links, "_embedded": {kind: some}})


def _number(asked: Asked, name: str, default: int) -> int:
    told = asked.first(name)
    if told and not told.isdecimal():
        raise Problem(400, f"{name} must be a number")
    return int(told) if told else default


def _between(asked: Asked, field: str, records: list[Record]) -> list[Record]:
    since, until = asked.first(f"filter[{field}][from]"), asked.first(f"filter[{field}][to]")
    return [one for one in records if int(since or 0) <= one[field] <= int(until or 1 << 60)]


def _leads(account: Account, asked: Asked, page_limit: int) -> Answer:
    wanted = {one for one in asked.first("with").split(",") if one}
    if wanted - _WITH:
        raise Problem(400, f"with: {', '.join(sorted(wanted - _WITH))}")
    records = list((account.binned if "only_deleted" in wanted else account.leads).values())
    if ids := asked.all(r"filter\[id\]\[\d*\]"):
        records = [one for one in records if str(one["id"]) in ids]
    for field in ("updated_at", "created_at"):
        records = _between(asked, field, records)
    order = next(((key, value) for key, value in asked.params if key.startswith("order[")), ("order[id]", "asc"))
    records.sort(key=lambda one: (one[order[0][6:-1]], one["id"]), reverse=order[1] == "desc")
    kept = {"tags", "companies", *(wanted & {"contacts", "loss_reason", "catalog_elements"})}
    shown = [
        {**one, "_embedded": {key: value for key, value in one["_embedded"].items() if key in kept}} for one in records
    ]
    filters = (
        r"filter\[id\]\[\d*\]",
        r"filter\[(updated|created)_at\]\[(from|to)\]",
        r"order\[(updated_at|created_at|id)\]",
        "with",
    )
    return _hal(asked, "leads", shown, page_limit, *filters)


def _contacts(account: Account, asked: Asked, page_limit: int) -> Answer:
    records = _between(asked, "updated_at", list(account.contacts.values()))
    if ids := asked.all(r"filter\[id\]\[\d*\]"):
        records = [one for one in records if str(one["id"]) in ids]
    records = sorted(
        records, key=lambda one: (one["updated_at"], one["id"]), reverse=asked.first("order[updated_at]") == "desc"
    )
    if "leads" not in asked.first("with").split(","):
        records = [{**one, "_embedded": {"companies": []}} for one in records]
    filters = (r"filter\[id\]\[\d*\]", r"filter\[updated_at\]\[(from|to)\]", r"order\[updated_at\]", "with")
    return _hal(asked, "contacts", records, page_limit, *filters)


def _companies(account: Account, asked: Asked, page_limit: int) -> Answer:
    ids = asked.all(r"filter\[id\]\[\d*\]")
    records = [one for one in account.companies.values() if not ids or str(one["id"]) in ids]
    return _hal(asked, "companies", records, page_limit, r"filter\[id\]\[\d*\]")


def _elements(account: Account, asked: Asked, page_limit: int, catalog: str) -> Answer:
    if int(catalog) != CATALOG:
        raise Problem(404, "there is no such catalogue")
    ids = asked.all(r"filter\[id\]\[\d*\]")
    records = [
        {"id": one, "name": name, "catalog_id": CATALOG}
        for one, name in account.elements.items()
        if not ids or str(one) in ids
    ]
    return _hal(asked, "elements", records, page_limit, r"filter\[id\]\[\d*\]")


def _events(account: Account, asked: Asked, page_limit: int) -> Answer:
    if _number(asked, "limit", 50) > _EVENT_LIMIT:
        raise Problem(400, "limit must be from 1 to 100")
    kinds = asked.all(r"filter\[type\]\[\d*\]")
    records = [one for one in _between(asked, "created_at", account.events) if not kinds or one["type"] in kinds]
    records.sort(key=lambda one: (one["created_at"], one["id"]), reverse=True)
    return _hal(asked, "events", records, page_limit, r"filter\[type\]\[\d*\]", r"filter\[created_at\]\[(from|to)\]")


def _unsorted(account: Account, asked: Asked, page_limit: int) -> Answer:
    return _hal(asked, "unsorted", list(account.unsorted.values()), page_limit)


def _one_unsorted(account: Account, asked: Asked, page_limit: int, uid: str) -> Answer:  # noqa: ARG001 - one form for all
    if uid not in account.unsorted:
        raise Problem(404, "it was taken, or declined")
    return json_answer(account.unsorted[uid])


def _account(account: Account, asked: Asked, page_limit: int) -> Answer:  # noqa: ARG001 - one form for all
    told = account.account()
    return json_answer(
        told
        if "datetime_settings" in asked.first("with")
        else {key: value for key, value in told.items() if key != "_embedded"}
    )


def _pipelines(account: Account, asked: Asked, page_limit: int) -> Answer:
    if asked.params:
        raise Problem(400, "pipelines come as a whole")
    return _hal(asked, "pipelines", account.pipelines, page_limit)


def _users(account: Account, asked: Asked, page_limit: int) -> Answer:
    return _hal(
        asked,
        "users",
        [
            {"id": one, "name": name, "email": f"u{one}@example.com", "lang": "ru"}
            for one, name in account.users.items()
        ],
        page_limit,
    )


def _reasons(account: Account, asked: Asked, page_limit: int) -> Answer:
    return _hal(
        asked,
        "loss_reasons",
        [{"id": one, "name": name, "sort": one} for one, name in account.reasons.items()],
        page_limit,
    )


def _fields(account: Account, asked: Asked, page_limit: int) -> Answer:
    return _hal(asked, "custom_fields", account.fields, page_limit)


def _webhooks(account: Account, asked: Asked, page_limit: int) -> Answer:
    return _hal(asked, "webhooks", account.webhooks, page_limit)


_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"/api/v4/account", _account),
    ("GET", r"/api/v4/users", _users),
    ("GET", r"/api/v4/leads", _leads),
    ("PATCH", r"/api/v4/leads", patch_leads),
    ("GET", r"/api/v4/leads/pipelines", _pipelines),
    ("GET", r"/api/v4/leads/loss_reasons", _reasons),
    ("GET", r"/api/v4/leads/custom_fields", _fields),
    ("POST", r"/api/v4/leads/custom_fields", add_fields),
    ("GET", r"/api/v4/leads/unsorted", _unsorted),
    ("GET", r"/api/v4/leads/unsorted/([0-9a-f]+)", _one_unsorted),
    ("GET", r"/api/v4/contacts", _contacts),
    ("GET", r"/api/v4/companies", _companies),
    ("GET", r"/api/v4/catalogs/(\d+)/elements", _elements),
    ("GET", r"/api/v4/events", _events),
    ("GET", r"/api/v4/webhooks", _webhooks),
    ("POST", r"/api/v4/webhooks", add_webhook),
)
