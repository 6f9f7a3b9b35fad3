"""The quarantine in the browser: one cell of one row is mended in place, the file stays as it is, the correction is on record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.web.test_sources import LEADS, fields_of, finished, owner, send

if TYPE_CHECKING:
    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

__all__ = ["owner"]
BAD = '<input id="x1-1-1" name="x1" value="вчера"'


def mend(browser: Browser, **cells: str) -> str:
    """Send the first row's form as it stands but for ``cells``; the page at its end."""
    page = browser.get("/sources/forms").text
    form = page.split('<form class="mend"', 1)[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    answer = browser.post("/sources/forms", at="/sources/forms", **(fields | {"verb": "row"} | cells))
    return finished(browser, answer.headers["location"]) if answer.status_code == 303 else str(answer.text)


@pytest.fixture
def forms(empty: Business, owner: Browser) -> Browser:
    """An owner whose file of seven leads is in, but for its last row."""
    empty.settings_file.write_text(
        empty.settings_file.read_text("utf-8")
        + """
[[source]]
name = "forms"
type = "file"
path = "data/leads*.csv"
fact = "lead"
columns.lead_id = "Номер заявки"
columns.created_at = "Дата заявки"
columns.phone = "Телефон"
columns.email = "Почта"
constants.kind = "form"
""",
        "utf-8",
    )
    (empty.folder / "data").mkdir(exist_ok=True)
    (empty.folder / "data" / "leads.csv").write_bytes(LEADS.encode("cp1251"))
    answer = owner.post("/sources/forms", at="/account", verb="sync")
    assert "1 in the quarantine" in finished(owner, answer.headers["location"])
    return owner


@pytest.mark.slow
def test_one_cell_is_mended_in_place_and_only_its_row_comes_in(empty: Business, forms: Browser) -> None:
    page = forms.get("/sources/forms").text
    assert BAD in page, "the cell that could not be read stands in a field of its own"
    assert "created_at»: this is" not in page, "no name of ours in a reason"
    unchanged = mend(forms)
    assert "Row 8 is as it was" in unchanged
    assert BAD in unchanged
    assert "1 new, 0 changed, 6 known already" in mend(forms, x1="03.10.2026 09:00")
    page = forms.get("/sources/forms").text
    assert 'id="quarantine"' not in page
    assert "вчера" in page, "what stood in the file is on record"
    assert "03.10.2026 09:00" in page
    assert "owner@cedar.test" in page
    assert (empty.folder / "data" / "leads.csv").read_bytes() == LEADS.encode("cp1251")
    found = empty.warehouse.execute("SELECT phone FROM facts.lead WHERE lead_id = '103'").fetchall()
    assert found == [("+79123456791",)]
    assert "Corrected a row of a file" in forms.get("/settings/log").text


@pytest.mark.slow
def test_a_value_that_is_wrong_still_comes_back_with_what_was_typed_and_can_be_mended_again(
    empty: Business, forms: Browser
) -> None:
    assert "1 in the quarantine" in mend(forms, x1="32.13.2026")
    assert 'value="32.13.2026"' in forms.get("/sources/forms").text
    assert "1 new" in mend(forms, x1="03.10.2026 09:00", x2="+7 912 000-00-01")
    rows = empty.warehouse.execute(
        "SELECT count(*), min(json_extract_string(raw, '$.\"Дата заявки\"')) FROM main.corrections"
    )
    assert rows.fetchall() == [(2, "вчера")], "both are of the row as it stands in the file"
    assert empty.warehouse.execute("SELECT phone FROM facts.lead WHERE lead_id = '103'").fetchall() == [
        ("+79120000001",)
    ]


@pytest.mark.slow
def test_a_correction_holds_when_the_file_is_read_anew_and_when_the_row_comes_in_another_file(
    empty: Business, forms: Browser
) -> None:
    mend(forms, x1="03.10.2026 09:00")
    later = LEADS.replace(
        "101;01.10.2026", "99;01.09.2026 10:00;+7 912 345-67-00;first@mail.example;;;\n101;01.10.2026"
    )
    (empty.folder / "data" / "leads_later.csv").write_bytes(later.encode("cp1251"))
    answer = forms.post("/sources/forms", at="/sources/forms", verb="sync")
    result = finished(forms, answer.headers["location"])
    assert "1 new, 0 changed, 7 known already" in result
    assert "quarantine" not in result
    empty.settings_file.write_text(empty.settings_file.read_text("utf-8").replace('"form"', '"crm"'), "utf-8")
    answer = forms.post("/sources/forms", at="/sources/forms", verb="sync")
    assert "quarantine" not in finished(forms, answer.headers["location"])


def test_a_file_that_is_no_table_is_refused_at_once_by_its_name_alone(empty: Business, owner: Browser) -> None:
    answer = send(owner, "отчёт.csv", b"%PDF-1.7\n1 0 obj")
    assert answer.status_code == 400
    assert "отчёт.csv» is a PDF" in answer.text
    assert str(empty.folder) not in answer.text
    assert 'aria-current="step"' in answer.text, "the first run goes on"
    assert not list((empty.folder / "data").iterdir())


def test_a_file_without_rows_says_so_and_is_not_imported(owner: Browser) -> None:
    page = owner.get(send(owner, "пусто.csv", "Номер заявки;Дата заявки;Телефон\n".encode()).headers["location"]).text
    assert "only its header" in page
    assert re.search(r'value="accept" disabled', page)
    assert fields_of(page)["h0"] == "Номер заявки"
