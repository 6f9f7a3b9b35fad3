"""The Bank of Russia's daily rates (cbr.ru ``XML_daily.asp``, ``XML_dynamic.asp``) as rows of ``fx_rate``: pure, bytes in, rows out.

A rate is roubles for one unit: ``Value / Nominal``. The bank sets no rate on Sundays, Mondays and holidays: there the last one set
before holds, and ``XML_daily.asp`` gives it under the day that it was set for. So only days that the bank names become rows.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from longfunnel.core.errors import SourceError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE: Final = "RUB"
"""Rates are in this currency: they are for a business that counts in it."""
_PLACES: Final = Decimal("1E-10")
_ON: Final = Text("{code} on {day}", "{code} за {day}")
_ISO: Final = re.compile(r"[A-Z]{3}")


def daily_rates(body: bytes) -> list[dict[str, Any]]:
    """The rates of every currency on the day that the answer names, as rows of ``fx_rate``. Raises SourceError."""
    root = _read(body)
    day = _day(root.get("Date"))
    rows = []
    for entry in root.iter("Valute"):
        code = (entry.findtext("CharCode") or "").strip().upper()
        if not _ISO.fullmatch(code):
            said = Text(
                "The rates of {day} have a currency without a code of three letters: «{code}».",
                "Среди курсов за {day} есть валюта без кода из трёх букв: «{code}».",
            )
            raise SourceError(said.format(day=day, code=code))
        rows.append({"day_on": day, "currency": code, "rate": _rate(entry, _ON.format(code=code, day=day))})
    return rows


def currency_ids(body: bytes) -> dict[str, str]:
    """Currency's code → the bank's own id, by which ``XML_dynamic.asp`` asks, out of an answer of ``XML_daily.asp``."""
    return {
        code.strip().upper(): key
        for entry in _read(body).iter("Valute")
        if (code := entry.findtext("CharCode")) and (key := entry.get("ID"))
    }


def dynamic_rates(body: bytes, currency: str) -> list[dict[str, Any]]:
    """The rates of one currency on each day that it was set, as rows of ``fx_rate``; none of a span without any. Raises SourceError."""
    rows = []
    for entry in _read(body).iter("Record"):
        day = _day(entry.get("Date"))
        rows.append({"day_on": day, "currency": currency, "rate": _rate(entry, _ON.format(code=currency, day=day))})
    return rows


class _NoDoctype(ET.TreeBuilder):
    """Refuses a document type, and with it every entity that could grow without end or reach for a file."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - the parser's signature
        """What the parser calls at the beginning of a document type."""
        raise SourceError(
            Text(
                "The rates came with a document type, which the Bank of Russia never sends: nothing was read.",
                "В ответе с курсами есть DOCTYPE, которого Банк России не присылает: ничего не прочитано.",
            )
        )


def _read(body: bytes) -> ET.Element:
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - no document type, so no entities
    try:
        parser.feed(body)
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        start = body[:60].decode("cp1251", "replace").strip()
        said = Text(
            "The rates are no XML: {why}. The answer begins with «{start}».",
            "Курсы пришли не в XML: {why}. Ответ начинается с «{start}».",
        )
        raise SourceError(said.format(why=error, start=start)) from error
    if root.tag != "ValCurs":
        said = Text(
            "These are no rates of the Bank of Russia: the answer is <{tag}>, not <ValCurs>.",
            "Это не курсы Банка России: в ответе <{tag}>, а не <ValCurs>.",
        )
        raise SourceError(said.format(tag=root.tag))
    if problem := next(_problems(root), ""):
        said = Text("The Bank of Russia refuses: {problem}", "Банк России отказывает: {problem}")
        raise SourceError(said.format(problem=problem))
    return root


def _problems(root: ET.Element) -> Iterator[str]:
    """What the bank says where it has nothing to tell: text in the place of entries."""
    text = (root.text or "").strip()
    if text and len(root) == 0:
        yield text


def _day(text: str | None) -> date:
    """``02.03.2002``; also with slashes, as some answers have it."""
    parts = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", (text or "").strip())
    try:
        if parts:
            return date(int(parts[3]), int(parts[2]), int(parts[1]))
    except ValueError:
        pass
    raise SourceError(Text("«{text}» is no day of rates.", "«{text}» — не дата курсов.").format(text=text or ""))


def _rate(entry: ET.Element, what: Text) -> float:
    """Units of the rouble for one of the currency, to ten places: what the fact keeps."""
    value, nominal = _number(entry.findtext("Value"), what), _number(entry.findtext("Nominal"), what)
    return float((value / nominal).quantize(_PLACES))


def _number(text: str | None, what: Text) -> Decimal:
    """A number above 0 with a decimal comma, thousands apart or not."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text or "").replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        said = Text("The rate of {what} is no number above 0: «{text}».", "Курс {what} — не число больше 0: «{text}».")
        raise SourceError(said.format(what=what, text=text or ""))
    return number
