"""What a visit shows of where it came from: UTM marks, click ids and the referrer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from longfunnel.demo.catalogue import CHANNELS, EMAIL, NETWORK, PARTNERS, REFERRAL, SEARCH, VK
from longfunnel.demo.faults import utm_is_lost
from longfunnel.demo.scale import START, Dice, Ints

if TYPE_CHECKING:
    from longfunnel.demo.ads import Ad
    from longfunnel.demo.columns import Visits

EMPTY = ("", "", "", "", "")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


@dataclass(frozen=True)
class Marks:
    """The marks of each visit. ``mark`` is a row of ``table`` (UTM source, medium, campaign, content, term) and of
    ``query``."""

    mark: Ints
    table: list[tuple[str, str, str, str, str]]
    query: list[str]
    referrer: Ints
    referrers: list[str]
    yclid: Ints
    """0 where the visit has none."""
    rb_clickid: Ints
    """0 where the visit has none."""

    def utm(self, visit: int) -> tuple[str, str, str, str, str]:
        """The UTM values of a visit; of -1, no visit, all empty."""
        return self.table[self.mark[visit]] if visit >= 0 else EMPTY


def marks_of(visits: Visits, ads: list[Ad], dice: Dice) -> Marks:
    """The marks of every visit, after what the planted fault loses."""
    table: list[tuple[str, str, str, str, str]] = [EMPTY]
    for ad in ads:
        channel = CHANNELS[ad.channel]
        table.append((channel.source, channel.medium, ad.campaign, ad.content, ad.term))
    first_mail = len(table)
    month = (
        visits.at.astype("datetime64[s]").astype("datetime64[M]") - np.datetime64(START, "s").astype("datetime64[M]")
    ).astype(np.int64)
    months = [str(np.datetime64(START, "s").astype("datetime64[M]") + step) for step in range(int(month.max()) + 1)]
    table += [("newsletter", "email", f"digest-{name}", "", "") for name in months]
    partner_mark = len(table)
    table.append(("partner", "referral", PARTNERS[0], "", ""))
    lost = utm_is_lost(visits)
    partner = visits.person % 2
    mark = np.where(visits.ad >= 0, 1 + visits.ad, 0)
    mark = np.where(visits.channel == EMAIL, first_mail + month, mark)
    mark = np.where((visits.channel == REFERRAL) & (partner == 0), partner_mark, mark)
    mark[lost] = 0
    query = [
        "?" + urlencode([(name, value) for name, value in zip(UTM, row, strict=True) if value]) if row[0] else ""
        for row in table
    ]

    referrers = list(dict.fromkeys(["", *(page for channel in CHANNELS for page in channel.referrers)]))
    luck = (dice.scramble(np.arange(len(visits)), 31) % np.uint64(97)).astype(np.int64)
    referrer = np.zeros(len(visits), np.int64)
    for number, channel in enumerate(CHANNELS):
        here = visits.channel == number
        places = np.array([referrers.index(page) for page in channel.referrers])
        referrer[here] = places[(partner if number == REFERRAL else luck)[here] % len(places)]
    referrer[lost] = 0

    click = (dice.scramble(np.arange(len(visits)), 32) % np.uint64(8 * 10**17)).astype(np.int64) + 10**18
    from_yandex = np.isin(visits.channel, (SEARCH, NETWORK))
    from_vk = (visits.channel == VK) & ~lost
    return Marks(mark, table, query, referrer, referrers, np.where(from_yandex, click, 0), np.where(from_vk, click, 0))


PAIRS = np.array([f"{byte:02x}" for byte in range(256)], "S2")
"""Every byte in hexadecimal digits."""


def hexadecimal(numbers: npt.NDArray[np.uint64]) -> pa.Array:
    """64-bit numbers as 16 hexadecimal digits."""
    digits = PAIRS[numbers.astype(">u8").view(np.uint8)]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * 16
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(digits))


def visitor_ids(person: Ints, slot: Ints, dice: Dice) -> pa.Array:
    """The site's own cookie of a person's device: 16 hexadecimal digits."""
    return hexadecimal(dice.scramble(person * 4 + slot, 41))


def metrika_ids(person: Ints, slot: Ints, dice: Dice) -> Ints:
    """Yandex Metrika's client id of a person's device: 19 digits, kept as text in the files."""
    return (dice.scramble(person * 4 + slot, 42) % np.uint64(10**17)).astype(np.int64) + 17 * 10**17


def user_id(place: int) -> str:
    """The web shop's account id of a contact."""
    return f"u{place + 1001}"
