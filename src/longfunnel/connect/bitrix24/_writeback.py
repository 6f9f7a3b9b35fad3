"""Writing to the portal: what deals or leads hold now, changes to many of them, and a field of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from longfunnel.connect._engine import ConnectError, Held, Record, RefusedError, WriteBack
from longfunnel.connect.bitrix24._calls import PAGE, Command, ask_all, call, number_of, read_all
from longfunnel.connect.bitrix24._words import fields_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longfunnel.connect._engine import Api

Entity = Literal["deal", "lead"]
UTM = ("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM")
_ENTITIES: dict[str, Entity] = {"deal": "deal", "lead": "lead"}
_PREFIX = "UF_CRM_"
_LONGEST_NAME = 50 - len(_PREFIX)
_REFERENCE = "$result["


async def current(api: Api, entity: Entity, ids: Sequence[str], fields: Sequence[str] = ()) -> dict[str, Record]:
    """The records' UTM fields and ``fields`` as they are now, by id; those that are not there are left out."""
    select = ["ID", *UTM, *fields]
    commands: list[Command] = [
        (f"crm.{entity}.list", {"order": {"ID": "ASC"}, "filter": {"@ID": list(ids[start : start + PAGE])}, "select": select, "start": -1})
        for start in range(0, len(ids), PAGE)
    ]  # fmt: skip
    return {str(number_of(row)): row for page in await read_all(api, commands) for row in page}


async def update(api: Api, entity: Entity, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, ConnectError | None]:
    """Set fields of many records, by id; for each its error, or None where it is done. None of them makes a post in the portal's feed.

    Setting a field to what it holds changes nothing, so that an update which broke off may be sent again.
    """
    commands: dict[str, Command] = {
        key: (f"crm.{entity}.update", {"id": key, "fields": dict(fields), "params": {"REGISTER_SONET_EVENT": "N"}})
        for key, fields in changes.items()
    }
    # a batch would take such a text for a reference to another command's result
    alone = [key for key, fields in changes.items() if any(_REFERENCE in str(value) for value in fields.values())]
    together = [key for key in commands if key not in alone]
    answers = await ask_all(api, [commands[key] for key in together])
    outcome = {
        key: _error(answer, answer if isinstance(answer, ConnectError) else answer.result)
        for key, answer in zip(together, answers, strict=True)
    }
    for key in alone:
        try:
            outcome[key] = _error(None, (await call(api, *commands[key]))["result"])
        except ConnectError as error:
            if error.kind in ("expired", "limited", "temporary"):
                raise
            outcome[key] = error
    return {key: outcome[key] for key in changes}


async def ensure_field(api: Api, entity: Entity, name: str, title: str) -> str:
    """Make an own text field of deals or leads where it is not there yet; its full name (``UF_CRM_…``)."""
    own = name.upper().removeprefix(_PREFIX)
    if not own.replace("_", "").isalnum() or not own.isascii() or len(own) > _LONGEST_NAME:
        raise RefusedError(
            Text(
                "A field of Bitrix24 cannot be named «{name}»: Latin letters, digits and _, at most {most}.",
                "Поле Битрикс24 нельзя назвать «{name}»: только латинские буквы, цифры и _, не длиннее {most}.",
            ).format(name=name, most=_LONGEST_NAME)
        )
    full = f"{_PREFIX}{own}"
    if full in await fields_of(api, entity):
        return full
    fields = {
        "FIELD_NAME": own,
        "USER_TYPE_ID": "string",
        "XML_ID": full,
        "EDIT_FORM_LABEL": title,
        "LIST_COLUMN_LABEL": title,
    }
    try:
        await call(api, f"crm.{entity}.userfield.add", {"fields": fields})
    except RefusedError:
        if full not in await fields_of(api, entity):  # somebody else may have made it meanwhile
            raise
    return full


def _error(answer: object, result: object) -> ConnectError | None:
    if isinstance(answer, ConnectError):
        return answer
    said = Text("Bitrix24 says that the update was not made: {result!r}.", "Битрикс24 не внёс изменение: {result!r}.")
    return None if result is True else RefusedError(said.format(result=result))


async def _held(api: Api, fact: str, ids: list[str], fields: list[str]) -> Held:
    found = await current(api, _ENTITIES[fact], ids, fields)
    return {key: {field: str(row.get(field) or "") for field in fields} for key, row in found.items()}


async def _set(api: Api, fact: str, changes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    told = await update(api, _ENTITIES[fact], changes)
    return {key: str(error) if error else "" for key, error in told.items()}


WRITE_BACK = WriteBack(
    fields=dict(zip(("source", "medium", "campaign", "content", "term"), UTM, strict=True)),
    facts=("deal", "lead"),
    current=_held,
    update=_set,
)
