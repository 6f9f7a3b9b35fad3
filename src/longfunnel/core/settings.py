"""What longfunnel.toml may say: frozen values with their defaults, checked as a whole before anything runs.

Only text comes in and only values go out; reading the file is the caller's.
"""

from __future__ import annotations

import tomllib
from typing import Any, Literal, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from longfunnel.core.errors import SettingsError, did_you_mean, together

Language = Literal["en", "ru"]


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we count for."""

    name: str = ""
    currency: str = "USD"
    """ISO 4217: amounts in other currencies are converted to this one."""
    timezone: str = "UTC"
    """IANA name: days, weeks and months are cut in this zone."""
    language: Language = "en"
    country: str = ""
    """ISO 3166 alpha-2: how phone numbers without a country code are read. Empty: taken from the zone."""

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.timezone)


class Counting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How things are counted where the field differs; each number of a report names the ones it used."""

    lookback_days: int = 90
    """A touch earlier than this many days before the lead earns no credit."""
    session_minutes: int = 30
    lead_join_hours: int = 24
    """Leads of one person from different sources within this time are one request."""
    revenue: Literal["auto", "paid", "won"] = "auto"
    """auto: what was paid where payments are connected, what was won elsewhere."""
    min_cases: int = 30
    """A rate over fewer cases is marked as resting on too few."""
    tracking_since: str = ""
    """The day (ISO) from which visits are tracked; leads before it have the reason «visit before tracking began». Empty: the first visit."""
    qualified_stages: tuple[str, ...] = ()
    """CRM stages whose entry makes a lead a qualified one, besides the leads' own mark."""


class Guards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many contacts may share an identifier before it links nobody."""

    phone: int = 5
    email: int = 5
    visitor: int = 10
    other: int = 10


class ChannelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the list of channels: the first rule whose every given pattern matches names the channel.

    Patterns are regular expressions, matched without regard to case against the whole value.
    """

    name: str
    source: str = ""
    medium: str = ""
    campaign: str = ""
    click_id: str = ""
    referrer: str = ""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where facts come from: files, and how their columns become ours."""

    name: str
    fact: str
    path: str = ""
    type: str = "file"
    system: str = ""
    """The outside system whose ids the source carries. Ids of leads, deals and contacts mean the same thing within one system."""
    columns: dict[str, Any] = {}
    """Ours = theirs; ``columns.props.NAME`` keeps a further column."""
    constants: dict[str, Any] = {}
    """Ours = one value for every row."""
    values: dict[str, dict[str, str]] = {}
    """Ours → theirs = ours: words of the source translated, as ``values.status."Успешно" = "won"``."""
    encoding: str = ""
    delimiter: str = ""
    decimal: Literal["", ".", ","] = ""
    date_order: Literal["", "day_first", "month_first"] = ""
    timezone: str = ""
    """Zone of the source's times, where it differs from the business's."""
    sheet: str = ""
    skip_rows: int = 0
    unit: Literal["", "minor", "micro"] = ""
    """Amounts in hundredths (minor) or millionths (micro) of the currency."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of longfunnel.toml."""

    business: Business = Business()
    counting: Counting = Counting()
    guards: Guards = Guards()
    channel: tuple[ChannelRule, ...] = ()
    """Rules that come before the default ones."""
    source: tuple[Source, ...] = ()


def parse_settings(text: str, *, file: str = "longfunnel.toml") -> Settings:
    """The settings in ``text``. Raises SettingsError that lists every mistake with its place."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.", hint="Mend that line and run the command again.") from error
    mistakes = _unknown_keys(raw, Settings, "")
    for section, kind in (("business", Business), ("counting", Counting), ("guards", Guards)):
        table = raw.get(section, {})
        mistakes += _unknown_keys(table, kind, f"[{section}]: ") + _wrong_values(table, kind, f"[{section}]")
    for section, kind in (("channel", ChannelRule), ("source", Source)):
        rows = raw.get(section, [])
        if not isinstance(rows, list):
            mistakes.append(f"[{section}] must be written [[{section}]]: there can be several.")
            continue
        for number, row in enumerate(rows, 1):
            label = f"[[{section}]] «{row.get('name')}»" if isinstance(row, dict) and row.get("name") else f"[[{section}]] number {number}"
            mistakes += _unknown_keys(row, kind, label + ": ")
            mistakes += _wrong_values(row, kind, label)
    if not mistakes:
        settings = msgspec.convert(raw, Settings)
        mistakes = _meaning(settings)
        if not mistakes:
            return settings
    raise SettingsError(together(mistakes, f"{file} needs mending:"))


def _unknown_keys(raw: Any, kind: type[msgspec.Struct], where: str) -> list[str]:
    if not isinstance(raw, dict):
        return [f"{where}must be a table of settings, not {type(raw).__name__}."]
    known = kind.__struct_fields__
    return [f"{where}unknown setting «{key}».{did_you_mean(key, known)}" for key in raw if key not in known]


def _wrong_values(raw: Any, kind: type[msgspec.Struct], where: str) -> list[str]:
    if not isinstance(raw, dict):
        return []
    hints = get_type_hints(kind)
    mistakes = []
    for key, value in raw.items():
        if key in hints:
            try:
                msgspec.convert(value, hints[key])
            except msgspec.ValidationError as error:
                mistakes.append(f"{where} {key} = {value!r}: {error}.")
    required = [f.name for f in msgspec.structs.fields(kind) if f.required]
    mistakes += [f"{where}: «{name}» is missing." for name in required if name not in raw]
    return mistakes


def _meaning(settings: Settings) -> list[str]:
    mistakes = []
    business, counting = settings.business, settings.counting
    if business.timezone not in available_timezones():
        near = did_you_mean(business.timezone, {zone.lower(): zone for zone in available_timezones()}.values())
        mistakes.append(f"[business] timezone «{business.timezone}» is not an IANA zone such as Europe/Moscow.{near}")
    if not (len(business.currency) == 3 and business.currency.isalpha() and business.currency.isupper()):
        mistakes.append(f"[business] currency «{business.currency}» is not an ISO code such as RUB, USD, EUR.")
    if business.country and not (len(business.country) == 2 and business.country.isalpha()):
        mistakes.append(f"[business] country «{business.country}» is not a two-letter code such as RU, BR, US.")
    positive = {"lookback_days": counting.lookback_days, "session_minutes": counting.session_minutes, "min_cases": counting.min_cases}
    mistakes += [f"[counting] {name} must be at least 1, not {value}." for name, value in positive.items() if value < 1]
    names = [source.name for source in settings.source]
    mistakes += [f"[[source]] «{name}» is named twice; each source needs its own name." for name in sorted({n for n in names if names.count(n) > 1})]
    mistakes += [f"[[source]] «{source.name}» needs path, the file to read." for source in settings.source if source.type == "file" and not source.path]
    return mistakes
