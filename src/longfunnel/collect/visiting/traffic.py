"""Whose visit it is: the device, and whether it is a person's at all. What is excluded is kept, marked and counted nowhere.

Robots are known by the patterns of monperrus/crawler-user-agents (MIT), the list that most peers share, through its own
package: it is renewed every month, and an upgrade brings the new patterns.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from crawleruseragents import is_crawler  # type: ignore[import-untyped]

_TABLET = re.compile(r"ipad|tablet|playbook|silk(?!.*mobile)|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone|opera mini", re.IGNORECASE)
_AUTOMATION = re.compile(r"headlesschrome|phantomjs|puppeteer|playwright|selenium", re.IGNORECASE)

Network = IPv4Network | IPv6Network

SPAM_REFERRERS = frozenset(
    {
        "4webmasters.org", "best-seo-offer.com", "best-seo-solution.com", "bot-traffic.icu", "bot-traffic.xyz", "buttons-for-website.com",
        "buttons-for-your-website.com", "darodar.com", "econom.co", "event-tracking.com", "floating-share-buttons.com", "free-share-buttons.com",
        "free-social-buttons.com", "free-traffic.xyz", "get-free-traffic-now.com", "hulfingtonpost.com", "ilovevitaly.com", "iloveitaly.ru",
        "makemoneyonline.com", "o-o-6-o-o.com", "priceg.com", "ranksonic.info", "savetubevideo.com",
        "semalt.com", "semaltmedia.com", "seo-platform.com", "simple-share-buttons.com", "social-buttons.com", "trafficmonetize.org",
        "traffic2cash.xyz", "trafficbot.life", "webmonetizer.net", "websites-reviews.com", "xn--80aaafltebbc3auk2aepkhr3ewjpa.xn--p1ai",
    }
)  # fmt: skip
"""Hosts that send nobody and want to be seen in reports: the lasting ones of public knowledge; a site adds its own."""


@lru_cache(maxsize=16_384)
def read_agent(agent: str) -> tuple[str | None, bool]:
    """The device (desktop, mobile, tablet; None where nothing says) and whether a robot sent it, from a User-Agent."""
    if not agent.strip():
        return None, True
    is_robot = bool(_AUTOMATION.search(agent)) or is_crawler(agent)
    if _TABLET.search(agent):
        return "tablet", is_robot
    return "mobile" if _MOBILE.search(agent) else "desktop", is_robot


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks that the texts name."""
    return tuple(ip_network(text, strict=False) for text in texts)


def is_within(address: str, among: tuple[Network, ...]) -> bool:
    """Whether the address lies in one of the networks. Text that is no address lies in none."""
    if not among:
        return False
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in among)


def is_spam(referrer_host: str | None, own_rules: tuple[str, ...] = ()) -> bool:
    """Whether the host, or a domain above it, is known for sending nobody."""
    host = (referrer_host or "").lower().removeprefix("www.")
    while "." in host:
        if host in SPAM_REFERRERS or host in own_rules:
            return True
        host = host.partition(".")[2]
    return False
