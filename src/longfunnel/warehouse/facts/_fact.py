"""What a fact table is: its columns with type, unit and meaning, its key, and which columns identify a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """How a value is read, kept and shown. The value is the DuckDB type; reading rules are in ``connect``."""

    TEXT = "VARCHAR"
    INSTANT = "TIMESTAMP"
    """An instant in UTC, microseconds."""
    DAY = "DATE"
    """A date in the business's zone."""
    COUNT = "BIGINT"
    MONEY = "DECIMAL(18,4)"
    """Decimal, in the row's currency."""
    NUMBER = "DOUBLE"
    FLAG = "BOOLEAN"
    PROPS = "JSON"
    """Any further columns of the source, as one JSON object."""


@dataclass(frozen=True)
class Column:
    """One column of a fact table."""

    name: str
    type: Type
    meaning: str
    required: bool = False
    identifier: str | None = None
    """The kind of identifier that this column holds (see ``warehouse/identifiers.py``), if it names a person."""
    unit: str = ""


@dataclass(frozen=True)
class Fact:
    """One kind of fact. ``key`` names what makes two rows the same thing; a row of the same key is a new version of it."""

    name: str
    one_row_is: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    at: str
    """The column that says when it happened: an instant, or a day for facts that only have days."""
    immutable: bool = False
    """True when a key never gets a second version (events): the first row stays."""
    column_by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column_by_name", {column.name: column for column in self.columns})

    @property
    def identifiers(self) -> tuple[Column, ...]:
        """The columns that name a person, strongest evidence first."""
        return tuple(column for column in self.columns if column.identifier)


def text(name: str, meaning: str, *, required: bool = False, identifier: str | None = None) -> Column:
    """A text column."""
    return Column(name, Type.TEXT, meaning, required, identifier)


def instant(name: str, meaning: str, *, required: bool = False) -> Column:
    """A UTC instant. A source that gives only a date gives the start of that day in the business's zone."""
    return Column(name, Type.INSTANT, meaning, required)


def count(name: str, meaning: str, unit: str = "") -> Column:
    """A whole number; unknown is empty."""
    return Column(name, Type.COUNT, meaning, unit=unit)


def money(name: str, meaning: str, *, required: bool = False) -> Column:
    """An amount of money in the row's currency."""
    return Column(name, Type.MONEY, meaning, required, unit="currency")


CURRENCY = text("currency", "ISO 4217 code of the row's amounts.")
PROPS = Column(
    "props", Type.PROPS, "Further columns of the source, kept under their own names; each can be a dimension."
)

MARKETING = (
    text(
        "source",
        "Where the person came from, as the source says it (utm_source): yandex, vk, newsletter, or a CRM's own word.",
    ),
    text("medium", "How (utm_medium): cpc, organic, email, referral."),
    text("campaign", "Campaign name or id (utm_campaign)."),
    text("content", "Ad or link within the campaign (utm_content)."),
    text("term", "Keyword (utm_term)."),
    text("referrer", "The page that the person came from."),
    text("landing_page", "The page that the person came to first, or its id."),
)

VISITOR = (
    text("visitor_id", "First-party visitor cookie.", identifier="visitor"),
    text("user_id", "The site's own account id.", identifier="user"),
    text("ym_client_id", "Yandex Metrika ClientID (_ym_uid).", identifier="ym_client"),
    text("ga_client_id", "Google Analytics client id (_ga).", identifier="ga_client"),
    text("yclid", "Yandex click id.", identifier="yclid"),
    text("gclid", "Google click id (gclid, gbraid, wbraid).", identifier="gclid"),
    text("fbclid", "Meta click id.", identifier="fbclid"),
    text("vkclid", "VK Ads click id (rb_clickid, vkclid).", identifier="vkclid"),
)

CONTACT = (
    text("email", "E-mail address, lower case.", identifier="email"),
    text("phone", "Phone number in E.164.", identifier="phone"),
    text("contact_id", "The CRM's contact id.", identifier="contact"),
    text("telegram_id", "Telegram user id.", identifier="telegram"),
)
