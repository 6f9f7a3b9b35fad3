"""The ledger's page: its sums are exact, its reasons lead to their rows, its exports have all of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import Browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business


def test_imported_equals_what_stands_under_channels_and_reasons(
    served: Business, enter: Callable[[str], Browser]
) -> None:
    page = enter("owner").get("/ledger?_period=all").text
    assert "Balances" in page
    rows = served.ask("ledger").rows
    for kind in ("spend", "deal", "payment"):
        every = sum((row["amount"] or Decimal(0) for row in rows if row["kind"] == kind), Decimal(0))
        assert f"{every:,.2f}" in page


def test_each_reason_says_what_to_do_and_shows_its_rows(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/ledger?_period=all").text.replace("&amp;", "&")
    reasons = [row for row in served.ask("ledger").rows if row["reason"]]
    assert reasons
    for row in reasons:
        assert row["title"] in page
        assert row["advice"].split(",")[0] in page
    for row in reasons[:3]:
        address = re.search(rf'/ledger/rows\?[^"]*_kind={row["kind"]}&_reason={row["reason"]}[^"]*', page)
        assert address
        panel = enter("owner").get(address[0], headers={"lf-panel": "true"}).text
        assert row["advice"].split(",")[0] in panel
        same = [one["rows"] for one in reasons if (one["kind"], one["reason"]) == (row["kind"], row["reason"])]
        assert panel.count("<tr>") - 1 == min(sum(same), 200)


def test_the_export_of_a_reason_has_all_of_its_rows(served: Business, enter: Callable[[str], Browser]) -> None:
    reason = next(row for row in served.ask("ledger").rows if row["reason"])
    panel = enter("owner").get(f"/ledger/rows?_period=all&_kind={reason['kind']}&_reason={reason['reason']}").text
    address = re.search(r'href="(/export/json\?[^"]+)"', panel)
    assert address
    assert len(enter("owner").get(address[1].replace("&amp;", "&")).json()["rows"]) == sum(
        row["rows"]
        for row in served.ask("ledger").rows
        if (row["kind"], row["reason"]) == (reason["kind"], reason["reason"])
    )


@pytest.mark.parametrize("query", ["_kind=spend", "_kind=bribe&_reason=none", "_kind=deal&_reason=bad_luck"])
def test_rows_of_nothing_are_not_there(enter: Callable[[str], Browser], query: str) -> None:
    assert enter("owner").get(f"/ledger/rows?{query}").status_code == 404


def test_the_period_of_the_strip_narrows_the_sums(served: Business, enter: Callable[[str], Browser]) -> None:
    page = enter("owner").get("/ledger?since=2026-09-01&until=2026-09-30").text
    rows = served.ask("ledger", since="2026-09-01", until="2026-09-30").rows
    spend = sum((row["amount"] or Decimal(0) for row in rows if row["kind"] == "spend"), Decimal(0))
    assert f"{spend:,.2f}" in page


def test_it_is_written_in_russian_too(enter: Callable[[str], Browser]) -> None:
    browser = enter("viewer")
    browser.post("/account/look", token_of="/account", language="ru", next="/")
    page = browser.get("/ledger?_period=all").text
    browser.post("/account/look", token_of="/account", language="en", next="/")
    assert "Сходится до копейки" in page
    assert "С названной причиной" in page


def test_rows_of_the_ledger_are_headed_in_the_readers_words(served: Business) -> None:
    heads = [column.title.ru for column in served.ask("ledger", kind="spend", reason="none").columns]
    assert heads[:4] == ["День", "Сумма", "Как пришло", "Валюта"], "the sums come first: they are what one looks for"
    assert not [head for head in heads if head.isascii()], heads
