"""What may be written into the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longfunnel.demo.systems.amocrm._asked import Answer, Asked, Problem, json_answer
from longfunnel.demo.systems.amocrm._records import ACCOUNT

if TYPE_CHECKING:
    from longfunnel.demo.systems.amocrm._account import Account
    from longfunnel.demo.systems.amocrm._records import Record


def add_fields(account: Account, asked: Asked, page_limit: int) -> Answer:  # noqa: ARG001 - one form for all
    """Fields of deals."""
    made = [
        {
            "id": 77_000 + len(account.fields) + place,
            "name": one["name"],
            "code": one.get("code"),
            "type": one["type"],
            "account_id": ACCOUNT,
        }
        for place, one in enumerate(_body(asked))
    ]
    account.fields += made
    return json_answer({"_embedded": {"custom_fields": made}})


def add_webhook(account: Account, asked: Asked, page_limit: int) -> Answer:  # noqa: ARG001 - one form for all
    """A subscription; one for an address."""
    given = json.loads(asked.body)
    if not isinstance(given, dict) or not given.get("destination") or not given.get("settings"):
        raise Problem(400, "destination and settings are required")
    account.webhooks = [one for one in account.webhooks if one["destination"] != given["destination"]]
    account.webhooks.append({"id": len(account.webhooks) + 1, **given, "disabled": False})
    return json_answer(account.webhooks[-1], 201)


def patch_leads(account: Account, asked: Asked, page_limit: int) -> Answer:  # noqa: ARG001 - one form for all
    """Values and tags of deals: all of them, or none where one is wrong."""
    given = _body(asked)
    if len(given) > 250:
        raise Problem(400, "not more than 250 at once")
    known = {str(mark) for one in account.fields for mark in (one["id"], one["code"]) if mark}
    wrong = [found for place, item in enumerate(given) if (found := _mistake(place, item, account, known))]
    if wrong:
        raise Problem(400, "Request validation failed", more={"validation-errors": wrong})
    account.patched.append(given)
    for item in given:
        _patch(account, item)
    told = [
        {"id": item["id"], "updated_at": account.clock, "request_id": item.get("request_id", "0")} for item in given
    ]
    return json_answer({"_links": {"self": {"href": asked.url}}, "_embedded": {"leads": told}})


def _mistake(place: int, item: Record, account: Account, known: set[str]) -> Record | None:
    errors = []
    if item.get("id") not in account.leads:
        errors.append({"code": "NotFound", "path": "id", "detail": "There is no such entity."})
    for number, value in enumerate(item.get("custom_fields_values") or []):
        key = "field_id" if "field_id" in value else "field_code"
        if str(value.get(key)) not in known:
            detail = "The value you selected is not a valid choice."
            errors.append(
                {"code": "NotSupportedChoice", "path": f"custom_fields_values.{number}.{key}", "detail": detail}
            )
    return {"request_id": str(item.get("request_id", place)), "errors": errors} if errors else None


def _patch(account: Account, item: Record) -> None:
    lead = account.leads[item["id"]]
    values = list(lead["custom_fields_values"] or [])
    for given in item.get("custom_fields_values") or []:
        field = next(
            one
            for one in account.fields
            if given.get("field_id") == one["id"] or (given.get("field_code") and given["field_code"] == one["code"])
        )
        values = [one for one in values if one["field_id"] != field["id"]]
        if given["values"]:
            told = {
                "field_id": field["id"],
                "field_name": field["name"],
                "field_code": field["code"],
                "field_type": field["type"],
            }
            values.append({**told, "values": given["values"]})
    tags = [*lead["_embedded"]["tags"], *({"id": 0, **tag} for tag in item.get("tags_to_add") or [])]
    if "_embedded" in item and "tags" in item["_embedded"]:
        tags = item["_embedded"]["tags"]
    account.change(item["id"], custom_fields_values=values or None, _embedded={**lead["_embedded"], "tags": tags})


def _body(asked: Asked) -> list[Record]:
    if "application/json" not in asked.headers.get("content-type", ""):
        raise Problem(415, "JSON only")
    given = json.loads(asked.body)
    if not isinstance(given, list):
        raise Problem(400, "a list is expected")
    return given
