"""The people who left a name: how they are called, and how they are reached. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.catalogue import (
    COMPANIES,
    FIRST_NAMES,
    LATE_CALLER,
    MEN,
    OFFICE,
    SHARED_PHONE,
    SHARED_PHONE_NUMBER,
    SURNAMES,
)

if TYPE_CHECKING:
    from longfunnel.demo.columns import Deals, Requests
    from longfunnel.demo.scale import Dice, Flags, Ints, Language

EMAIL_DOMAINS = ("example.ru", "example.com", "mail.example", "pochta.example")
_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_ENGLISH = (
    "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f",
    "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
)  # fmt: skip
_LATIN = dict(zip(_RUSSIAN, _ENGLISH, strict=True))


def latin(word: str) -> str:
    """A Russian word in Latin letters."""
    return "".join(
        _LATIN.get(letter.lower(), letter).capitalize() if letter.isupper() else _LATIN.get(letter, letter)
        for letter in word
    )


@dataclass(frozen=True)
class Contacts:
    """One place per person who ever left a request or had a deal, in order of ``person``."""

    person: Ints
    name: list[str]
    email: list[str]
    phone: list[str]
    """E.164."""
    company: list[str]
    has_account: Flags
    """Whether the person registered in the web shop."""

    def of(self, person: Ints) -> Ints:
        """The places of these persons."""
        return np.searchsorted(self.person, person)


def make_contacts(requests: Requests, deals: Deals, language: Language, dice: Dice) -> Contacts:
    """A name, an e-mail and a phone for everybody with a request or a deal."""
    rng = dice.of("contacts")
    person = np.unique(np.concatenate([requests.person, deals.person]))
    total = len(person)
    first = rng.integers(0, len(FIRST_NAMES), total)
    last = rng.integers(0, len(SURNAMES), total)
    domain = rng.integers(0, len(EMAIL_DOMAINS), total)
    number = rng.permutation(10_000_000)[:total]
    office = set(requests.person[requests.product == OFFICE].tolist())
    sharing = set(requests.person[requests.situation == SHARED_PHONE].tolist())
    firm = rng.integers(0, len(COMPANIES), total)
    names, emails, phones, companies = [], [], [], []
    for place, who in enumerate(person.tolist()):
        given, surname = FIRST_NAMES[first[place]], SURNAMES[last[place]]
        mailbox = f"{latin(given)}.{latin(surname)}{place}@{EMAIL_DOMAINS[domain[place]]}".lower()
        surname += "" if first[place] < MEN else "а"
        name = f"{given} {surname}"
        company = f"ООО «{COMPANIES[firm[place]]}-{place}»" if who in office else ""
        names.append(name if language == "ru" else latin(name))
        companies.append(company if language == "ru" else latin(company).replace("OOO", "LLC"))
        emails.append(mailbox)
        phones.append(SHARED_PHONE_NUMBER if who in sharing else f"+7975{number[place]:07d}")
    accounts = (dice.scramble(person, 21) % np.uint64(100)) < np.uint64(35)
    accounts |= np.isin(person, requests.person[requests.situation == LATE_CALLER])
    return Contacts(person, names, emails, phones, companies, accounts)


def spelled(phone: str, way: int) -> str:
    """A phone number as people write it: E.164, with an eight, with brackets, or bare."""
    code, a, b, c = phone[2:5], phone[5:8], phone[8:10], phone[10:]
    return (phone, f"8 ({code}) {a}-{b}-{c}", f"+7 {code} {a} {b} {c}", f"7{phone[2:]}")[way % 4]
