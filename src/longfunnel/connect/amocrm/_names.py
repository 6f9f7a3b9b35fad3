"""What amoCRM says by number: the account's pipelines, stages, people and reasons, looked up once a run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from longfunnel.connect._engine import ForbiddenError, GoneError, RefusedError
from longfunnel.connect.amocrm._paging import Listing, by_ids
from longfunnel.connect.amocrm._values import embedded, seconds, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.connect._engine import Api, Reading, Record

WON, LOST = "142", "143"
"""The closing stages of every pipeline."""
_UNSORTED = 1
_REMEMBERED = 20_000
_NO_NAMES = (ForbiddenError, GoneError, RefusedError)
"""A list that only gives names may be closed to the token: the numbers stay."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a pipeline."""

    name: str
    number: int
    """From 1, in the pipeline's order."""
    is_unsorted: bool
    """Whether it is «Неразобранное», where requests wait for somebody to take them."""


@dataclass
class Names:
    """Names of one account. A number without a name (a stage that was deleted since) stands for itself."""

    currency: str
    zone: str
    pipelines: dict[str, str]
    stages: dict[tuple[str, str], Stage]
    managers: dict[str, str]
    reasons: dict[str, str]
    contacts: dict[str, Record] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    elements: dict[tuple[str, str], str] = field(default_factory=dict)

    def place(self, pipeline: Any, stage: Any) -> dict[str, Any]:
        """Where a deal stands, in words."""
        of, within = text(pipeline), text(stage)
        known = self.stages.get((of, within))
        return {
            "pipeline_id": of,
            "pipeline": self.pipelines.get(of, of),
            "stage_id": within,
            "stage": known.name if known else within,
            "stage_number": known.number if known else None,
        }

    def manager(self, user: Any) -> str:
        """Somebody's name; empty for 0, which is a robot."""
        who = text(user)
        return "" if who in ("", "0") else self.managers.get(who, who)

    def forget_many(self) -> None:
        """Keep memory flat: what was looked up for deals goes when there is much of it."""
        if len(self.contacts) > _REMEMBERED:
            self.contacts.clear()
        if len(self.companies) > _REMEMBERED:
            self.companies.clear()


def text(number: Any) -> str:
    """An id as text; empty for none."""
    return "" if number is None or isinstance(number, bool | dict | list) else str(number).strip()


async def names_of(reading: Reading) -> Names:
    """The account's names, asked for once a run."""
    memory = reading.memory
    if "names" not in memory:
        memory["names"] = await _look_up(reading.api)
    names: Names = memory["names"]
    return names


async def _look_up(api: Api) -> Names:
    account = table(await api.get("account", [("with", "datetime_settings")]))
    settings = table(table(account.get("_embedded")).get("datetime_settings")) or table(
        account.get("datetime_settings")
    )
    pipelines, stages = await pipelines_of(api)
    managers = await optional(Listing(api, "users", "users", limit=0))
    reasons = await optional(Listing(api, "leads/loss_reasons", "loss_reasons", limit=0))
    return Names(
        currency=text(account.get("currency")).upper(),
        zone=text(settings.get("timezone")),
        pipelines=pipelines,
        stages=stages,
        managers={text(one.get("id")): text(one.get("name")) or text(one.get("email")) for one in managers},
        reasons={text(one.get("id")): text(one.get("name")) for one in reasons},
    )


async def pipelines_of(api: Api) -> tuple[dict[str, str], dict[tuple[str, str], Stage]]:
    """Pipelines by id, and stages by both ids."""
    pipelines: dict[str, str] = {}
    stages: dict[tuple[str, str], Stage] = {}
    for pipeline in await Listing(api, "leads/pipelines", "pipelines", limit=0).whole() or []:
        of = text(pipeline.get("id"))
        pipelines[of] = text(pipeline.get("name")) or of
        # won and lost come last, whatever their sort says
        ranked = sorted(
            embedded(pipeline, "statuses"),
            key=lambda one: (text(one.get("id")) in (WON, LOST), seconds(one.get("sort")) or 0),
        )
        for number, stage in enumerate(ranked, 1):
            within = text(stage.get("id"))
            stages[of, within] = Stage(
                text(stage.get("name")) or within, number, seconds(stage.get("type")) == _UNSORTED
            )
    return pipelines, stages


async def optional(listing: Listing, more: Sequence[tuple[str, str]] = ()) -> list[Record]:
    """A list that only gives names: where the token may not see it, the numbers stay."""
    try:
        return await listing.whole(more) or []
    except _NO_NAMES:
        return []


async def look_up_for(reading: Reading, deals: list[Record]) -> None:
    """Learn the main contacts, the companies and the products of some deals."""
    api, names = reading.api, await names_of(reading)
    names.forget_many()
    contacts = {main_contact(deal) for deal in deals} - names.contacts.keys() - {""}
    names.contacts |= await by_ids(api, "contacts", "contacts", contacts)
    companies = (
        {text(one.get("id")) for deal in deals for one in embedded(deal, "companies")[:1]}
        - names.companies.keys()
        - {""}
    )
    try:
        found = await by_ids(api, "companies", "companies", companies)
    except _NO_NAMES:
        found = {}
    names.companies |= dict.fromkeys(companies, "") | {one: text(row.get("name")) for one, row in found.items()}
    await _look_up_elements(api, names, deals)


async def _look_up_elements(api: Api, names: Names, deals: list[Record]) -> None:
    wanted: dict[str, set[str]] = defaultdict(set)
    for deal in deals:
        for element in embedded(deal, "catalog_elements"):
            of, one = element_key(element)
            if of and one and (of, one) not in names.elements:
                wanted[of].add(one)
    for of, ids in wanted.items():
        try:
            found = await by_ids(api, f"catalogs/{of}/elements", "elements", ids)
        except _NO_NAMES:
            found = {}
        names.elements |= {(of, one): text(found.get(one, {}).get("name")) for one in ids}


def main_contact(deal: Record) -> str:
    """The id of a deal's main contact, else of its first; empty where there is none."""
    contacts = embedded(deal, "contacts")
    main = next((one for one in contacts if one.get("is_main")), contacts[0] if contacts else {})
    return text(main.get("id"))


def element_key(element: Record) -> tuple[str, str]:
    """A product's catalogue and id."""
    return text(table(element.get("metadata")).get("catalog_id") or element.get("catalog_id")), text(element.get("id"))


def zone_of(name: str, fallback: ZoneInfo) -> ZoneInfo:
    """The zone of that name, where there is one."""
    try:
        return ZoneInfo(name) if name else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback
