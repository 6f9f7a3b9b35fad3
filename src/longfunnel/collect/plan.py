"""What the settings say about collecting, made ready for use: sites by key, webhooks by name, how values are read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from longfunnel.collect.loading.values import Reader
from longfunnel.collect.presets import with_preset
from longfunnel.collect.visiting.traffic import Network, networks
from longfunnel.core.errors import MENDING, SettingsError, together
from longfunnel.core.text import Text
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    from longfunnel.core.collecting import Collector, Site
    from longfunnel.core.settings import Settings, Source

WEBHOOK = "webhook"
"""The ``type`` of a ``[[source]]`` whose rows other systems send."""


class Plan:
    """The settings of one business, for the endpoint and for the loader alike. Raises SettingsError for what makes no sense."""

    def __init__(self, settings: Settings) -> None:
        self.collector: Collector = settings.collector
        self.zone: ZoneInfo = settings.business.zone
        self.country = settings.business.home_country
        self._sites = {site.name: site for site in settings.site}
        self._hooks = {source.name: with_preset(source) for source in settings.source if source.type == WEBHOOK}
        self._connected = {source.name: source for source in settings.source if source.is_connected}
        self._own = {site.name: networks(site.own_addresses) for site in settings.site}
        self.trusted_proxies: tuple[Network, ...] = networks(self.collector.trusted_proxies)
        self._senders = {source.name: networks(source.senders) for source in settings.source}
        self._readers: dict[str, Reader] = {}
        self._pools = _pools(self.sites, self.country)

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

    def pool(self, site: str) -> dict[str, str]:
        """The tracking numbers of the site of that key: E.164 → as pages show it. Empty for a site without them."""
        return self._pools.get(site, {})

    def hook_named(self, name: str) -> Source | None:
        """The webhook of that name, if there is one."""
        return self._hooks.get(name)

    @property
    def addressed(self) -> list[Source]:
        """The sources that webhooks may be addressed to: those of type webhook, and connected systems that tell of changes so."""
        return [*self._hooks.values(), *self._connected.values()]

    def addressee(self, name: str) -> Source | None:
        """The source of that name that webhooks may be addressed to, if there is one."""
        return self._hooks.get(name) or self._connected.get(name)

    def is_connected(self, name: str) -> bool:
        """Whether the source of that name reaches an outside system itself: what its webhooks mean is its connector's to say."""
        return name in self._connected

    def hook_senders(self, name: str) -> tuple[Network, ...]:
        """The addresses from which the webhook of that name may come; none is any."""
        return self._senders.get(name, ())

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


def _pools(sites: list[Site], country: str) -> dict[str, dict[str, str]]:
    """The pools by site. Raises SettingsError for what is no phone number and for a number in two pools."""
    pools: dict[str, dict[str, str]] = {}
    seen: dict[str, str] = {}
    mistakes = []
    for site in sites:
        where = f"[[site]] «{site.name}» numbers"
        mistakes += [
            Text(
                "{where}: «{text}» is no phone number such as +7 495 123-45-67.",
                "{where}: «{text}» — не номер телефона вида +7 495 123-45-67.",
            ).format(where=where, text=text)
            for text in (*site.numbers.pool, *site.numbers.replaces)
            if normalise("phone", text, country) is None
        ]
        for text in site.numbers.pool:
            number = normalise("phone", text, country)
            if number and seen.setdefault(number, site.name) != site.name:
                said = Text(
                    "{where}: {text} is in the pool of «{other}» already; a number has one site.",
                    "{where}: {text} уже в пуле «{other}»; у номера один сайт.",
                )
                mistakes.append(said.format(where=where, text=text, other=seen[number]))
            elif number:
                pools.setdefault(site.name, {})[number] = text
    if mistakes:
        raise SettingsError(together(mistakes, MENDING))
    return pools


def _fits(allowed: str, origin: str) -> bool:
    scheme, star, rest = allowed.partition("://*.")
    if not star:
        return allowed == origin
    theirs, _, host = origin.partition("://")
    return theirs == scheme and (host == rest or host.endswith("." + rest))
