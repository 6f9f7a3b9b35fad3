"""Which channel a mark belongs to: the first rule that matches, the business's own rules first.

The rules and the words they know are data, in ``channel_rules``. They run once per distinct mark, never per row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from longfunnel.journeys.channel_rules import (
    PAID_CHANNELS,
    PAID_CLICK_IDS,
    PAID_MEDIUM,
    PAID_SOURCE,
    PAYMENT_PROVIDERS,
    RULES,
    SOURCES,
    UNASSIGNED,
    WEAK_CHANNELS,
    Category,
    Rule,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longfunnel.core.settings import ChannelRule


@dataclass(frozen=True)
class Mark:
    """What is known of where a touch came from. Empty text is unknown."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    click_id: str = ""
    """Name of the click id that the visit carried: gclid, yclid …"""
    referrer_host: str = ""
    is_visit: bool = False
    """A visit that was watched: with nothing else known, the visitor came directly. A lead's silence says nothing."""
    is_spend: bool = False
    """A row of an ad cabinet: paid, whatever it calls itself."""


@dataclass(frozen=True)
class Verdict:
    """A channel and the rule that gave it. ``channel`` is None where nothing is known."""

    channel: str | None
    is_paid: bool
    is_direct: bool
    rule: str
    """Which rule fired, in words: for the page where rules are tried out."""


_EMPTY = frozenset(
    {"", "(not set)", "(none)", "not set", "none", "null", "nan", "undefined", "-", "(not provided)", "n/a", "{}"}
)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _matches(pattern: str, value: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(maxsize=100_000)
def category(value: str) -> Category | None:
    """The kind of place that a source or a referrer's host is; None for one we do not know."""
    return next((name for name, pattern in SOURCES.items() if _matches(pattern, value)), None)


@lru_cache(maxsize=100_000)
def _is_paid_medium(medium: str) -> bool:
    return _matches(PAID_MEDIUM, medium)


@lru_cache(maxsize=100_000)
def _is_paid_source(source: str) -> bool:
    return _matches(PAID_SOURCE, source)


@lru_cache(maxsize=100_000)
def is_payment_provider(host: str) -> bool:
    """Whether buyers come back from this host after paying: such a referrer sends nobody."""
    return _matches(PAYMENT_PROVIDERS, host)


def _known(value: str) -> str:
    value = value.strip().lower()
    return "" if value in _EMPTY else value


def explain(mark: Mark, own_rules: Iterable[ChannelRule] = ()) -> Verdict:
    """The channel of a mark with the rule that decided it."""
    paid_word, explicit = _paid(mark)
    for number, own in enumerate(own_rules, 1):
        if _own_matches(own, mark):
            is_direct = own.name in WEAK_CHANNELS
            return Verdict(own.name, paid_word or own.name in PAID_CHANNELS, is_direct, f"[[channel]] number {number}")
    source, medium = _known(mark.source), _known(mark.medium)
    referrer = "" if is_payment_provider(mark.referrer_host.lower()) else mark.referrer_host.lower()
    nothing = not (source or medium or _known(mark.campaign) or mark.click_id or referrer)
    if nothing:
        said = mark.source.strip().lower() in {"(direct)", "(none)"} or mark.medium.strip().lower() == "(none)"
        if mark.is_spend:
            return Verdict(None, is_paid=True, is_direct=False, rule="spend that names no source")
        if mark.is_visit or said:
            return Verdict("Direct", is_paid=False, is_direct=True, rule="a visit with no mark and no referrer")
        return Verdict(None, is_paid=False, is_direct=False, rule="nothing is known")
    from_referrer = not source and bool(referrer)
    facts = _Facts(
        mark.source.strip().lower(),
        mark.medium.strip().lower(),
        mark.campaign.strip().lower(),
        mark.click_id,
        category(source or referrer),
        paid_word,
        bool(medium) or mark.is_spend,
        from_referrer,
    )
    for rule in RULES:
        if _rule_matches(rule, facts):
            is_paid = rule.channel in PAID_CHANNELS or explicit
            return Verdict(rule.channel, is_paid, rule.channel in WEAK_CHANNELS, describe(rule))
    return Verdict(UNASSIGNED, paid_word, is_direct=False, rule="no rule matches")


def classify(mark: Mark, own_rules: Iterable[ChannelRule] = ()) -> str | None:
    """The channel of a mark; None where nothing is known, «Unassigned» where nothing matches."""
    return explain(mark, own_rules).channel


@dataclass(frozen=True, slots=True)
class _Facts:
    source: str
    medium: str
    campaign: str
    click_id: str
    category: Category | None
    is_paid: bool
    has_medium: bool
    from_referrer: bool


def _paid(mark: Mark) -> tuple[bool, bool]:
    """Whether the mark is paid for by any sign, and whether the sign is beyond doubt (a medium, a click id, a bill)."""
    medium = _known(mark.medium)
    beyond_doubt = mark.is_spend or mark.click_id in PAID_CLICK_IDS or (bool(medium) and _is_paid_medium(medium))
    silent = not medium and (mark.click_id == "fbclid" or _is_paid_source(_known(mark.source)))
    return beyond_doubt or silent, beyond_doubt


def _own_matches(rule: ChannelRule, mark: Mark) -> bool:
    pairs = (
        (rule.source, mark.source),
        (rule.medium, mark.medium),
        (rule.campaign, mark.campaign),
        (rule.click_id, mark.click_id),
        (rule.referrer, mark.referrer_host),
    )
    given = [(pattern, value) for pattern, value in pairs if pattern]
    return bool(given) and all(_matches(pattern, value.strip()) for pattern, value in given)


def _rule_matches(rule: Rule, facts: _Facts) -> bool:
    return (
        (rule.is_paid is None or rule.is_paid == facts.is_paid)
        and (rule.has_medium is None or rule.has_medium == facts.has_medium)
        and (rule.from_referrer is None or rule.from_referrer == facts.from_referrer)
        and (rule.category is None or rule.category == facts.category)
        and (not rule.source or _matches(rule.source, facts.source))
        and (not rule.medium or _matches(rule.medium, facts.medium))
        and (not rule.campaign or _matches(rule.campaign, facts.campaign))
        and (not rule.click_id or _matches(rule.click_id, facts.click_id))
    )


def describe(rule: Rule) -> str:
    """A rule of the default list in words."""
    parts = [
        f"{name} ~ {value}" for name in ("source", "medium", "campaign", "click_id") if (value := getattr(rule, name))
    ]
    if rule.category:
        parts.append(f"a known {rule.category} source")
    if rule.is_paid:
        parts.append("paid")
    if rule.has_medium is False:
        parts.append("no medium")
    if rule.from_referrer:
        parts.append("a referring site")
    return f"{rule.channel}: {', '.join(parts)}"
