"""Matching by its definition, slowly: every rule is tried on every campaign and every row of it."""

from __future__ import annotations

import re

from longfunnel.core.matching import MatchRule, Placeholder, Template, parse_template
from longfunnel.journeys.matching.campaigns import Campaign, SpendRow
from longfunnel.journeys.matching.matcher import DEFAULTS, Link
from longfunnel.journeys.matching.spelling import spelt

ANY_TEXT = "龘"  # a letter that no name has, and that no spelling changes
COARSE = {"campaign_id", "campaign", "source", "medium", "account"}
PARTS = {
    "ad_group": {"ad_group_id", "ad_group"},
    "keyword": {"keyword_id", "keyword"},
    "ad": {"ad_id", "ad", "content"},
}


def fits(template: Template, row: SpendRow, known: set[str], value: str | None, rule: MatchRule) -> bool:
    if not value:
        return False
    text = ""
    for part in template.parts:
        if isinstance(part, Placeholder):
            told = row.told(part.name) if part.name in known else None
            text += ANY_TEXT if told is None else told
        else:
            text += part
    pattern = ".*".join(re.escape(piece) for piece in spelt(text, rule.normalise).split(ANY_TEXT))
    return re.fullmatch(pattern, spelt(value, rule.normalise), re.DOTALL) is not None


def campaign_fits(rule: MatchRule, campaign: Campaign, link: Link) -> bool:
    rows = [row for row in campaign.rows if rule.source in ("", row.source_system)]
    names = rule.placeholders
    is_literal = bool(rule.campaign or rule.campaign_id)
    if not rows or campaign.is_named != (is_literal or bool(names - {"source", "medium", "account"})):
        return False
    for field in ("campaign", "campaign_id"):
        wanted = getattr(rule, field)
        if wanted and not any(fits(parse_template(wanted), row, set(), getattr(row, field), rule) for row in rows):
            return False
    identity = names & {"campaign", "campaign_id"}
    known = set(COARSE)
    if identity:
        rows = [row for row in rows if any(row.told(name) is not None for name in identity)]
    elif not is_literal:
        known = set(names)
        rows = [row for row in rows if all(row.told(name) is not None for name in names)]
    for field, template in rule.templates.items():
        if (
            (identity or is_literal)
            and template.placeholders
            and not template.placeholders & COARSE
            and not getattr(link, field)
        ):
            continue
        if not template.placeholders:
            if not fits(template, next(iter(campaign.rows)), set(), getattr(link, field), rule):
                return False
        elif not any(fits(template, row, known, getattr(link, field), rule) for row in rows):
            return False
    return True


def parts(rule: MatchRule, campaign: Campaign, link: Link) -> dict[str, str]:
    rows = [row for row in campaign.rows if rule.source in ("", row.source_system)]
    found: dict[str, str] = {}
    for dimension, names in PARTS.items():
        telling = {field: [one] for field, one in rule.templates.items() if one.placeholders & names}
        if not telling and dimension == "keyword" and not rule.utm_term:
            telling = {"utm_term": [parse_template("{keyword_id}"), parse_template("{keyword}")]}
        if not telling and dimension == "ad" and not rule.utm_content:
            telling = {"utm_content": [parse_template(text) for text in ("{ad_id}", "{ad}", "{content}")]}
        keys: set[str] | None = None
        for field, templates in telling.items():
            here = {
                key
                for row in rows
                for template in templates
                if (key := row.told(f"{dimension}_id")) is not None
                and all(row.told(name) is not None for name in template.placeholders & names)
                and fits(template, row, COARSE | names, getattr(link, field), rule)
            }
            keys = here if keys is None else keys & here
        if keys is not None and len(keys) == 1:
            found[dimension] = keys.pop()
    if found and "ad_group" not in found:
        groups = {
            row.told("ad_group_id")
            for row in campaign.rows
            if all(row.told(f"{name}_id") == key for name, key in found.items())
        }
        if len(groups) == 1 and None not in groups:
            found["ad_group"] = str(groups.pop())
    return found


def match(campaigns: list[Campaign], rules: list[MatchRule], link: Link) -> tuple[int, int, dict[str, str]] | None:
    """Places of the campaign and the rule, and the keys of what is finer."""
    for number, rule in enumerate([*rules, *DEFAULTS]):
        places = [place for place, campaign in enumerate(campaigns) if campaign_fits(rule, campaign, link)]
        if len(places) > 1:
            own = (link.utm_source or "").strip().lower()
            places = [place for place in places if campaigns[place].place == own]
        if len(places) == 1:
            return places[0], number, parts(rule, campaigns[places[0]], link)
    return None
