"""Every format, encoding and layout gives the same rows."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
import xlsxwriter
from tests.connect.conftest import at, counts

from longfunnel.core.errors import SourceError

if TYPE_CHECKING:
    from tests.connect.conftest import Desk

COLUMNS = {"payment_id": "Номер", "paid_at": "Дата", "amount": "Сумма"}
ROWS = [("П-1", "01.09.2025", "1 234,50"), ("П-2", "15.09.2025", "7,00"), ("П-3", "30.09.2025", "-100,25")]
EXPECTED = [("П-1", "payment", Decimal("1234.5")), ("П-2", "payment", Decimal(7)), ("П-3", "refund", Decimal("100.25"))]


def text(delimiter: str = ";", newline: str = "\n") -> str:
    return newline.join(delimiter.join(row) for row in [("Номер", "Дата", "Сумма"), *ROWS]) + newline


def check(desk: Desk, path: str, **settings: object) -> None:
    report = desk.run("payment", path, columns=COLUMNS, **settings)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert desk.rows("SELECT payment_id, kind, amount FROM facts.payment ORDER BY 1") == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r"])
def test_encodings(desk: Desk, encoding: str) -> None:
    desk.write("p.csv", (text() * 1).encode(encoding))
    check(desk, "p.csv", **({"encoding": "koi8-r"} if encoding == "koi8-r" else {}))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters(desk: Desk, delimiter: str, newline: str) -> None:
    desk.write("p.txt", text(delimiter, newline))
    check(desk, "p.txt")


def test_commas_with_quotes(desk: Desk) -> None:
    desk.write("p.csv", "\n".join(",".join(f'"{cell}"' for cell in row) for row in [("Номер", "Дата", "Сумма"), *ROWS]))
    check(desk, "p.csv")


def test_titles_above_and_totals_below_are_no_rows(desk: Desk) -> None:
    desk.write("p.csv", "Отчёт по платежам;;\nза сентябрь 2025;;\n\n" + text() + "Всего:;;1 141,25\nTotal rows: 3\n")
    report = desk.run("payment", "p.csv", columns=COLUMNS)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert any("totals" in message for message in report.messages)


def test_an_export_of_yandex_direct_with_its_title_and_total(desk: Desk) -> None:
    desk.write(
        "d.tsv",
        '"Отчёт (2025-09-01 - 2025-09-02)"\nDate\tCampaignId\tImpressions\tClicks\tCost\n'
        "2025-09-01\t10002\t1000\t50\t2500.00\n2025-09-02\t10007\t--\t--\t--\nTotal rows: 2\n",
    )
    columns = {
        "day_on": "Date",
        "campaign_id": "CampaignId",
        "impressions": "Impressions",
        "clicks": "Clicks",
        "cost": "Cost",
    }
    report = desk.run("spend", "d.tsv", columns=columns)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert desk.rows("SELECT day_on, impressions, cost FROM facts.spend ORDER BY 1") == [
        (date(2025, 9, 1), 1000, Decimal(2500)),
        (date(2025, 9, 2), None, None),
    ]


def test_money_in_millionths(desk: Desk) -> None:
    desk.write("d.csv", "day,cost\n2025-09-01,2500000\n2025-09-02,1\n")
    desk.run("spend", "d.csv", columns={"day_on": "day", "cost": "cost"}, unit="micro")
    assert desk.rows("SELECT cost FROM facts.spend ORDER BY day_on") == [(Decimal("2.5"),), (Decimal(0),)]


def test_repeated_and_empty_headers_can_be_named(desk: Desk) -> None:
    desk.write("p.csv", "id,date,sum,sum,\n1,2025-09-01,5,7,x\n")
    columns = {"payment_id": "id", "paid_at": "date", "amount": "sum (2)", "props": {"note": "column 5"}}
    assert counts(desk.run("payment", "p.csv", columns=columns)) == (1, 1, 0, 0, 0)
    assert desk.rows("SELECT amount, props->>'note' FROM facts.payment") == [(Decimal(7), "x")]


def test_headers_are_matched_without_regard_to_case_and_spaces(desk: Desk) -> None:
    desk.write("p.csv", text().replace("Номер", " НОМЕР\u00a0"))
    check(desk, "p.csv")


def test_gzip_and_zip(desk: Desk) -> None:
    desk.write("p.csv.gz", gzip.compress(text().encode("cp1251")))
    check(desk, "p.csv.gz")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("p.csv", text())
    desk.write("p.zip", packed.getvalue())
    assert counts(desk.run("payment", "p.zip", columns=COLUMNS)) == (3, 0, 0, 3, 0)


def test_a_glob_takes_many_files(desk: Desk) -> None:
    desk.write("a/1.csv", "id,date,sum\n1,2025-09-01,5\n")
    desk.write("a/2.csv", "id;date;sum\n2;02.09.2025;6,5\n1;01.09.2025;5\n")
    report = desk.run("payment", "a/*.csv", columns={"payment_id": "id", "paid_at": "date", "amount": "sum"})
    assert [(file.file, file.added, file.same) for file in report.files] == [("a/1.csv", 1, 0), ("a/2.csv", 1, 1)]


def test_xlsx(desk: Desk) -> None:
    with xlsxwriter.Workbook(desk.folder / "p.xlsx") as book:
        sheet = book.add_worksheet("Оплаты")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(2, 0, ["Номер", "Дата", "Сумма", "Телефон"])
        sheet.write_row(3, 0, ["П-1", None, 1234.5, 79161234567])
        sheet.write_datetime(3, 1, at(2025, 9, 1), day)
        sheet.write_row(4, 0, ["П-2", 45915, 7, "+7 916 123-45-68"])
        sheet.write_row(5, 0, ["П-3", "30.09.2025", "-100,25", ""])
        sheet.write_row(6, 0, ["П-4", "никогда", 5, ""])
        book.add_worksheet("Другой")
    report = desk.run("payment", "p.xlsx", columns={**COLUMNS, "phone": "Телефон"})
    assert counts(report) == (4, 3, 0, 0, 1)
    assert desk.rows("SELECT payment_id, kind, amount FROM facts.payment ORDER BY 1") == EXPECTED
    assert desk.rows("SELECT phone FROM facts.payment ORDER BY payment_id")[:2] == [
        ("+79161234567",),
        ("+79161234568",),
    ]
    assert desk.quarantine()[0][:3] == (7, "Дата", "никогда")
    with pytest.raises(SourceError, match=r"no sheet «Оплата».*Оплаты"):
        desk.run("payment", "p.xlsx", columns=COLUMNS, sheet="Оплата")


RECORDS = [
    {
        "id": 18446744073709551615,
        "when": 1756713600000,
        "money": {"sum": "12.50", "code": "EUR"},
        "phones": ["+79161234567"],
    },
    {"id": 2, "when": "2025-09-01T10:00:00+03:00", "money": {"sum": 7}, "extra": None},
]
JSON_COLUMNS = {"payment_id": "id", "paid_at": "when", "amount": "money.sum", "currency": "money.code"}


@pytest.mark.parametrize("wrapped", ["list", "object", "lines", "one"])
def test_json(desk: Desk, wrapped: str) -> None:
    match wrapped:
        case "list":
            desk.write("p.json", json.dumps(RECORDS))
        case "object":
            desk.write("p.json", json.dumps({"total": 2, "result": {"items": RECORDS}}, indent=1))
        case "lines":
            desk.write("p.json", "\n".join(json.dumps(record) for record in RECORDS))
        case _:
            desk.write("p.json", json.dumps(RECORDS[0]) + json.dumps(RECORDS[1]))
    assert counts(desk.run("payment", "p.json", columns=JSON_COLUMNS)) == (2, 2, 0, 0, 0)
    assert desk.rows("SELECT payment_id, paid_at, amount, currency FROM facts.payment ORDER BY amount") == [
        ("2", at(2025, 9, 1, 7), Decimal(7), None),
        ("18446744073709551615", at(2025, 9, 1, 8), Decimal("12.5"), "EUR"),
    ]


def test_a_broken_line_of_jsonl_is_kept_apart(desk: Desk) -> None:
    desk.write("p.jsonl", json.dumps(RECORDS[0]) + "\n{broken\n" + json.dumps(RECORDS[1]) + "\n")
    assert counts(desk.run("payment", "p.jsonl", columns=JSON_COLUMNS)) == (3, 2, 0, 0, 1)
    assert [(row[0], row[2]) for row in desk.quarantine()] == [(2, "{broken")]


def test_parquet_keeps_its_types(desk: Desk) -> None:
    duckdb.sql(
        """SELECT 'P' || i AS id, TIMESTAMP '2025-09-01 10:00:00' + INTERVAL (i) HOUR AS at, CAST(i + 0.25 AS DOUBLE) AS sum,
        i % 2 = 0 AS ok, {'city': 'Тула'} AS place, TIMESTAMPTZ '2025-09-01 10:00:00+00' AS exact FROM range(3) r(i)"""
    ).write_parquet(str(desk.folder / "p.parquet"))
    report = desk.run(
        "payment",
        "p.parquet",
        columns={"payment_id": "id", "paid_at": "at", "amount": "sum", "props": {"place": "place"}},
    )
    assert counts(report) == (3, 3, 0, 0, 0)
    assert desk.rows("SELECT paid_at, amount, props->>'place' FROM facts.payment ORDER BY payment_id")[0] == (
        at(2025, 9, 1, 7),
        Decimal("0.25"),
        '{"city":"Тула"}',
    )
    desk.run("payment", "p.parquet", name="exact", columns={"payment_id": "id", "paid_at": "exact", "amount": "sum"})
    assert desk.rows("SELECT DISTINCT paid_at FROM facts.payment WHERE source_system = 'exact'") == [
        (at(2025, 9, 1, 10),)
    ]


def test_columns_parted_by_spaces(desk: Desk) -> None:
    desk.write("cd.txt", " customer_id  date number  dollars\n 00001 19970101  1   11.77\n 00002 19970112  5   77.00\n")
    columns = {"user_id": "customer_id", "paid_at": "date", "amount": "dollars"}
    assert counts(desk.run("payment", "cd.txt", columns=columns)) == (2, 2, 0, 0, 0)
    assert desk.rows("SELECT user_id, amount FROM facts.payment ORDER BY 1") == [
        ("00001", Decimal("11.77")),
        ("00002", Decimal(77)),
    ]


def test_a_file_without_a_header(desk: Desk) -> None:
    desk.write("p.csv", "1,2025-09-01,5\n2,2025-09-02,6\n")
    columns = {"payment_id": "column 1", "paid_at": "column 2", "amount": "column 3"}
    report = desk.run("payment", "p.csv", columns=columns)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert any("no header" in message for message in report.messages)


def test_quoted_line_breaks_stay_in_their_cell(desk: Desk) -> None:
    desk.write("l.csv", 'id,"created\nat",name\n1,2025-09-01,"Иван\nПетров, ""Рога"""\n2,bad,x\n')
    report = desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "created at", "name": "name"})
    assert counts(report) == (2, 1, 0, 0, 1)
    assert desk.rows("SELECT name FROM facts.lead") == [('Иван\nПетров, "Рога"',)]
