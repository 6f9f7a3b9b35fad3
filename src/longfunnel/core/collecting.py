"""What longfunnel.toml may say about collecting: the sites, the endpoint's limits, how long things are kept."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from longfunnel.core.text import Text, spoken


class Goal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A goal that the tracker watches: a page by its address, or an act on an element."""

    name: str
    url: str = ""
    """Path or full address of the page; ``*`` stands for anything."""
    selector: str = ""
    """CSS selector of the element."""
    on: Literal["click", "submit", "change", "input", "focusin"] = "click"


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tracking numbers: each visit is shown a phone number of its own, so that a call leads back to the visit."""

    pool: tuple[str, ...] = ()
    """The numbers, as pages should show them; the telephony forwards all of them to the same people."""
    replaces: tuple[str, ...] = ()
    """The ordinary numbers: they are replaced in the text and in ``tel:`` links, however they are written."""
    selector: str = ""
    """CSS selector of elements whose whole text is the number, for pages that write it in several pieces."""
    minutes: float = 30
    """How long a number stays with a visit after the visitor was last active."""
    match_hours: float = 24
    """A call that comes later than this after the number was shown leads back to nobody."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site whose visitors are counted."""

    name: str
    """Source of its facts, and the public key in the tracker's tag: ``data-site``."""
    origins: tuple[str, ...] = ()
    """Addresses that may send: ``https://shop.example``, ``https://*.shop.example``. Empty: any."""
    goals: tuple[Goal, ...] = ()
    numbers: Numbers = Numbers()
    own_addresses: tuple[str, ...] = ()
    """IP addresses and networks of the company itself: its visits are kept, marked ``own``, and counted nowhere."""
    spam_referrers: tuple[str, ...] = ()
    """Hosts whose visits are marked ``referrer_spam`` and counted nowhere; their sub-domains too."""
    cookie_domain: str = ""
    """Domain of the visitor cookie, where the collector and the site share one: ``shop.example``. Empty: found out."""
    requests_per_second: float = 2000
    """More than this from all visitors together is refused for a moment (429)."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a webhook's sender signs the body: HMAC, in hexadecimal or base64, a prefix such as ``sha256=`` allowed."""

    header: str
    secret_env: str
    """Name of the environment variable that holds the shared secret."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"


class Collector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the endpoint behaves."""

    keep_days: int = 7
    """How long what came is kept in the log after the warehouse has it: so long a restored backup can catch up by itself."""
    requests_per_second: float = 20
    """From one address; a burst of ten times as many is allowed."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    region_database: str = ""
    """A MaxMind-format database (.mmdb) that turns an address into a region. The address itself is never kept."""


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a running server does by itself."""

    build_seconds: float = 2
    """So long new facts are gathered before people and journeys are derived from them. 0: only when somebody asks."""
    sync_minutes: float = 60
    """How often the sources are looked at for what is new. 0: only by ``longfunnel sync``."""


def schedule_mistakes(schedule: Schedule) -> list[Text]:
    """What is wrong in the values, in sentences that name the place."""
    given = {"build_seconds": schedule.build_seconds, "sync_minutes": schedule.sync_minutes}
    return [
        Text(
            "[schedule] {name} must not be negative, and is {value}.",
            "[schedule] {name}: нужно число от 0, а не {value}.",
        ).format(name=name, value=value)
        for name, value in given.items()
        if value < 0
    ]


def networks_mistakes(where: str, texts: tuple[str, ...]) -> list[Text]:
    """A sentence for each text that is no IP address or network."""
    return [
        Text("{where}: «{text}» is no IP address or network.", "{where}: «{text}» — не IP-адрес и не сеть.").format(
            where=where, text=text
        )
        for text in texts
        if not _is_network(text)
    ]


def collecting_mistakes(sites: tuple[Site, ...], collector: Collector, retention: dict[str, int]) -> list[Text]:
    """What is wrong in the values, in sentences that name the place."""
    names = [site.name for site in sites]
    mistakes = [
        Text(
            "[[site]] «{name}» is named twice; each site needs its own name.",
            "[[site]] «{name}»: такое имя стоит дважды, а у каждого сайта оно своё.",
        ).format(name=name)
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    for site in sites:
        mistakes += _site_mistakes(site)
    mistakes += networks_mistakes("[collector] trusted_proxies", collector.trusted_proxies)
    if collector.requests_per_second <= 0:
        mistakes.append(spoken("[collector] ") + _too_slow(collector.requests_per_second))
    if collector.keep_days < 0:
        mistakes.append(
            Text(
                "[collector] keep_days must not be negative, and is {days}.",
                "[collector] keep_days: нужно число от 0, а не {days}.",
            ).format(days=collector.keep_days)
        )
    return mistakes + [
        Text(
            "[retention] {fact}: at least 1 day, not {days}.", "[retention] {fact}: не меньше 1 дня, а не {days}."
        ).format(fact=fact, days=days)
        for fact, days in retention.items()
        if days < 1
    ]


def _site_mistakes(site: Site) -> list[Text]:
    where = f"[[site]] «{site.name}»"
    mistakes = [
        Text(
            "{where} origins: «{origin}» is not an address such as https://shop.example.",
            "{where} origins: «{origin}» — не адрес вида https://shop.example.",
        ).format(where=where, origin=origin)
        for origin in site.origins
        if not is_origin(origin)
    ]
    mistakes += networks_mistakes(f"{where} own_addresses", site.own_addresses)
    mistakes += [
        Text(
            "{where} goal «{goal}» needs either url or selector.",
            "{where}: для цели «{goal}» нужен или url, или selector.",
        ).format(where=where, goal=goal.name)
        for goal in site.goals
        if bool(goal.url) == bool(goal.selector)
    ]
    if site.numbers.pool and not (site.numbers.replaces or site.numbers.selector):
        mistakes.append(
            Text(
                "{where} numbers: replaces or selector must say which number on the page gives way.",
                "{where} numbers: replaces или selector должны сказать, какой номер на странице подменять.",
            ).format(where=where)
        )
    if site.numbers.minutes <= 0 or site.numbers.match_hours <= 0:
        mistakes.append(
            Text(
                "{where} numbers: minutes and match_hours must be more than 0.",
                "{where} numbers: minutes и match_hours должны быть больше 0.",
            ).format(where=where)
        )
    if site.requests_per_second <= 0:
        mistakes.append(spoken(f"{where} ") + _too_slow(site.requests_per_second))
    return mistakes


def _too_slow(rate: float) -> Text:
    return Text(
        "requests_per_second must be more than 0, not {rate}.",
        "requests_per_second: нужно число больше 0, а не {rate}.",
    ).format(rate=rate)


def is_origin(text: str) -> bool:
    """Whether the text is scheme and host (``*.`` allowed), with nothing after them."""
    parts = urlsplit(text)
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.path or parts.query or parts.fragment)
    )


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
