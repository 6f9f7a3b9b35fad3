"""Every fault that the truth tells of can be found in the files, by plain means."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from python_calamine import CalamineWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.demo import Truth

    Rows = list[dict[str, str]]


def ledgered(truth: Truth, fact: str, situation: str, source: str) -> list[str]:
    found = [
        row for row in truth.ledgered if (row["fact"], row["situation"], row["source"]) == (fact, situation, source)
    ]
    assert len(found) == 1
    ids: list[str] = found[0]["ids"]
    assert ids
    return ids


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d.%m.%Y %H:%M:%S")  # noqa: DTZ007 - both ends are Moscow's clock


def test_the_broken_form_is_begun_and_never_sent(truth: Truth, events: Rows) -> None:
    fault = truth.faults["broken_form"]
    zamer = [row for row in events if row["path"] == "/zamer/"]
    seen = Counter((row["time"][:10], row["event"]) for row in zamer)
    begun = sum(seen[day, "form_start"] for day in fault["days"])
    assert begun >= fault["requests_swallowed"] > 3
    assert sum(seen[day, "form_submit"] for day in fault["days"]) == fault["requests_arrived"] == 0
    sent = [json.loads(line) for line in (truth.folder / "data/site/forms.jsonl").read_text("utf-8").splitlines()]
    assert not [row for row in sent if row["form"] == "zamer" and row["sent_at"][:10] in fault["days"]]
    usual = Counter(row["event"] for row in zamer)
    assert usual["form_submit"] / usual["form_start"] > 0.3


def test_vk_loses_its_marks_for_four_weeks_while_it_is_paid(
    truth: Truth, events: Rows, table: Callable[..., Rows]
) -> None:
    fault = truth.faults["utm_lost"]
    marked = Counter(row["time"][:7] for row in events if row["utm_source"] == "vk")
    assert marked["2026-02"] < 0.1 * marked["2026-01"]
    clicks = sum(
        int(row["Клики"]) for row in table("data/ads/vk_ads.csv") if fault["since"] <= row["День"] <= fault["until"]
    )
    assert clicks >= fault["visits"] > 100
    days = sorted({row["time"][:10] for row in events if row["utm_source"] == "vk" and row["time"] < "2026-03"})
    assert days[-1] < fault["since"] or days[-1] > "2026-02-28"


def test_the_slow_manager_answers_late_and_wins_less(truth: Truth, table: Callable[..., Rows]) -> None:
    fault = truth.faults["slow_manager"]
    first, reply = {}, {}
    for row in table("data/bitrix24/stages.csv"):
        if row["Стадия"] == "Новая заявка":
            first[row["ID сделки"]] = moment(row["Дата перехода"])
        elif row["Стадия"] == "Связались":
            reply.setdefault(row["ID сделки"], moment(row["Дата перехода"]))
    hours: dict[bool, list[float]] = {True: [], False: []}
    closed: Counter[tuple[bool, str]] = Counter()
    for row in table("data/bitrix24/deals_2026-10-31.csv"):
        is_slow = row["Ответственный"] == fault["manager"]
        closed[is_slow, row["Состояние"]] += 1
        if row["ID"] in reply:
            hours[is_slow].append((reply[row["ID"]] - first[row["ID"]]).total_seconds() / 3600)
    assert median(hours[True]) > 8 * median(hours[False])
    slow, others = (
        closed[who, "Успешна"] / (closed[who, "Успешна"] + closed[who, "Провалена"]) for who in (True, False)
    )
    assert slow < 0.75 * others
    assert fault["win_rate"] < 0.7 * fault["others"]["win_rate"]


def test_the_dearer_kitchen_sells_less_often_and_for_more(truth: Truth, table: Callable[..., Rows]) -> None:
    fault = truth.faults["price_change"]
    on = datetime.fromisoformat(fault["on"])
    rates, prices = {}, {}
    kitchens = [
        row
        for row in table("data/bitrix24/deals_2026-10-31.csv")
        if row["Товар"] == fault["product"] and row["Сумма"] != "около ста тысяч"
    ]
    for name, after in (("before", False), ("after", True)):
        rows = [row for row in kitchens if (moment(row["Дата создания"]) >= on) == after]
        states = Counter(row["Состояние"] for row in rows)
        assert (states["Успешна"], states["Провалена"]) == (fault[name]["won"], fault[name]["lost"])
        rates[name] = fault[name]["win_rate"]
        prices[name] = median(Decimal(row["Сумма"]) for row in rows)
    assert rates["after"] < 0.8 * rates["before"]
    assert prices["after"] > prices["before"]


def test_a_month_of_leads_lies_in_the_folder_twice(truth: Truth, table: Callable[..., Rows]) -> None:
    fault = truth.faults["duplicate_import"]
    whole, copy = table(fault["copy_of"]), table(fault["path"])
    assert len(copy) == fault["rows"] > 10
    assert all(row in whole for row in copy)
    assert [row["ID"] for row in copy] == fault["lead_ids"]


def test_late_edits_change_amounts_of_the_same_deals(truth: Truth, table: Callable[..., Rows]) -> None:
    fault = truth.faults["late_edits"]
    before = {row["ID"]: row for row in table("data/bitrix24/deals_2026-10-31.csv")}
    after = {row["ID"]: row for row in table(fault["path"])}
    assert {edit["deal_id"] for edit in fault["deals"]} == set(after)
    for edit in fault["deals"]:
        old, new = before[edit["deal_id"]], after[edit["deal_id"]]
        assert (old["Сумма"], new["Сумма"]) == (edit["amount_before"], edit["amount"])
        assert moment(new["Дата изменения"]) > moment(old["Дата изменения"])
        changed = {name for name in old if old[name] != new[name]}
        assert changed == {"Сумма", "Дата изменения"}


def test_bad_rows_stand_where_the_truth_says(truth: Truth) -> None:
    assert len(truth.quarantine) == 6
    for row in truth.quarantine:
        raw = (truth.folder / row["path"]).read_bytes()
        text = raw.decode("cp1251" if row["source"] in {"calls", "corporate_payments"} else "utf-8-sig")
        assert row["value"] in text.splitlines()[row["line"] - 1], row


def test_many_contacts_share_one_phone(truth: Truth, table: Callable[..., Rows]) -> None:
    deals = {row["ID"]: row for row in table("data/amocrm/deals.csv", delimiter=",")}
    ids = ledgered(truth, "deal", "shared_identifier", "amocrm_deals")
    assert {deals[deal]["Рабочий телефон"] for deal in ids} == {"8 (495) 000-10-00"}
    assert not any(deals[deal]["Рабочий email"] for deal in ids)
    assert len({deals[deal]["Контакт ID"] for deal in ids}) > 5
    assert truth.faults["shared_phone"]["contacts"] > 5


def test_deals_and_leads_of_the_ledger_are_in_the_files(truth: Truth, table: Callable[..., Rows]) -> None:
    deals = {row["ID"]: row for row in table("data/bitrix24/deals_2026-10-31.csv")}
    leads = {row["ID"]: row for row in table("data/bitrix24/leads.csv")}
    assert all(deals[deal]["Лид: ID"] == "" for deal in ledgered(truth, "deal", "deal_without_lead", "bitrix24_deals"))
    for deal in ledgered(truth, "deal", "closed_before_lead", "bitrix24_deals"):
        lead = leads[deals[deal]["Лид: ID"]]
        assert moment(deals[deal]["Дата закрытия"]) < moment(lead["Дата создания"])
    for situation in ("lead_without_source", "before_tracking", "outside_lookback"):
        rows = [leads[lead] for lead in ledgered(truth, "lead", situation, "bitrix24_leads")]
        assert not any(row["UTM Source"] or row["YM Client ID"] for row in rows)
        if situation == "before_tracking":
            assert all(moment(row["Дата создания"]) < datetime(2025, 9, 1) for row in rows)


def test_late_callers_were_on_the_site_long_before(truth: Truth, table: Callable[..., Rows], events: Rows) -> None:
    person = {row["crm_lead_id"]: row["person"] for row in truth.read("leads").to_pylist()}
    visitor = {row["value"]: row["person"] for row in truth.read("identifiers").to_pylist() if row["kind"] == "visitor"}
    last: dict[int, str] = {}
    for row in events:
        last[visitor[row["visitor_id"]]] = max(last.get(visitor[row["visitor_id"]], ""), row["time"])
    leads = {row["ID"]: row for row in table("data/bitrix24/leads.csv")}
    known = {row["user_id"] for row in table("data/site/account_phones.csv", delimiter=",")}
    for lead in ledgered(truth, "lead", "outside_lookback", "bitrix24_leads"):
        asked = moment(leads[lead]["Дата создания"])
        assert (asked - datetime.fromisoformat(last[person[lead]][:19])).days > 90
    assert {row["user_id"] for row in events if row["user_id"]} <= known


def test_payments_of_the_ledger_are_in_the_workbook(truth: Truth, table: Callable[..., Rows]) -> None:
    header, *rows = CalamineWorkbook.from_path(truth.folder / "data/1c/payments.xlsx").get_sheet_by_index(0).to_python()
    named = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    payments = {row["Номер документа"]: row for row in named}
    counts = Counter(row["Номер документа"] for row in named)
    orders = {row["Номер заказа"] for row in table("data/bitrix24/deals_2026-10-31.csv")}
    orphans = ledgered(truth, "payment", "payment_without_deal", "payments")
    assert not {payments[document]["Номер заказа"] for document in orphans} & orders
    blank = ledgered(truth, "payment", "currency_missing", "payments")
    assert {document for document, row in payments.items() if row["Валюта"] == ""} == set(blank)
    twice = ledgered(truth, "payment", "duplicate", "payments")
    assert {document for document, count in counts.items() if count == 2} == set(twice)


def test_spend_of_the_ledger_is_in_the_files_and_on_no_visit(
    truth: Truth, table: Callable[..., Rows], events: Rows
) -> None:
    campaigns = {row["utm_campaign"] for row in events}
    for source in ("vk_ads", "other_costs"):
        assert not set(ledgered(truth, "spend", "matches_no_visit", source)) & campaigns
    telegram = table("data/ads/telegram_ads.csv", delimiter=",")
    assert {row["Campaign"] for row in telegram if row["Currency"] == "EUR"} == set(
        ledgered(truth, "spend", "no_exchange_rate", "telegram_ads")
    )
    days = ledgered(truth, "spend", "currency_missing", "telegram_ads")
    assert [row["Date"] for row in telegram if row["Currency"] == ""] == days
    assert {row["Валюта"] for row in table("data/fx_rates.csv")} == {"USD"}
    direct = table("data/ads/yandex_direct_search.tsv", delimiter="\t", skip=1)
    early = {row["Дата"] for row in direct if row["Дата"].endswith(".08.2025")}
    assert len(early) == len(ledgered(truth, "spend", "before_tracking", "yandex_direct_search")) == 14
