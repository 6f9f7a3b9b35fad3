"""What can name a person: the kinds of identifiers, one spelling for each value, and the node that stands for it in the graph.

Every rule is written twice, in Python (``normalise``, the definition) and in SQL (``normalise_sql``, for millions of rows);
the tests hold the two equal. What SQL cannot settle goes to the Python rule through a function that ``register`` adds.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from longfunnel.core.errors import did_you_mean

if TYPE_CHECKING:
    import duckdb

Guarded = Literal["phone", "email", "visitor", "other"]


@dataclass(frozen=True)
class Kind:
    """One kind of identifier."""

    name: str
    title: str
    title_ru: str
    guard: Guarded = "other"
    """Which of the settings' guards bounds it (``core.settings.Guards``)."""
    is_scoped: bool = False
    """Whether a value means the same thing only within one outside system. Others mean the same everywhere."""
    is_contact: bool = False
    """Whether distinct values usually mean distinct people: the guards count these."""
    is_document: bool = False
    """Names a request, a deal or an order, and through it its person."""
    is_digital: bool = False
    """A machine's id without spaces: a click id, a cookie."""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("contact", "CRM contact", "Контакт CRM", is_scoped=True, is_contact=True),
        Kind("user", "Account on the site", "Пользователь сайта", is_contact=True),
        Kind("email", "E-mail", "Эл. почта", guard="email", is_contact=True),
        Kind("phone", "Phone", "Телефон", guard="phone", is_contact=True),
        Kind("telegram", "Telegram", "Telegram", is_contact=True),
        Kind("visitor", "Visitor cookie", "Посетитель (cookie)", guard="visitor", is_digital=True),
        Kind("ym_client", "Yandex Metrika ClientID", "ClientID Яндекс Метрики", guard="visitor", is_digital=True),
        Kind("ga_client", "Google Analytics client id", "Client ID Google Analytics", guard="visitor", is_digital=True),
        Kind("yclid", "Yandex click id", "Клик Яндекса (yclid)", is_digital=True),
        Kind("gclid", "Google click id", "Клик Google (gclid)", is_digital=True),
        Kind("fbclid", "Meta click id", "Клик Meta (fbclid)", is_digital=True),
        Kind("vkclid", "VK click id", "Клик VK", is_digital=True),
        Kind("deal", "Deal", "Сделка", is_scoped=True, is_document=True),
        Kind("lead", "Lead", "Лид", is_scoped=True, is_document=True),
        Kind("order", "Order", "Заказ", is_document=True),
    )
}
"""The kinds by name, strongest evidence of who a person is first. Leads, deals and contacts are numbered by each CRM for
itself; accounts and orders are the business's own on its site and in its shop, and mean the same in every source."""

FUNCTION = "lf_normalise"
_BLANK = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\ufeff"
_NOTHING = r"""[-–—_.?0]+|n/?a|#n/?a|#n/д|н/д|nan|nil|null|\(null\)|none|\(none\)|no|not set|\(not set\)|not provided|\(not provided\)|empty|undefined|unknown|anonymous|false|true|нет|отсутствует|не указана?о?|неизвестно|неизвестен|аноним|скрыт|скрыто|hidden"""
"""Words and marks that stand for «no value»."""
_NOTHING_AS_NAME = r"no-?reply@.*|.*@example\.(com|org|net)|test@test\.(ru|com)|(no|none|no-?email|nomail|email|mail|a|1|123)@(no|none|mail|email|test|a|1|123)\.(ru|com|net)"
"""Addresses that people and programs put where an address is demanded."""
_ROUNDED = r"[+-]?\d+([.,]\d+)?[eE]\+?\d+"
"""A long number that a spreadsheet has rounded: 7,91E+10. Its digits are lost, so it names nobody."""
_POINT_ZERO = r"(\d+)\.0"
"""A whole number that has been through a column of fractions."""
_EMAIL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])"
_EMAIL_PREFIX = r"^(mailto:\s*|.*<)"
_EMAIL_SUFFIX = r"(>.*|\?.*)$"
_GA = r"GA\d+\.[0-9-]+\.(\d+\.\d+)"
_TELEGRAM_PREFIX = r"^(https?://)?(t\.me/|telegram\.me/)?@?"
_LONGEST = 512

# calling code, national prefix and the national numbers that read the same way however a number is written
_PLAIN_PHONES = {
    "RU": ("7", "8", r"[349]\d{9}"),
    "KZ": ("7", "8", r"7[0-7]\d{8}"),
    "BY": ("375", "80", r"(?:25|29|33|44)\d{7}"),
    "UA": ("380", "0", r"(?:50|6[3678]|73|9[1-9])\d{7}"),
    "UZ": ("998", "", r"(?:33|50|77|88|9[013457])\d{7}"),
    "US": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}"),
    "CA": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}"),
    "BR": ("55", "", r"[1-9][1-9]9\d{8}"),
    "GB": ("44", "0", r"7[1-57-9]\d{8}"),
    "FR": ("33", "0", r"[67]\d{8}"),
    "ES": ("34", "", r"6\d{8}"),
    "IN": ("91", "0", r"[6-9]\d{9}"),
    "TR": ("90", "0", r"5[0-9]\d{8}"),
    "PL": ("48", "", r"[5-7]\d{8}"),
}


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises KeyError that names the nearest known kinds."""
    try:
        return KINDS[name]
    except KeyError:
        raise KeyError(f"There is no kind of identifier «{name}».{did_you_mean(name, KINDS)}") from None


def normalise(kind: str, value: str | None, country: str = "") -> str | None:
    """The one spelling of an identifier, or None when the value names nobody (a placeholder, an impossible phone, a broken address).

    ``country`` (ISO 3166 alpha-2) says how phone numbers without a country code are read; without it only those with a code
    are. Phones become E.164 and lose their extension; e-mails lower case; ``_ga`` cookies lose their version part.
    """
    described = kind_named(kind)
    if value is None:
        return None
    value = value.strip(_BLANK)
    if not value or len(value) > _LONGEST or re.fullmatch(_ROUNDED, value, re.ASCII):
        return None
    if kind != "ga_client" and (whole := re.fullmatch(_POINT_ZERO, value, re.ASCII)):
        value = whole[1]
    if not (described.is_document and re.fullmatch("0+", value)) and re.fullmatch(_NOTHING, _lower(value), re.ASCII):
        return None
    if kind == "phone":
        return _phone(value, country)
    if kind == "email":
        return _email(value)
    if kind == "ga_client" and (cookie := re.fullmatch(_GA, value, re.ASCII)):
        return cookie[1]
    if kind == "telegram":
        return re.sub(_TELEGRAM_PREFIX, "", _lower(value), count=1, flags=re.ASCII) or None
    if described.is_digital and re.search(r"\s", value, re.ASCII):
        return None
    return value


def _lower(value: str) -> str:
    # the database lowers letter by letter, so the one letter that becomes two, and the sigma that looks around, must too
    return "".join(letter.lower()[0] for letter in value)


def _email(value: str) -> str | None:
    value = re.sub(_EMAIL_SUFFIX, "", re.sub(_EMAIL_PREFIX, "", _lower(value), count=1, flags=re.ASCII), count=1, flags=re.ASCII)
    value = value.strip(_BLANK + ".,;")
    local, at, domain = value.rpartition("@")
    if not value.isascii() and at:
        try:
            value = f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return None
    if len(value) > 254 or not re.fullmatch(_EMAIL, value, re.ASCII) or re.fullmatch(_NOTHING_AS_NAME, value, re.ASCII):
        return None
    return value


@lru_cache(maxsize=100_000)
def _phone(value: str, country: str) -> str | None:
    country = country.upper()
    first, *more = re.split(r"[,;\n]| или | or ", value, maxsplit=1)
    readings = [(value, country)]
    digits = re.sub(r"\D", "", first, flags=re.ASCII)
    if not first.lstrip("( ").startswith("+"):
        # a foreign number written without its plus, or with the 00 that some countries dial instead of it
        readings += [("+" + digits.removeprefix("00"), ""), ("+" + digits, "")]
    if more:
        readings.append((first, country))
    possible = ""
    for text, region in readings:
        try:
            number = phonenumbers.parse(text, region or None)
        except NumberParseException:
            continue
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if len(set(str(number.national_number))) == 1:
            return None  # 999 999 99 99: typed to get past a form
        if phonenumbers.is_valid_number(number):
            return written
        if region == country and region and not possible and _is_possible(number):
            possible = written
        if not country and text.startswith("+") and text is value and _is_possible(number):
            possible = written
    return possible or None


def _is_possible(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
