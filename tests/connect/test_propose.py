"""A proposal for an unknown file: the fact, the mapping, and a source that reads it."""

from __future__ import annotations

import csv
import io
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.connect.conftest import NOW, at, counts

from longfunnel.connect import Proposal, propose
from longfunnel.connect._exports import Export, exports
from longfunnel.connect._guess import DISTINCTIVE, FILE_WORDS
from longfunnel.connect._synonyms import SYNONYMS, plain
from longfunnel.connect._toml import source_toml
from longfunnel.core.errors import SourceError
from longfunnel.core.settings import Source, parse_settings
from longfunnel.warehouse.facts import Type, facts

if TYPE_CHECKING:
    from tests.connect.conftest import Desk

pytestmark = pytest.mark.slow  # each test works on a whole warehouse


def look(desk: Desk, name: str, content: str, **options: str) -> Proposal:
    desk.write(name, content)
    return propose(Path(name), folder=desk.folder, business=desk.business, **options)


def imported(desk: Desk, proposal: Proposal) -> tuple[int, int, int, int, int]:
    source = parse_settings(proposal.to_toml()).source[0]
    assert source == proposal.source
    from longfunnel.connect import import_source

    return counts(import_source(desk.warehouse, source, business=desk.business, folder=desk.folder, recorded_at=NOW))


VALUES = {
    Type.TEXT: "слово",
    Type.INSTANT: "2025-09-0{n} 10:00:00",
    Type.DAY: "2025-09-0{n}",
    Type.COUNT: "{n}",
    Type.MONEY: "{n}.5",
}
SPECIAL = {"email": "user{n}@site.ru", "phone": "+7916123450{n}", "currency": "RUB"}


def made_export(export: Export, variant: int) -> str:
    """A small file with the export's headers: the first names of its columns, or the last ones."""
    fact = facts()[export.fact]
    needed = [group[variant] for group in export.needs]
    cells: dict[str, tuple[str, str]] = {}
    for ours, names in export.columns.items():
        column = fact.column_by_name[ours]
        header = next((name for name in names if name in needed), names[variant])
        value = (
            next(iter(export.values[ours]))
            if ours in export.values
            else SPECIAL.get(ours) or VALUES.get(column.type, "да")
        )
        if ours.endswith("_id") and ours not in SPECIAL:
            value = "10{n}"
        cells.setdefault(header, (ours, value))
    for header in needed:
        cells.setdefault(header, ("", "слово"))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(cells)
    writer.writerows([value.format(n=number) for _, value in cells.values()] for number in range(1, 6))
    return out.getvalue()


@pytest.mark.parametrize("variant", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("export", exports(), ids=lambda export: f"{export.vendor} {export.fact}")
def test_exports_of_known_vendors_are_recognised_and_imported(desk: Desk, export: Export, variant: int) -> None:
    proposal = look(desk, "export.csv", made_export(export, variant))
    assert proposal.source.fact == export.fact
    assert "an export of" in proposal.why.en
    assert proposal.source.system == export.system or export.vendor not in proposal.why.en
    assert imported(desk, proposal) == (5, 5, 0, 0, 0)


def test_what_is_known_of_vendors_and_words_fits_the_facts() -> None:
    for export in exports():
        names = facts()[export.fact].column_by_name
        assert export.columns.keys() | export.constants.keys() | export.values.keys() <= names.keys()
    for name, words in SYNONYMS.items():
        assert words.keys() <= facts()[name].column_by_name.keys()
        assert all(plain(word) == word for synonyms in words.values() for word in synonyms)
    assert DISTINCTIVE.keys() | FILE_WORDS.keys() <= facts().keys()


UNKNOWN = [
    ("spend", "расходы.csv", "Дата;Кампания;Показы;Клики;Расход, ₽\n01.09.2025;Лето;1 000;50;1 234,50\n", {"day_on": "Дата", "cost": "Расход, ₽"}),
    ("spend", "ads.csv", "date_day,utm_source,utm_medium,utm_campaign,spend\n2020-02-01,fb,paid_social,x,13\n", {"source": "utm_source", "cost": "spend"}),
    ("lead", "заявки.csv", "№;Дата и время;ФИО;Телефон;Почта;Источник\n7;01.09.2025 10:00;Иван;8 916 123-45-67;a@b.ru;Сайт\n",
     {"created_at": "Дата и время", "phone": "Телефон", "email": "Почта", "source": "Источник", "name": "ФИО"}),
    ("lead", "mqls.csv", "mql_id,first_contact_date,landing_page_id,origin\na1,2018-02-01,b2,social\n",
     {"lead_id": "mql_id", "created_at": "first_contact_date", "landing_page": "landing_page_id", "source": "origin"}),
    ("deal", "crm.csv", "deal_id,created_at,close_date,stage,amount,owner\n1,2025-09-01,2025-09-05,Won,500,Ann\n",
     {"deal_id": "deal_id", "closed_at": "close_date", "stage": "stage", "amount": "amount", "manager": "owner"}),
    ("deal", "closed.csv", "mql_id,sr_id,won_date,business_segment\na1,s1,2018-02-26 19:58:00,pet\nb1,s1,2018-02-27 19:58:00,pet\n",
     {"deal_id": "mql_id", "lead_id": "mql_id", "closed_at": "won_date", "manager": "sr_id", "audience": "business_segment"}),
    ("payment", "conversions.csv", "customer_id,converted_at,revenue\n1170,2020-02-03 14:20:08,15\n",
     {"user_id": "customer_id", "paid_at": "converted_at", "amount": "revenue"}),
    ("visit", "sessions.csv", "session_id,customer_id,started_at,ended_at,utm_source\n1,5,2020-02-01 12:55:16,2020-02-01 12:59:47,fb\n",
     {"visit_id": "session_id", "user_id": "customer_id", "started_at": "started_at", "source": "utm_source"}),
    ("event", "hits.csv", "event_id,timestamp,event_name,visitor_id,url\ne1,1756713600,page_view,v1,https://a.ru/?x=1\n",
     {"event_id": "event_id", "happened_at": "timestamp", "name": "event_name", "url": "url"}),
    ("call", "calls.csv", "call_id,call_date,caller,duration,answered\n1,2025-09-01 10:00,+79161234567,00:01:35,да\n",
     {"started_at": "call_date", "phone": "caller", "duration_seconds": "duration", "is_answered": "answered"}),
    ("stage_entry", "stage_history.csv", "deal_id,stage,entered_at\n1,Новая,2025-09-01 10:00\n", {"stage": "stage", "entered_at": "entered_at"}),
    ("survey_answer", "nps.csv", "response_id,date,score,email\n1,2025-09-01,9,a@b.ru\n", {"score": "score", "email": "email"}),
    ("fx_rate", "rates.csv", "date,currency,rate\n2025-09-01,USD,80.5\n", {"rate": "rate"}),
    ("message", "mailing.csv", "message_id,event,time,campaign,email\n1,opened,2025-09-01 10:00,News,a@b.ru\n", {"kind": "event", "email": "email"}),
    ("identity_link", "users.csv", "user_id,email\n5,a@b.ru\n", {"value_a": "user_id", "value_b": "email"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "name", "content", "columns"), UNKNOWN, ids=[row[0] + " " + row[1] for row in UNKNOWN]
)
def test_unknown_files_are_recognised_by_headers_and_values(
    desk: Desk, fact: str, name: str, content: str, columns: dict[str, str]
) -> None:
    proposal = look(desk, name, content)
    assert proposal.source.fact == fact
    assert columns.items() <= proposal.source.columns.items()
    rows = content.count("\n") - 1
    assert imported(desk, proposal) == (rows, rows, 0, 0, 0)
    assert len(proposal.sample) == rows


SIMPLE = [
    "Номер;Дата;Телефон;Источник;Сумма", "№;Дата заявки;Телефон клиента;Источник;Бюджет", "ID;Время;Мобильный телефон;Откуда;Стоимость",
    "Номер заявки;Дата и время;Номер телефона;Откуда узнали;Сумма", "Number;Date;Phone;Source;Amount", "No.;Date created;Phone number;Lead source;Value",
    "id;created;mobile;utm_source;sum", "Request number;Submitted at;Tel;Traffic source;Budget",
]  # fmt: skip
"""Headers of the plainest list of requests: number, date, phone, source, sum."""
ROWS = {
    "whole": "1;01.10.2026;+7 916 123-45-67;Яндекс;1000\n2;13.10.2026;8 916 123-45-68;VK;2500,50\n",
    "with dates that nobody can read": "1;скоро;+7 916 123-45-67;Яндекс;1000\n2;01.10;8 916 123-45-68;VK;2500,50\n",
    "with a header alone": "",
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=list(ROWS))
@pytest.mark.parametrize("header", SIMPLE)
def test_a_list_of_requests_is_leads_and_no_evidence_of_who_is_who(desk: Desk, header: str, rows: str) -> None:
    proposal = look(desk, "leads.csv", f"{header}\n{rows}")
    number, day, phone, source, _ = header.split(";")
    assert proposal.source.fact == "lead"
    wanted = {"lead_id": number, "created_at": day, "phone": phone, "source": source}
    given = proposal.source.columns.items()
    assert wanted.items() <= given if rows else (given and given <= wanted.items())


def test_the_first_rows_are_shown_as_understood(desk: Desk) -> None:
    proposal = look(desk, "заявки.csv", "Дата;Телефон;Сумма\n01.09.2025 10:00;8 916 123-45-67;5\n", fact="lead")
    assert proposal.sample == [{"created_at": at(2025, 9, 1, 10), "phone": "+79161234567", "kind": "form"}]
    assert proposal.source.columns["props"] == {"сумма": "Сумма"}


def test_a_won_date_without_a_status_means_won_deals(desk: Desk) -> None:
    proposal = look(desk, "closed.csv", UNKNOWN[5][2])
    assert proposal.source.constants == {"status": "won"}


def test_the_currency_and_the_vat_are_read_from_the_header(desk: Desk) -> None:
    proposal = look(desk, "d.csv", "Дата;№ Кампании;Показы;Клики;Расход, руб. с НДС\n01.09.2025;1;5;1;7,5\n")
    assert proposal.source.constants == {"source": "yandex", "medium": "cpc", "currency": "RUB", "has_vat": True}


def test_columns_whose_values_do_not_fit_are_not_taken(desk: Desk) -> None:
    proposal = look(
        desk, "leads.csv", "id,date,phone,email,status\n1,2025-09-01,нет,потом,новый\n2,2025-09-02,нет,потом,новый\n"
    )
    assert "phone" not in proposal.source.columns
    assert proposal.source.columns["props"] == {"phone": "phone", "email": "email"}
    assert proposal.source.columns["quality"] == "status"


def test_values_that_read_two_ways_are_asked_about(desk: Desk) -> None:
    proposal = look(desk, "payments.csv", 'id,date,amount\n1,03/04/2025,"1,234"\n')
    assert sorted(text.en.split(":")[0] for text in proposal.warnings) == ["amount", "paid_at"]


def test_names_do_not_repeat(desk: Desk) -> None:
    desk.write("Leads 2025.csv.gz", "id,date\n1,2025-09-01\n")
    known = [Source(name="leads_2025", fact="lead")]
    proposal = propose(
        Path("Leads 2025.csv.gz"), folder=desk.folder, business=desk.business, known_sources=known, fact="lead"
    )
    assert proposal.source.name == "leads_2025_2"
    assert proposal.source.path == "Leads 2025.csv.gz"


def test_files_that_nothing_is_known_of_say_so(desk: Desk) -> None:
    with pytest.raises(SourceError, match=r"nothing tells what its rows are.*«seller_id», «city»"):
        look(desk, "sellers.csv", "seller_id,city\na1,Campinas\n")
    with pytest.raises(SourceError, match=r"no fact «leed».*«lead»"):
        look(desk, "sellers.csv", "seller_id,city\na1,Campinas\n", fact="leed")
    with pytest.raises(SourceError, match=r"no file nothing.csv"):
        propose(Path("nothing.csv"), folder=desk.folder, business=desk.business)


def test_a_source_is_written_as_it_is_read() -> None:
    source = Source(
        name='с "кавычками"\\',
        fact="lead",
        path="data/*.csv",
        system="crm",
        decimal=",",
        skip_rows=2,
        columns={"lead_id": "№", "phone": ["Рабочий", "Дом"], "props": {"цвет товара": "Цвет\tтовара", "a.b": "x"}},
        constants={"is_deleted": False, "kind": "form", "props": {"n": "1"}},
        values={"quality": {"Успешно — да": "good"}},
    )
    text = source_toml(source)
    assert parse_settings(text).source == (source,)
    assert len(tomllib.loads(text)["source"]) == 1


def test_amounts_are_shown_exactly(desk: Desk) -> None:
    proposal = look(desk, "payments.csv", "id;дата;сумма\n1;01.09.2025;1 234,50\n")
    assert proposal.sample[0]["amount"] == Decimal("1234.5")
