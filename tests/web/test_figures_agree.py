"""One figure is the same figure wherever it stands: on every page, as the rows behind it, in the API, in CSV and in XLSX."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook
from tests.web.test_api import token_of

from longfunnel.core.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow

DAYS = "since=2026-06-20&until=2026-09-30"
ASKED = {
    "by payment, compared": f"{DAYS}&basis=payment&compare=previous",
    "by touch, one channel": f"{DAYS}&basis=touch&model=first&filter=channel+is+Organic+Search",
    "one manager": f"{DAYS}&filter=manager+is+Viktor+Medvedev",
    "before the data": "since=2024-01-01&until=2024-01-31&compare=previous",
}
SUMS = ("impressions", "clicks", "cost", "revenue")
COUNTS = ("visits", "leads", "qualified_leads", "deals", "won", "lost", "orders", "repeat_orders", "new_buyers")
RATES = {"romi": ("profit", "cost"), "cpl": ("cost", "leads"), "cr1": ("orders", "leads"), "ctr": ("clicks", "impressions")}  # fmt: skip
METRICS = (*SUMS, *COUNTS, "cost_of_goods", "profit", *RATES, "win_rate", "cpo", "cpc", "cr", "margin", "cac", "days_to_order")  # fmt: skip
CARD = re.compile(
    r'<div class="number-title">.*?_metric=(\w+).*?class="number-value[^"]*"(?: href="([^"]*)"| )[^>]*>(.*?)</',
    re.DOTALL,
)
STAGE = re.compile(r'<a class="funnel-stage[^"]*" href="([^"]*_metric=(\w+))".*?<title>([^<]*)</title>', re.DOTALL)


def near(value: Any) -> Any:
    """Equal but for the last digit of a sum of floats; words and what is unknown as they are."""
    return pytest.approx(float(value)) if isinstance(value, (int, float)) else value


def read(cell: str) -> Any:
    """A cell of a file as the API says it."""
    try:
        return float(cell) if cell != "" else None
    except ValueError:
        return cell


class Figures:
    """The figures of one question, asked of the API and read off pages and files."""

    def __init__(self, browser: Browser, shown: Shown, query: str) -> None:
        self._browser, self.shown, self.query = browser, shown, query
        self._token = token_of(browser, "reports", "people")

    def file(self, report: str, form: str, more: str = "") -> Any:
        answer = self._browser.get(f"/api/v1/reports/{report}?{self.query}&format={form}{more}", headers=self._token)
        assert answer.status_code == 200, answer.text
        return answer

    def api(self, report: str, more: str = "") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file(report, "json", more).text)
        return found

    def page(self, path: str) -> str:
        answer = self._browser.get(f"{path}{'&' if '?' in path else '?'}{self.query}")
        assert answer.status_code == 200
        return str(answer.text)

    def behind(self, url: str, name: str) -> Any:
        """What the rows at this address add up to: all that the page offers as a file."""
        page = self._browser.get(html.unescape(url)).text
        file = re.search(r'"(/export/json[^"]*)"', page)
        assert file
        rows = json.loads(self._browser.get(html.unescape(file.group(1))).text)["rows"]
        said = re.search(r'<p class="quiet">[^<]*?([\d,]+)\W+rows?\b', page.replace("\u00a0", " "))
        assert said
        assert int(said.group(1).replace(",", "")) == len(rows)
        return sum(row[name] or 0 for row in rows) if name in SUMS else len(rows)


@pytest.fixture(params=ASKED, scope="module")
def figures(request: pytest.FixtureRequest, served: Business, enter: Callable[[str], Browser]) -> Figures:
    business = served.settings.business
    return Figures(enter("owner"), Shown("en", business.currency, business.zone), ASKED[request.param])


@pytest.fixture(scope="module")
def totals(figures: Figures) -> dict[str, Any]:
    found: dict[str, Any] = figures.api("summary", f"&metrics={','.join(METRICS)}")["totals"]
    return found


def test_every_report_has_the_same_total(figures: Figures, totals: dict[str, Any]) -> None:
    for cut in ("channel", "manager"):
        answer = figures.api("channels", f"&metrics={','.join(METRICS)}&by={cut}")
        assert answer["totals"] == totals
        for name in (*SUMS, *COUNTS):
            assert sum(row[name] or 0 for row in answer["rows"]) == near(totals[name] or 0), (cut, name)
    economics = figures.api("economics")["totals"]
    same = economics.keys() & totals.keys()
    assert {"cost", "revenue", "profit", "romi"} <= same
    assert {name: economics[name] for name in same} == {name: totals[name] for name in same}
    stages = {row["stage"]: row for row in figures.api("long_funnel")["rows"]}
    assert {name: row["count"] for name, row in stages.items()} == {name: totals[name] for name in stages}
    counted = [row for row in stages.values() if row["count"] is not None]
    for before, row in pairwise(counted):
        assert row["conversion"] == (pytest.approx(row["count"] / before["count"]) if before["count"] else None)


def test_rates_and_changes_are_of_the_figures_shown(totals: dict[str, Any]) -> None:
    if totals["revenue"] is not None:
        assert totals["profit"] == near(totals["revenue"] - (totals["cost_of_goods"] or 0) - (totals["cost"] or 0))
    for name, (top, bottom) in RATES.items():
        known = totals[top] is not None and totals[bottom]
        assert totals[name] == (pytest.approx(totals[top] / totals[bottom], abs=1e-4) if known else None)
    for name in METRICS:
        if f"{name}_before" in totals:
            now, before = totals[name], totals[f"{name}_before"]
            change = None if now is None or not before else pytest.approx(now / before - 1, rel=1e-4)
            assert totals[f"{name}_change"] == change, name


def test_pages_show_the_figures_of_the_api_and_lead_to_their_rows(figures: Figures, totals: dict[str, Any]) -> None:
    forms = {column["name"]: column["unit"] for column in figures.api("summary", f"&metrics={','.join(METRICS)}")["columns"]}  # fmt: skip
    opened: set[str] = set()
    for path in ("/", "/economics", "/funnels/pipeline"):
        page = figures.page(path)
        found = CARD.findall(page) + [(name, url, "") for url, name, _ in STAGE.findall(page)]
        assert found
        for name, url, value in found:
            form = forms[name] if forms[name] in ("count", "share", "days", "ratio") else "money"
            assert not value or html.unescape(value) == figures.shown.card(totals[name], form), (path, name)
            if url and url not in opened and name in (*SUMS, *COUNTS):
                opened.add(url)
                assert figures.behind(url, name) == near(totals[name] or 0), url
        for _, name, count in STAGE.findall(page):
            assert html.unescape(count) == figures.shown.count(totals[name])
    assert opened


def test_files_have_the_rows_and_totals_of_the_api(figures: Figures) -> None:
    answer = figures.api("channels")
    names = [column["name"] for column in answer["columns"]]
    lines = list(csv.DictReader(io.StringIO(figures.file("channels", "csv").text.removeprefix("\ufeff"))))
    book = CalamineWorkbook.from_filelike(io.BytesIO(figures.file("channels", "xlsx").content))
    sheet = book.get_sheet_by_index(0).to_python()[1:]
    assert len(lines) == len(answer["rows"]) == len(sheet) - 1
    for row, line, cells in zip(answer["rows"], lines, sheet, strict=False):
        wanted = [near(row[name]) for name in names]
        assert [read(line[name]) for name in names] == wanted
        assert list(map(read, cells)) == wanted
    assert list(map(read, sheet[-1][1:])) == [near(answer["totals"][name]) for name in names[1:]]


@pytest.fixture(scope="module")
def lately(served: Business, enter: Callable[[str], Browser]) -> Figures:
    business = served.settings.business
    return Figures(enter("owner"), Shown("en", business.currency, business.zone), DAYS)


def test_rows_behind_stand_on_the_business_clock_in_a_workbook(lately: Figures, served: Business) -> None:
    rows = lately.api("behind", "&metrics=leads")["rows"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(lately.file("behind", "xlsx", "&metrics=leads").content))
    instants = [datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC) for row in rows]
    local = [instant.astimezone(served.settings.business.zone).replace(tzinfo=None) for instant in instants]
    cells = [line[0] for line in book.get_sheet_by_index(0).to_python()[1 : len(rows) + 1]]
    assert [abs(cell - moment) < timedelta(seconds=1) for cell, moment in zip(cells, local, strict=True)] == [
        True
    ] * len(rows)
    assert local[0] != instants[0].replace(tzinfo=None)


def test_a_model_that_shares_rows_leads_to_whole_ones_only_where_they_add_up(lately: Figures) -> None:
    shared = lately.page("/channels?model=linear&metrics=cost,leads")
    rows_of = re.compile(r'"/behind[^"]*_metric=(\w+)[^"]*filter=')
    assert "leads" not in rows_of.findall(shared)
    assert set(rows_of.findall(lately.page("/channels?metrics=cost,leads"))) >= {"cost", "leads"}
    total = lately.api("summary", "&metrics=leads&model=linear")["totals"]["leads"]
    assert lately.behind(f"/behind?{DAYS}&model=linear&_metric=leads", "leads") == total
    assert "need not add up" in lately.page("/behind?model=linear&_metric=leads")
