"""Which visit is shown which tracking number: the pools of all sites, and what a page is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import phonenumbers

from longfunnel.collect.calls.numbers import NumberPool
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    import duckdb

    from longfunnel.collect.plan import Plan
    from longfunnel.core.collecting import Site

_BETWEEN = r"[\s\u00a0\u2010-\u2015().\-]*"
"""What people write between the digits of a phone number."""


@dataclass(frozen=True)
class Lent:
    """A number that a visit has, in E.164, until a time (microseconds since 1970), and what its page is told."""

    number: str
    until: int
    page: dict[str, Any]


class Lending:
    """The pools of one server. ``connection``: where the leases so far are found. ``refused``: what was counted so far."""

    def __init__(
        self, plan: Plan, connection: duckdb.DuckDBPyConnection | None = None, *, refused: dict[str, int] | None = None
    ) -> None:
        self._plan = plan
        self.refused: dict[str, int] = dict(refused or {})
        """Site → how often a visit found no number free."""
        self._pools: dict[str, NumberPool] = {}
        self._told: dict[str, dict[str, Any]] = {}
        for site in plan.sites:
            if pool := plan.pool(site.name):
                earlier = _earlier(connection, site.name) if connection else []
                self._pools[site.name] = NumberPool(pool, lease=site.numbers.minutes * 60, earlier=earlier)
                self._told[site.name] = _told(site, plan.country)

    def lend(self, site: str, visitor: str, at: int) -> Lent | None:
        """The visitor's number from ``at`` on (microseconds since 1970); None where the ordinary number is shown."""
        pool = self._pools.get(site)
        if pool is None:
            return None
        lent = pool.lend(visitor, at / 1e6)
        if lent is None:
            self.refused[site] = self.refused.get(site, 0) + 1
            return None
        number, until = lent
        told = {"number": number, "shown": self._plan.pool(site)[number], **self._told[site]}
        return Lent(number, int(until * 1e6), told)

    def lent(self) -> dict[str, int]:
        """Site → how many of its numbers are lent."""
        return {site: pool.lent for site, pool in self._pools.items()}


def _earlier(connection: duckdb.DuckDBPyConnection, site: str) -> list[tuple[str, str, float]]:
    """The last lease of each number: number, visitor, end in seconds since 1970."""
    rows = connection.execute(
        """SELECT number, arg_max(visitor_id, leased_at), epoch(arg_max(until_at, leased_at))
        FROM main.number_leases WHERE site = ? GROUP BY number""",
        [site],
    ).fetchall()
    return [(number, visitor, end) for number, visitor, end in rows]


def _told(site: Site, country: str) -> dict[str, Any]:
    """What every page of the site is told: what to replace, and for how many seconds the number stays."""
    numbers = {normalise("phone", text, country) for text in site.numbers.replaces}
    told: dict[str, Any] = {"seconds": site.numbers.minutes * 60}
    if numbers:
        told["pattern"] = "|".join(spellings(number) for number in sorted(filter(None, numbers)))
    if site.numbers.selector:
        told["selector"] = site.numbers.selector
    return told


def spellings(number: str) -> str:
    """A regular expression (JavaScript's and Python's) for every usual spelling of an E.164 number, and no longer one.

    With the calling code, with the prefix dialled at home, or with neither; anything usual between the digits.
    """
    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    region = phonenumbers.region_code_for_number(parsed)
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) if region else None
    abroad = rf"\+?{parsed.country_code}"
    # +44 (0)20: some write both
    before = rf"{abroad}(?:{_BETWEEN}{trunk})?|{trunk}" if trunk else abroad
    prefix = rf"(?:\(?(?:{before}){_BETWEEN})?"
    return rf"(?<![\d+]){prefix}\(?{_BETWEEN.join(national)}(?!\d)"
