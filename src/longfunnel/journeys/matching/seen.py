"""What the spend and the links show to whoever looks for rules: money, clicks and visits by day, and what already meets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from longfunnel.journeys.matching.campaigns import FINER, Campaign, SpendRow, part_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longfunnel.journeys.matching.matcher import Link, Match, Matcher

Day = str
"""A day as ISO text."""


@dataclass
class Spent:
    """What one row of spend's naming cost, in the business's currency, and its clicks by day."""

    cost: Decimal = Decimal(0)
    clicks: Counter[Day] = field(default_factory=Counter)
    is_priced: bool = True
    """Whether any of it is known in that currency; else the cost is no cost but an unknown one."""


@dataclass
class Came:
    """Who came by one link: visits by day, and leads, calls and deals that name the link themselves."""

    visits: Counter[Day] = field(default_factory=Counter)
    leads: int = 0

    @property
    def many(self) -> int:
        """All of them together."""
        return self.visits.total() + self.leads


@dataclass
class Seen:
    """Both sides: the campaigns with what their rows cost, and the links with who came."""

    campaigns: Sequence[Campaign]
    spent: dict[SpendRow, Spent]
    came: dict[Link, Came]

    def cost_of(self, campaign: Campaign) -> Decimal:
        """What a campaign cost."""
        return sum((self.spent[row].cost for row in campaign.rows), Decimal(0))

    def is_priced(self, campaign: Campaign) -> bool:
        """Whether any of what a campaign cost is known."""
        return any(self.spent[row].is_priced for row in campaign.rows)

    def clicks_of(self, campaign: Campaign) -> Counter[Day]:
        """A campaign's clicks by day."""
        return sum((self.spent[row].clicks for row in campaign.rows), Counter())


@dataclass
class Met:
    """How finely spend and links meet by some rules."""

    matches: dict[Link, Match]
    parts: set[tuple[int, str, str]]
    """Identity of a campaign, one of ``FINER``, key."""
    campaigns: set[int]

    def depth(self, campaign: Campaign, row: SpendRow) -> int:
        """How finely visits meet a row: 0 not at all, 1 by its campaign, then by ad group, keyword, ad."""
        for place, dimension in reversed(list(enumerate(FINER, 2))):
            key = part_key(row, dimension)
            if key is not None and (id(campaign), dimension, key) in self.parts:
                return place
        return int(id(campaign) in self.campaigns)


def meet(matcher: Matcher, links: Iterable[Link]) -> dict[Link, Match]:
    """What the links mean, of those that a matcher knows."""
    return {link: match for link in links if (match := matcher.match(link)) is not None}


def met_by(matches: dict[Link, Match]) -> Met:
    """What meets by these matches."""
    parts = {
        (id(match.campaign), dimension, key)
        for match in matches.values()
        for dimension in FINER
        if (key := getattr(match, dimension)) is not None
    }
    return Met(matches, parts, {id(match.campaign) for match in matches.values() if match.campaign.is_named})


def fineness(match: Match | None) -> int:
    """How much of the spend a link names: 0 nothing, 1 a campaign, and one for each of ad group, keyword and ad."""
    return 0 if match is None else 1 + sum(getattr(match, dimension) is not None for dimension in FINER)
