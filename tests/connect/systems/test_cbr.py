"""The Bank of Russia: rates over HTTP, the last one holding over days without any."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

import longfunnel
from longfunnel.app.sources.sync import SyncError
from longfunnel.demo.systems.serving import serving

DAILY = '<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="14.03.2026" name="Foreign Currency Market"><Valute ID="R01235"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>1</Nominal><Name>Доллар США</Name><Value>90,1234</Value></Valute><Valute ID="R01335"><NumCode>398</NumCode><CharCode>KZT</CharCode><Nominal>100</Nominal><Name>Тенге</Name><Value>18,5000</Value></Valute></ValCurs>'


class Bank:
    """The bank: rates of weekdays alone."""

    def __init__(self) -> None:
        self.dollar = "90,1234"
        self.asked: list[dict[str, list[str]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        """One request."""
        body = DAILY
        if scope["path"] == "/scripts/XML_dynamic.asp":
            query = parse_qs(scope["query_string"].decode())
            self.asked.append(query)
            first, last = (
                datetime.strptime(query[name][0], "%d/%m/%Y").replace(tzinfo=UTC).date()
                for name in ("date_req1", "date_req2")
            )
            value, nominal = (self.dollar, 1) if query["VAL_NM_RQ"] == ["R01235"] else ("18,5", 100)
            days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            body = (
                '<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="x" name="Foreign Currency Market Dynamic">'
                + "".join(
                    f'<Record Date="{day:%d.%m.%Y}" Id="x"><Nominal>{nominal}</Nominal><Value>{value}</Value></Record>'
                    for day in days
                    if day.weekday() < 5
                )
                + "</ValCurs>"
            )
        raw = body.encode("cp1251")
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/xml; charset=windows-1251")],
            }
        )
        await send({"type": "http.response.body", "body": raw})


def _business(folder: Path, url: str, currency: str = "RUB", **settings: object) -> longfunnel.Business:
    lines = "".join(
        f"{name} = {json.dumps(value)}\n"
        for name, value in {"base_url": url, "patience_seconds": 1, **settings}.items()
    )
    (folder / "longfunnel.toml").write_text(
        f'[business]\ncurrency = "{currency}"\n[[source]]\nname = "rates"\ntype = "cbr"\n{lines}'
    )
    return longfunnel.open(folder)


def test_rates_come_for_one_unit_and_a_second_sync_reads_the_last_days_alone(tmp_path: Path) -> None:
    bank = Bank()
    since = datetime.now(UTC).date() - timedelta(days=30)
    with serving(bank) as url, _business(tmp_path, url, currencies=["USD", "KZT"], since=since.isoformat()) as business:
        business.sync()
        rates = business.warehouse.execute(
            "SELECT currency, min(rate), min(day_on) < ? FROM facts.fx_rate GROUP BY 1 ORDER BY 1", [since]
        ).fetchall()
        assert rates == [("KZT", 0.185, True), ("USD", 90.1234, True)]
        before = len(bank.asked)
        report = business.sync()[0]
        assert (report.added, report.changed) == (0, 0)
        again = bank.asked[before]["date_req1"][0]
        assert datetime.strptime(again, "%d/%m/%Y").replace(tzinfo=UTC).date() > since


@pytest.mark.parametrize(
    ("currency", "settings", "said"), [("EUR", {}, "counts in EUR"), ("RUB", {"currencies": ["XXX"]}, "no rate of XXX")]
)
def test_what_the_bank_cannot_tell_is_said_plainly(
    tmp_path: Path, currency: str, settings: dict[str, object], said: str
) -> None:
    with (
        serving(Bank()) as url,
        _business(tmp_path, url, currency, **settings) as business,
        pytest.raises(SyncError, match=said),
    ):
        business.sync()
