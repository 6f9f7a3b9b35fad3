"""What follows from other columns: marks and click ids from an address, the outcome of a deal from its words, the kind of a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.connect._words import LOST, OPEN, WON
from longfunnel.warehouse.identifiers import normalise_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.warehouse.facts import Fact

_MARKS: dict[str, tuple[str, ...]] = {
    "source": ("utm_source",),
    "medium": ("utm_medium",),
    "campaign": ("utm_campaign",),
    "content": ("utm_content",),
    "term": ("utm_term",),
}
_CLICKS: dict[str, tuple[str, ...]] = {
    "yclid": ("yclid", "ymclid"),
    "gclid": ("gclid", "gbraid", "wbraid"),
    "fbclid": ("fbclid",),
    "vkclid": ("rb_clickid", "vkclid"),
}
_TOKEN = "^[A-Za-z0-9._~-]+$"  # noqa: S105 - a pattern


def word_sql(fact: Fact, name: str, text: str) -> str:
    """Text columns whose words have one spelling. A medium is lower case; so is a source that looks like a link's mark
    (``Yandex`` is ``yandex``), while a CRM's own words («Сайт», «Google Ads») stay as they are."""
    if name == "medium":
        return f"lower({text})"
    if name == "source":
        return f"CASE WHEN {text} <> lower({text}) AND regexp_matches({text}, '{_TOKEN}') THEN lower({text}) ELSE {text} END"
    if fact.name == "deal" and name == "status":
        return outcome_sql(text)
    if (fact.name, name) in {("lead", "kind"), ("payment", "kind"), ("message", "kind"), ("event", "kind")}:
        return f"lower({text})"
    return text


def outcome_sql(text: str, otherwise: str = "NULL") -> str:
    """won, lost or open, from the words of a CRM; ``otherwise`` for a word that is not known. Bitrix24 writes C2:WON."""
    word = f"regexp_replace(lower(replace({text}, 'ё', 'е')), '^c\\d+:|[.!]+$', '', 'g')"
    cases = " ".join(
        f"WHEN {word} IN ({', '.join(repr(known.replace('ё', 'е')) for known in words)}) THEN '{ours}'"
        for words, ours in ((WON, "won"), (LOST, "lost"), (OPEN, "open"))
    )
    return f"CASE {cases} WHEN {text} IS NOT NULL THEN {otherwise} END"


def derived_steps(fact: Fact, have: set[str], defaults: Mapping[str, str]) -> list[dict[str, str]]:
    """Layers of SQL for the columns that the source does not map and that follow from those it does."""
    layers: list[dict[str, str]] = []
    first: dict[str, str] = {f"v_{name}": expression for name, expression in defaults.items()}
    if fact.name == "deal":
        if "created_at" not in have and "closed_at" in have:
            first["v_created_at"] = "v_closed_at"
        elif {"created_at", "closed_at"} <= have:
            first["v_created_at"] = "coalesce(v_created_at, v_closed_at)"
        if "status" not in have and "stage" in have:
            first["v_status"] = outcome_sql("w_stage", "'open'")
    if fact.name == "payment":
        given = (
            "CASE WHEN v_kind IN ('refund', 'возврат') THEN 'refund' ELSE 'payment' END"
            if "kind" in have
            else "'payment'"
        )
        first["v_kind"] = f"CASE WHEN v_amount < 0 THEN 'refund' ELSE {given} END"
        layers.append(first)
        first = {"v_amount": "abs(v_amount)"}
    if first:
        layers.append(first)
    address = next((name for name in ("url", "landing_page") if name in have and name in fact.column_by_name), "")
    if address:
        layers += _from_address(fact, have, f"w_{address}", is_url=address == "url")
    return layers


def _from_address(fact: Fact, have: set[str], address: str, *, is_url: bool) -> list[dict[str, str]]:
    names = fact.column_by_name
    marks = {} if have & _MARKS.keys() else {name: words for name, words in _MARKS.items() if name in names}
    clicks = {name: words for name, words in _CLICKS.items() if name in names and name not in have}
    asked = {f"x_{name}": _query_value(address, words) for name, words in (marks | clicks).items()}
    found = {f"v_{name}": word_sql(fact, name, f"x_{name}") for name in marks}
    found |= {f"v_{name}": normalise_sql(name, f"x_{name}") for name in clicks}
    if is_url and "page" in names and "page" not in have:
        path = f"nullif(regexp_extract({address}, '^(?:https?:)?(?://[^/?#]*)?([^?#]*)', 1), '')"
        found["v_page"] = f"CASE WHEN {address} IS NOT NULL THEN coalesce({path}, '/') END"
    return [layer for layer in (asked, found) if layer]


def _query_value(address: str, marks: tuple[str, ...]) -> str:
    """The first of the query's ``marks`` that is there, decoded. The search for a plain text first is what makes it fast."""
    found = {mark: f"regexp_extract({address}, '[?&#]{mark}=([^&#]*)', 1)" for mark in marks}
    cases = " ".join(
        f"WHEN contains({address}, '{mark}=') AND {value} <> '' THEN {_decoded(value)}" for mark, value in found.items()
    )
    return f"CASE {cases} END"


def _decoded(value: str) -> str:
    return f"coalesce(TRY(url_decode(replace({value}, '+', ' '))), {value})"
