"""The exports of requests: the site's forms, the call tracker, and the leads of the retail CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.demo.catalogue import (
    AUDIENCES,
    BEFORE_TRACKING,
    CALL,
    CHANNEL_KEYS,
    CHAT,
    CHECKOUT,
    DEVICES,
    FORM,
    LATE_CALLER,
    NO_VISIT,
    OFFICE,
    PRODUCTS,
    REGIONS,
    SELLERS,
    SHARED_PHONE,
    SHARED_PHONE_NUMBER,
    SITE,
)
from longfunnel.demo.contacts import spelled
from longfunnel.demo.export.files import day_first, iso, write_csv, write_jsonl
from longfunnel.demo.faults import DUPLICATE_MONTH
from longfunnel.demo.journeys import device_kind, region_of
from longfunnel.demo.marks import EMPTY, UTM, metrika_ids, visitor_ids
from longfunnel.demo.requests import leaves_utm
from longfunnel.demo.scale import clock
from longfunnel.demo.truth import BadRow, Ledgered

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.demo.scale import Ints
    from longfunnel.demo.truth import Truth
    from longfunnel.demo.world import World

UNANSWERED_SHARE = 0.12
FREE_CALLS_SHARE = 0.35
"""Calls that are no requests (suppliers, clients with a question), relative to the calls that are."""


def audience_of(person: Ints, product: Ints) -> Ints:
    """The segment of each client: companies for office furniture, an even mix of the others elsewhere."""
    return np.where(product == OFFICE, 3, person % 3)


def write_leads(folder: Path, world: World, truth: Truth) -> None:
    """Write every file of requests and calls."""
    _forms(folder, world, truth)
    _calls(folder, world, truth)
    _crm_leads(folder, world, truth)
    _office_calls(folder, world, truth)


def _devices(world: World, rows: Ints) -> tuple[list[str], list[str], list[str]]:
    """The visitor id, Metrika id and kind of device of these requests' visits (anything where there was none)."""
    visit = world.requests.visit[rows]
    person, slot = world.visits.person[visit], world.visits.slot[visit]
    kinds = [DEVICES[kind] for kind in device_kind(person, slot, world.dice).tolist()]
    return (
        visitor_ids(person, slot, world.dice).to_pylist(),
        [str(number) for number in metrika_ids(person, slot, world.dice).tolist()],
        kinds,
    )


def _forms(folder: Path, world: World, truth: Truth) -> None:
    """The site's webhook log: one JSON object a request, times with an offset, phones as people type them."""
    requests, contacts = world.requests, world.contacts
    rows = np.flatnonzero(np.isin(requests.kind, (FORM, CHECKOUT)))
    visitors, metrika, kinds = _devices(world, rows)
    place = contacts.of(requests.person[rows]).tolist()
    when = iso(requests.at[rows])
    lines: list[dict[str, Any]] = []
    for number, request in enumerate(rows.tolist()):
        visit = int(requests.visit[request])
        contact = place[number]
        yclid, clickid = int(world.marks.yclid[visit]), int(world.marks.rb_clickid[visit])
        lines.append(
            {
                "id": world.form_id(request),
                "sent_at": when[number].replace(" ", "T") + "+03:00",
                "form": "korzina" if requests.kind[request] == CHECKOUT else "zamer",
                "name": contacts.name[contact],
                "phone": spelled(contacts.phone[contact], request),
                "email": contacts.email[contact] if request % 5 else contacts.email[contact].upper(),
                "company": contacts.company[contact] or None,
                "product": PRODUCTS[requests.product[request]].name.say(world.language),
                "page": SITE + ("/korzina/" if requests.kind[request] == CHECKOUT else "/zamer/"),
                "visitor_id": visitors[number],
                "ym_uid": metrika[number],
                "yclid": str(yclid) if yclid else None,
                "rb_clickid": str(clickid) if clickid else None,
                **{name: value or None for name, value in zip(UTM, world.marks.utm(visit), strict=True)},
                "device": kinds[number],
            }
        )
    broken = {**lines[-1], "id": "F-999999", "sent_at": "вчера вечером"}
    lines.append(broken)
    path = folder / "data" / "site" / "forms.jsonl"
    truth.file(path, "site_forms", "lead", write_jsonl(path, lines))
    truth.bad(BadRow(path, len(lines), "sent_at", "вчера вечером", "created_at", "site_forms"))


def _calls(folder: Path, world: World, truth: Truth) -> None:
    """Calltouch's journal: cp1251, semicolons, day-first dates. Unanswered calls are called again; some calls are
    no requests."""
    rng = world.dice.of("calls")
    requests = world.requests
    asked = np.flatnonzero(requests.kind == CALL)
    missed = asked[rng.random(len(asked)) < UNANSWERED_SHARE]
    free = rng.choice(asked, int(FREE_CALLS_SHARE * len(asked)), replace=False)
    later = requests.at[free] + rng.integers(3, 40, len(free)) * 86_400 // 2
    request = np.concatenate([missed, asked, free])
    shift = rng.integers(300, 1_500, len(missed))
    at = np.concatenate([requests.at[missed] - shift, requests.at[asked], later])
    answered = np.repeat([False, True, True], [len(missed), len(asked), len(free)])
    target = np.repeat([True, True, False], [len(missed), len(asked), len(free)])
    keep = at < clock(DUPLICATE_MONTH.replace(month=11))
    order = np.flatnonzero(keep)[np.argsort(at[keep], kind="stable")]
    request, at, answered, target = request[order], at[order], answered[order], target[order]
    known = (requests.visit[request] >= 0) & target
    _, metrika, _ = _devices(world, request)
    talk = np.where(answered, 20 + np.rint(rng.gamma(1.8, 95, len(request))), 0).astype(int).tolist()
    wait = (3 + np.rint(rng.gamma(2, 6, len(request)))).astype(int).tolist()
    header = (
        "ID звонка",
        "Дата и время звонка",
        "Номер телефона",
        "Номер Calltouch",
        "Длительность звонка",
        "Длительность ожидания",
        "Статус",
        "Целевой",
        "Уникальный",
        "Менеджер",
        "Источник",
        "UTM Source",
        "UTM Medium",
        "UTM Campaign",
        "UTM Content",
        "UTM Term",
        "ClientID Яндекс.Метрика",
        "Город",
    )
    contact = world.contacts.of(requests.person[request]).tolist()
    cities = region_of(requests.person[request], world.dice).tolist()
    seen: set[str] = set()
    lines: list[list[object]] = []
    for number, (row, when) in enumerate(zip(request.tolist(), day_first(at), strict=True)):
        phone = world.contacts.phone[contact[number]]
        utm = world.marks.utm(int(requests.visit[row])) if known[number] else EMPTY
        tracking = f"7495000{10 + int(requests.channel[row]) if known[number] else 99}00"
        source = CHANNEL_KEYS[requests.channel[row]] if known[number] and utm[0] else "<не указано>"
        manager = SELLERS[world.answered_by[row]].name.say(world.language) if answered[number] else ""
        marks = [_yes(bool(target[number])), _yes(phone not in seen)]
        status = "Успешный" if answered[number] else "Неуспешный"
        client = metrika[number] if known[number] else ""
        city = REGIONS[cities[number]].say(world.language)
        lines.append(
            [
                900_001 + number,
                when,
                phone[1:],
                tracking,
                talk[number],
                wait[number],
                status,
                *marks,
                manager,
                source,
                *utm,
                client,
                city,
            ]
        )
        seen.add(phone)
    lines.append([999_999, "31.06.2026 12:00:00", *lines[-1][2:]])
    path = folder / "data" / "calltouch" / "calls.csv"
    truth.file(path, "calls", "call", write_csv(path, header, lines, delimiter=";", encoding="cp1251"))
    truth.bad(BadRow(path, 1 + len(lines), "Дата и время звонка", "31.06.2026 12:00:00", "started_at", "calls"))
    truth.totals["calls"] = {"calls": len(request), "answered": int(answered.sum()), "requests": len(asked)}


def _office_calls(folder: Path, world: World, truth: Truth) -> None:
    """amoCRM's incoming calls: the corporate team's requests that came by phone (its forms are known from the site
    only)."""
    requests, contacts = world.requests, world.contacts
    rows = np.flatnonzero((requests.kind == CALL) & (requests.product == OFFICE))
    place = contacts.of(requests.person[rows]).tolist()
    lines = [
        [
            f"in-{request}",
            when,
            "Входящий звонок",
            contacts.name[contact],
            contacts.company[contact],
            contacts.phone[contact],
        ]
        for request, when, contact in zip(rows.tolist(), iso(requests.at[rows] + 4), place, strict=True)
    ]
    header = ("ID заявки", "Дата заявки", "Тип", "Имя", "Компания", "Телефон")
    path = folder / "data" / "amocrm" / "incoming.csv"
    truth.file(path, "amocrm_incoming", "lead", write_csv(path, header, lines, delimiter=";", encoding="cp1251"))


def _yes(flag: bool) -> str:
    return "Да" if flag else "Нет"


def _crm_leads(folder: Path, world: World, truth: Truth) -> None:
    """Bitrix24's leads, with the copies of the site's forms; one month lies in the folder a second time."""
    requests, contacts = world.requests, world.contacts
    rows = np.flatnonzero(requests.product != OFFICE)
    created = requests.at[rows] + np.where(np.isin(requests.kind[rows], (FORM, CHECKOUT)), 40 + rows % 170, 5)
    told = leaves_utm(requests, world.dice)
    _, metrika, _ = _devices(world, rows)
    place = contacts.of(requests.person[rows]).tolist()
    cities = region_of(requests.person[rows], world.dice).tolist()
    audience = audience_of(requests.person[rows], requests.product[rows]).tolist()
    origin = {FORM: "Веб-форма", CALL: "Звонок", CHAT: "Чат", CHECKOUT: "Интернет-магазин"}
    header = (
        "ID",
        "Дата создания",
        "Название лида",
        "Имя",
        "Телефон",
        "E-mail",
        "Источник",
        "UTM Source",
        "UTM Medium",
        "UTM Campaign",
        "UTM Content",
        "UTM Term",
        "YM Client ID",
        "Статус",
        "Качественный",
        "Ответственный",
        "Товар",
        "Сегмент",
        "Город",
        "Контакт: ID",
    )
    lines: list[list[object]] = []
    for number, (request, when) in enumerate(zip(rows.tolist(), day_first(created), strict=True)):
        contact = place[number]
        is_call = requests.kind[request] == CALL
        utm = world.marks.utm(int(requests.visit[request])) if told[request] else EMPTY
        good = bool(requests.is_qualified[request])
        email = "" if is_call else contacts.email[contact]
        person = [contacts.name[contact], spelled(contacts.phone[contact], request + 1), email]
        state = [
            "Качественный лид" if good else "Некачественный лид",
            _yes(good),
            SELLERS[world.answered_by[request]].name.say(world.language),
        ]
        what = [
            PRODUCTS[requests.product[request]].name.say(world.language),
            AUDIENCES[audience[number]].say(world.language),
        ]
        client = metrika[number] if told[request] else ""
        lines.append(
            [
                world.crm_lead_id(request),
                when,
                f"Заявка {request + 1}",
                *person,
                origin[int(requests.kind[request])],
                *utm,
                client,
                *state,
                *what,
                REGIONS[cities[number]].say(world.language),
                70_001 + contact,
            ]
        )
    path = folder / "data" / "bitrix24" / "leads.csv"
    truth.file(path, "bitrix24_leads", "lead", write_csv(path, header, lines, delimiter=";", encoding="utf-8-sig"))
    start, stop = clock(DUPLICATE_MONTH), clock(DUPLICATE_MONTH.replace(month=DUPLICATE_MONTH.month + 1))
    copies = [line for line, at in zip(lines, created.tolist(), strict=True) if start <= at < stop]
    copy = folder / "data" / "bitrix24" / "leads_june_for_director.csv"
    truth.file(copy, "bitrix24_leads", "lead", write_csv(copy, header, copies, delimiter=";", encoding="utf-8-sig"))
    truth.faults["duplicate_import"] = {
        "path": copy.relative_to(folder).as_posix(),
        "copy_of": path.relative_to(folder).as_posix(),
        "month": DUPLICATE_MONTH.strftime("%Y-%m"),
        "rows": len(copies),
        "lead_ids": [str(line[0]) for line in copies],
    }
    for situation, name in (
        (NO_VISIT, "lead_without_source"),
        (BEFORE_TRACKING, "before_tracking"),
        (LATE_CALLER, "outside_lookback"),
    ):
        ids = [world.crm_lead_id(row) for row in np.flatnonzero(requests.situation == situation).tolist()]
        truth.ledger(Ledgered("lead", name, "bitrix24_leads", ids))
    tenants = np.flatnonzero(requests.situation == SHARED_PHONE).tolist()
    ids = [world.form_id(row) or f"in-{row}" for row in tenants]
    truth.ledger(Ledgered("lead", "shared_identifier", "site_forms", ids))
    truth.faults["shared_phone"] = {"phone": SHARED_PHONE_NUMBER, "contacts": len(np.unique(requests.person[tenants]))}
