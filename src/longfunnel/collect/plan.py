"""What the settings say about collecting, made ready for use: sites by key, webhooks by name, how values are read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from longfunnel.collect.traffic import Network, networks
from longfunnel.collect.values import Reader

if TYPE_CHECKING:
    from longfunnel.core.collecting import Collector, Site
    from longfunnel.core.settings import Settings, Source

WEBHOOK = "webhook"
"""The ``type`` of a ``[[source]]`` whose rows other systems send."""


class Plan:
    """The settings of one business, for the endpoint and for the loader alike."""

    def __init__(self, settings: Settings) -> None:
        self.collector: Collector = settings.collector
        self.zone: ZoneInfo = settings.business.zone
        self.country = settings.business.home_country
        self._sites = {site.name: site for site in settings.site}
        self._hooks = {source.name: source for source in settings.source if source.type == WEBHOOK}
        self._own = {site.name: networks(site.own_addresses) for site in settings.site}
        self.trusted_proxies: tuple[Network, ...] = networks(self.collector.trusted_proxies)
        self._readers: dict[str, Reader] = {}

    @property
    def keep_seconds(self) -> float:
        """How long loaded records stay in the log."""
        return self.collector.keep_days * 86_400.0

    @property
    def sites(self) -> list[Site]:
        """All sites."""
        return list(self._sites.values())

    @property
    def hooks(self) -> list[Source]:
        """All webhooks."""
        return list(self._hooks.values())

    def site_named(self, name: str) -> Site | None:
        """The site of that key, if there is one."""
        return self._sites.get(name)

    def own_networks(self, name: str) -> tuple[Network, ...]:
        """The company's own addresses, as the site of that key says."""
        return self._own.get(name, ())

    def hook_named(self, name: str) -> Source | None:
        """The webhook of that name, if there is one."""
        return self._hooks.get(name)

    def reader(self, source: Source | None = None) -> Reader:
        """Reads values as the source writes them; without one, as the business does."""
        name = source.name if source else ""
        if name not in self._readers:
            zone = ZoneInfo(source.timezone) if source and source.timezone else self.zone
            self._readers[name] = Reader(
                zone, self.country, month_first=bool(source and source.date_order == "month_first")
            )
        return self._readers[name]


def allows(site: Site, origin: str) -> bool:
    """Whether a page of that origin may send to the site."""
    return not site.origins or any(_fits(allowed.rstrip("/").lower(), origin.lower()) for allowed in site.origins)


def _fits(allowed: str, origin: str) -> bool:
    scheme, star, rest = allowed.partition("://*.")
    if not star:
        return allowed == origin
    theirs, _, host = origin.partition("://")
    return theirs == scheme and (host == rest or host.endswith("." + rest))
