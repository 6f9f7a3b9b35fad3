"""What the reports answer, on small businesses whose numbers can be counted on fingers."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from tests.reports.derived import instant, warehouse

from longfunnel.core.errors import QuestionError
from longfunnel.core.settings import Business, Counting, Settings
from longfunnel.reports import Answer, answer, explain, read_question

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.derived import Row, Tables

SETTINGS = Settings(business=Business(currency="RUB", language="ru"))


def ask(tables: Tables, report: str, settings: Settings = SETTINGS, **fields: Any) -> Answer:
    with warehouse(tables) as connection:
        return answer(connection, settings, read_question(report, fields))


def codes(found: Answer) -> dict[str, int | None]:
    return {caveat.code: caveat.count for caveat in found.caveats}


def day(number: int) -> date:
    return date(2025, 1, 1) + timedelta(days=number - 1)


def lead(key: int, on: int, **more: Any) -> Row:
    return {
        "lead_key": key, "source_system": "crm", "person_id": key, "created_on": day(on), "created_at": instant(day(on)),
        "is_counted": True, "is_deleted": False, "is_qualified": True,
    } | more  # fmt: skip


def order(key: int, lead_on: int, on: int, **more: Any) -> Row:
    return {
        "order_key": key, "source_system": "crm", "person_id": key, "lead_key": key, "lead_on": day(lead_on), "lead_at": instant(day(lead_on)),
        "ordered_on": day(on), "ordered_at": instant(day(on)), "paid_on": day(on), "order_number": 1, "is_repeat": False,
        "revenue": Decimal(100), "days_to_order": float(on - lead_on),
    } | more  # fmt: skip


def credit(subject: str, key: int, origin: int | None, on: int = 1) -> Row:
    return {
        "subject": subject,
        "subject_key": key,
        "model": "last_non_direct",
        "share": 1.0,
        "origin_id": origin,
        "touch_on": day(on),
    }


def shop() -> Tables:
    """Two channels: ads with spend, e-mail without. Ten leads, three orders, one of them a repeat, one before its lead."""
    return {
        "origins": [{"origin_id": 1, "channel": "Paid search", "source": "=cmd"}, {"origin_id": 2, "channel": "Email", "source": "mail"}],
        "spends": [
            {"spend_key": 1, "source_system": "ads", "day_on": day(2), "origin_id": 1, "impressions": 1000, "clicks": 50, "cost": Decimal("90.50"),
             "original_cost": Decimal("90.50"), "currency": "RUB", "reported_leads": 99},
        ],
        "visits": [{"visit_key": k, "source_system": "site", "day_on": day(3), "origin_id": 1 + k % 2, "visits": 1, "is_bounce": k < 5} for k in range(20)],
        "leads": [lead(k, 4, first_touch_at=instant(day(2))) for k in range(10)],
        "deals": [
            {"deal_key": k, "deal_id": str(k), "created_on": day(5), "created_at": instant(day(5)), "lead_on": day(4), "lead_at": instant(day(4)),
             "status": status, "is_deleted": False, "closed_on": day(8), "closed_at": instant(day(8)), "pipeline": "B2C", "stage": "Won"}
            for k, status in ((0, "won"), (1, "won"), (2, "lost"), (3, None))
        ],
        "orders": [order(0, 4, 8, deal_key=0), order(1, 4, 3, deal_key=1), order(9, 4, 20, person_id=0, order_number=2, is_repeat=True, deal_key=None)],
        "credits": [credit("lead", k, 1 + k % 2) for k in range(10)] + [credit("deal", k, 1 + k % 2) for k in range(4)]
        + [credit("order", k, 1 + k % 2) for k in (0, 1, 9)],
    }  # fmt: skip


PERIOD = {"since": "2025-01-01", "until": "2025-01-31"}


def test_the_long_funnel_goes_stage_by_stage() -> None:
    found = ask(shop(), "long_funnel", **PERIOD)
    assert [(row["stage"], row["count"], row["lost"]) for row in found.rows] == [
        ("impressions", 1000, None), ("clicks", 50, 950), ("visits", 20, 30), ("leads", 10, 10), ("qualified_leads", 10, 0),
        ("deals", 4, 6), ("orders", 3, 1), ("repeat_orders", 1, 2),
    ]  # fmt: skip
    by_stage = {row["stage"]: row for row in found.rows}
    assert by_stage["deals"]["conversion"] == pytest.approx(0.4)
    assert by_stage["orders"]["conversion_from_first"] == pytest.approx(0.003)
    assert by_stage["leads"]["median_days"] == pytest.approx(2)
    assert by_stage["deals"]["median_days"] == pytest.approx(1)
    assert by_stage["orders"]["median_days"] == pytest.approx(3)  # 3 and -2 days after the deal, 16 after the lead
    assert by_stage["repeat_orders"]["median_days"] == pytest.approx(12)
    assert by_stage["leads"]["title"] == "Лиды"


def test_a_stage_that_is_not_connected_is_empty_and_skipped() -> None:
    tables = shop() | {"spends": [], "visits": []}
    found = ask(tables, "long_funnel", **PERIOD)
    by_stage = {row["stage"]: row for row in found.rows}
    assert by_stage["visits"]["count"] is None
    assert by_stage["leads"]["conversion"] is None
    assert by_stage["orders"]["conversion_from_first"] == pytest.approx(0.3)
    assert "not_connected" in codes(found)
    cut = ask(tables, "long_funnel", by=["channel"], **PERIOD)
    assert "leads_conversion" not in {column.name for column in cut.columns}
    assert {row["channel"]: (row["leads"], row["orders"], row["visits"]) for row in cut.rows} == {
        "Paid search": (5, 1, None),
        "Email": (5, 2, None),
    }


def test_the_long_funnel_by_channel_has_one_row_each_and_a_total() -> None:
    found = ask(shop(), "long_funnel", by=["channel"], **PERIOD)
    rows = {row["channel"]: row for row in found.rows}
    assert (rows["Email"]["impressions"], rows["Email"]["visits"], rows["Email"]["leads"]) == (None, 10, 5)
    assert rows["Paid search"]["clicks_conversion"] == pytest.approx(0.05)
    assert (found.totals["leads"], found.totals["orders"]) == (10, 3)


def test_an_order_before_its_lead_stays_and_is_told() -> None:
    found = ask(shop(), "sales_funnel", **PERIOD)
    assert found.totals["orders"] == 3
    assert codes(found)["orders_before_lead"] == 1
    assert codes(found)["deals_of_unknown_status"] == 1


def test_a_lead_that_joined_another_or_was_deleted_counts_nowhere() -> None:
    tables = shop()
    tables["leads"] += [lead(50, 4, is_counted=False), lead(51, 4, is_deleted=True)]
    assert ask(tables, "sales_funnel", **PERIOD).totals["leads"] == 10


def test_money_is_exact_and_unknown_is_empty() -> None:
    found = ask(shop(), "channels", **PERIOD)
    rows = {row["channel"]: row for row in found.rows}
    assert rows["Paid search"]["cpl"] == Decimal("18.1000")
    assert rows["Email"]["cost"] is None
    assert rows["Email"]["cpl"] is None
    assert rows["Email"]["profit"] == Decimal(200)
    assert found.totals["profit"] == Decimal("209.5000") == sum(row["profit"] for row in found.rows)
    assert found.totals["romi"] == pytest.approx(209.5 / 90.5)
    assert {"no_cost_of_goods", "revenue_rule"} <= set(codes(found))


def test_win_rate_is_among_closed_deals() -> None:
    found = ask(shop(), "sales_funnel", metrics=["won", "lost", "win_rate"], **PERIOD)
    assert found.rows == [{"won": 2, "lost": 1, "win_rate": pytest.approx(2 / 3)}]


def test_the_basis_says_which_period_a_number_belongs_to() -> None:
    in_lead_days = {"since": "2025-01-04", "until": "2025-01-04", "metrics": ["orders", "won"]}
    assert ask(shop(), "sales_funnel", basis="lead", **in_lead_days).totals == {"orders": 3, "won": 2}
    assert ask(shop(), "sales_funnel", basis="payment", **in_lead_days).totals == {"orders": 0, "won": 0}
    assert ask(shop(), "sales_funnel", basis="touch", **in_lead_days).totals == {"orders": 0, "won": 0}
    assert (
        ask(
            shop(), "sales_funnel", basis="touch", **(in_lead_days | {"since": "2025-01-01", "until": "2025-01-01"})
        ).totals["orders"]
        == 3
    )


def test_what_a_source_reports_stands_in_only_where_nothing_is_held_row_by_row() -> None:
    own = ask(shop(), "lead_funnel", metrics=["leads", "reported_leads", "cpl"], **PERIOD)
    assert (own.totals["leads"], own.totals["reported_leads"]) == (10, 99)
    assert "reported_totals" not in codes(own)
    reported = ask(shop() | {"leads": []}, "lead_funnel", **PERIOD)
    assert reported.totals["leads"] == 99
    assert reported.totals["cpl"] == Decimal("0.9141")
    assert "reported_totals" in codes(reported)
    assert reported.column("leads").title.ru == "Лиды, по отчётам"


def test_a_cut_that_a_number_does_not_know_keeps_it_in_the_row_of_the_unknown() -> None:
    tables = shop()
    tables["leads"][0]["manager"] = "Anna"
    tables["leads"] = [row | {"manager": row.get("manager")} for row in tables["leads"]]
    found = ask(tables, "lead_funnel", by=["manager"], **PERIOD)
    rows = {row["manager"]: row for row in found.rows}
    assert (rows["Anna"]["leads"], rows["Anna"]["visits"]) == (1, None)
    assert (rows[None]["leads"], rows[None]["visits"]) == (9, 20)
    assert found.totals["visits"] == 20
    assert "unknown_cut" in codes(found)


def test_few_cases_are_marked() -> None:
    found = ask(shop(), "channels", **PERIOD)
    assert {(mark.column, mark.cases) for mark in found.few if mark.row is None} >= {
        ("cr1", 10),
        ("cpo", 3),
        ("cac", 2),
    }
    assert codes(found)["few_cases"] == len(found.few)
    assert ask(shop(), "channels", Settings(counting=Counting(min_cases=1)), **PERIOD).few == []


def test_a_comparison_shows_what_it_was() -> None:
    found = ask(
        shop(), "lead_funnel", since="2025-01-04", until="2025-01-04", compare="previous", metrics=["visits", "leads"]
    )
    assert found.rows == [
        {"visits": 0, "visits_before": 20, "visits_change": -1.0, "leads": 10, "leads_before": 0, "leads_change": None}
    ]
    stages = ask(shop(), "long_funnel", since="2025-01-04", until="2025-01-04", compare="previous")
    assert {row["stage"]: row["count_before"] for row in stages.rows}["visits"] == 20


def test_a_grain_lays_the_earlier_period_over_the_asked_one() -> None:
    found = ask(
        shop(),
        "lead_funnel",
        since="2025-01-04",
        until="2025-01-05",
        compare="previous",
        grain="day",
        metrics=["visits", "leads"],
    )
    assert [(row["day"], row["visits_before"], row["leads"]) for row in found.rows] == [
        (day(4), 0, 10),
        (day(5), 20, 0),
    ]


def test_a_shorter_window_takes_the_credit_of_older_touches_away() -> None:
    tables = shop()
    tables["leads"] = [lead(0, 20)]
    tables["credits"] = [credit("lead", 0, 1)]
    tables["touches"] = [
        {"touch_id": 1, "person_id": 0, '"at"': instant(day(1)), "day_on": day(1), "kind": "visit", "origin_id": 1, "is_direct": False},
        {"touch_id": 2, "person_id": 0, '"at"': instant(day(18)), "day_on": day(18), "kind": "visit", "origin_id": 2, "is_direct": True},
    ]  # fmt: skip

    def channel(**fields: Any) -> list[str | None]:
        rows = ask(tables, "channels", metrics=["leads"], **PERIOD, **fields).rows
        return [row["channel"] for row in rows if row["leads"]]

    assert channel() == ["Paid search"]
    assert channel(window_days=30) == ["Paid search"]
    assert channel(window_days=5) == ["Email"]
    assert channel(window_days=1) == [None]


def test_sorting_and_limiting_leave_the_total_whole() -> None:
    found = ask(shop(), "channels", by=["channel"], sort="-orders", limit="1", **PERIOD)
    assert [row["channel"] for row in found.rows] == ["Email"]
    assert found.totals["orders"] == 3
    with pytest.raises(QuestionError, match="«orders»"):
        ask(shop(), "channels", sort="order", **PERIOD)


COUNTING = ("long_funnel", "warm_up", "lead_funnel", "sales_funnel", "channels", "summary", "pipeline", "ledger")
"""The reports that count rows; those that walk journeys have tests of their own."""


def test_the_sql_of_an_answer_runs_as_it_stands() -> None:
    with warehouse(shop()) as connection:
        for name in COUNTING:
            found = answer(
                connection, SETTINGS, read_question(name, {"filters": "source is =cmd"} if name != "ledger" else {})
            )
            for statement in found.sql.split(";\n"):
                connection.execute(statement)


def test_young_leads_and_a_period_beyond_the_data_are_told() -> None:
    tables = shop()
    tables["leads"].append(lead(77, 20))
    found = codes(ask(tables, "sales_funnel", since="2025-01-01", until="2025-02-10"))
    assert found["immature"] == 1
    assert found["beyond_data"] == 21


def test_rows_in_quarantine_and_freshness_are_told() -> None:
    with warehouse(shop()) as connection:
        connection.execute("INSERT INTO main.quarantine VALUES (1, 'crm', 'lead', 'a.csv', 2, 'x', 'y', 'bad', '{}')")
        connection.execute(
            "INSERT INTO main.imports VALUES (1, 'crm', 'lead', 'a.csv', 'f', TIMESTAMP '2025-02-01', 1, 1, 0, 0, 0)"
        )
        found = answer(connection, SETTINGS, read_question("channels", {}))
    assert codes(found)["quarantine"] == 1
    fresh = {item.source_system: item for item in found.freshness}
    assert (str(fresh["crm"].recorded_at), fresh["crm"].latest_on) == ("2025-02-01 00:00:00", day(4))
    assert (fresh["site"].recorded_at, fresh["site"].latest_on) == (None, day(3))


def test_surveys_give_nps_and_csat() -> None:
    answers = [("nps", 10), ("NPS", 9), ("nps", 7), ("nps", 3), ("csat", 5), ("csat", 2)]
    rows = [
        {"answer_id": str(n), "answered_at": instant(day(3)), "kind": kind, "score": score, "source_system": "s", "system": "s",
         "recorded_at": instant(day(4)), "key_hash": n, "content_hash": n, "import_id": 1}
        for n, (kind, score) in enumerate(answers)
    ]  # fmt: skip
    found = ask({"survey_answer": rows}, "channels", metrics=["nps", "csat"], **PERIOD)
    assert found.totals == {"nps": pytest.approx(25), "csat": pytest.approx(0.5)}


def test_an_empty_warehouse_answers_with_nothing_known() -> None:
    for name in COUNTING:
        found = ask({}, name)
        assert all(
            value is None or column in ("stage", "title") for row in found.rows for column, value in row.items()
        ), name


def test_json_has_the_documented_shape_and_exact_money() -> None:
    text = ask(shop(), "channels", **PERIOD).to_json()
    plain = json.loads(text, parse_float=Decimal)
    assert list(plain)[:7] == ["report", "question", "columns", "rows", "totals", "caveats", "sql"]
    assert plain["question"]["by"] == ["channel"]
    assert {"name": "cost", "title": "Расход", "unit": "RUB"}.items() <= next(
        c for c in plain["columns"] if c["name"] == "cost"
    ).items()
    assert next(row for row in plain["rows"] if row["channel"] == "Paid search")["cost"] == Decimal("90.5000")


def test_csv_disarms_formulas_and_leaves_numbers_alone() -> None:
    found = list(csv.DictReader(io.StringIO(ask(shop(), "channels", by=["source"], **PERIOD).to_csv())))
    rows = {row["source"]: row for row in found}
    assert set(rows) == {"'=cmd", "mail"}
    assert rows["'=cmd"]["profit"] == "9.5000"
    assert rows["mail"]["cost"] == ""


def test_a_workbook_has_numbers_a_total_and_its_story(tmp_path: Path) -> None:
    file = tmp_path / "channels.xlsx"
    ask(shop(), "channels", by=["source"], **PERIOD).to_xlsx(file)
    book = openpyxl.load_workbook(file)
    sheet = book["Каналы"]
    assert sheet.freeze_panes == "B2"
    assert [cell.value for cell in sheet[1]][:2] == ["Источник", "Расход, RUB"]
    cells = {row[0].value: row for row in sheet.iter_rows(min_row=2)}
    assert cells["=cmd"][0].data_type == "s"
    assert (cells["=cmd"][1].value, cells["=cmd"][1].number_format) == (90.5, "#,##0.00")
    assert cells["Итого"][3].value == 20
    assert cells["mail"][1].value is None
    assert "Как посчитано" in book.sheetnames


def test_explain_says_meaning_date_formula_and_sql() -> None:
    said = explain("win_rate")
    assert said.formula.startswith("won / ")
    assert any("closed" in text.en for text in said.said)
    assert "count(*) over closed_deals" in said.sql
    with pytest.raises(QuestionError, match="«win_rate»"):
        explain("winrate")
