"""What book-keeping and after-sales service export: payments, answers to surveys, mailings, accounts of the web
shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.catalogue import EMAIL, OFFICE, SLOW_SELLER
from longfunnel.demo.contacts import spelled
from longfunnel.demo.crm import WON
from longfunnel.demo.export.files import (
    NBSP,
    day_first,
    excel_day,
    iso,
    roubles,
    write_csv,
    write_json,
    write_xlsx,
)
from longfunnel.demo.marks import user_id
from longfunnel.demo.money import METHODS
from longfunnel.demo.scale import DAY, END
from longfunnel.demo.truth import BadRow, Ledgered

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.demo.scale import Ints
    from longfunnel.demo.truth import Truth
    from longfunnel.demo.world import World

HEADER = (
    "Номер документа",
    "Дата",
    "Вид операции",
    "Сумма",
    "Валюта",
    "Номер заказа",
    "Телефон плательщика",
    "Способ оплаты",
)
BANK_HEADER = ("Номер п/п", "Дата платежа", "Сумма", "ID сделки", "Плательщик", "Назначение")
NPS_SHARE = 0.45
REPEATED_ROWS = 2
"""Rows of the payments' file that stand in it twice."""


def write_money(folder: Path, world: World, truth: Truth) -> None:
    """Write payments, survey answers, mailings and accounts."""
    payments, deals = world.payments, world.deals
    known = payments.deal >= 0
    office = known & (deals.product[payments.deal] == OFFICE)
    retail = np.flatnonzero(~office)
    _retail(folder, world, retail, truth)
    _office(folder, world, np.flatnonzero(office), truth)
    _surveys(folder, world, truth)
    _mailings(folder, world, truth)
    _accounts(folder, world, truth)


def _sums(world: World, rows: Ints) -> dict[str, object]:
    payments = world.payments.take(rows)
    paid, back = payments.amount[~payments.is_refund], payments.amount[payments.is_refund]
    counts: dict[str, object] = {"payments": len(paid), "refunds": len(back)}
    return counts | {"paid": roubles(int(paid.sum())), "refunded": roubles(int(back.sum()))}


def _retail(folder: Path, world: World, rows: Ints, truth: Truth) -> None:
    """The book-keeping program's register: a workbook with Excel dates; a CSV file where there are very many rows."""
    payments, contacts = world.payments, world.contacts
    is_book = world.scale.payments_format == "xlsx"
    when = [excel_day(at) for at in payments.at[rows].tolist()] if is_book else day_first(payments.at[rows])
    lines: list[list[object]] = []
    orphans: list[int] = []
    blank: list[int] = []
    for place, (row, moment) in enumerate(zip(rows.tolist(), when, strict=True)):
        deal, amount = int(payments.deal[row]), int(payments.amount[row])
        orphans += [row] * (deal < 0)
        blank += [row] * (not payments.has_currency[row])
        # one document in twenty names no order, only who paid
        order = f"ЗК-{80_000 + place}" if deal < 0 else "" if row % 20 == 7 else world.order_id(deal)
        phone = (
            "" if deal < 0 else spelled(contacts.phone[int(contacts.of(world.deals.person[deal : deal + 1])[0])], row)
        )
        kind = "Возврат" if payments.is_refund[row] else "Оплата"
        currency = "RUB" if payments.has_currency[row] else ""
        value: object = amount / 100 if is_book else roubles(amount, decimal=",", thousands=NBSP)
        lines.append([f"ПКО-{row + 1:06d}", moment, kind, value, currency, order, phone, METHODS[payments.method[row]]])
    repeated = [lines[place][0] for place in range(20, 20 + REPEATED_ROWS)]
    lines += [list(lines[place]) for place in range(20, 20 + REPEATED_ROWS)]
    path = folder / "data" / "1c" / f"payments.{world.scale.payments_format}"
    count = (
        write_xlsx(path, "Оплаты", HEADER, lines, date_columns=(1,), money_columns=(3,))
        if is_book
        else write_csv(path, HEADER, lines, delimiter=";", encoding="cp1251")
    )
    truth.file(path, "payments", "payment", count)
    truth.totals.setdefault("payments", {})["payments"] = _sums(world, rows)
    for name, found in (("payment_without_deal", orphans), ("currency_missing", blank)):
        amount = int(payments.amount[found].sum())
        truth.ledger(
            Ledgered(
                "payment",
                name,
                "payments",
                [f"ПКО-{row + 1:06d}" for row in found],
                amount,
                "RUB" if found is orphans else "",
            )
        )
    truth.ledger(Ledgered("payment", "duplicate", "payments", [str(document) for document in repeated]))


def _office(folder: Path, world: World, rows: Ints, truth: Truth) -> None:
    """The bank's statement of corporate payments: refunds are negative sums."""
    payments, contacts = world.payments, world.contacts
    lines: list[list[object]] = []
    for row, when in zip(rows.tolist(), day_first(payments.at[rows]), strict=True):
        deal = int(payments.deal[row])
        amount = int(payments.amount[row]) * (-1 if payments.is_refund[row] else 1)
        company = contacts.company[int(contacts.of(world.deals.person[deal : deal + 1])[0])]
        purpose = "Возврат по договору" if amount < 0 else "Оплата по договору"
        lines.append(
            [
                f"{row + 1}",
                when[:10],
                roubles(amount, decimal=",", thousands=NBSP),
                world.deal_id(deal),
                company,
                purpose,
            ]
        )
    lines.append(["999999", "01.10.2026", "сто тысяч", "5001", "", "Оплата по договору"])
    path = folder / "data" / "bank" / "corporate_payments.csv"
    truth.file(
        path, "corporate_payments", "payment", write_csv(path, BANK_HEADER, lines, delimiter=";", encoding="cp1251")
    )
    truth.bad(BadRow(path, 1 + len(lines), "Сумма", "сто тысяч", "amount", "corporate_payments"))
    truth.totals["payments"]["corporate_payments"] = _sums(world, rows)


def _surveys(folder: Path, world: World, truth: Truth) -> None:
    """NPS answers of buyers: a JSON array; clients of the slow manager are less happy."""
    rng = world.dice.of("nps")
    deals = world.deals
    won = np.flatnonzero((deals.status == WON) & ~world.in_office_crm & (deals.closed + 12 * DAY < END))
    asked = won[rng.random(len(won)) < NPS_SHARE]
    mood = np.where(deals.manager[asked] == SLOW_SELLER, 5.8, 8.6)
    score = np.clip(np.rint(rng.normal(mood, 1.7)), 0, 10).astype(int).tolist()
    when = iso(deals.closed[asked] + rng.integers(2, 11, len(asked)) * DAY)
    place = world.contacts.of(deals.person[asked]).tolist()
    answers = [
        {
            "id": f"nps-{deal}",
            "answered": moment,
            "order": world.order_id(deal),
            "email": world.contacts.email[contact],
            "score": value,
        }
        for deal, moment, value, contact in zip(asked.tolist(), when, score, place, strict=True)
    ]
    path = folder / "data" / "nps.json"
    write_json(path, answers)
    truth.file(path, "nps", "survey_answer", len(answers))
    promoters, detractors = sum(value >= 9 for value in score), sum(value <= 6 for value in score)
    truth.totals["nps"] = {"answers": len(score), "promoters": promoters, "detractors": detractors}


def _mailings(folder: Path, world: World, truth: Truth) -> None:
    """The mailing service's log: each visit by e-mail of a known person began with a letter that was sent, opened
    and clicked."""
    visits, contacts = world.visits, world.contacts
    rows = np.flatnonzero((visits.channel == EMAIL) & np.isin(visits.person, contacts.person))
    place = contacts.of(visits.person[rows]).tolist()
    lines: list[list[object]] = []
    steps = (("sent", 9_000), ("delivered", 8_990), ("opened", 120), ("clicked", 15))
    moments = {kind: iso(visits.at[rows] - earlier) for kind, earlier in steps}
    for number, row in enumerate(rows.tolist()):
        campaign = world.marks.utm(row)[2]
        for kind, _ in steps:
            lines.append([f"m{row}", kind, moments[kind][number], campaign, contacts.email[place[number]]])
    path = folder / "data" / "mailings.csv"
    count = write_csv(path, ("message_id", "event", "time", "campaign", "email"), lines)
    truth.file(path, "mailings", "message", count)


def _accounts(folder: Path, world: World, truth: Truth) -> None:
    """The web shop's accounts: which user has which e-mail."""
    contacts = world.contacts
    places = np.flatnonzero(contacts.has_account).tolist()
    by_email = [[user_id(place), contacts.email[place]] for place in places]
    path = folder / "data" / "site" / "accounts.csv"
    truth.file(path, "accounts", "identity_link", write_csv(path, ("user_id", "email"), by_email))
    late = folder / "data" / "site" / "account_phones.csv"
    by_phone = [[user_id(place), contacts.phone[place]] for place in places]
    truth.file(late, "account_phones", "identity_link", write_csv(late, ("user_id", "phone"), by_phone))
