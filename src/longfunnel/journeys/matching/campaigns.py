"""What the spend knows: its campaigns, each with the names it had and with its ad groups, keywords and ads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

FINER: Final = ("ad_group", "keyword", "ad")
"""What may be finer than a campaign, coarsest first."""


class SpendRow(NamedTuple):
    """One distinct way in which rows of spend name what they are for. None is unknown; ``latest`` is its last day, as text."""

    mark_id: int
    source_system: str
    latest: str
    account: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign_id: str | None = None
    campaign: str | None = None
    ad_group_id: str | None = None
    ad_group: str | None = None
    keyword_id: str | None = None
    keyword: str | None = None
    ad_id: str | None = None
    ad: str | None = None
    content: str | None = None

    def told(self, name: str) -> str | None:
        """What the row says at a placeholder. An id that is not kept is what stands in its stead."""
        match name:
            case "ad_group_id":
                return self.ad_group_id or self.ad_group
            case "keyword_id":
                return self.keyword_id or self.keyword
            case "ad_id":
                return self.ad_id or self.ad or self.content
            case _:
                value: str | None = getattr(self, name)
                return value


@dataclass
class Part:
    """An ad group, a keyword or an ad of a campaign. ``key`` is its id, or its name where it has none."""

    key: str
    name: str | None
    """The latest name; None for an ad that is known only by its mark in links."""
    contents: frozenset[str] = frozenset()
    """Of an ad: its marks in links."""


@dataclass
class Campaign:
    """One campaign at one place of advertising. Spend that names no campaign is one, too, with neither id nor name."""

    place: str
    """The source (utm_source) that its spend names, in lower case."""
    source: str | None
    campaign_id: str | None = None
    campaign: str | None = None
    """The latest name."""
    rows: list[SpendRow] = field(default_factory=list)
    parts: dict[str, dict[str, Part]] = field(default_factory=dict)
    """By ``FINER``, by key."""

    @property
    def is_named(self) -> bool:
        """Whether the spend says which campaign it is."""
        return self.campaign is not None or self.campaign_id is not None

    @property
    def medium(self) -> str | None:
        """The medium that all of its spend names."""
        mediums = {row.medium for row in self.rows}
        return mediums.pop() if len(mediums) == 1 else None


def campaigns_of(rows: Iterable[SpendRow]) -> list[Campaign]:
    """The campaigns that the spend names, in a fixed order.

    A campaign is its id, or without one its name, at one source. Rows that have only a name are of the one id that bears it at
    the same source, else anywhere; rows with an id and no source are of the one source that has the id.
    """
    rows = sorted(rows, key=lambda row: tuple("" if value is None else str(value) for value in row))
    ids_here: dict[tuple[str, str], set[str]] = {}
    ids_anywhere: dict[str, set[tuple[str, str]]] = {}
    places: dict[str, set[str]] = {}
    for row in rows:
        if row.campaign_id:
            if row.source:
                places.setdefault(row.campaign_id, set()).add(_place(row))
            if row.campaign:
                ids_here.setdefault((_place(row), row.campaign), set()).add(row.campaign_id)
                ids_anywhere.setdefault(row.campaign, set()).add((_place(row), row.campaign_id))
    found: dict[tuple[str, str, bool], Campaign] = {}
    for row in rows:
        place, campaign_id = _place(row), row.campaign_id
        if campaign_id and not place and len(places.get(campaign_id, ())) == 1:
            place = next(iter(places[campaign_id]))
        if not campaign_id and row.campaign:
            here = ids_here.get((place, row.campaign), set())
            anywhere = ids_anywhere.get(row.campaign, set()) if not place else set()
            if len(here) == 1:
                campaign_id = next(iter(here))
            elif len(anywhere) == 1:
                place, campaign_id = next(iter(anywhere))
        key = (place, campaign_id or row.campaign or "", campaign_id is not None)
        known = found.setdefault(key, Campaign(place, None, campaign_id))
        known.rows.append(row)
    for campaign in found.values():
        _describe(campaign)
    return [found[key] for key in sorted(found)]


def part_key(row: SpendRow, dimension: str) -> str | None:
    """Which ad group, keyword or ad the row is for; None where it does not say."""
    return row.told(f"{dimension}_id")


def _place(row: SpendRow) -> str:
    return (row.source or "").strip().lower()


def _describe(campaign: Campaign) -> None:
    """Fill what follows from the rows: the latest names."""
    by_day = sorted(campaign.rows, key=lambda row: row.latest)
    campaign.source = next((row.source for row in reversed(by_day) if row.source), None)
    # a list of names without ids may be old
    named = sorted((row for row in by_day if row.campaign), key=lambda row: row.campaign_id is not None)
    campaign.campaign = named[-1].campaign if named else campaign.campaign_id
    for dimension in FINER:
        parts: dict[str, Part] = {}
        for row in by_day:
            key = part_key(row, dimension)
            if key is None:
                continue
            part = parts.setdefault(key, Part(key, None))
            part.name = getattr(row, dimension) or part.name
            if dimension == "ad" and row.content:
                part.contents |= {row.content}
        for part in parts.values():
            if part.name is None and not part.contents:
                part.name = part.key
        campaign.parts[dimension] = parts
