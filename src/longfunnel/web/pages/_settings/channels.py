"""The rules of channels: the business's own, the default list, and a tester that says which rule matched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import tomlkit

from longfunnel.app.settings_file import change_settings, new_row
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.journeys.channel_rules import RULES
from longfunnel.journeys.channels import Mark, describe, explain
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

PATTERNS = ("source", "medium", "campaign", "click_id", "referrer")
CLICK_IDS = ("gclid", "yclid", "ymclid", "fbclid", "vkclid", "msclkid", "ttclid", "rb_clickid")


def show(
    visit: Visit,
    *,
    rules: list[dict[str, str]] | None = None,
    mistakes: dict[int, str] | None = None,
    mistake: str = "",
) -> Response[Any]:
    """The page, with the verdict on ``_url`` when one is to be tried."""
    own = (
        rules
        if rules is not None
        else [
            {"name": rule.name, **{name: getattr(rule, name) for name in PATTERNS}} for rule in visit.settings.channel
        ]
    )
    tried = visit.parameter("_url")
    return visit.show(
        "pages/settings_channels.html",
        title=visit.text(Text("Channels", "Каналы")),
        sections=sections(visit, "channels"),
        rules=[*own, dict.fromkeys(("name", *PATTERNS), "")],
        mistakes=mistakes or {},
        mistake=mistake,
        defaults=[(rule.channel, rule_words(describe(rule), visit.language).partition(": ")[2]) for rule in RULES],
        tried=tried,
        referrer=visit.parameter("_referrer"),
        verdict=_verdict(visit, tried, visit.parameter("_referrer")) if tried or visit.parameter("_referrer") else None,
        saved=bool(visit.parameter("_saved")),
        status=400 if mistakes or mistake else 200,
    )


def save(visit: Visit) -> Response[Any]:
    """Write the rules in the order of the form; ``up`` moves one before its neighbour, ``drop`` leaves one out."""
    rules: list[dict[str, str]] = []
    number = 0
    while f"name{number}" in visit.form:
        rule = {name: visit.posted(f"{name}{number}") for name in ("name", *PATTERNS)}
        if any(rule.values()) and visit.posted("drop") != str(number):
            rules.append(rule)
            if visit.posted("up") == str(number) and len(rules) > 1:
                rules[-1], rules[-2] = rules[-2], rules[-1]
        number += 1
    mistakes = {place: wrong for place, rule in enumerate(rules) if (wrong := _wrong(visit, rule))}
    if mistakes:
        return show(visit, rules=rules, mistakes=mistakes)
    try:
        change_settings(visit.business, lambda document: _write(document, rules))
    except LongfunnelError as error:
        return show(visit, rules=rules, mistake=error.to(visit.language))
    visit.audit("settings_changed", "channels")
    visit.site.answering.refresh()
    return visit.redirect("/settings/channels?_saved=1")


def mark_of(url: str, referrer: str) -> Mark:
    """What a visit to this address, coming from that page, would carry."""
    query = dict(parse_qsl(urlsplit(url).query)) if "?" in url else dict(parse_qsl(url)) if "=" in url else {}
    host = urlsplit(referrer if "://" in referrer else f"https://{referrer}").hostname if referrer else ""
    return Mark(
        source=query.get("utm_source", ""),
        medium=query.get("utm_medium", ""),
        campaign=query.get("utm_campaign", ""),
        click_id=next((name for name in CLICK_IDS if query.get(name)), ""),
        referrer_host=(host or "").removeprefix("www."),
        is_visit=True,
    )


_CATEGORIES = {
    "shopping": "площадка", "maps": "карты", "ai": "нейросеть", "email": "почта", "video": "видео",
    "social": "соцсеть", "search": "поисковик", "network": "рекламная сеть",
}  # fmt: skip
_RULE_WORDS = {
    "nothing is known": "ничего не известно",
    "no rule matches": "не подошло ни одно правило",
    "a visit with no mark and no referrer": "визит без меток и без реферера",
    "spend that names no source": "расход без источника",
    "paid": "платно",
    "no medium": "без medium",
    "a referring site": "переход с другого сайта",
}


def rule_words(rule: str, language: str) -> str:
    """A rule of the default list in the reader's words."""
    if language != "ru":
        return rule
    channel, colon, rest = rule.partition(": ")
    parts = [_RULE_WORDS.get(part, part) for part in (rest if colon else rule).split(", ")]
    said = ", ".join(
        re.sub(
            r"a known (\w+) source", lambda found: f"известный источник: {_CATEGORIES.get(found[1], found[1])}", part
        )
        for part in parts
    )
    return f"{channel}: {said}" if colon else said


def _verdict(visit: Visit, url: str, referrer: str) -> dict[str, Any]:
    mark = mark_of(url, referrer)
    verdict = explain(mark, visit.settings.channel)
    own = re.fullmatch(r"\[\[channel\]\] number (\d+)", verdict.rule)
    rule = (
        visit.text(Text(f"your rule number {own[1]}", f"ваше правило № {own[1]}"))
        if own
        else rule_words(verdict.rule, visit.language)
    )
    return {
        "channel": verdict.channel or visit.text(Text("none", "никакой")),
        "is_paid": verdict.is_paid,
        "rule": rule,
        "is_own": bool(own),
        "mark": [(name, value) for name, value in (
            ("utm_source", mark.source), ("utm_medium", mark.medium), ("utm_campaign", mark.campaign),
            (visit.text(Text("click id", "метка клика")), mark.click_id), (visit.text(Text("from", "переход с")), mark.referrer_host),
        ) if value],
    }  # fmt: skip


def _wrong(visit: Visit, rule: dict[str, str]) -> str:
    if not rule["name"]:
        return visit.text(Text("Name the channel.", "Назовите канал."))
    if not any(rule[name] for name in PATTERNS):
        return visit.text(Text("Give at least one pattern.", "Нужен хотя бы один шаблон."))
    for name in PATTERNS:
        try:
            re.compile(rule[name])
        except re.error as error:
            return visit.text(
                Text(f"{name}: the pattern cannot be read: {error}.", f"{name}: шаблон не читается: {error}.")
            )
    return ""


def _write(document: Any, rules: list[dict[str, str]]) -> None:
    """Rules that stay as they were keep their tables, with what is written beside them."""
    before = list(document.get("channel", []))
    if "channel" in document:
        del document["channel"]
    if not rules:
        return
    rows = tomlkit.aot()
    for rule in rules:
        values = {name: value for name, value in rule.items() if value}
        same = next((row for row in before if dict(row.unwrap()) == values), None)
        rows.append(same if same is not None else new_row(values))
    document["channel"] = rows
