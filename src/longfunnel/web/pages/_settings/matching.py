"""Cost and visits: how finely they meet, the business's match rules, and proposals with their evidence to accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.build import LIVE
from longfunnel.app.matching import (
    RULE_FIELDS,
    accept,
    proposals_of,
    replace_rules,
    rule_values,
    state_of,
)
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.matching import NORMALISING, PLACEHOLDERS
from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.app.matching import State
    from longfunnel.core.matching import MatchRule
    from longfunnel.journeys.matching.propose import Proposal
    from longfunnel.web.visit import Visit

_HERE = "/settings/matching"
FIELDS = {
    "source": Text("spend source", "источник расхода"),
    "campaign": Text("campaign", "кампания"),
    "campaign_id": Text("campaign id", "номер кампании"),
    "ad_group": Text("ad group", "группа объявлений"),
    "ad": Text("ad", "объявление"),
    "term": Text("keyword", "ключевая фраза"),
    "account": Text("account", "кабинет"),
    "medium": Text("medium", "тип трафика"),
}
"""What the sides of a rule are called; the marks of a link go by their own names."""
_NORMALISING = {
    "case": Text("case", "регистр"),
    "separators": Text("separators", "разделители"),
    "transliteration": Text("Latin and Cyrillic spelling", "латиница и кириллица"),
}


def show(visit: Visit, *, rules: list[dict[str, Any]] | None = None, mistake: str = "") -> Response[Any]:
    """The page; with ``_propose``, what is proposed for what stands apart."""
    state = _state(visit)
    wants = bool(visit.parameter("_propose")) and state is not None
    own = rules if rules is not None else [_values(rule) for rule in visit.settings.match]
    joins = [f"{visits:,}".replace(",", " ") for _, visits, _ in state.rules] if state and rules is None else []
    return visit.show(
        "pages/settings_matching.html",
        title=visit.text(Text("Cost and visits", "Расходы и визиты")),
        sections=sections(visit, "matching"),
        levels=state.levels.rows if state else [],
        rules=[*own, _values(None)],
        joins=joins,
        fields=[(name, visit.text(FIELDS[name]) if name in FIELDS else name) for name in RULE_FIELDS],
        normalising=[(name, visit.text(text)) for name, text in _NORMALISING.items()],
        placeholders=list(PLACEHOLDERS),
        defaults=[(said(rule), visits) for rule, visits, _ in state.defaults] if state else [],
        campaigns=state.campaigns if state else [],
        links=state.links if state else [],
        proposed=[_shown(visit, one) for one in _proposals(visit)] if wants else None,
        mistake=mistake,
        saved=bool(visit.parameter("_saved")),
        status=400 if mistake else 200,
    )


def save(visit: Visit) -> Response[Any]:
    """Write the rules in the order of the form; ``up`` moves one before its neighbour, ``drop`` leaves one out."""
    rules: list[dict[str, Any]] = []
    number = 0
    while f"utm_campaign{number}" in visit.form:
        rule: dict[str, Any] = {name: value for name in RULE_FIELDS if (value := visit.posted(f"{name}{number}"))}
        chosen = [name for name in NORMALISING if visit.posted(f"{name}{number}")]
        if rule and visit.posted("drop") != str(number):
            rules.append(rule if chosen == ["case"] else {**rule, "normalise": chosen})
            if visit.posted("up") == str(number) and len(rules) > 1:
                rules[-1], rules[-2] = rules[-2], rules[-1]
        number += 1
    try:
        replace_rules(visit.business, rules)
    except LongfunnelError as error:
        return show(visit, rules=[_filled(rule) for rule in rules], mistake=error.to(visit.language))
    visit.audit("settings_changed", "match")
    visit.site.answering.refresh()
    return visit.redirect(f"{_HERE}?_saved=1")


def take(visit: Visit) -> Response[Any]:
    """Accept one proposal by its name."""
    name = visit.posted("name")
    found = next((one for one in _proposals(visit) if one.name == name), None)
    if found is None:
        gone = Text("That proposal is no longer there: look again.", "Этого предложения больше нет — посмотрите снова.")
        return show(visit, mistake=visit.text(gone))
    try:
        accept(visit.business, [found.rule])
    except LongfunnelError as error:
        return show(visit, mistake=error.to(visit.language))
    visit.audit("settings_changed", f"match accepted: {said(found.rule)}")
    visit.site.answering.refresh()
    return visit.redirect(f"{_HERE}?_saved=1&_propose=1")


def said(rule: MatchRule) -> str:
    """A rule on one line."""
    return " · ".join(
        f"{name} = {', '.join(value) if isinstance(value, list) else value}"
        for name, value in rule_values(rule).items()
    )


def _state(visit: Visit) -> State | None:
    """None before there is anything. It is worked out once a build."""
    try:
        cursor = visit.cursor()
    except LongfunnelError:
        return None
    try:
        rules, known = visit.settings.match, visit.site.answering.once(LIVE)
        key = f"matching {visit.language} {rules!r}"
        if key not in known:
            known[key] = state_of(cursor, rules, visit.ask(Question("matching")))
        found: State = known[key]
    except LongfunnelError:
        return None
    finally:
        cursor.close()
    return found


def _proposals(visit: Visit) -> list[Proposal]:
    try:
        cursor = visit.cursor()
    except LongfunnelError:
        return []
    try:
        return proposals_of(cursor, visit.settings.match)
    finally:
        cursor.close()


def _values(rule: MatchRule | None) -> dict[str, Any]:
    values = {name: getattr(rule, name) if rule else "" for name in RULE_FIELDS}
    return {**values, "normalise": list(rule.normalise) if rule else ["case"]}


def _filled(rule: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(RULE_FIELDS, ""), "normalise": ["case"], **rule}


def _shown(visit: Visit, one: Proposal) -> dict[str, Any]:
    return {
        "name": one.name,
        "rule": said(one.rule),
        "confidence": one.confidence,
        "evidence": [visit.text(text) for text in one.evidence],
        "cost": one.cost,
        "visits": one.visits,
        "leads": one.leads,
        "campaigns": one.campaigns,
        "examples": one.examples,
    }
