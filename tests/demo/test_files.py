"""The files of the invented business: the same on every run, as the settings describe, and as the truth counts them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import phonenumbers
import pytest
from python_calamine import CalamineWorkbook

from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import parse_settings
from longfunnel.demo import write_business
from longfunnel.demo.scale import SCALES
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.demo import Truth

    Rows = list[dict[str, str]]

pytestmark = pytest.mark.slow  # each test makes a whole business


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def amount(text: str) -> Decimal:
    return Decimal(text.replace("\u00a0", "").replace(",", ".").removesuffix("руб."))


def test_the_same_seed_gives_the_same_bytes(truth: Truth, tmp_path: Path) -> None:
    write_business(tmp_path)
    assert digests(tmp_path) == digests(truth.folder)


def test_another_seed_gives_another_business(truth: Truth, tmp_path: Path) -> None:
    other = write_business(tmp_path, seed=8)
    assert other.totals["won_amount"] != truth.totals["won_amount"]
    assert {file["path"] for file in other.files} == {file["path"] for file in truth.files}


@pytest.mark.slow
def test_every_stated_seed_can_be_lived_through(tmp_path: Path) -> None:
    for seed in (0, 1, 2**31):
        business = write_business(tmp_path / str(seed), seed=seed, language="en")
        assert business.totals["orders"] > 150


def test_in_english_people_products_and_stages_have_english_names(tmp_path: Path) -> None:
    write_business(tmp_path, language="en")
    deals = (tmp_path / "data/bitrix24/deals_2026-10-31.csv").read_text("utf-8-sig")
    header, body = deals.split("\n", 1)
    assert "Fitted kitchens" in body
    assert not any("а" <= letter <= "я" for letter in body.replace("около ста тысяч", "").lower())
    assert "Стадия сделки" in header, "the vendor's own headers stay"


def test_a_folder_of_a_real_business_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "longfunnel.toml").write_text("[business]\n")
    with pytest.raises(SettingsError, match="no demo"):
        write_business(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["longfunnel.toml"]


def test_progress_only_goes_forward_and_ends_at_one(tmp_path: Path) -> None:
    shares: list[float] = []
    write_business(tmp_path, progress=lambda _step, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_scales_are_ordered() -> None:
    sizes = [scale.people for scale in SCALES.values()]
    assert list(SCALES) == ["small", "medium", "large"]
    assert sizes == sorted(set(sizes))


@pytest.mark.slow
def test_medium_holds_about_a_million_events(truth: Truth, tmp_path: Path) -> None:
    medium = write_business(tmp_path, scale="medium")
    rows = {file["path"]: file["rows"] for file in medium.files}
    assert 900_000 < sum(count for path, count in rows.items() if "events-" in path) < 1_150_000
    small = {file["path"]: file["rows"] for file in truth.files}
    steady = {"data/fx_rates.csv", "data/ads/other_costs.csv"}
    assert all(rows[path] > count for path, count in small.items() if path not in steady)


def header_of(path: Path, source: Any) -> set[str]:
    if path.suffix == ".xlsx":
        return {str(cell) for cell in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0]}
    if path.suffix == ".json":
        return set(json.loads(path.read_text("utf-8"))[0])
    if path.suffix == ".jsonl":
        return set(json.loads(path.read_text("utf-8").splitlines()[0]))
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            lines = raw.decode(encoding).splitlines()
            break
        except UnicodeDecodeError:
            continue
    first = lines[source.skip_rows]
    delimiter = max("\t;,", key=first.count)
    return set(next(csv.reader([first], delimiter=delimiter)))


def leaves(columns: dict[str, Any]) -> dict[str, str]:
    return {
        **{name: value for name, value in columns.items() if isinstance(value, str)},
        **{f"props.{name}": value for name, value in columns.get("props", {}).items()},
    }


def test_the_settings_are_valid_and_name_only_columns_that_exist(truth: Truth) -> None:
    settings = parse_settings((truth.folder / "longfunnel.toml").read_text("utf-8"))
    known, covered = facts(), set()
    for source in settings.source:
        fact = known[source.fact]
        mapped = leaves(source.columns)
        ours = set(mapped) | set(source.constants)
        assert {name for name in ours if not name.startswith("props.")} <= set(fact.column_by_name), source.name
        assert {column.name for column in fact.columns if column.required} <= ours, source.name
        paths = sorted(truth.folder.glob(source.path))
        assert paths, source.path
        for path in paths:
            covered.add(path)
            assert set(mapped.values()) <= header_of(path, source), (source.name, path.name)
    assert covered == {path for path in (truth.folder / "data").rglob("*") if path.is_file()}


def test_the_truth_file_says_what_was_returned(truth: Truth) -> None:
    told = json.loads((truth.folder / "truth.json").read_text("utf-8"))
    assert told == truth.as_json()
    assert (told["since"], told["until"]) == (truth.since, truth.until) == ("2025-09-01", "2026-10-31")


def test_sums_of_spend_equal_the_truth(truth: Truth, table: Callable[..., Rows]) -> None:
    cost = "Расход, руб. с НДС"
    for name in ("yandex_direct_search", "yandex_direct_network"):
        rows = table(f"data/ads/{name}.tsv", delimiter="\t", skip=1)
        good = [row for row in rows if not row["Дата"].startswith("32")]
        told = truth.totals["spend"][name]
        assert sum(amount(row[cost]) for row in good) == Decimal(told["cost"])
        assert sum(int(row["Клики"]) for row in good) == told["clicks"]
        assert sum(int(row["Показы"]) for row in good) == told["impressions"]
    vk = [row for row in table("data/ads/vk_ads.csv") if row["Потрачено всего, ₽"] != "уточняется"]
    assert sum(amount(row["Потрачено всего, ₽"]) for row in vk) == Decimal(truth.totals["spend"]["vk_ads"]["cost"])
    telegram = table("data/ads/telegram_ads.csv", delimiter=",")
    dollars = sum(amount(row["Spent"]) for row in telegram if row["Currency"] == "USD")
    assert dollars == Decimal(truth.totals["spend"]["telegram_ads"]["cost"])
    other = table("data/ads/other_costs.csv", encoding="cp1251")
    assert sum(amount(row["Сумма"]) for row in other) == Decimal(truth.totals["spend"]["other_costs"]["cost"])


def test_deals_as_corrected_equal_the_truth(truth: Truth, table: Callable[..., Rows]) -> None:
    rows = {row["ID"]: row for row in table("data/bitrix24/deals_2026-10-31.csv") if row["Сумма"] != "около ста тысяч"}
    rows |= {row["ID"]: row for row in table("data/bitrix24/deals_2026-11-05_corrected.csv")}
    retail, office = truth.totals["deals"]["bitrix24"], truth.totals["deals"]["amocrm"]
    assert len(rows) == retail["deals"]
    won = [amount(row["Сумма"]) for row in rows.values() if row["Состояние"] == "Успешна"]
    assert (len(won), sum(won)) == (retail["won"], Decimal(retail["won_amount"]))
    corporate = table("data/amocrm/deals.csv", delimiter=",")
    won = [amount(row["Бюджет ₽"]) for row in corporate if row["Результат"] == "Успешна"]
    assert (len(won), sum(won)) == (office["won"], Decimal(office["won_amount"]))
    assert retail["won"] + office["won"] == truth.totals["orders"]


def test_payments_equal_the_truth(truth: Truth, table: Callable[..., Rows]) -> None:
    header, *rows = CalamineWorkbook.from_path(truth.folder / "data/1c/payments.xlsx").get_sheet_by_index(0).to_python()
    documents = {row[0]: dict(zip(map(str, header), row, strict=True)) for row in rows}
    told = truth.totals["payments"]["payments"]
    for kind, count, total in (("Оплата", "payments", "paid"), ("Возврат", "refunds", "refunded")):
        sums = [Decimal(str(row["Сумма"])) for row in documents.values() if row["Вид операции"] == kind]
        assert (len(sums), sum(sums)) == (told[count], Decimal(told[total]))
    bank = table("data/bank/corporate_payments.csv", encoding="cp1251")
    sums = [amount(row["Сумма"]) for row in bank if row["Сумма"] != "сто тысяч"]
    told = truth.totals["payments"]["corporate_payments"]
    assert sum(value for value in sums if value > 0) == Decimal(told["paid"])
    assert -sum(value for value in sums if value < 0) == Decimal(told["refunded"])


def test_every_request_stands_in_some_file_of_leads(truth: Truth, table: Callable[..., Rows]) -> None:
    forms = [json.loads(line) for line in (truth.folder / "data/site/forms.jsonl").read_text("utf-8").splitlines()]
    known = {row["id"] for row in forms} | {row["ID"] for row in table("data/bitrix24/leads.csv")}
    known |= {row["ID заявки"] for row in table("data/amocrm/incoming.csv", encoding="cp1251")}
    for row in truth.read("leads").to_pylist():
        assert {row["form_id"], row["crm_lead_id"], f"in-{row['request']}"} & known


def test_phones_and_addresses_are_valid_and_belong_to_the_person_told(truth: Truth, table: Callable[..., Rows]) -> None:
    owners: dict[tuple[str, str], set[int]] = {}
    for row in truth.read("identifiers").to_pylist():
        owners.setdefault((row["kind"], row["value"]), set()).add(row["person"])
    shared = truth.faults["shared_phone"]["phone"]
    assert [value for (_, value), people in owners.items() if len(people) > 1] == [shared]
    by_crm_id = {row["crm_lead_id"]: row["person"] for row in truth.read("leads").to_pylist()}
    for row in table("data/bitrix24/leads.csv"):
        phone = phonenumbers.parse(row["Телефон"], "RU")
        assert phonenumbers.is_valid_number(phone)
        written = phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)
        assert by_crm_id[row["ID"]] in owners["phone", written]
        assert not row["E-mail"] or owners["email", row["E-mail"]] == {by_crm_id[row["ID"]]}


def test_channels_add_up_to_the_totals(truth: Truth) -> None:
    for column, total in (("leads", "requests"), ("won", "orders"), ("visits", "visits")):
        assert sum(row[column] for row in truth.channels) == truth.totals[total]
    for column, total in (
        ("won_amount", "won_amount"),
        ("paid", "paid_for_orders"),
        ("refunded", "refunded_for_orders"),
    ):
        assert sum(Decimal(row[column]) for row in truth.channels) == Decimal(truth.totals[total])


def test_the_numbers_are_those_of_a_plausible_business(truth: Truth) -> None:
    totals, channels = truth.totals, {row["channel"]: row for row in truth.channels}
    search, network = channels["yandex_direct_search"], channels["yandex_direct_network"]
    assert 0.01 < search["clicks"] / search["impressions"] < 0.08
    assert 0.003 < network["clicks"] / network["impressions"] < 0.008
    assert 0.015 < totals["requests"] / totals["visits"] < 0.045
    assert 60_000 < Decimal(totals["won_amount"]) / totals["orders"] < 120_000
    assert 0.08 < totals["repeat_orders"] / totals["orders"] < 0.20
    profit = {key: Decimal(row["won_amount"]) - Decimal(row["cost_of_goods"]) for key, row in channels.items()}
    assert profit["yandex_direct_search"] > Decimal(totals["spend"]["yandex_direct_search"]["cost"])
    assert profit["vk_ads"] < Decimal(totals["spend"]["vk_ads"]["cost"])
    assert all(row["leads"] >= 15 for row in truth.channels if row["channel"] != "no_request")
