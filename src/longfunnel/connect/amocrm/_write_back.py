"""Writing back: what Longfunnel found out, into the fields and tags of deals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ConnectError, Held, WriteBack
from longfunnel.connect.amocrm._access import InvalidError
from longfunnel.connect.amocrm._names import text
from longfunnel.connect.amocrm._paging import Listing, by_ids
from longfunnel.connect.amocrm._values import embedded, listed, table, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api, Record

TAGS = "tags"
_AT_ONCE = 50
_FIELDS = "leads/custom_fields"
_NO_DEAL = "there is no such deal"

Values = dict[str, Any]


async def current(api: Api, ids: list[str]) -> dict[str, Values]:
    """The fields of these deals as they are now, those that are there: each under its code and its id; ``tags``, a list of names."""
    found = await by_ids(api, "leads", "leads", ids)
    return {deal: _values(record) for deal, record in found.items()}


async def update(api: Api, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, str | None]:
    """Write values into deals: ``{deal: {code or id of a field: text, or None to empty it}}``; under ``tags``, names to add.

    What stands there already is not sent again, as every change of a deal makes amoCRM tell of it. Tells for each deal None, or why
    it was refused: the others are written all the same.
    """
    outcome: dict[str, str | None] = {}
    known = await current(api, list(changes))
    items: dict[str, Record] = {}
    for deal, wanted in changes.items():
        if deal not in known:
            outcome[deal] = _NO_DEAL
            continue
        outcome[deal] = None
        if item := _item(deal, wanted, known[deal]):
            items[deal] = item
    deals = list(items)
    for start in range(0, len(deals), _AT_ONCE):
        outcome |= await _send(api, {deal: items[deal] for deal in deals[start : start + _AT_ONCE]})
    return outcome


async def ensure_field(api: Api, name: str) -> str:
    """The id of the deals' text field of that name (or code), made where there is none."""
    for field in await Listing(api, _FIELDS, "custom_fields", limit=0).whole() or []:
        if name.casefold() in (text(field.get("name")).casefold(), text(field.get("code")).casefold()):
            return text(field.get("id"))
    made = await api.post(_FIELDS, [{"name": name, "type": "text"}], is_repeatable=False)
    return text(embedded(table(made), "custom_fields")[0]["id"])


async def _send(api: Api, items: dict[str, Record]) -> dict[str, str | None]:
    """One request refuses all its items for the sake of one: that one is left out and the others are sent again."""
    outcome: dict[str, str | None] = dict.fromkeys(items)
    left = dict(items)
    while left:
        deals = list(left)
        body = [{**item, "request_id": str(number)} for number, item in enumerate(left.values())]
        try:
            await api.request("PATCH", "leads", json=body)
        except InvalidError as error:
            at_fault = {
                deals[int(number)]: why
                for number, why in error.reasons.items()
                if number.isdecimal() and int(number) < len(deals)
            }
            if at_fault:
                outcome |= at_fault
                left = {deal: item for deal, item in left.items() if deal not in at_fault}
            elif len(left) == 1:
                return outcome | {deals[0]: error.message}
            else:  # it does not say which: halves, down to one
                middle = len(deals) // 2
                for part in (deals[:middle], deals[middle:]):
                    outcome |= await _send(api, {deal: left[deal] for deal in part})
                return outcome
        except ConnectError as error:
            if error.kind != "gone":
                raise
            return outcome | dict.fromkeys(deals, error.message)
        else:
            return outcome
    return outcome


def _item(deal: str, wanted: Mapping[str, Any], known: Values) -> Record:
    fields = []
    for name, value in wanted.items():
        if name == TAGS or _told(value) == known.get(name):
            continue
        field = {"field_id": int(name)} if name.isdecimal() else {"field_code": name}
        fields.append(
            {
                **field,
                "values": None
                if value is None
                else [{"value": one} for one in (value if isinstance(value, list) else [value])],
            }
        )
    tags = [tag for tag in wanted.get(TAGS) or [] if tag not in known[TAGS]]
    if not fields and not tags:
        return {}
    item: Record = {"id": int(deal)}
    if fields:
        item["custom_fields_values"] = fields
    if tags:
        item["tags_to_add"] = [{"name": tag} for tag in tags]
    return item


def _values(record: Record) -> Values:
    values: Values = {}
    for field in tables(record.get("custom_fields_values")):
        told = [one.get("value") if isinstance(one, dict) else one for one in listed(field.get("values"))]
        value = told[0] if len(told) == 1 else told
        for mark in (text(field.get("field_code")), text(field.get("field_id"))):
            if mark:
                values[mark] = _told(value)
    return {**values, TAGS: [text(tag.get("name")) for tag in embedded(record, "tags")]}


def _told(value: Any) -> Any:
    """A value as it is compared: amoCRM gives numbers as text."""
    if isinstance(value, list):
        return [_told(one) for one in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


async def _held(api: Api, _: str, ids: list[str], fields: list[str]) -> Held:
    found = await current(api, ids)
    return {deal: {field: _as_text(values.get(field)) for field in fields} for deal, values in found.items()}


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else text(value)


async def _set(api: Api, _: str, changes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    told = await update(
        api, {deal: {field: value or None for field, value in values.items()} for deal, values in changes.items()}
    )
    return {deal: why or "" for deal, why in told.items()}


WRITE_BACK = WriteBack(
    fields={column: f"UTM_{column.upper()}" for column in ("source", "medium", "campaign", "content", "term")},
    facts=("deal",),
    current=_held,
    update=_set,
)
