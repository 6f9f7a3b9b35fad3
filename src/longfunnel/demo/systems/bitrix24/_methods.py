"""The methods of the portal, strict about their parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems.bitrix24._lists import Refused, beginning, chosen, listed
from longfunnel.demo.systems.bitrix24._portal import Portal, Row, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Result = tuple[Any, dict[str, int]]
_MULTIPLE = ("PHONE", "EMAIL", "IM")
_UTM = dict.fromkeys(("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM"))
_PLAIN: dict[str, Row] = {
    "deal": {
        "TYPE_ID": "SALE",
        "PROBABILITY": None,
        "IS_MANUAL_OPPORTUNITY": "N",
        "TAX_VALUE": "0.00",
        "CREATED_BY_ID": "1",
        "MODIFY_BY_ID": "1",
        "OPENED": "Y",
        "COMMENTS": "",
        "IS_NEW": "N",
        "IS_RECURRING": "N",
        "SOURCE_DESCRIPTION": "",
        "ORIGINATOR_ID": None,
        "ORIGIN_ID": None,
        "MOVED_BY_ID": "1",
        **_UTM,
    },
    "lead": {"COMPANY_TITLE": None, "ADDRESS_CITY": None, "COMMENTS": "", "OPENED": "Y", **_UTM},
    "contact": {"SECOND_NAME": None, "OPENED": "Y", "TYPE_ID": "CLIENT"},
    "company": {"COMPANY_TYPE": "CUSTOMER", "OPENED": "Y"},
}
"""What every row of a kind has besides."""
_ENTITIES = {"1": "lead", "2": "deal", "3": "contact", "4": "company"}
_LIST = ("select", "filter", "order", "start")
METHODS: dict[str, tuple[tuple[str, ...], str, Callable[[Portal, Row], Result]]] = {}
"""By name: the parameters that a method knows, the scope that it needs, and what it does."""


def _method(
    name: str, *params: str, scope: str = "crm"
) -> Callable[[Callable[[Portal, Row], Result]], Callable[[Portal, Row], Result]]:
    def keep(function: Callable[[Portal, Row], Result]) -> Callable[[Portal, Row], Result]:
        METHODS[name] = (params, scope, function)
        return function

    return keep


def carry_out(portal: Portal, method: str, params: Row, scopes: frozenset[str]) -> Result:
    """What a method gives. Raises Refused."""
    if method not in METHODS:
        raise Refused("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    known, scope, function = METHODS[method]
    if scope and scope not in scopes:
        raise Refused(
            "insufficient_scope", "The request requires higher privileges than provided by the access token", 403
        )
    for name in params:
        if name not in known:
            raise Refused("INVALID_ARG_VALUE", f"Unknown parameter '{name}' of {method}")
    return function(portal, params)


def _of_kind(kind: str) -> None:
    @_method(f"crm.{kind}.list", *_LIST)
    def rows(portal: Portal, params: Row) -> Result:
        select = _select(params)
        table = portal.tables[kind]
        wanted = params.get("filter") if isinstance(params.get("filter"), dict) else {}
        ids = (wanted or {}).get("@ID")
        if ids:  # straight to those rows
            each = list(ids.values()) if isinstance(ids, dict) else ids if isinstance(ids, list) else [ids]
            found: Iterable[Row] = (row for row in map(table.get, sorted({int(one) for one in each})) if row)
        else:
            found = table.after(beginning(params))
        if portal.repeats and wanted and ">ID" in wanted:
            found = table.after(beginning(params) - 1)
            params = {
                **params,
                "filter": {(">=ID" if name == ">ID" else name): value for name, value in wanted.items()},
            }
        visible = (row for row in found if kind != "deal" or int(row["ID"]) not in portal.hidden)
        return listed(visible, params, show=lambda row: chosen(row, select, _PLAIN[kind], _MULTIPLE))

    @_method(f"crm.{kind}.get", "id")
    def one(portal: Portal, params: Row) -> Result:
        row = _found(portal, kind, params)
        return {**_PLAIN[kind], **row}, {}

    @_method(f"crm.{kind}.update", "id", "fields", "params")
    def update(portal: Portal, params: Row) -> Result:
        row = _found(portal, kind, params)
        fields = params.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise Refused("", "Fields are not defined or invalid.")
        known = {*_PLAIN[kind], *portal.fields.get(kind, {}), "SOURCE_ID"}
        for name in fields:
            if name not in known:  # the portal passes over what it does not know
                continue
            row[name] = fields[name]
        portal.change(kind, row["ID"])
        return True, {}

    @_method(f"crm.{kind}.fields")
    def fields(portal: Portal, _: Row) -> Result:
        return portal.fields.get(kind, {}), {}

    @_method(f"crm.{kind}.userfield.list", "filter", "order")
    def own(portal: Portal, _: Row) -> Result:
        names = [name for name in portal.fields.get(kind, {}) if name.startswith("UF_")]
        return [
            {"ID": str(place), "FIELD_NAME": name, "ENTITY_ID": f"CRM_{kind.upper()}"}
            for place, name in enumerate(names, 1)
        ], {"total": len(names)}

    @_method(f"crm.{kind}.userfield.add", "fields")
    def add(portal: Portal, params: Row) -> Result:
        given = params.get("fields") or {}
        name = f"UF_CRM_{given.get('FIELD_NAME', '')}"
        if not given.get("USER_TYPE_ID") or name == "UF_CRM_":
            raise Refused("", "The field USER_TYPE_ID is required")
        if name in portal.fields[kind]:
            raise Refused("ERROR_CORE", f"Field {name} for object CRM_{kind.upper()} already exists.")
        title = given.get("EDIT_FORM_LABEL") or name
        portal.fields[kind][name] = {
            "type": given["USER_TYPE_ID"],
            "isDynamic": True,
            "isMultiple": False,
            "title": name,
            "listLabel": title,
            "formLabel": title,
        }
        return 700 + len(portal.fields[kind]), {}


for _kind in ("deal", "lead", "contact", "company"):
    _of_kind(_kind)


@_method("crm.stagehistory.list", "entityTypeId", *_LIST)
def _history(portal: Portal, params: Row) -> Result:
    kind = str(params.get("entityTypeId", ""))
    if kind not in ("1", "2"):
        raise Refused("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type {kind} is not supported")
    deleted = {} if portal.keeps_history else portal.tables[_ENTITIES[kind]].deleted
    entries = portal.history[int(kind)].after(beginning(params))
    rows, envelope = listed((row for row in entries if row["OWNER_ID"] not in deleted), params)
    return {"items": rows}, envelope


@_method("crm.item.list", "entityTypeId", "useOriginalUfNames", *_LIST)
def _items(portal: Portal, params: Row) -> Result:
    kind = _ENTITIES.get(str(params.get("entityTypeId", "")))
    if kind is None:
        raise Refused("NOT_FOUND", "Smart process not found")
    rows, envelope = listed(
        ({**_PLAIN[kind], **row, "id": row["ID"]} for row in portal.tables[kind].after(beginning(params))), params
    )
    return {"items": [_camel(row) for row in rows]}, envelope


@_method("crm.item.productrow.list", *_LIST)
def _product_rows(portal: Portal, params: Row) -> Result:
    wanted = params.get("filter") or {}
    if str(wanted.get("=ownerType", "")) != "D":
        raise Refused("", "filter[=ownerType] is required")
    owners = wanted.get("@ownerId", wanted.get("=ownerId"))
    ids = list(owners.values()) if isinstance(owners, dict) else owners if isinstance(owners, list) else [owners]
    rows = [row for one in ids if one is not None for row in portal.products.get(int(one), [])]
    found, envelope = listed(sorted(rows, key=lambda row: int(row["id"])), {**params, "filter": {}})
    return {"productRows": found}, envelope


@_method("crm.deal.productrows.get", "id")
def _products_of_deal(portal: Portal, params: Row) -> Result:
    row = _found(portal, "deal", params)
    return [
        {"ID": str(one["id"]), "OWNER_ID": row["ID"], "OWNER_TYPE": "D", "PRODUCT_ID": one["productId"], "PRODUCT_NAME": one["productName"],
         "PRICE": one["price"], "PRICE_ACCOUNT": f"{one['price']:.2f}", "QUANTITY": one["quantity"]}
        for one in portal.products.get(int(row["ID"]), [])
    ], {}  # fmt: skip


@_method("crm.deal.contact.items.get", "id")
def _contacts_of_deal(portal: Portal, params: Row) -> Result:
    row = _found(portal, "deal", params)
    return [{"CONTACT_ID": int(row["CONTACT_ID"]), "SORT": 10, "IS_PRIMARY": "Y"}], {}


@_method("crm.category.list", "entityTypeId")
def _categories(portal: Portal, params: Row) -> Result:
    if str(params.get("entityTypeId", "")) != "2":
        raise Refused("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    return {"categories": portal.categories}, {"total": len(portal.categories)}


@_method("crm.status.list", "filter", "order")
def _statuses(portal: Portal, params: Row) -> Result:
    rows, _ = listed(portal.statuses, {"filter": params.get("filter") or {}})
    return rows, {"total": len(rows)}


@_method("user.get", "ID", "FILTER", "sort", "order", "start", scope="user")
def _users(portal: Portal, params: Row) -> Result:
    wanted = {"ID": params["ID"]} if "ID" in params else {}
    return listed(portal.users, {"filter": wanted, "start": params.get("start", 0)})


@_method("crm.tracking.trace.add", "TRACE", "ENTITIES")
def _trace(portal: Portal, params: Row) -> Result:
    try:
        portal.traces.append({"trace": json.loads(params["TRACE"]), "entities": params.get("ENTITIES")})
    except (KeyError, ValueError):
        raise Refused("", "Wrong trace data") from None
    return len(portal.traces), {}


@_method("event.get", scope="app")
def _bound(portal: Portal, _: Row) -> Result:
    return portal.bound, {}


@_method("event.bind", "event", "handler", "auth_type", scope="app")
def _bind(portal: Portal, params: Row) -> Result:
    one = {
        "event": str(params.get("event", "")).upper(),
        "handler": params.get("handler"),
        "auth_type": "0",
        "offline": 0,
    }
    if not str(one["event"]).startswith("ONCRM") or not str(one["handler"]).startswith("http"):
        raise Refused("ERROR_EVENT_NOT_FOUND", "Event not found")
    if any(row["event"] == one["event"] and row["handler"] == one["handler"] for row in portal.bound):
        raise Refused("ERROR_CORE", "Unable to set event handler: Handler already binded")
    portal.bound.append(one)
    return True, {}


@_method("server.time", scope="")
def _time(portal: Portal, _: Row) -> Result:
    return told(portal.clock()), {}


def _found(portal: Portal, kind: str, params: Row) -> Row:
    if not str(params.get("id", "")).isdigit():
        raise Refused("", "ID is not defined or invalid.")
    row = portal.tables[kind].get(params["id"])
    if row is None:
        raise Refused("", "Not found")
    if kind == "deal" and int(row["ID"]) in portal.hidden:
        raise Refused("", "Access denied.")
    return row


def _select(params: Row) -> list[str] | None:
    select = params.get("select")
    if isinstance(select, dict):
        return [str(one) for one in select.values()]
    if select is not None and not isinstance(select, list):
        raise Refused("INVALID_ARG_VALUE", "Parameter 'select' must be array.")
    return select


def _camel(row: Row) -> Row:
    def name(key: str) -> str:
        first, *rest = key.lower().split("_")
        return first + "".join(part.title() for part in rest)

    def value(one: Any) -> Any:
        return int(one) if isinstance(one, str) and one.isdigit() else one

    return {name(key): value(one) for key, one in row.items()}
