"""Whatever is wrong with the input, the message is clear and nothing is lost."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.connect.conftest import NOW, at, counts

from longfunnel.connect import quarantined
from longfunnel.core.errors import SourceError
from longfunnel.core.text import read_stored
from longfunnel.warehouse.database import open_warehouse

if TYPE_CHECKING:
    from tests.connect.conftest import Desk

LEAD = {"lead_id": "id", "created_at": "at"}
PAYMENT = {"payment_id": "id", "paid_at": "at", "amount": "sum"}


def nothing_changed(desk: Desk) -> bool:
    tables = ["main.imports", "main.quarantine", "facts.lead", "facts.payment", "facts.deal", "facts.event"]
    return all(desk.rows(f"SELECT count(*) FROM {table}") == [(0,)] for table in tables)


def test_a_mapping_to_columns_that_do_not_exist(desk: Desk) -> None:
    desk.write("l.csv", "lead id;created;phone\n1;01.09.2025;8\n")
    with pytest.raises(SourceError) as caught:
        desk.run(
            "lead",
            "l.csv",
            columns={"lead_id": "lead_id", "created_at": "crated", "fone": "phone"},
            constants={"sourse": "x"},
        )
    text = str(caught.value)
    for expected in ("«fone»", "phone", "«sourse»", "source", '"crated"', "«created»", "«lead id»", "3."):
        assert expected in text
    assert nothing_changed(desk)


def test_a_wrong_type_in_row_40001(desk: Desk) -> None:
    lines = [f"{number},2025-09-01,{number}.5\n" for number in range(2, 50_002)]
    lines[39_999] = "40001,2025-09-01,a lot\n"
    desk.write("p.csv", "id,at,sum\n" + "".join(lines))
    report = desk.run("payment", "p.csv", columns=PAYMENT)
    assert counts(report) == (50_000, 49_999, 0, 0, 1)
    assert desk.quarantine() == [(40_001, "sum", "a lot", "«amount»: this is no amount of money")]
    assert desk.rows("SELECT raw FROM main.quarantine") == [('{"id":"40001","at":"2025-09-01","sum":"a lot"}',)]
    assert report.messages == [
        "p.csv: 1 of 50,000 rows are in the quarantine: column «sum», «amount»: this is no amount of money."
    ]


def test_reasons_are_kept_in_both_languages(desk: Desk) -> None:
    desk.write(
        "d.csv",
        "id,at,sum,mod\n1,,5,\n2,2099-01-01,5,\n3,2025-09-01,много,\n4,2025-09-01,1,500,x\n5,2025-09-01,5,\n5,2025-09-01,6,\n",
    )
    report = desk.run(
        "deal", "d.csv", columns={"deal_id": "id", "created_at": "at", "amount": "sum", "modified_at": "mod"}
    )
    reasons = desk.rows("SELECT row_number, reason FROM main.quarantine ORDER BY 1")
    assert {row: read_stored(reason).ru for row, reason in reasons} == {
        2: "«created_at» не заполнено, а без него строку не учесть",
        3: "«created_at»: дата слишком далеко в будущем",
        4: "«amount»: это не сумма",
        5: "в строке больше ячеек, чем в заголовке (так бывает, если внутри значения стоит разделитель)",
        7: "у строк 6 и 7 один ключ и разное содержание; взята первая: сопоставьте modified_at, чтобы учитывалась более новая, "
        "или оставьте в файле одну из них",
    }
    assert [text.ru for text in report.said][-1] == (
        "d.csv: в карантине строк 1: в файле есть другая с тем же ключом и другим содержанием."
    )
    assert desk.quarantine()[-1][3].startswith(
        "rows 6 and 7 have the same key and different content; the first was taken: map"
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1970-01-01", "before 1990"),
        ("0", "before 1990"),
        ("2099-12-31", "too far in the future"),
        ("31.02.2025", "this is no date"),
        ("", "is empty"),
        ("--", "is empty"),
    ],
)
def test_dates_that_cannot_be(desk: Desk, value: str, reason: str) -> None:
    desk.write("l.csv", f"id,at\n1,2025-09-01\n2,{value}\n")
    assert counts(desk.run("lead", "l.csv", columns=LEAD)) == (2, 1, 0, 0, 1)
    assert reason in desk.quarantine()[0][3]


def test_a_planned_close_may_lie_ahead_but_not_in_2099(desk: Desk) -> None:
    desk.write("d.csv", "id,at,closes\n1,2025-09-01,2027-12-31\n2,2025-09-01,2099-01-01\n")
    report = desk.run("deal", "d.csv", columns={"deal_id": "id", "created_at": "at", "closed_at": "closes"})
    assert counts(report) == (2, 1, 0, 0, 1)


def test_counts_below_zero(desk: Desk) -> None:
    desk.write("s.csv", "day,clicks\n2025-09-01,5\n2025-09-02,-5\n")
    assert counts(desk.run("spend", "s.csv", columns={"day_on": "day", "clicks": "clicks"})) == (2, 1, 0, 0, 1)
    assert "negative" in desk.quarantine()[0][3]


def test_an_amount_without_a_currency_stays_without(desk: Desk) -> None:
    desk.write("p.csv", "id,at,sum,cur\n1,2025-09-01,5,\n2,2025-09-01,6,USD\n")
    assert counts(desk.run("payment", "p.csv", columns={**PAYMENT, "currency": "cur"})) == (2, 2, 0, 0, 0)
    assert desk.rows("SELECT amount, currency FROM facts.payment ORDER BY 1") == [
        (Decimal(5), None),
        (Decimal(6), "USD"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("l.csv", b"<!DOCTYPE html><html><body>Login</body></html>", "web page"),
        ("l.xls", b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table>", "web page"),
        ("l.csv", b"", "is empty"),
        ("l.csv", b"\xef\xbb\xbf \r\n\r\n", "is empty"),
        ("l.csv", b"%PDF-1.7", "PDF"),
        ("l.xlsx", b"PK\x03\x04broken", "l.xlsx"),
        ("l.csv.gz", b"\x1f\x8bbroken", "damaged gzip"),
        ("l.json", b'{"error": "no access"}', "columns"),
        ("l.json", b"[1, 2", "cannot be read"),
        ("l.parquet", b"PAR1broken", "cannot be read"),
    ],
)
def test_files_that_are_no_tables(desk: Desk, name: str, content: bytes, says: str) -> None:
    desk.write(name, content)
    with pytest.raises(SourceError, match=says):
        desk.run("lead", name, columns=LEAD)
    assert nothing_changed(desk)


def test_a_file_with_a_header_and_no_rows(desk: Desk) -> None:
    desk.write("l.csv", "id,at\n")
    report = desk.run("lead", "l.csv", columns=LEAD)
    assert counts(report) == (0, 0, 0, 0, 0)
    assert report.messages == ["l.csv: there is a header and no rows."]


def test_a_missing_file_a_folder_and_a_pattern_that_fits_nothing(desk: Desk) -> None:
    desk.write("leads_2025.csv", "id,at\n1,2025-09-01\n")
    with pytest.raises(SourceError, match=r"no file lead_2025.csv.*leads_2025.csv"):
        desk.run("lead", "lead_2025.csv", columns=LEAD)
    with pytest.raises(SourceError, match=r"no file matches"):
        desk.run("lead", "data/*.csv", columns=LEAD)
    (desk.folder / "data").mkdir()
    with pytest.raises(SourceError, match=r"is a folder.*data/\*\.csv"):
        desk.run("lead", "data", columns=LEAD)


def test_a_locked_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.write("l.csv", "id,at\n1,2025-09-01\n")
    if os.geteuid():
        file.chmod(0)
    else:  # the superuser may read anything: the refusal is the system's, as another program's lock gives it
        real = Path.open

        def refuse(self: Path, *args: object, **kwargs: object) -> object:
            if self == file:
                raise PermissionError(13, "Permission denied")
            return real(self, *args, **kwargs)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"locked, or may not be read"):
        desk.run("lead", "l.csv", columns=LEAD)
    assert nothing_changed(desk)


def test_rows_that_cannot_be_parted_into_cells(desk: Desk) -> None:
    desk.write(
        "l.csv",
        'id,at,name\n1,2025-09-01,a\n2,2025-09-01\n3,2025-09-01,c,d\n4,2025-09-01,"b"roken\n5,never,e\n6,2025-09-01,f\n',
    )
    report = desk.run("lead", "l.csv", columns={**LEAD, "name": "name"})
    assert counts(report) == (6, 2, 0, 0, 4)
    assert [(row[0], row[2]) for row in desk.quarantine()] == [
        (3, "2,2025-09-01"),
        (4, "3,2025-09-01,c,d"),
        (5, '4,2025-09-01,"b"roken'),
        (6, "never"),
    ]


def test_broken_bytes_in_one_row_of_a_utf8_file(desk: Desk) -> None:
    desk.write(
        "l.csv",
        "id,at,name\n1,2025-09-01,Иван\n".encode() + b"2,2025-09-01,\xcf\xf0\n" + "3,2025-09-01,Пётр\n".encode(),
    )
    assert counts(desk.run("lead", "l.csv", columns={**LEAD, "name": "name"})) == (3, 2, 0, 0, 1)
    assert "no text" in desk.quarantine()[0][3]


def test_dates_and_numbers_that_read_two_ways_are_asked_about(desk: Desk) -> None:
    desk.write("p.csv", 'id,at,sum\n1,03/04/2025,5\n2,05/06/2025,"1,234"\n')
    with pytest.raises(SourceError) as caught:
        desk.run("payment", "p.csv", columns=PAYMENT)
    text = str(caught.value)
    for expected in ("p.csv", "row 2", "«at»", "«03/04/2025»", "date_order", "row 3", "«sum»", "«1,234»", "decimal"):
        assert expected in text
    assert nothing_changed(desk)
    assert counts(desk.run("payment", "p.csv", columns=PAYMENT, date_order="month_first", decimal=",")) == (
        2,
        2,
        0,
        0,
        0,
    )
    assert desk.rows("SELECT paid_at, amount FROM facts.payment ORDER BY payment_id") == [
        (at(2025, 3, 3, 21), Decimal(5)),
        (at(2025, 5, 5, 21), Decimal("1.234")),
    ]


def test_a_value_deep_in_the_file_settles_what_the_first_ones_leave_open(desk: Desk) -> None:
    lines = [f"{number},03/04/2025,{number}\n" for number in range(6_000)]
    desk.write("p.csv", "id,at,sum\n" + "".join(lines) + "x,25/04/2025,1\n")
    assert counts(desk.run("payment", "p.csv", columns=PAYMENT)) == (6_001, 6_001, 0, 0, 0)
    assert desk.rows("SELECT DISTINCT paid_at FROM facts.payment WHERE payment_id <> 'x'") == [(at(2025, 4, 2, 21),)]


def test_when_not_one_row_is_understood_nothing_is_imported(desk: Desk) -> None:
    desk.write("l.csv", "id,at\n1,soon\n2,later\n")
    with pytest.raises(SourceError, match=r"not one row of l.csv.*«at».*no date"):
        desk.run("lead", "l.csv", columns=LEAD)
    assert nothing_changed(desk)


def test_when_most_rows_fail_on_a_column_it_is_said_loudly(desk: Desk) -> None:
    desk.write("l.csv", "id,at\n1,soon\n2,later\n3,2025-09-01\n")
    report = desk.run("lead", "l.csv", columns=LEAD)
    assert any("MOST ROWS FAIL" in message for message in report.messages)


def test_quarantined_rows_come_in_after_a_fix(desk: Desk) -> None:
    desk.write("p.csv", "id,at,sum\n1,2025-09-01,5\n2,2025-09-01,five\n")
    assert counts(desk.run("payment", "p.csv", columns=PAYMENT)) == (2, 1, 0, 0, 1)
    assert [row["value"] for row in quarantined(desk.warehouse, "exports")] == ["five"]
    assert quarantined(desk.warehouse, "other") == []
    report = desk.run("payment", "p.csv", columns=PAYMENT, values={"amount": {"five": "5"}})
    assert counts(report) == (2, 1, 0, 1, 0)
    assert quarantined(desk.warehouse) == []


@pytest.mark.slow
def test_ctrl_c_in_the_middle_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    program = f"""
import datetime, pathlib
from longfunnel.connect import import_source
from longfunnel.core.settings import Business, Source
from longfunnel.warehouse.database import open_warehouse
folder = pathlib.Path({str(tmp_path)!r})
warehouse = open_warehouse(folder / ".longfunnel", threads=1)
source = Source(name="p", fact="payment", path="p.csv", columns={PAYMENT!r})
def tell(what, share):
    if share > 0.5:
        print("writing", flush=True)
import_source(warehouse, source, business=Business(), folder=folder, recorded_at=datetime.datetime(2026, 11, 22), progress=tell)
print("done", flush=True)
"""
    with (tmp_path / "p.csv").open("w") as file:
        file.write("id,at,sum\n")
        file.writelines(f"{number},2025-09-01 10:00:00,{number}.25\n" for number in range(1_000_000))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"writing\n"
        time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=60)
    assert b"done" not in out
    assert running.returncode != 0, error
    warehouse = open_warehouse(tmp_path / ".longfunnel")
    assert warehouse.execute("SELECT count(*) FROM facts.payment").fetchall() == [(0,)]
    assert warehouse.execute("SELECT count(*) FROM main.imports").fetchall() == [(0,)]
    warehouse.close()


FULL_DISK = """
import datetime, pathlib, resource, signal, sys
from longfunnel.connect import import_source
from longfunnel.core.errors import WarehouseError
from longfunnel.core.settings import Business, Source
from longfunnel.warehouse.database import open_warehouse
folder = pathlib.Path(sys.argv[1])
warehouse = open_warehouse(folder / ".longfunnel", threads=1, memory="200MB")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))
source = Source(name="p", fact="payment", path="p.csv", columns={"payment_id": "id", "paid_at": "at", "amount": "sum"})
try:
    import_source(warehouse, source, business=Business(), folder=folder, recorded_at=datetime.datetime(2026, 11, 22))
except WarehouseError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_is_said_plainly_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk's end: the system refuses the write in the same place."""
    warehouse = open_warehouse(tmp_path / ".longfunnel")
    warehouse.execute("CHECKPOINT")
    warehouse.close()
    with (tmp_path / "p.csv").open("w") as file:
        file.write("id,at,sum\n")
        file.writelines(
            f"payment-{number * 7919:x}-{number},2025-09-01 10:00:00,{number}.25\n" for number in range(1_000_000)
        )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert "disk is full" in done.stdout.lower(), done.stdout + done.stderr
    warehouse = open_warehouse(tmp_path / ".longfunnel")
    assert warehouse.execute("SELECT count(*) FROM facts.payment").fetchall() == [(0,)]
    assert warehouse.execute("SELECT count(*) FROM main.imports").fetchall() == [(0,)]
    warehouse.close()


CELL = st.one_of(
    st.sampled_from(
        [
            "",
            "--",
            "2025-09-01",
            "01.09.2025",
            "31.02.2025",
            "5",
            "1 234,50",
            "7.5",
            "-3",
            "x",
            '"',
            "'",
            "Итого",
            "a;b",
            "é",
            "Ж",
        ]
    ),
    st.text(alphabet='ab1,;"\n\r \t', max_size=5),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=12),
    ending=st.sampled_from(["\n", "\r\n"]),
    good=st.integers(1, 3),
)
def test_every_row_read_is_added_changed_known_or_in_the_quarantine(
    desk: Desk, rows: list[list[str]], ending: str, good: int
) -> None:
    desk.warehouse.execute("DELETE FROM facts.payment; DELETE FROM main.imports; DELETE FROM main.quarantine")
    lines = ["id;at;sum", *(f"good-{number};2025-09-01;5" for number in range(good)), *(";".join(row) for row in rows)]
    desk.write("p.csv", ending.join(lines) + ending)
    try:
        report = desk.run("payment", "p.csv", columns=PAYMENT, date_order="day_first", decimal=",", at=NOW)
    except SourceError:
        return  # refused as a whole: nothing was changed
    assert report.read == report.added + report.changed + report.same + report.quarantined
    assert desk.rows("SELECT count(*) FROM facts.payment") == [(report.added + report.changed,)]
    assert desk.rows("SELECT count(*) FROM main.quarantine") == [(report.quarantined,)]
    assert desk.rows("SELECT read, added, changed, same, quarantined FROM main.imports") == [counts(report)]
