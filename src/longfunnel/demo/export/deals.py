"""The exports of the two CRMs: retail deals in Bitrix24, corporate ones in amoCRM, their stages, and late
corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.catalogue import (
    AUDIENCES,
    CALL,
    CLOSED_EARLY,
    NO_LEAD,
    OFFICE,
    OFFICE_ENDS,
    OFFICE_PIPELINE,
    OFFICE_STAGES,
    PRODUCTS,
    REASONS,
    REGIONS,
    RETAIL_ENDS,
    RETAIL_PIPELINE,
    RETAIL_STAGES,
    SELLERS,
    SHARED_PHONE,
    STATUSES,
)
from longfunnel.demo.contacts import spelled
from longfunnel.demo.crm import LOST, WON
from longfunnel.demo.export.files import NBSP, day_first, roubles, write_csv
from longfunnel.demo.export.leads import audience_of
from longfunnel.demo.journeys import region_of
from longfunnel.demo.marks import EMPTY
from longfunnel.demo.scale import DAY, END, UTC_OFFSET
from longfunnel.demo.truth import BadRow, Ledgered

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.demo.scale import Ints
    from longfunnel.demo.truth import Truth
    from longfunnel.demo.world import World

EDITED_SHARE = 0.03
"""Won retail deals whose amount is put right after the first export."""
BITRIX_HEADER = (
    "ID",
    "Название сделки",
    "Воронка",
    "Стадия сделки",
    "Состояние",
    "Сумма",
    "Валюта",
    "Себестоимость",
    "Ответственный",
    "Дата создания",
    "Дата закрытия",
    "Дата изменения",
    "Лид: ID",
    "Контакт: ID",
    "Контакт: Телефон",
    "Контакт: E-mail",
    "Номер заказа",
    "Товар",
    "Сегмент",
    "Город",
    "Причина отказа",
    "Повторное обращение",
)
AMO_HEADER = (
    "ID",
    "Название сделки",
    "Воронка",
    "Этап сделки",
    "Результат",
    "Бюджет ₽",
    "Себестоимость",
    "Ответственный",
    "Дата создания сделки",
    "Дата закрытия",
    "Дата редактирования",
    "Контакт ID",
    "Основной контакт",
    "Компания контакта",
    "Рабочий телефон",
    "Рабочий email",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "_ym_uid",
    "Товар",
    "Регион",
    "Причина отказа",
    "Повторная",
)


def write_deals(folder: Path, world: World, truth: Truth) -> None:
    """Write the deals and the stage histories of both CRMs."""
    _bitrix(folder, world, truth)
    _amo(folder, world, truth)
    _stages(folder, world, truth)
    deals = world.deals
    for office, name in ((False, "bitrix24"), (True, "amocrm")):
        here = world.in_office_crm == office
        counts = {
            status: int((deals.status[here] == number).sum()) for number, status in enumerate(("open", "won", "lost"))
        }
        won = int(deals.amount[here & (deals.status == WON)].sum())
        truth.totals.setdefault("deals", {})[name] = {"deals": int(here.sum()), **counts, "won_amount": roubles(won)}
    for situation, name in ((NO_LEAD, "deal_without_lead"), (CLOSED_EARLY, "closed_before_lead")):
        rows = np.flatnonzero((deals.situation == situation) & ~world.in_office_crm)
        ids = [world.deal_id(row) for row in rows.tolist()]
        won_here = int(deals.amount[rows[deals.status[rows] == WON]].sum())
        truth.ledger(Ledgered("deal", name, "bitrix24_deals", ids, won_here))


def stage_name(world: World, deal: int, stage: int) -> str:
    """The words of a deal's stage; the last two places are won and lost."""
    words = (OFFICE_STAGES + OFFICE_ENDS) if world.deals.product[deal] == OFFICE else (RETAIL_STAGES + RETAIL_ENDS)
    return words[stage].say(world.language)


def modified_at(world: World, rows: Ints) -> Ints:
    """When the CRM last changed each deal, as of the first export."""
    deals = world.deals
    return np.minimum(np.where(deals.closed[rows] >= 0, deals.closed[rows] + 3_600, deals.responded[rows]), END - 60)


def _reason(world: World, deal: int) -> str:
    return REASONS[world.deals.reason[deal]].say(world.language) if world.deals.status[deal] == LOST else ""


def _bitrix(folder: Path, world: World, truth: Truth) -> None:
    """Bitrix24's deals on the last day of the history, and what was corrected in November."""
    deals, contacts, language = world.deals, world.contacts, world.language
    rows = np.flatnonzero(~world.in_office_crm)
    won = rows[(deals.status[rows] == WON) & ~deals.is_checkout[rows]]
    rng = world.dice.of("late edits")
    edited = np.sort(rng.choice(won, max(5, int(EDITED_SHARE * len(won))), replace=False))
    wrong = (
        np.rint(deals.amount[edited] * rng.choice([0.85, 0.9, 1.1, 1.25], len(edited)) / 1_000).astype(np.int64) * 1_000
    )
    before = dict(zip(edited.tolist(), wrong.tolist(), strict=True))
    place = contacts.of(deals.person[rows]).tolist()
    cities = region_of(deals.person[rows], world.dice).tolist()
    audience = audience_of(deals.person[rows], deals.product[rows]).tolist()
    created, closed, modified = (
        day_first(at) for at in (deals.created[rows], deals.closed[rows], modified_at(world, rows))
    )
    lines: dict[int, list[object]] = {}
    for number, deal in enumerate(rows.tolist()):
        request = int(deals.request[deal])
        contact = place[number]
        is_call = request < 0 or world.requests.kind[request] == CALL
        has_order = deals.status[deal] == WON or deals.is_checkout[deal]
        lines[deal] = [
            world.deal_id(deal),
            f"{PRODUCTS[deals.product[deal]].name.say(language)}: {contacts.name[contact]}",
            RETAIL_PIPELINE.say(language),
            stage_name(world, deal, int(world.stage[deal])),
            STATUSES[deals.status[deal]].say(language),
            roubles(before.get(deal, int(deals.amount[deal]))),
            "RUB",
            roubles(int(deals.cost_of_goods[deal])),
            SELLERS[deals.manager[deal]].name.say(language),
            created[number],
            closed[number],
            modified[number],
            world.crm_lead_id(request) if request >= 0 else "",
            70_001 + contact,
            spelled(contacts.phone[contact], deal),
            "" if is_call else contacts.email[contact],
            world.order_id(deal) if has_order else "",
            PRODUCTS[deals.product[deal]].name.say(language),
            AUDIENCES[audience[number]].say(language),
            REGIONS[cities[number]].say(language),
            _reason(world, deal),
            "Y" if deals.is_repeat[deal] else "N",
        ]
    first = [*lines.values(), ["100001", *lines[int(rows[-1])][1:5], "около ста тысяч", *lines[int(rows[-1])][6:]]]
    path = folder / "data" / "bitrix24" / "deals_2026-10-31.csv"
    truth.file(
        path, "bitrix24_deals", "deal", write_csv(path, BITRIX_HEADER, first, delimiter=";", encoding="utf-8-sig")
    )
    truth.bad(BadRow(path, 1 + len(first), "Сумма", "около ста тысяч", "amount", "bitrix24_deals"))
    fixed_at = day_first(END + 2 * DAY + 36_000 + 60 * np.arange(len(edited)))
    corrected = [
        [*lines[deal][:5], roubles(int(deals.amount[deal])), *lines[deal][6:11], when, *lines[deal][12:]]
        for deal, when in zip(edited.tolist(), fixed_at, strict=True)
    ]
    late = folder / "data" / "bitrix24" / "deals_2026-11-05_corrected.csv"
    truth.file(
        late, "bitrix24_deals", "deal", write_csv(late, BITRIX_HEADER, corrected, delimiter=";", encoding="utf-8-sig")
    )
    truth.faults["late_edits"] = {
        "path": late.relative_to(folder).as_posix(),
        "deals": [
            {"deal_id": world.deal_id(deal), "amount_before": roubles(old), "amount": roubles(int(deals.amount[deal]))}
            for deal, old in before.items()
        ],
    }


def _amo(folder: Path, world: World, truth: Truth) -> None:
    """amoCRM's deals: budgets with no-break spaces; the tenants of the business centre left no e-mail here, only
    its phone."""
    deals, contacts, language = world.deals, world.contacts, world.language
    rows = np.flatnonzero(world.in_office_crm)
    place = contacts.of(deals.person[rows]).tolist()
    cities = region_of(deals.person[rows], world.dice).tolist()
    created, closed, modified = (
        day_first(at) for at in (deals.created[rows], deals.closed[rows], modified_at(world, rows))
    )
    lines: list[list[object]] = []
    shared: list[int] = []
    for number, deal in enumerate(rows.tolist()):
        request = int(deals.request[deal])
        contact = place[number]
        only_phone = bool(deals.situation[deal] == SHARED_PHONE)
        shared += [deal] * only_phone
        visit = -1 if only_phone or request < 0 else int(world.requests.visit[request])
        utm = world.marks.utm(visit) if world.requests.kind[request] != CALL else EMPTY
        email = "" if only_phone or world.requests.kind[request] == CALL else contacts.email[contact]
        lines.append(
            [
                world.deal_id(deal),
                f"{contacts.company[contact]}: {PRODUCTS[OFFICE].name.say(language)}",
                OFFICE_PIPELINE.say(language),
                stage_name(world, deal, int(world.stage[deal])),
                STATUSES[deals.status[deal]].say(language),
                roubles(int(deals.amount[deal]), decimal=",", thousands=NBSP),
                roubles(int(deals.cost_of_goods[deal]), decimal=",", thousands=NBSP),
                SELLERS[deals.manager[deal]].name.say(language),
                created[number],
                closed[number],
                modified[number],
                40_001 + contact,
                contacts.name[contact],
                contacts.company[contact],
                spelled(contacts.phone[contact], 1),
                email,
                *utm,
                "",
                PRODUCTS[OFFICE].name.say(language),
                REGIONS[cities[number]].say(language),
                _reason(world, deal),
                "да" if deals.is_repeat[deal] else "нет",
            ]
        )
    path = folder / "data" / "amocrm" / "deals.csv"
    truth.file(path, "amocrm_deals", "deal", write_csv(path, AMO_HEADER, lines))
    ids = [world.deal_id(deal) for deal in shared]
    won = sum(int(deals.amount[deal]) for deal in shared if deals.status[deal] == WON)
    truth.ledger(Ledgered("deal", "shared_identifier", "amocrm_deals", ids, won))


def _stages(folder: Path, world: World, truth: Truth) -> None:
    """Bitrix24's stage history with words and day-first dates; amoCRM's with epoch seconds."""
    history, deals, language = world.history, world.deals, world.language
    office = world.in_office_crm[history.deal]
    for is_office in (False, True):
        here = np.flatnonzero(office == is_office)
        at = history.at[here]
        when = [str(second - UTC_OFFSET) for second in at.tolist()] if is_office else day_first(at)
        pipeline = (OFFICE_PIPELINE if is_office else RETAIL_PIPELINE).say(language)
        lines = [
            [
                world.deal_id(deal),
                pipeline,
                stage_name(world, deal, stage),
                min(stage, 5) + 1,
                moment,
                SELLERS[deals.manager[deal]].name.say(language),
            ]
            for deal, stage, moment in zip(history.deal[here].tolist(), history.stage[here].tolist(), when, strict=True)
        ]
        name = "amocrm_stages" if is_office else "bitrix24_stages"
        path = folder / "data" / name.split("_")[0] / "stages.csv"
        header = (
            ("deal_id", "pipeline", "status", "position", "created_at", "user")
            if is_office
            else ("ID сделки", "Воронка", "Стадия", "Номер стадии", "Дата перехода", "Сотрудник")
        )
        truth.file(path, name, "stage_entry", write_csv(path, header, lines, delimiter="," if is_office else ";"))
        truth.totals.setdefault("stage_entries", {})[name] = len(lines)
