"""What longfunnel.toml may say: frozen values with their defaults, checked as a whole before anything runs.

Only text comes in and only values go out; reading the file is the caller's.
"""

from __future__ import annotations

import tomllib
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from babel.core import get_global

from longfunnel.core.collecting import Collector, Schedule, Signature, Site
from longfunnel.core.errors import SettingsError, together
from longfunnel.core.matching import MatchRule
from longfunnel.core.settings_mistakes import meaning_mistakes, toml_said, unknown_keys, wrong_values
from longfunnel.core.stages import Stage
from longfunnel.core.text import NOTHING, Text, spoken

Language = Literal["en", "ru"]


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we count for."""

    name: str = ""
    """As reports call it."""
    currency: str = "USD"
    """ISO 4217: amounts in other currencies are converted to this one."""
    timezone: str = "UTC"
    """IANA name: days, weeks and months are cut in this zone."""
    language: Language = "en"
    """en or ru: the language of reports."""
    country: str = ""
    """ISO 3166 alpha-2: how phone numbers without a country code are read. Empty: taken from the zone."""

    @property
    def home_country(self) -> str:
        """By which phone numbers without a country code are read: the setting, else the country of the zone."""
        return self.country or str(get_global("zone_territories").get(self.timezone, ""))

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.timezone)


class Counting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How things are counted where the field differs; each number of a report names the ones it used."""

    lookback_days: int = 90
    """A touch earlier than this many days before the lead earns no credit."""
    session_minutes: int = 30
    """A visit ends after so many minutes of silence."""
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
    won_stages: tuple[str, ...] = ()
    """CRM stages in which a deal is an order, besides those that the CRM itself calls won: a prepayment that has come, a delivery."""
    lost_stages: tuple[str, ...] = ()
    """CRM stages in which a deal is lost, besides those that the CRM itself calls lost."""


class Guards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many contacts may share an identifier before it links nobody."""

    phone: int = 5
    """How many contacts may have one phone."""
    email: int = 5
    """How many contacts may have one e-mail address."""
    visitor: int = 10
    """How many contacts may have one visitor cookie, Metrika ClientID or GA client id."""
    other: int = 10
    """The same for every other identifier."""


class ChannelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the list of channels: the first rule whose every given pattern matches names the channel.

    Patterns are regular expressions, matched without regard to case against the whole value.
    """

    name: str
    """The channel."""
    source: str = ""
    """Pattern for the source (utm_source)."""
    medium: str = ""
    """Pattern for the medium (utm_medium)."""
    campaign: str = ""
    """Pattern for the campaign."""
    click_id: str = ""
    """Pattern for the click id that the visit carried: gclid, yclid, ymclid, fbclid, vkclid."""
    referrer: str = ""
    """Pattern for the host of the page that the visit came from."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where facts come from: files, and how their columns become ours."""

    name: str
    """Its name in reports and messages."""
    fact: str = ""
    """What one row is: see [facts](facts.md). A connected system brings several facts, and names none."""
    path: str = ""
    """The file, seen from the business's folder; a pattern (`leads*.csv`) takes many."""
    type: str = "file"
    """file, webhook, or the connector of an outside system: see [connectors](connectors.md)."""
    system: str = ""
    """The outside system whose ids the source carries. Ids of leads, deals and contacts mean the same thing within one system."""
    columns: dict[str, Any] = {}
    """Ours = theirs; ``columns.props.NAME`` keeps a further column."""
    constants: dict[str, Any] = {}
    """Ours = one value for every row."""
    values: dict[str, dict[str, str]] = {}
    """Ours → theirs = ours: words of the source translated, as ``values.status."Успешно" = "won"``."""
    encoding: str = ""
    """Where it is not recognised: utf-8, utf-16, cp1251 …"""
    delimiter: str = ""
    """Where it is not recognised."""
    decimal: Literal["", ".", ","] = ""
    """The decimal sign, where no value of a column settles it."""
    date_order: Literal["", "day_first", "month_first"] = ""
    """day_first or month_first, where no value settles whether 01/02 is in January or February."""
    timezone: str = ""
    """Zone of the source's times, where it differs from the business's."""
    sheet: str = ""
    """The workbook's sheet; the first one without it."""
    skip_rows: int = 0
    """Lines above the header, where they are not recognised."""
    unit: Literal["", "minor", "micro"] = ""
    """Amounts in hundredths (minor) or millionths (micro) of the currency."""
    vat_percent: float = 0
    """Spend: the VAT within its cost that you get back, taken off: 20 makes 120 into 100. Rows that say they are without VAT stay as they are."""
    fee_percent: float = 0
    """Spend: what the agency adds to the cost without VAT: 10 makes 100 into 110."""
    signature: Signature | None = None
    """For ``type = "webhook"``: how the sender signs what it sends. Absent: the secret address is the only proof."""
    preset: str = ""
    """For ``type = "webhook"``: a sender whose fields are known, as ``calltouch``. What columns, constants and values say goes before it."""
    senders: tuple[str, ...] = ()
    """For ``type = "webhook"``: IP addresses and networks that may send. Empty: any."""
    base_url: str = ""
    """Connectors: the address of the system's API, where it is not the vendor's own: a portal of yours, a proxy, a test server."""
    oauth_url: str = ""
    """Connectors: the address that gives tokens, where it is not the vendor's own."""
    credentials: dict[str, str] = {}
    """Connectors: what opens the system, as ``credentials.token = "…"``. Better in the environment variable
    ``LONGFUNNEL_<SOURCE>_<NAME>`` or given to ``longfunnel connect``, which keeps it sealed."""
    since: str = ""
    """Connectors: the first day (ISO) that the first sync brings. Empty: a year ago."""
    reread_days: int = -1
    """Connectors: how many past days each sync reads again, as vendors restate them. -1: as the connector knows its vendor."""
    patience_seconds: float = 120
    """Connectors: how long a sync tries again where a system is ill or asks to wait, before it goes on without it."""
    requests_per_second: float = 0
    """Connectors: how often the system may be asked. 0: as its vendor allows."""
    options: dict[str, Any] = {}
    """Connectors: their own settings, each a key of the ``[[source]]``."""

    @property
    def is_connected(self) -> bool:
        """Whether the source reaches an outside system by a connector."""
        return self.type not in ("file", "webhook", "dlt")


class WriteBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes back into a connected system: the source of each deal or lead into the CRM, won deals as conversions into ads."""

    name: str
    """Its name in the log of changes."""
    to: str
    """The connected source that is written to."""
    kind: Literal["source", "conversions"] = "source"
    """source: where each record came from; conversions: won deals, for the ads to learn from."""
    fact: Literal["deal", "lead"] = "deal"
    """Whose source is written: deals' or leads'."""
    fields: dict[str, str] = {}
    """Ours = theirs: source, medium, campaign, content, term, channel. Without it the system's own UTM fields."""
    since: str = ""
    """Only records made on this day (ISO) or later. Empty: the last 90 days."""
    target: str = ""
    """Conversions: the goal (Metrika: the identifier of a JavaScript goal) or the list (VK) that counts them."""
    pipelines: tuple[str, ...] = ()
    """Conversions: only deals of these pipelines. Empty: of all."""
    automatic: bool = False
    """Whether a running server writes after each build. Without it only ``longfunnel write-back`` does."""


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server that takes our letters: links to a new password, scheduled reports, alerts."""

    host: str = ""
    """The SMTP server; empty: no letters are sent."""
    port: int = 587
    """Its port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls (usual with port 587), tls (usual with 465), none (a server on this machine)."""
    user: str = ""
    """The name to sign in with; empty: without."""
    password_env: str = "LONGFUNNEL_MAIL_PASSWORD"  # noqa: S105 - where it is, not what it is
    """The environment variable that holds the password. Where it is not set, the one typed in the settings' page, kept sealed."""
    sender: str = "longfunnel@localhost"
    """The address that letters come from."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of longfunnel.toml."""

    business: Business = Business()
    counting: Counting = Counting()
    guards: Guards = Guards()
    stage: tuple[Stage, ...] = ()
    """What the stages of the long funnel are called here, and which of them there are none of."""
    channel: tuple[ChannelRule, ...] = ()
    """Rules that come before the default ones."""
    match: tuple[MatchRule, ...] = ()
    """By which cost meets visits; they come before the default ones: the campaign's id, then its name."""
    source: tuple[Source, ...] = ()
    write_back: tuple[WriteBack, ...] = ()
    """What goes back into connected systems."""
    site: tuple[Site, ...] = ()
    collector: Collector = Collector()
    schedule: Schedule = Schedule()
    mail: Mail = Mail()
    retention: dict[str, int] = {}
    """Fact = days: older rows are deleted. A fact that is not named is kept for ever."""


_TABLES: dict[str, type[msgspec.Struct]] = {
    "business": Business,
    "counting": Counting,
    "guards": Guards,
    "collector": Collector,
    "schedule": Schedule,
    "mail": Mail,
}
_LISTS: dict[str, type[msgspec.Struct]] = {
    "stage": Stage,
    "channel": ChannelRule,
    "match": MatchRule,
    "source": Source,
    "site": Site,
    "write_back": WriteBack,
}


def parse_settings(text: str, *, file: str = "longfunnel.toml") -> Settings:
    """The settings in ``text``. Raises SettingsError that lists every mistake with its place."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            Text("{file} is not valid TOML: {error}.", "{file} не читается как TOML: {error}.").format(
                file=file, error=toml_said(error)
            ),
            hint=Text("Mend that line and run the command again.", "Поправьте эту строку и запустите команду ещё раз."),
        ) from error
    mistakes = unknown_keys(raw, Settings, NOTHING)
    for section, kind in _TABLES.items():
        table = raw.get(section, {})
        mistakes += unknown_keys(table, kind, spoken(f"[{section}]: "))
        mistakes += wrong_values(table, kind, spoken(f"[{section}]"))
    for section, kind in _LISTS.items():
        rows = raw.get(section, [])
        if not isinstance(rows, list):
            mistakes.append(
                Text(
                    "[{section}] must be written [[{section}]]: there can be several.",
                    "[{section}] пишется как [[{section}]]: таких таблиц может быть несколько.",
                ).format(section=section)
            )
            continue
        for number, row in enumerate(rows, 1):
            if kind is Source and isinstance(row, dict):
                _gather_options(row)
            name = row.get("name", row.get("metric")) if isinstance(row, dict) else ""
            label = spoken(f"[[{section}]] ") + (
                f"«{name}»" if name else Text("number {number}", "№ {number}").format(number=number)
            )
            mistakes += unknown_keys(row, kind, label + ": ")
            mistakes += wrong_values(row, kind, label)
    mistakes += wrong_values({"retention": raw.get("retention", {})}, Settings, NOTHING)
    if not mistakes:
        settings = msgspec.convert(raw, Settings)
        mistakes = meaning_mistakes(settings)
        if not mistakes:
            return settings
    raise SettingsError(together(mistakes, Text("{file} needs mending:", "В {file} есть ошибки:").format(file=file)))


def _gather_options(row: dict[str, Any]) -> None:
    """Put a connector's own settings under ``options``; whether it knows them, it says itself."""
    if row.get("type", "file") not in ("file", "webhook"):
        own = [key for key in row if key not in Source.__struct_fields__]
        row["options"] = {**row.get("options", {}), **{key: row.pop(key) for key in own}}
