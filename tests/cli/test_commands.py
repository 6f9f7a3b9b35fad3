"""Each command, as a person at a shell meets it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from openpyxl import load_workbook

from longfunnel.cli.main import app

if TYPE_CHECKING:
    from tests.cli.conftest import Said

    Cli = Callable[..., Said]

pytestmark = pytest.mark.slow  # each test works on a whole warehouse

COMMANDS = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(longfunnel: Cli, command: str) -> None:
    said = longfunnel(command, "--help")
    assert said.code == 0
    assert "Usage: longfunnel" in said.out
    assert "Traceback" not in said.err


def test_without_a_command_the_ways_in_are_shown(longfunnel: Cli) -> None:
    said = longfunnel("--help")
    assert "import" in said.out
    assert longfunnel("--version").out.startswith("longfunnel ")
    assert longfunnel("reprot").code == 2


def test_import_shows_what_it_understood_and_then_the_long_funnel(built: Path) -> None:
    said = (built / "import.txt").read_text()
    for name in ("leads", "deals", "spend"):
        assert f"✓ [[source]] «{name}» is in longfunnel.toml" in said
    assert re.search(r"Leads +5 ", said)
    assert re.search(r"Orders +3 ", said)
    assert "1 of 24 rows are in the quarantine" in said


def test_import_asks_for_each_file(longfunnel: Cli, tmp_path: Path, built: Path) -> None:
    longfunnel(
        "-C", tmp_path, "init", "--name", "X", "--currency", "RUB", "--timezone", "Europe/Moscow", "--language", "en"
    )
    leads, deals = built / "leads.csv", built / "deals.csv"
    said = longfunnel("-C", tmp_path, "import", leads, deals, answer="n\nмы?\nда\n")
    assert said.code == 0
    text = (tmp_path / "longfunnel.toml").read_text()
    assert "deals.csv" in text
    assert "leads.csv" not in text
    nobody = longfunnel("-C", tmp_path, "import", leads)
    assert (nobody.code, "--yes" in nobody.err) == (1, True)


def test_a_file_that_is_a_source_already_is_not_added_again(longfunnel: Cli, another: Path) -> None:
    before = (another / "longfunnel.toml").read_text()
    said = longfunnel("-C", another, "import", another / "leads.csv", "--yes")
    assert (said.code, "is read by [[source]] «leads» already" in said.out) == (0, True)
    assert (another / "longfunnel.toml").read_text() == before


def test_import_without_a_business_says_how_to_make_one(longfunnel: Cli, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("id\n1\n")
    said = longfunnel("-C", tmp_path, "import", tmp_path / "leads.csv")
    assert said.code == 1
    assert f"longfunnel -C {tmp_path} init" in said.err


def test_import_names_every_file_that_it_cannot_take_and_takes_the_others(
    longfunnel: Cli, tmp_path: Path, built: Path
) -> None:
    longfunnel(
        "-C", tmp_path, "init", "--name", "X", "--currency", "RUB", "--timezone", "Europe/Moscow", "--language", "en"
    )
    (tmp_path / "page.csv").write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    (tmp_path / "empty.csv").write_text("")
    said = longfunnel(
        "-C",
        tmp_path,
        "import",
        tmp_path / "page.csv",
        tmp_path / "empty.csv",
        tmp_path / "no.csv",
        built / "leads.csv",
        "--yes",
    )
    assert said.code == 1
    assert all(name in said.err for name in ("page.csv", "empty.csv", "no.csv"))
    assert re.search(r"Leads +5", said.out)


def test_init_never_overwrites_and_refuses_what_it_does_not_understand(
    longfunnel: Cli, another: Path, tmp_path: Path
) -> None:
    before = (another / "longfunnel.toml").read_bytes()
    words = ("init", "--name", "Y", "--currency", "EUR", "--timezone", "Europe/Berlin", "--language", "en")
    said = longfunnel("-C", another, *words)
    assert (said.code, "stays as it is" in said.err) == (1, True)
    assert (another / "longfunnel.toml").read_bytes() == before
    wrong = longfunnel(
        "-C", tmp_path / "new", "init", "--name", "Y", "--currency", "euro", "--timezone", "Berlin", "--language", "en"
    )
    assert wrong.code == 1
    assert "«EURO»" in wrong.err
    assert "«Berlin»" in wrong.err
    assert (
        longfunnel(
            "-C", tmp_path / "new", "init", "--name", "Y", "--currency", "EUR", "--timezone", "UTC", "--language", "xx"
        ).code
        == 1
    )
    assert not (tmp_path / "new").exists()


def test_a_table_has_units_totals_and_no_colours_when_piped(longfunnel: Cli, built: Path) -> None:
    said = longfunnel("-C", built, "report", "channels", "--by", "source")
    assert said.code == 0
    assert "\x1b" not in said.out + said.err
    header = next(line for line in said.out.splitlines() if line.startswith("Source"))
    assert "Cost, RUB" in header
    assert re.search(r"^yandex +200\.00 +120 ", said.out, re.MULTILINE)


def test_columns_without_any_value_are_left_out_and_named(longfunnel: Cli, built: Path) -> None:
    said = longfunnel("-C", built, "report", "channels")
    (left_out,) = [line for line in said.out.splitlines() if line.startswith("Left out")]
    assert "Visits" in left_out
    assert "Visits" not in said.out.splitlines()[1]


def test_json_is_the_whole_answer(longfunnel: Cli, built: Path) -> None:
    said = longfunnel(
        "-C",
        built,
        "report",
        "channels",
        "--by",
        "source",
        "--since",
        "2025-03-01",
        "--until",
        "2025-03-31",
        "-f",
        "json",
    )
    answer = json.loads(said.out, parse_float=Decimal)
    assert answer.keys() >= {"report", "question", "columns", "rows", "totals", "caveats", "sql"}
    row = next(row for row in answer["rows"] if row["source"] == "yandex")
    assert (row["cost"], row["leads"], row["orders"], row["revenue"]) == (200, 2, 1, Decimal("1000.5"))


def test_csv_and_xlsx_hold_the_same_rows(longfunnel: Cli, built: Path, tmp_path: Path) -> None:
    plain = longfunnel("-C", built, "report", "sales_funnel", "--by", "manager", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(plain)))
    file = tmp_path / "sales.xlsx"
    said = longfunnel("-C", built, "report", "sales_funnel", "--by", "manager", "-f", "xlsx", "-o", file)
    assert (said.code, said.out) == (0, "")
    sheet = load_workbook(file).worksheets[0]
    names = {cell for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {row["manager"] for row in rows if row["manager"]} <= names
    assert longfunnel("-C", built, "report", "channels", "-f", "xlsx").code == 1


@pytest.mark.parametrize(
    "report", ["long_funnel", "channels", "pipeline", "ledger", "sales_funnel", "warm_up", "lead_funnel", "summary"]
)
def test_the_sql_of_a_report_can_be_run(longfunnel: Cli, built: Path, report: str) -> None:
    said = longfunnel("-C", built, "report", report, "--explain")
    assert said.code == 0
    with duckdb.connect(str(built / ".longfunnel" / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(said.out)


def test_mistakes_of_a_question_are_told_together_and_mended(longfunnel: Cli, built: Path) -> None:
    said = longfunnel(
        "-C",
        built,
        "report",
        "channels",
        "--by",
        "chanel",
        "--metrics",
        "cots",
        "--since",
        "2025-13-01",
        "--grain",
        "weak",
        "--where",
        "regoin is X",
    )
    assert said.code == 1
    for meant in ("channel", "cost", "week", "region", "2025-13-01"):
        assert meant in said.err
    assert "Traceback" not in said.err
    assert "«channels»" in longfunnel("-C", built, "report", "chanels").err


def test_a_folder_that_is_not_there(longfunnel: Cli, tmp_path: Path) -> None:
    said = longfunnel("-C", tmp_path / "no", "report", "channels")
    assert (said.code, "There is no folder" in said.err) == (1, True)


def test_an_unreadable_settings_file_names_its_mistakes(longfunnel: Cli, another: Path) -> None:
    file = another / "longfunnel.toml"
    file.write_text(file.read_text().replace('currency = "RUB"', 'curency = "RUB"'))
    said = longfunnel("-C", another, "report", "channels")
    assert said.code == 1
    assert "«currency»" in said.err
    assert longfunnel("-C", another, "doctor").code == 1


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM facts.lead", "CREATE TABLE x AS SELECT 1", "SELECT 1; SELECT 2", "COPY facts.lead TO '/tmp/x.csv'",
        "ATTACH 'x.db'", "INSERT INTO facts.lead SELECT * FROM facts.lead", "SET threads = 1", "CHECKPOINT", "selec 1",
    ],
)  # fmt: skip
def test_sql_can_only_read(longfunnel: Cli, built: Path, query: str) -> None:
    said = longfunnel("-C", built, "sql", query)
    assert (said.code, "Traceback" in said.err) == (1, False)


def test_sql_reads_derived_tables_and_facts(longfunnel: Cli, built: Path) -> None:
    said = longfunnel(
        "-C", built, "sql", "SELECT lead_id, phone FROM facts.lead ORDER BY 1", "--format", "json", "--limit", 2
    )
    assert [row["phone"] for row in json.loads(said.out)] == ["+79001000001", "+79001000002"]
    assert "Only the first 2 rows" in said.err
    assert json.loads(longfunnel("-C", built, "sql", "SELECT count(*) AS n FROM leads", "--format", "json").out) == [
        {"n": 5}
    ]


def test_quarantine_shows_the_row_until_it_is_mended(longfunnel: Cli, another: Path) -> None:
    shown = json.loads(longfunnel("-C", another, "quarantine", "--format", "json").out)
    assert [(row["file"], row["row_number"], row["column_name"], row["value"]) for row in shown] == [
        ("spend.csv", 5, "Clicks", "x")
    ]
    assert longfunnel("-C", another, "quarantine", "leeds").code == 1
    file = another / "spend.csv"
    file.write_text(file.read_text().replace(",x,", ",7,"))
    assert longfunnel("-C", another, "sync").code == 0
    assert "empty" in longfunnel("-C", another, "quarantine").out
    assert json.loads(longfunnel("-C", another, "report", "channels", "-f", "json").out)["totals"]["cost"] == 300


def test_a_russian_business_reads_in_russian_why_a_row_was_put_aside(longfunnel: Cli, tmp_path: Path) -> None:
    longfunnel(
        "-C", tmp_path, "init", "--name", "X", "--currency", "RUB", "--timezone", "Europe/Moscow", "--language", "ru"
    )
    (tmp_path / "лиды.csv").write_text("Номер заявки,Дата заявки\n1,01.10.2026\n2,вчера\n3,02.10.2026\n")
    said = longfunnel("-C", tmp_path, "import", tmp_path / "лиды.csv", "--fact", "lead", "--yes")
    assert (said.code, "в карантине 1 из 3 строк: столбец «Дата заявки», «created_at»: это не дата" in said.out) == (
        0,
        True,
    )
    assert "«created_at»: это не дата" in longfunnel("-C", tmp_path, "quarantine").out
    [row] = json.loads(longfunnel("-C", tmp_path, "quarantine", "--format", "json").out)
    assert row["reason"] == "«created_at»: this is no date and time"


def test_ledger_shows_the_rows_behind_a_reason(longfunnel: Cli, built: Path) -> None:
    balance = longfunnel("-C", built, "ledger").out
    assert "no_lead" in balance
    behind = longfunnel("-C", built, "ledger", "no_lead")
    assert "d4" in behind.out
    assert "d1" not in behind.out
    assert longfunnel("-C", built, "ledger", "no_led").code == 1
    rows = json.loads(longfunnel("-C", built, "ledger", "no_lead", "-f", "json").out)["rows"]
    assert [row["deal_id"] for row in rows] == ["d4"]


def test_rows_that_end_early_are_read_and_that_is_told(longfunnel: Cli, another: Path) -> None:
    """Many systems leave out the empty cells at the end of a row."""
    lines = ["Visit ID,Started,User ID,utm_source,utm_medium,utm_campaign"]
    lines += [f"{n},2025-03-{n:02} 10:00:00,u{n}" + (",yandex,cpc,beds" if n % 3 else ",direct") for n in range(1, 13)]
    (another / "visits.csv").write_text("\n".join(lines))
    said = longfunnel("-C", another, "import", another / "visits.csv", "--fact", "visit", "--yes")
    assert (said.code, "some rows end early" in said.out) == (0, True), said.err
    assert json.loads(longfunnel("-C", another, "report", "channels", "-f", "json").out)["totals"]["visits"] == 12


@pytest.mark.slow
def test_a_correction_is_a_new_version_and_as_of_gives_the_earlier_answer(longfunnel: Cli, another: Path) -> None:
    def won(*more: str) -> Decimal:
        said = longfunnel("-C", another, "report", "channels", "-f", "json", *more)
        return json.loads(said.out, parse_float=Decimal)["totals"]["revenue"]

    ((then,),) = _rows(longfunnel, another, "SELECT max(recorded_at)::VARCHAR FROM main.imports")
    file = another / "deals.csv"
    file.write_text(file.read_text().replace("2000,RUB", "2500,RUB"))
    assert "1" in longfunnel("-C", another, "sync").out
    assert (won(), won("--as-of", then)) == (Decimal("3570.5"), Decimal("3070.5"))
    assert longfunnel("-C", another, "report", "channels", "--as-of", "yesterday").code == 1


@pytest.mark.slow
def test_a_person_can_be_seen_cut_and_joined_again(longfunnel: Cli, another: Path) -> None:
    assert "lead:1" in longfunnel("-C", another, "person", "+79001000001").out
    assert longfunnel("-C", another, "person", "nobody@example.com").code == 1
    said = longfunnel("-C", another, "cut", "phone:+79001000001", "lead:1", "--why", "a test", answer="n\n")
    assert "Nothing was changed" in said.out
    done = longfunnel("-C", another, "cut", "phone:+79001000001", "lead:1", "--why", "a test", "--yes")
    assert (done.code, "Undo it with: longfunnel undo 1" in done.out) == (0, True)
    assert "lead:1" not in longfunnel("-C", another, "person", "+79001000001").out.split("Evidence")[0]
    assert "a test" in longfunnel("-C", another, "decisions").out
    assert longfunnel("-C", another, "undo", 1).code == 0
    assert "lead:1" in longfunnel("-C", another, "person", "+79001000001").out.split("Evidence")[0]
    assert longfunnel("-C", another, "undo", 1).code == 1


def test_doctor_finds_what_is_wrong(longfunnel: Cli, another: Path) -> None:
    said = longfunnel("-C", another, "doctor")
    assert said.code == 0
    assert "spend: 1 rows are in quarantine" in said.out


@pytest.mark.slow
def test_backup_and_restore(longfunnel: Cli, another: Path, tmp_path: Path) -> None:
    longfunnel("-C", another, "block", "phone:+79001000001", "--why", "shared", "--yes")
    question = ("report", "channels", "-f", "json")
    before = longfunnel("-C", another, *question).out
    file = tmp_path / "backup.zip"
    assert longfunnel("-C", another, "backup", file).code == 0
    assert longfunnel("-C", another, "backup", file).code == 1
    assert longfunnel("-C", tmp_path / "again", "restore", file).code == 0
    assert longfunnel("-C", tmp_path / "again", *question).out == before
    assert "shared" in longfunnel("-C", tmp_path / "again", "decisions").out
    assert longfunnel("-C", another, "restore", file).code == 1
    file.write_bytes(file.read_bytes()[:500])
    broken = longfunnel("-C", tmp_path / "third", "restore", file)
    assert (broken.code, (tmp_path / "third").exists()) == (1, False)


def test_one_source_that_fails_does_not_stop_the_others(longfunnel: Cli, another: Path) -> None:
    (another / "deals.csv").unlink()
    file = another / "leads.csv"
    file.write_text(file.read_text() + "6,2025-04-02 14:00:00,+7 900 100-00-06,vk,cpc,beds\n")
    said = longfunnel("-C", another, "sync")
    assert (said.code, "deals" in said.err, "The other 2 were imported" in said.err) == (1, True, True)
    assert re.search(r"leads +lead +6 +1 ", said.out)
    assert json.loads(longfunnel("-C", another, "report", "channels", "-f", "json").out)["totals"]["leads"] == 6
    assert "Did you mean «leads»" in longfunnel("-C", another, "sync", "leds").err


def test_russian_speaks_russian(longfunnel: Cli, another: Path) -> None:
    file = another / "longfunnel.toml"
    file.write_text(file.read_text().replace('language = "en"', 'language = "ru"'))
    said = longfunnel("-C", another, "report", "long_funnel")
    assert said.out.startswith("Длинная воронка")
    assert "Лиды" in said.out
    assert "₽" in longfunnel("-C", another, "report", "channels").out
    assert "Каналы" in longfunnel("-C", another, "reports").out


def _rows(longfunnel: Cli, folder: Path, query: str) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in json.loads(longfunnel("-C", folder, "sql", query, "--format", "json").out)]
