"""What longfunnel.toml may say about matching: rules by which what ads cost meets the visits and leads that they brought.

A template is text as a link carries it, with ``{placeholders}`` for what the spend knows and ``*`` for any text; ``{{`` and
``}}`` are brackets themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from longfunnel.core.errors import LongfunnelError, did_you_mean
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Normalising = Literal["case", "separators", "transliteration"]
NORMALISING: Final[tuple[Normalising, ...]] = get_args(Normalising)

LINK_FIELDS: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
"""The side of the visits and leads: the marks of a link."""
SPEND_FIELDS: Final = ("campaign", "campaign_id")
"""The side of the spend."""

PLACEHOLDERS: Final[dict[str, str]] = {
    "campaign_id": "the campaign's id",
    "campaign": "the campaign's name, also one that it had before",
    "ad_group_id": "the ad group's id (`props.ad_group_id`, else the ad group)",
    "ad_group": "the ad group's name",
    "keyword_id": "the keyword's id (`props.keyword_id`, else the keyword)",
    "keyword": "the keyword (term)",
    "ad_id": "the ad's id (`props.ad_id`, else the ad, else its mark in links)",
    "ad": "the ad's name",
    "content": "the ad's mark in links",
    "source": "where the ads ran",
    "medium": "how the ads ran",
    "account": "the advertising account",
}
"""What may stand in a template, each with its meaning."""
_ALIASES: Final = {
    "campaign_name": "campaign",
    "ad_group_name": "ad_group",
    "term": "keyword",
    "ad_name": "ad",
    "adgroup_id": "ad_group_id",
    "adgroup": "ad_group",
}


class MatchRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule by which cost meets visits: the first rule that fits exactly one campaign of the spend wins.

    Everything given must fit; a mark of the link that tells only of what is finer than a campaign may be missing.
    `{campaign_id}`, `{keyword}` … stand for what the spend knows, `*` for any text. What is finer than a campaign (ad group,
    keyword, ad) is joined where both sides know it.
    """

    source: str = ""
    """The [[source]] whose spend the rule is for; empty: any."""
    campaign: str = ""
    """The spend's campaign by name; `*` stands for any text."""
    campaign_id: str = ""
    """The spend's campaign by id."""
    utm_source: str = ""
    """Template of the link's utm_source."""
    utm_medium: str = ""
    """Template of the link's utm_medium."""
    utm_campaign: str = ""
    """Template of the link's utm_campaign: `{campaign_id}`, `{campaign}|{campaign_id}`, `brand_*`."""
    utm_content: str = ""
    """Template of the link's utm_content: `{ad_id}`."""
    utm_term: str = ""
    """Template of the link's utm_term: `{keyword_id}`."""
    normalise: tuple[Normalising, ...] = ("case",)
    """What is no difference: case, separators (`Brand RU` = `brand_ru`), transliteration (`Бренд` = `brend`)."""

    @property
    def templates(self) -> dict[str, Template]:
        """The templates of the link's marks that the rule gives, by field."""
        return {name: parse_template(text) for name in LINK_FIELDS if (text := getattr(self, name))}

    @property
    def placeholders(self) -> frozenset[str]:
        """What of the spend the templates name."""
        return frozenset(name for template in self.templates.values() for name in template.placeholders)


class TemplateError(LongfunnelError):
    """A template cannot be read."""

    code = "template"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place that the spend fills."""

    name: str


ANY: Final = Placeholder("*")
"""Any text, also none."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template, read: texts, placeholders and ``ANY`` in their order."""

    parts: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in it, without ``ANY``."""
        return frozenset(part.name for part in self.parts if isinstance(part, Placeholder) and part is not ANY)


_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\*|[^{}*]+|[{}]")


@lru_cache(maxsize=10_000)
def parse_template(text: str) -> Template:
    """Read a template. Raises TemplateError for a bracket that stands alone or a placeholder that there is none of."""
    parts: list[str | Placeholder] = []
    for found in _TOKEN.finditer(text):
        token, name = found.group(0), found.group(1)
        match token:
            case "*":
                part: str | Placeholder = ANY
            case "{{" | "}}":
                part = token[0]
            case "{" | "}":
                raise TemplateError(
                    Text(
                        "the bracket «{token}» stands alone; write «{twice}» for the character itself, {example} for a placeholder",
                        "скобка «{token}» стоит одна; сам знак пишется «{twice}», подстановка — {example}",
                    ).format(token=token, twice=token * 2, example="{campaign_id}")
                )
            case _ if name is not None:
                part = Placeholder(_known(name))
            case _:
                part = token
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part is not ANY or not parts or parts[-1] is not ANY:
            parts.append(part)
    return Template(tuple(parts))


def escaped(text: str) -> str:
    """Text as a template that means just this text, as far as it has no ``*``."""
    return text.replace("{", "{{").replace("}", "}}")


def _known(name: str) -> str:
    name = name.strip()
    name = _ALIASES.get(name, name)
    if name not in PLACEHOLDERS:
        raise TemplateError(
            Text(
                "there is no placeholder {name}.{near} Known: {known}", "подстановки {name} нет.{near} Есть: {known}"
            ).format(name=f"{{{name}}}", near=did_you_mean(name, PLACEHOLDERS), known=", ".join(PLACEHOLDERS))
        )
    return name


def match_mistakes(rules: Sequence[MatchRule], spend_sources: Iterable[str]) -> list[Text]:
    """What is wrong with the ``[[match]]`` rules; ``spend_sources``: the names of the [[source]]s that may bring spend."""
    names = list(spend_sources)
    return [
        Text("[[match]] number {number} ", "[[match]] № {number} ").format(number=number) + mistake
        for number, rule in enumerate(rules, 1)
        for mistake in _wrong(rule, names)
    ]


def _wrong(rule: MatchRule, names: list[str]) -> list[Text]:
    found = []
    for name in (*LINK_FIELDS, *SPEND_FIELDS):
        text = getattr(rule, name)
        try:
            template = parse_template(text)
        except TemplateError as error:
            found.append(spoken(f"{name} = «{text}»: ") + error.said + ".")
            continue
        if name in SPEND_FIELDS and template.placeholders:
            found.append(
                spoken(f"{name} = «{text}»: ")
                + Text(
                    "placeholders belong to the utm_… fields; here the spend's own value stands.",
                    "подстановки пишутся в полях utm_…, а здесь стоит значение самого расхода.",
                )
            )
    if rule.source and rule.source not in names:
        found.append(
            Text(
                "source «{source}» is no [[source]] that brings spend.", "source: источника расхода «{source}» нет."
            ).format(source=rule.source)
            + did_you_mean(rule.source, names)
            + (Text(" Known: {names}.", " Есть: {names}.").format(names=", ".join(names)) if names else "")
        )
    if not any(getattr(rule, name) for name in LINK_FIELDS):
        found.append(
            Text(
                "says nothing of the link: give one of {fields}.",
                "ничего не говорит о ссылке: заполните одно из полей {fields}.",
            ).format(fields=", ".join(LINK_FIELDS))
        )
    elif not found and not (rule.placeholders or rule.campaign or rule.campaign_id or rule.source):
        found.append(
            Text(
                "says nothing of the spend: give campaign, campaign_id or source, or a placeholder such as {example}.",
                "ничего не говорит о расходе: заполните campaign, campaign_id или source либо добавьте подстановку вида {example}.",
            ).format(example="{campaign_id}")
        )
    return found
