"""The Bank of Russia: official exchange rates day by day, for a business that counts in roubles.

Source: www.cbr.ru/development/SXML. A rate that is set on a day is published the day before; none is set on days without trade, and the
last one holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._cbr_xml import BASE, currency_ids, dynamic_rates
from longfunnel.connect._engine import Call, Connector, Option, Page, Rate, Reading, Record, RefusedError, Row, Stream
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from longfunnel.connect._engine import Api, Shaping

_EARLIER = timedelta(days=10)
"""The first day of a business may be a holiday: its rate was set before."""


async def _read(reading: Reading) -> AsyncIterator[Page]:
    if reading.shaping.currency != BASE:
        raise RefusedError(
            Text(
                "The Bank of Russia tells roubles, and the business counts in {currency}.",
                "Банк России даёт курсы к рублю, а бизнес считает в {currency}.",
            ).format(currency=reading.shaping.currency),
            hint=Text("Take a source of rates into your own currency.", "Возьмите источник с курсами к своей валюте."),
        )
    since, until = reading.first_day - _EARLIER, reading.today + timedelta(days=1)
    known = currency_ids((await reading.api.request("GET", "scripts/XML_daily.asp")).content)
    wanted = [str(code).upper() for code in reading.options["currencies"]]
    if unknown := [code for code in wanted if code not in known]:
        raise RefusedError(
            Text("The Bank of Russia has no rate of {unknown}.", "У Банка России нет курса {unknown}.").format(
                unknown=", ".join(unknown)
            ),
            hint=Text("It knows {known}.", "Есть {known}.").format(known=", ".join(sorted(known))),
        )
    for number, code in enumerate(wanted, 1):
        asked = {"date_req1": f"{since:%d/%m/%Y}", "date_req2": f"{until:%d/%m/%Y}", "VAL_NM_RQ": known[code]}
        rows = dynamic_rates((await reading.api.request("GET", "scripts/XML_dynamic.asp", params=asked)).content, code)
        is_last = number == len(wanted)
        yield Page(
            [{**row, "day_on": row["day_on"].isoformat(), "rate": repr(row["rate"])} for row in rows],
            {"day": reading.today.isoformat()} if is_last else None,
            number / len(wanted),
        )


def _shape(record: Record, _: Shaping) -> list[Row]:
    return [Row("fx_rate", record)]


def _key(record: Record) -> str:
    return f"{record['day_on']}/{record['currency']}"


async def _check(api: Api, _: Mapping[str, Any]) -> list[Record]:
    known = currency_ids((await api.request("GET", "scripts/XML_daily.asp")).content)
    return [{"option": "currencies", "value": code, "title": code} for code in sorted(known)]


CONNECTOR = Connector(
    title=Text("Bank of Russia", "Банк России"),
    base_url="https://www.cbr.ru",
    credentials=(),
    options=(
        Option(
            "currencies",
            Text("Currencies", "Валюты"),
            Text("Those that your cost and payments are in.", "Те, в которых у вас расходы и оплаты."),
            kind="list",
            default=("USD", "EUR"),
        ),
    ),
    sign=lambda _: Call(),
    streams=(Stream("rates", Text("Rates", "Курсы"), ("fx_rate",), _read, _shape, _key),),
    rate=Rate(2),
    reread_days=3,
    timezone="Europe/Moscow",
    check=_check,
)
