"""The economics page: the report's numbers, what clients are expected to bring, the last tenth of spend, months of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.reading import charts, links, plain, table

from longfunnel.reports import Filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

PERIOD = {"since": "2026-01-01", "until": "2026-10-31"}
PATH = "/economics?since=2026-01-01&until=2026-10-31&compare="


@pytest.mark.parametrize("cut", ["channel", "campaign", "product", "manager"])
def test_every_cut_has_the_numbers_of_the_report(served: Business, enter: Callable[[str], Browser], cut: str) -> None:
    rows = table(enter("owner").get(f"{PATH}&by={cut}").text, "economics")
    answer = served.ask("economics", by=cut, **PERIOD)
    assert [cells[0] for cells in rows] == [row[cut] or "unknown" for row in answer.rows]
    for cells, row in zip(rows, answer.rows, strict=True):
        assert cells[1] == ("—" if row["cost"] is None else f"{round(row['cost']):,}")
        assert cells[2] == f"{row['orders']:,}"


def test_payback_and_the_last_tenth_are_drawn(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(PATH).text
    answer = served.ask("economics", **PERIOD)
    shown = [row for row in answer.rows if row["channel"] and row["cost"] and row["last_tenth_high"]]
    assert shown
    drawn = charts(page)["last-tenth"]
    assert drawn["labels"] == [row["channel"] for row in shown]
    assert drawn["series"][0]["low"] == pytest.approx([float(row["last_tenth_low"]) for row in shown])
    assert drawn["series"][1]["values"] == pytest.approx([float(row["cost"]) / 10 for row in shown])
    clients = [row for row in answer.rows if row["channel"] and (row["ltv"] is not None or row["cac"] is not None)]
    assert charts(page)["clients"]["series"][1]["values"] == [
        None if row["ltv"] is None else pytest.approx(float(row["ltv"])) for row in clients
    ]


def test_months_of_clients_pay_back_one_by_one(served: Business, enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.get(f"{PATH}&grain=month").text
    answer = served.ask("economics", grain="month", **PERIOD)
    rows = table(page, "economics")
    assert len(rows) == len(answer.rows) > 6
    assert "known for the whole only" in plain(page)
    row = next(row for row in answer.rows if row["orders"] > 2 and row["month"].month == 8)
    url = next(url for url in links(page, "/behind?") if "_metric=orders" in url and "since=2026-08-01" in url)
    assert "until=2026-08-31" in url
    assert f"{row['orders']}\u00a0row" in browser.get(url).text


def test_a_channel_leads_to_its_campaigns_and_a_number_to_its_rows(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    browser = enter("owner")
    page = browser.get(PATH).text
    url = next(
        url for url in links(page, "/economics?") if "by=campaign" in url and "filter=channel+is+Paid+Search" in url
    )
    wanted = served.ask("economics", by="campaign", filters=[Filter("channel", "is", ("Paid Search",))], **PERIOD)
    assert len(table(browser.get(url).text, "economics")) == len(wanted.rows)
    orders = {row["channel"]: row["orders"] for row in served.ask("economics", **PERIOD).rows}
    behind = next(url for url in links(page, "/behind?") if "_metric=orders" in url and "Paid+Search" in url)
    assert f"{orders['Paid Search']}\u00a0row" in browser.get(behind).text


def test_a_model_that_shares_has_no_rows_behind_its_sales(enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get(f"{PATH}&model=linear").text
    behind = {url.split("_metric=")[1].split("&")[0] for url in links(page, "/behind?") if "filter=channel" in url}
    assert behind == {"cost"}


def test_it_reads_as_russian(enter: Callable[[str], Browser]) -> None:
    browser = enter("analyst")
    browser.post("/account/look", at="/account", language="ru", next="/")
    try:
        page = plain(browser.get(PATH).text)
        assert "Стоит, зарабатывает, возвращает" in page
        assert "Месяцы клиентов" in page
        assert "Деньги" in page
    finally:
        browser.post("/account/look", at="/account", language="en", next="/")
