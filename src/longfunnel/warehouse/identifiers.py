"""What can name a person: the kinds of identifiers, one spelling for each value, its node in the graph of people.

Every rule is written twice, in Python (``normalise``, the definition) and in SQL (``normalise_sql``, for millions of
rows); the tests hold the two equal. What SQL cannot settle goes to the Python rule through a function that
``register`` adds.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import duckdb
import phonenumbers
from duckdb.func import FunctionNullHandling
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from longfunnel.core.errors import did_you_mean

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
"""The kinds by name, strongest evidence of who a person is first. Leads, deals and contacts are numbered by each CRM
for itself; accounts and orders are the business's own on its site and in its shop, the same in every source."""

FUNCTION = "lf_normalise"
_BLANK = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\ufeff"
_MARKS = r"[-–—_.?0]+"
_WORDS = (
    r"#?n/?a|#?n/д|#?н/д|nan|nil|null|\(null\)|none|\(none\)|no|not set|\(not set\)|not provided|\(not provided\)"
    r"|empty|undefined|unknown|anonymous|false|true|hidden"
    r"|нет|отсутствует|не указан[ао]?|неизвестно|неизвестен|аноним|скрыто?"
)
_LONGEST_WORD = 15
"""Words and marks that stand for «no value»."""
_NOBODY = r"no-?reply@.*|(no|none|no-?e?mail|test)@(no|none|no-?e?mail|e?mail|test)\.(ru|com|net)"
"""Addresses that people and programs put where an address is demanded."""
_ROUNDED = r"[+-]?\d+([.,]\d+[eE]\+?|[eE]\+)\d+"
"""A long number that a spreadsheet has rounded: 7,91E+10. Its digits are lost, so it names nobody."""
_POINT_ZERO = r"(\d+)\.0"
"""A whole number that has been through a column of fractions."""
_EMAIL_WORD = r"[a-z0-9!#$%&'*+/=^_`{|}~-]+"
_EMAIL = rf"{_EMAIL_WORD}(\.{_EMAIL_WORD})*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
_EMAIL_PREFIX = r"^(mailto:\s*|.*<)"
_EMAIL_SUFFIX = r"(>.*|\?.*)$"
_GA = r"GA\d+\.[0-9-]+\.(\d+\.\d+)"
_TELEGRAM_PREFIX = r"^(https?://)?(t\.me/|telegram\.me/)?@?"
_LONGEST = 512

_CLEAR_ID = r"[0A-Za-z_:.-]*[1-9][0-9A-Za-z_:.-]*"
"""An id that has one spelling only: a digit keeps it from being a word, and it holds no space."""
_CLEAR_EMAIL = _EMAIL.replace("a-z", "A-Za-z")
_ONE_DIGIT = "|".join(digit * 7 for digit in "0123456789")
_CLEAR_PHONES = {
    "RU": ("7", "8", r"[349]\d{9}", 10),
    "KZ": ("7", "8", r"7[0-7]\d{8}", 10),
    "BY": ("375", "80", r"(?:25|29|33|44)\d{7}", 9),
    "UA": ("380", "0", r"(?:50|6[3678]|73|9[1-9])\d{7}", 9),
    "UZ": ("998", "", r"(?:33|50|77|88|9[013457])\d{7}", 9),
    "US": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}", 10),
    "CA": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}", 10),
    "BR": ("55", "", r"[1-9][1-9]9\d{8}", 11),
    "GB": ("44", "0", r"7[1-57-9]\d{8}", 10),
    "FR": ("33", "0", r"[67]\d{8}", 9),
    "ES": ("34", "", r"6\d{8}", 9),
    "IN": ("91", "0", r"[6-9]\d{9}", 10),
    "TR": ("90", "0", r"5\d{9}", 10),
    "PL": ("48", "", r"[5-7]\d{8}", 9),
}
"""By country: calling code, prefix dialled at home, the national numbers that read one way only, and their length."""


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises KeyError that names the nearest known kinds."""
    try:
        return KINDS[name]
    except KeyError:
        raise KeyError(f"There is no kind of identifier «{name}».{did_you_mean(name, KINDS)}") from None


def normalise(kind: str, value: str | None, country: str = "") -> str | None:
    """The one spelling of an identifier, or None for a value that names nobody: a placeholder, an impossible phone.

    ``country`` (ISO 3166 alpha-2) says how phone numbers without a country code are read; without it only those with a
    code are. Phones become E.164 and lose their extension; e-mails lower case; ``_ga`` cookies lose their version part.
    """
    described = kind_named(kind)
    if value is None:
        return None
    value = value.strip(_BLANK)
    if not value or len(value) > _LONGEST or re.fullmatch(_ROUNDED, value, re.ASCII):
        return None
    if kind != "ga_client" and (whole := re.fullmatch(_POINT_ZERO, value, re.ASCII)):
        value = whole[1]
    if _is_nothing(value) and not (described.is_document and re.fullmatch("0+", value)):
        return None
    if kind == "phone":
        return _phone(value, country)
    if kind == "email":
        return _email(value)
    if kind == "ga_client" and (cookie := re.fullmatch(_GA, value, re.ASCII)):
        return cookie[1]
    if kind == "telegram":
        return re.sub(_TELEGRAM_PREFIX, "", _lower(value), count=1, flags=re.ASCII) or None
    if described.is_digital and re.search(r"\s", value):
        return None
    return value


def _is_nothing(value: str) -> bool:
    return bool(re.fullmatch(_MARKS, value) or (len(value) <= _LONGEST_WORD and re.fullmatch(_WORDS, _lower(value))))


def _lower(value: str) -> str:
    # letter by letter, as the database does: no letter becomes two, and no sigma looks around
    return "".join(letter.lower()[0] for letter in value)


def _email(value: str) -> str | None:
    value = re.sub(
        _EMAIL_SUFFIX, "", re.sub(_EMAIL_PREFIX, "", _lower(value), count=1, flags=re.ASCII), count=1, flags=re.ASCII
    )
    value = value.strip(_BLANK + ".,;")
    local, at, domain = value.rpartition("@")
    if not value.isascii() and at:
        try:
            value = f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return None
    if len(value) > 254 or not re.fullmatch(_EMAIL, value, re.ASCII) or re.fullmatch(_NOBODY, value, re.ASCII):
        return None
    return value


@lru_cache(maxsize=100_000)
def _phone(value: str, country: str) -> str | None:
    country = country.upper()
    possible = None
    for place, (text, region) in enumerate(_phone_readings(value, country)):
        try:
            number = phonenumbers.parse(text, region or None)
        except NumberParseException:
            continue
        if len(set(str(number.national_number))) == 1:
            return None  # 999 999 99 99: typed to get past a form
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number):
            return written
        if place == 0 and phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE:
            # metadata lags behind new ranges: a right length is enough, unless the text begins as a foreign number
            possible = written
            if not value.startswith("00"):
                break
    return possible


def _phone_readings(value: str, country: str) -> list[tuple[str, str]]:
    first, *more = re.split(r"[,;\n]| или | or ", value, maxsplit=1)
    readings = [(value, country)]
    if more:
        readings.append((first, country))
    if not value.lstrip("( ").startswith("+"):
        # a foreign number without its plus, or with the 00 that some countries dial instead of it
        digits = re.sub(r"\D", "", first, flags=re.ASCII)
        readings += [("+" + digits.removeprefix("00"), "")]
    return readings


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add to the database the function that ``normalise_sql`` falls back on. Doing it again is nothing."""
    remembered = lru_cache(maxsize=100_000)(normalise)

    def fallback(kind: str, value: str | None, country: str) -> str | None:
        return remembered(kind, value, country)

    # the connection that made the function says «not implemented», another one of the same database «exists»
    with suppress(duckdb.NotImplementedException, duckdb.CatalogException):
        connection.create_function(
            FUNCTION, fallback, ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR", null_handling=FunctionNullHandling.SPECIAL
        )


def normalise_sql(kind: str, expression: str, country: str = "") -> str:
    """SQL that gives for the text ``expression`` what ``normalise`` gives. ``register`` the connection first.

    Values that are clear at a glance (nearly all) are settled by the database; the rest go to the Python rule.
    ``expression`` and ``country`` are ours (a quoted column, a checked setting), never a stranger's text.
    """
    kind_named(kind)
    value = f"CAST({expression} AS VARCHAR)"
    if kind == "phone":
        clear = _clear_phone_sql(value, country)
    elif kind == "email":
        clear = [
            f"length({value}) <= 254 AND regexp_full_match({value}, {_text(_CLEAR_EMAIL)})"
            f" AND NOT regexp_full_match(lower({value}), {_text(_NOBODY)}) THEN lower({value})"
        ]
    elif kind == "telegram":
        clear = [f"length({value}) <= 20 AND regexp_full_match({value}, '[1-9][0-9]*') THEN {value}"]
    else:
        clear = [
            f"length({value}) <= {_LONGEST} AND regexp_full_match({value}, {_text(_CLEAR_ID)})"
            f" AND NOT ends_with({value}, '.0') AND NOT starts_with({value}, 'GA')"
            f" AND NOT regexp_full_match({value}, {_text(_ROUNDED)}) THEN {value}"
        ]
    whens = " ".join(f"WHEN {case}" for case in clear)
    otherwise = f"{FUNCTION}({_text(kind)}, {value}, {_text(country)})"
    return f"CASE WHEN {value} IS NULL OR {value} = '' THEN NULL {whens} ELSE {otherwise} END"


def _clear_phone_sql(value: str, country: str) -> list[str]:
    bare = f"translate({value}, ' ()-', '')"
    short = f"length({value}) <= 30 AND NOT regexp_matches({bare}, {_text(_ONE_DIGIT)})"
    cases = []
    if home := _CLEAR_PHONES.get(country.upper()):
        code, prefix, national, length = home
        begin = f"(?:[+]?{code}|{prefix})?" if prefix else f"(?:[+]?{code})?"
        full = f"regexp_full_match({bare}, {_text(begin + national)})"
        cases.append(f"{short} AND {full} THEN '+{code}' || right({bare}, {length})")
    abroad = "|".join(sorted({code + national for code, _, national, _ in _CLEAR_PHONES.values()}))
    return [*cases, f"{short} AND regexp_full_match({bare}, {_text(f'[+](?:{abroad})')}) THEN {bare}"]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True)
class Identifier:
    """One identifier of somebody, its value already normalised."""

    kind: str
    value: str
    system: str = ""
    """The id space, for kinds that are scoped; empty for the others."""

    @property
    def node(self) -> int:
        """Its place in the graph of people."""
        return node(self.kind, self.value, self.system)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" + (f"@{self.system}" if self.system else "")


def node(kind: str, value: str, system: str = "") -> int:
    """The identifier's place in the graph: a stable 64-bit number, half of an MD5 of kind, id space and value."""
    space = system if kind_named(kind).is_scoped else ""
    digest = hashlib.md5(f"{kind}\x1f{space}\x1f{value}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little")


def node_sql(kind: str, value: str, system: str) -> str:
    """SQL of ``node`` over the expressions ``value`` (already normalised) and ``system``; NULL for no value."""
    space = f"coalesce({system}, '')" if kind_named(kind).is_scoped else "''"
    return _hash_sql(f"{_text(kind)} || chr(31) || {space} || chr(31) || {value}")


def _hash_sql(text: str) -> str:
    """``md5_number_lower`` of the text, five times faster than the engine's own function of that name."""
    return f"CAST(md5_number({text}) >> 64 AS UBIGINT)"
