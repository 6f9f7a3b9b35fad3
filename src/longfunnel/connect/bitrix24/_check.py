"""Whether the access works, and what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.connect.bitrix24._calls import call
from longfunnel.connect.bitrix24._words import Stage, fields_of, read_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longfunnel.connect._engine import Api, Record

_MONEY = frozenset({"money", "double", "integer", "string"})
_WORDS = frozenset({"enumeration", "string", "crm_status"})
_IDS = frozenset({"string", "integer", "url"})
_SUITS = {"cost_field": _MONEY, "reason_lost_field": _WORDS, "order_id_field": _IDS}


async def check(api: Api, _: Mapping[str, Any]) -> list[Record]:
    """The pipelines with their stages, the statuses of leads, and the portal's own fields of deals for each option that they suit.

    Raises a ConnectError where the access does not work, or may not read deals or users.
    """
    words = await read_words(api)
    await call(api, "crm.deal.list", {"select": ["ID"], "filter": {}, "order": {"ID": "ASC"}, "start": -1})
    await call(api, "user.get", {"start": 0})
    fields = await fields_of(api, "deal")
    pipelines = [{"option": "pipelines", "value": key, "title": name} for key, name in words.pipelines.items()]
    stages = [
        {
            **_choice("stages", key, stage),
            "title": f"{words.pipeline(_pipeline(key))}: {stage.name}",
            "stage": stage.name,
        }
        for key, stage in words.stages.items()
    ]
    statuses = [_choice("qualified_statuses", key, status) for key, status in words.statuses.items()]
    return [*pipelines, *stages, *statuses, *_fields(fields)]


def _choice(option: str, key: str, stage: Stage) -> Record:
    return {"option": option, "value": key, "title": stage.name, "semantics": stage.semantics}


def _pipeline(stage: str) -> str:
    return stage[1:].partition(":")[0] if ":" in stage else "0"


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Record]:
    """The own fields, for each option that their type suits."""
    for option, types in _SUITS.items():
        for name, about in sorted(fields.items()):
            if name.startswith("UF_") and about.get("type") in types:
                title = about.get("listLabel") or about.get("formLabel") or about.get("title") or name
                yield {"option": option, "value": name, "title": title, "type": about["type"]}
