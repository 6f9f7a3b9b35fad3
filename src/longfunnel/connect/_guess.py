"""Guessing what a file is: which fact its rows are, and which of its columns are which of ours, from headers and values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.connect._exports import Export, exports
from longfunnel.connect._synonyms import FILLERS, SYNONYMS, plain
from longfunnel.core.text import NOTHING, Text
from longfunnel.warehouse.facts import Type, facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.connect._profile import Profile
    from longfunnel.warehouse.facts import Fact

_IDS = {
    "lead": "lead_id",
    "deal": "deal_id",
    "call": "call_id",
    "payment": "payment_id",
    "visit": "visit_id",
    "event": "event_id",
}
_SURE, _LIKELY = 1.0, 0.6
_WON_HEADER = re.compile(r"\b(won|sold|выигр\w*|продаж[аи]|оплачен\w*)\b")


DISTINCTIVE: dict[str, tuple[str, ...]] = {
    "spend": ("impressions", "clicks", "cost"),
    "event": ("name", "url", "visitor_id", "session_id"),
    "visit": ("visit_id", "ended_at", "pages", "is_bounce", "duration_seconds"),
    "lead": ("phone", "email", "landing_page", "quality", "source"),
    "call": ("duration_seconds", "tracking_number", "is_answered", "wait_seconds", "call_id"),
    "deal": ("stage", "status", "closed_at", "pipeline", "reason_lost", "amount"),
    "stage_entry": ("stage", "stage_number"),
    "payment": ("amount", "method", "order_id"),
    "message": ("kind", "subject"),
    "survey_answer": ("score", "comment"),
    "fx_rate": ("rate",),
}
"""The columns that tell one fact from another."""

FILE_WORDS: dict[str, tuple[str, ...]] = {
    "spend": ("spend", "cost", "ads", "direct", "campaign", "расход", "реклам", "adwords", "кампани"),
    "event": ("event", "hits", "событ", "clickstream"),
    "visit": ("visit", "session", "визит", "сесси"),
    "lead": ("lead", "mql", "лид", "заявк", "form", "request", "обращен"),
    "call": ("call", "звон"),
    "deal": ("deal", "opportunit", "сделк", "closed"),
    "stage_entry": ("stage", "history", "стади", "этап"),
    "payment": (
        "payment",
        "conversion",
        "purchase",
        "order",
        "оплат",
        "платеж",
        "transaction",
        "продаж",
        "sales",
    ),
    "message": ("mail", "message", "рассыл"),
    "survey_answer": ("nps", "csat", "survey", "опрос", "отзыв"),
    "fx_rate": ("fx", "rate", "курс", "currency"),
}
"""Parts of file names that hint at a fact."""


@dataclass
class Guess:
    """One reading of a file."""

    fact: str
    columns: dict[str, Any] = field(default_factory=dict)
    """Ours → theirs."""
    constants: dict[str, Any] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    system: str = ""
    unit: str = ""
    score: float = 0.0
    why: Text = NOTHING


def best_guess(found: Sequence[Profile], stem: str, fact: str = "") -> Guess | None:
    """The likeliest reading of columns ``found`` in a file called ``stem``; of that ``fact`` only, if named. None when nothing fits."""
    known = [guess for export in exports() if (guess := _as_export(export, found)) and fact in ("", guess.fact)]
    free = [
        guess
        for name in SYNONYMS
        if fact in ("", name) and (guess := _as_fact(facts()[name], found, stem, is_named=bool(fact)))
    ]
    if known:
        best = max(known, key=lambda guess: guess.score)
        rival = max((guess.score for guess in free if guess.fact != best.fact), default=0.0)
        # a vendor's export is recognised by several headers of its own: only a far fuller reading outweighs it
        if best.score + 3 >= rival:
            return best
    if free:
        return max(free, key=lambda guess: guess.score)
    if links := _as_link(found) if fact in ("", "identity_link") else None:
        return links
    # no reading is whole by the values: the headers alone tell what was meant, and the first rows show what cannot be read
    meant = [
        guess
        for name in SYNONYMS
        if fact in ("", name)
        and (guess := _as_fact(facts()[name], found, stem, is_named=bool(fact), is_by_headers=True))
    ]
    return max(meant, key=lambda guess: guess.score, default=None)


def _as_link(found: Sequence[Profile]) -> Guess | None:
    """Two columns that each name a person are evidence that both are one, where the table tells nothing else, but perhaps when."""
    lead = facts()["lead"]
    kinds = [
        (column.identifier, profile.header)
        for profile in found
        for column in lead.columns
        if column.identifier
        and column.name in SYNONYMS["lead"]
        and _likeness(profile.header, SYNONYMS["lead"][column.name]) == _SURE
        and profile.fits(column)
    ]
    if len({header for _, header in kinds}) != 2 or len(kinds) != 2 or kinds[0][0] == kinds[1][0]:
        return None
    others = [profile for profile in found if profile.header not in {header for _, header in kinds}]
    if any(profile.share("date") < 0.8 for profile in others) or len(others) > 1:
        return None
    (kind_a, a), (kind_b, b) = kinds
    return Guess(
        "identity_link",
        columns={"value_a": a, "value_b": b},
        constants={"kind_a": kind_a, "kind_b": kind_b},
        score=6.0,
        why=Text(
            "by its columns «{a}» and «{b}», which name the same person",
            "по столбцам «{a}» и «{b}»: они называют одного человека",
        ).format(a=a, b=b),
    )


def _as_export(export: Export, found: Sequence[Profile]) -> Guess | None:
    by_header = {_exact(profile.header): profile for profile in found}
    if not all(any(_exact(name) in by_header for name in group) for group in export.needs):
        return None
    fact = facts()[export.fact]
    guess = Guess(
        export.fact,
        constants=dict(export.constants),
        system=export.system,
        unit=export.unit,
        why=Text("an export of {vendor}", "это выгрузка {vendor}").format(vendor=export.vendor),
    )
    for ours, names in export.columns.items():
        column = fact.column_by_name[ours]
        headers = dict.fromkeys(_exact(name) for name in names)
        present = [by_header[header] for header in headers if header in by_header]
        fitting = [profile for profile in present if profile.values and (ours in export.values or profile.fits(column))]
        if not fitting:
            continue
        several = column.identifier in ("phone", "email") and len(fitting) > 1
        guess.columns[ours] = [profile.header for profile in fitting] if several else fitting[0].header
        if ours in export.values:
            guess.values[ours] = {
                theirs: value for theirs, value in export.values[ours].items() if theirs in fitting[0].values
            }
    guess.values = {ours: words for ours, words in guess.values.items() if words}
    for ours in guess.columns:
        guess.constants.pop(ours, None)
    guess.score = _score(fact, dict.fromkeys(guess.columns, _SURE), 0.0) + 2
    return guess if _is_whole(fact, guess) else None


def _exact(header: str) -> str:
    return " ".join(header.replace("\u00a0", " ").split()).casefold().replace("ё", "е")


def _as_fact(
    fact: Fact, found: Sequence[Profile], stem: str, *, is_named: bool, is_by_headers: bool = False
) -> Guess | None:
    """The columns read as that fact; ``is_by_headers``: whatever their values are, where the header is one of the field's own."""
    words = SYNONYMS[fact.name]
    pairs = sorted(
        (
            (-score, rank, place, ours)
            for ours, synonyms in words.items()
            for place, profile in enumerate(found)
            if (score := _likeness(profile.header, synonyms))
            and ((profile.values and profile.fits(fact.column_by_name[ours])) or (is_by_headers and score == _SURE))
            for rank in [_rank(profile.header, synonyms)]
        ),
    )
    guess = Guess(fact.name)
    certainty: dict[str, float] = {}
    taken: set[int] = set()
    for score, _, place, ours in pairs:
        if ours not in certainty and place not in taken:
            certainty[ours] = -score
            guess.columns[ours] = found[place].header
            taken.add(place)
    _by_values(fact, guess, certainty, found, taken)
    _by_custom(fact, guess, certainty, found, taken)
    told = [ours for ours in DISTINCTIVE.get(fact.name, ()) if ours in guess.columns]
    if not _is_whole(fact, guess) or not (told or is_named or fact.name not in DISTINCTIVE):
        return None
    hint = sum(word in stem.lower() for word in FILE_WORDS.get(fact.name, ()))
    guess.score = _score(fact, certainty, min(hint, 2))
    headers = ", ".join(f"«{_first(guess.columns[ours])}»" for ours in (told or list(guess.columns))[:3])
    guess.why = Text("by its columns {headers}", "по столбцам {headers}").format(headers=headers)
    return guess


def _first(theirs: str | list[str]) -> str:
    return theirs if isinstance(theirs, str) else theirs[0]


def _rank(header: str, synonyms: tuple[str, ...]) -> int:
    name = plain(header)
    return synonyms.index(name) if name in synonyms else len(synonyms)


def _likeness(header: str, synonyms: tuple[str, ...]) -> float:
    name = plain(header)
    if not name:
        return 0.0
    if name in synonyms:
        return _SURE
    tokens = set(name.split())
    core = tokens - FILLERS
    if not core or len(tokens) > 5:
        return 0.0
    return _LIKELY if any(core == set(synonym.split()) - FILLERS for synonym in synonyms) else 0.0


def _by_values(
    fact: Fact, guess: Guess, certainty: dict[str, float], found: Sequence[Profile], taken: set[int]
) -> None:
    """Columns that their values give away, whatever they are called."""
    names = fact.column_by_name
    for ours, test in (("email", "email"), ("phone", "phone"), ("url", "url"), ("landing_page", "url")):
        if ours in names and ours not in certainty:
            for place, profile in enumerate(found):
                if (
                    place not in taken
                    and profile.share(test) >= 0.8
                    and (test != "phone" or profile.share("date") < 0.5)
                ):
                    guess.columns[ours] = profile.header
                    certainty[ours] = _LIKELY
                    taken.add(place)
                    break
    if fact.at not in certainty and not (fact.name == "deal" and "closed_at" in certainty):
        dates = [
            place for place, profile in enumerate(found) if place not in taken and profile.share("clear date") >= 0.9
        ]
        if dates:
            guess.columns[fact.at] = found[dates[0]].header
            certainty[fact.at] = _LIKELY
            taken.add(dates[0])


def _by_custom(
    fact: Fact, guess: Guess, certainty: dict[str, float], found: Sequence[Profile], taken: set[int]
) -> None:
    """What the field's habits say: a date of winning means won deals, and a table without an id has one in its only unique column."""
    if fact.name == "deal" and "status" not in certainty and "stage" not in certainty:
        closed = guess.columns.get("closed_at")
        if closed and _WON_HEADER.search(plain(_first(closed))):
            guess.constants["status"] = "won"
            certainty["status"] = _SURE
    own_id = _IDS.get(fact.name, "")
    if fact.name == "deal" and own_id and own_id not in certainty:
        ids = [profile for profile in found if profile.is_distinct and _is_id(profile)]
        ids.sort(key=lambda profile: (profile.place in taken, profile.place))
        preferred = [profile for profile in ids if profile.header == guess.columns.get("lead_id")] or ids
        if preferred:
            guess.columns[own_id] = preferred[0].header
            certainty[own_id] = _LIKELY
    if fact.name == "survey_answer" and "kind" not in certainty and "score" in certainty:
        guess.constants["kind"] = "nps"
    if fact.name == "message" and "medium" not in certainty and "email" in certainty:
        guess.constants["medium"] = "email"
    if fact.name == "lead" and "kind" not in certainty:
        guess.constants["kind"] = "form"


def _is_id(profile: Profile) -> bool:
    name = plain(profile.header).split()
    return bool({"id", "номер", "код", "number", "uuid", "key"} & set(name)) and profile.share("clear date") < 0.5


def _is_whole(fact: Fact, guess: Guess) -> bool:
    have = guess.columns.keys() | guess.constants.keys()
    if fact.name == "deal" and not have & {"created_at", "closed_at"}:
        return False
    automatic = {_IDS.get(fact.name, ""), "message_id", "answer_id"} - (
        {"deal_id", "visit_id"} if fact.name in ("deal", "visit") else set()
    )
    required = {column.name for column in fact.columns if column.required} - automatic
    return required <= have


def _score(fact: Fact, certainty: dict[str, float], hint: float) -> float:
    """How much of the fact a reading finds: its key, what it needs and what tells it from others weigh most."""
    weights = dict.fromkeys(certainty, 0.5)
    weights |= {ours: 1.5 for ours in certainty if fact.column_by_name[ours].required}
    weights |= {ours: 2.0 for ours in DISTINCTIVE.get(fact.name, ()) if ours in certainty}
    if (own := _IDS.get(fact.name)) in certainty:
        weights[own] = 2.0
    measured = sum(certainty[ours] * weight for ours, weight in weights.items())
    amounts = [ours for ours in certainty if fact.column_by_name[ours].type in (Type.MONEY, Type.COUNT)]
    return measured + 0.25 * len(amounts) + 2.0 * hint
