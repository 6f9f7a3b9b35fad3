"""What can be wrong in longfunnel.toml, said together: each mistake names its place, in the languages that the program speaks."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_type_hints
from zoneinfo import available_timezones

import msgspec

from longfunnel.core.collecting import collecting_mistakes, networks_mistakes, schedule_mistakes
from longfunnel.core.errors import did_you_mean, too_long
from longfunnel.core.matching import match_mistakes
from longfunnel.core.stages import stage_mistakes
from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from longfunnel.core.settings import Settings

WRITTEN: Final = ("source", "medium", "campaign", "content", "term", "channel")
"""What can be written about where a record came from."""
_IS_MISSING = Text("«{name}» is missing.", "не хватает «{name}».")
_NOT_A_DAY = Text("«{day}» is not a day such as 2025-01-31.", "«{day}» — не день вида 2025-01-31.")
_TYPES: Final = {
    "str": "текст в кавычках",
    "int": "целое число",
    "float": "число",
    "bool": "true или false",
    "array": "список в квадратных скобках",
    "object": "таблица",
    "null": "ничего",
    "datetime": "момент времени",
    "date": "день",
    "time": "время",
}
_EXPECTED: Final = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_LACKING: Final = re.compile(r"Object missing required field `([^`]+)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `([^`]+)`")
_PLACE: Final = re.compile(r" - at `\$\.?([^`]+)`$")


def toml_said(error: ValueError) -> Text:
    """What is wrong with the text of a TOML file; the reader of TOML tells it in English alone."""
    at = re.search(r"\(at line (\d+), column (\d+)\)|at line (\d+) col (\d+)", str(error))
    if at is None:
        return Text(str(error), "ошибка в конце файла")
    line, column = (part for part in at.groups() if part is not None)
    return Text(str(error), f"ошибка в строке {line}, столбец {column}")


def unknown_keys(raw: Any, kind: type[msgspec.Struct], where: Text) -> list[Text]:
    """The keys of a table that ``kind`` has none of; ``where`` begins the sentence."""
    if not isinstance(raw, dict):
        return [
            Text(
                "{where}must be a table of settings, not {type}.",
                "{where}здесь должна быть таблица настроек, а не {type}.",
            ).format(where=where, type=type(raw).__name__)
        ]
    known = kind.__struct_fields__
    return [
        Text("{where}unknown setting «{key}».", "{where}настройки «{key}» нет.").format(where=where, key=key)
        + did_you_mean(key, known)
        for key in raw
        if key not in known
    ]


def wrong_values(raw: Any, kind: type[msgspec.Struct], where: Text) -> list[Text]:
    """The values of a table that cannot be those of ``kind``, and the required ones that it lacks."""
    if not isinstance(raw, dict):
        return []
    hints = get_type_hints(kind)
    mistakes = []
    for key, value in raw.items():
        if key in hints:
            try:
                msgspec.convert(value, hints[key])
            except msgspec.ValidationError as error:
                mistakes.append(where + f" {key} = {value!r}: " + _type_said(error) + ".")
    required = [f.name for f in msgspec.structs.fields(kind) if f.required]
    mistakes += [where + ": " + _IS_MISSING.format(name=name) for name in required if name not in raw]
    return mistakes


def _type_said(error: msgspec.ValidationError) -> Text:
    """What msgspec found; it tells it in English alone."""
    said = str(error)
    place = _PLACE.search(said)
    if found := _EXPECTED.match(said):
        words = " или ".join(_TYPES.get(name, name) for name in found[1].split(" | "))
        russian = f"нужно другое значение — {words}"
    elif found := _LACKING.match(said):
        russian = f"не хватает «{found[1]}»"
    elif found := _UNKNOWN.match(said):
        russian = f"настройки «{found[1]}» нет"
    else:
        russian = "такое значение не подходит"
    return Text(said, russian + (f" ({place[1]})" if place else ""))


def meaning_mistakes(settings: Settings) -> list[Text]:
    """What is wrong in values of the right types, in sentences that name the place."""
    sources = settings.source
    if mistakes := _names(settings):  # before the others: each quotes the name that it is about
        return mistakes
    mistakes = [*_business(settings), *_write_back(settings), *_counting(settings), *_sources(settings)]
    mistakes += stage_mistakes(settings.stage)
    mistakes += schedule_mistakes(settings.schedule)
    mistakes += match_mistakes(settings.match, (source.name for source in sources if source.fact in ("spend", "")))
    mistakes += _deductions(settings)
    return mistakes + collecting_mistakes(settings.site, settings.collector, settings.retention)


def _names(settings: Settings) -> list[Text]:
    """The names that are too long to be shown in a line."""
    mistakes = too_long("[business] name", settings.business.name)
    for section in ("source", "site", "write_back", "channel"):
        for number, row in enumerate(getattr(settings, section), 1):
            place = Text("{section} number {number}: {key}", "{section} № {number}: {key}")
            mistakes += too_long(place.format(section=f"[[{section}]]", number=number, key="name"), row.name)
    return mistakes + [
        mistake
        for source in settings.source
        for mistake in too_long(f"[[source]] «{source.name}»: system", source.system)
    ]


@cache  # settings are read with every request, and the zones are a folder of hundreds of files
def _zones() -> set[str]:
    """The names of all time zones."""
    return available_timezones()


def _business(settings: Settings) -> list[Text]:
    business, mistakes = settings.business, []
    if business.timezone not in _zones():
        mistakes.append(
            Text(
                "[business] timezone «{zone}» is not an IANA zone such as Europe/Moscow.",
                "[business] timezone: «{zone}» — не часовой пояс вида Europe/Moscow.",
            ).format(zone=business.timezone)
            + did_you_mean(business.timezone, _zones())
        )
    if not (len(business.currency) == 3 and business.currency.isalpha() and business.currency.isupper()):
        mistakes.append(
            Text(
                "[business] currency «{currency}» is not an ISO code such as RUB, USD, EUR.",
                "[business] currency: «{currency}» — не код валюты вида RUB, USD, EUR.",
            ).format(currency=business.currency)
        )
    if business.country and not (len(business.country) == 2 and business.country.isalpha()):
        mistakes.append(
            Text(
                "[business] country «{country}» is not a two-letter code such as RU, BR, US.",
                "[business] country: «{country}» — не код страны из двух букв вида RU, KZ, US.",
            ).format(country=business.country)
        )
    return mistakes


def _write_back(settings: Settings) -> list[Text]:
    connected = [source.name for source in settings.source if source.is_connected]
    mistakes = []
    for rule in settings.write_back:
        where = spoken(f"[[write_back]] «{rule.name}»: ")
        if rule.to not in connected:
            mistakes.append(
                where
                + Text(
                    "to = «{to}» is no connected source.", "to = «{to}» — подключённого источника с таким именем нет."
                ).format(to=rule.to)
                + did_you_mean(rule.to, connected)
            )
        if rule.since and not _is_day(rule.since):
            mistakes.append(where + "since " + _NOT_A_DAY.format(day=rule.since))
        if rule.kind == "conversions" and not rule.target:
            mistakes.append(
                where
                + Text(
                    "target is missing: which goal or list counts the conversions.",
                    "не хватает target: какая цель или какой список считает конверсии.",
                )
            )
        if rule.kind == "conversions" and rule.fact != "deal":
            mistakes.append(
                where
                + Text(
                    "conversions are won deals; fact cannot be {fact}.",
                    "конверсии — это выигранные сделки; fact не может быть {fact}.",
                ).format(fact=rule.fact)
            )
        mistakes += [
            where
            + Text("fields.{name} is none of ours.", "поля fields.{name} нет.").format(name=name)
            + did_you_mean(name, WRITTEN)
            for name in rule.fields
            if name not in WRITTEN
        ]
    return mistakes + [
        Text("[[write_back]] «{name}» is named twice.", "[[write_back]] «{name}»: такое имя стоит дважды.").format(
            name=name
        )
        for name in _twice([rule.name for rule in settings.write_back])
    ]


def _counting(settings: Settings) -> list[Text]:
    counting = settings.counting
    positive = {
        "lookback_days": counting.lookback_days,
        "session_minutes": counting.session_minutes,
        "min_cases": counting.min_cases,
    }
    both = [
        Text(
            "[counting] «{stage}» stands both in won_stages and in lost_stages.",
            "[counting] «{stage}» стоит и в won_stages, и в lost_stages.",
        ).format(stage=stage)
        for stage in counting.won_stages
        if stage in counting.lost_stages
    ]
    return both + [
        Text(
            "[counting] {name} must be at least 1, not {value}.", "[counting] {name}: нужно число от 1, а не {value}."
        ).format(name=name, value=value)
        for name, value in positive.items()
        if value < 1
    ]


def _sources(settings: Settings) -> list[Text]:
    sources = settings.source
    mistakes = [
        Text(
            "[[source]] «{name}» is named twice; each source needs its own name.",
            "[[source]] «{name}»: такое имя стоит дважды, а у каждого источника оно своё.",
        ).format(name=name)
        for name in _twice([source.name for source in sources])
    ]
    mistakes += [
        Text(
            "[[source]] «{name}» needs path, the file to read.",
            "[[source]] «{name}»: не хватает path — какой файл читать.",
        ).format(name=source.name)
        for source in sources
        if source.type == "file" and not source.path
    ]
    mistakes += [
        spoken(f"[[source]] «{source.name}»: ") + _IS_MISSING.format(name="fact")
        for source in sources
        if source.type in ("file", "webhook", "dlt") and not source.fact
    ]
    mistakes += [
        spoken(f"[[source]] «{source.name}» since ") + _NOT_A_DAY.format(day=source.since)
        for source in sources
        if source.since and not _is_day(source.since)
    ]
    for source in sources:
        mistakes += networks_mistakes(f"[[source]] «{source.name}» senders", source.senders)
    return mistakes


def _deductions(settings: Settings) -> list[Text]:
    """VAT and the agency's fee: a part of spend, in per cent."""
    mistakes = []
    for source in settings.source:
        for name, value in (("vat_percent", source.vat_percent), ("fee_percent", source.fee_percent)):
            wrong = NOTHING
            if not 0 <= value <= 100:
                wrong = Text("must be from 0 to 100, not {value:g}.", "должно быть от 0 до 100, а не {value:g}.")
            elif value and source.fact not in ("spend", ""):
                wrong = Text(
                    "is for spend, and this source brings {fact}.", "— для расхода, а этот источник приносит {fact}."
                )
            if wrong:
                mistakes.append(
                    spoken(f"[[source]] «{source.name}» {name} ") + wrong.format(value=value, fact=source.fact)
                )
    return mistakes


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
