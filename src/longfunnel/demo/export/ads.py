"""The exports of the ad cabinets, the other marketing costs, and the exchange rates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.ads import VAT
from longfunnel.demo.catalogue import NETWORK, PARTNERS, SEARCH, TELEGRAM, VK
from longfunnel.demo.export.files import NBSP, roubles, write_csv
from longfunnel.demo.scale import DAYS, FIRST_DAY, LAST_DAY
from longfunnel.demo.truth import BadRow, Ledgered

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.demo.ads import Spend
    from longfunnel.demo.truth import Truth
    from longfunnel.demo.world import World

GHOST_CAMPAIGN = "vk_blogger_test"
"""Spend whose marks no visit has: the blogger published the link without them."""
NO_RATE_CAMPAIGN = "tg_design_channel"
"""Spend in euros: the file of rates has only dollars."""
NO_CURRENCY_CAMPAIGN = "tg_ready_rf"


def write_ads(folder: Path, world: World, truth: Truth) -> None:
    """Write every file of spend."""
    channel = np.array([ad.channel for ad in world.ads])[world.spend.ad]
    _direct(folder, "yandex_direct_search", world, world.spend.of(channel == SEARCH), truth)
    _direct(folder, "yandex_direct_network", world, world.spend.of(channel == NETWORK), truth)
    _vk(folder, world, world.spend.of(channel == VK), truth)
    _telegram(folder, world, world.spend.of(channel == TELEGRAM), truth)
    _other_costs(folder, truth)


def _direct(folder: Path, name: str, world: World, spend: Spend, truth: Truth) -> None:
    """Yandex Direct's report: a title line, then tabs, day-first dates and decimal commas; costs include VAT."""
    header = (
        "Дата",
        "№ Кампании",
        "Кампания",
        "Группа",
        "Условие показа",
        "№ Объявления",
        "Показы",
        "Клики",
        "Расход, руб. с НДС",
    )
    rows: list[list[object]] = []
    for place, date in enumerate(spend.dates()):
        ad = world.ads[spend.ad[place]]
        day = f"{date[8:]}.{date[5:7]}.{date[:4]}"
        cost = roubles(int(spend.cost[place]), decimal=",")
        rows.append(
            [
                day,
                ad.campaign_id,
                ad.campaign,
                ad.group,
                ad.term,
                ad.content,
                spend.impressions[place],
                spend.clicks[place],
                cost,
            ]
        )
    path = folder / "data" / "ads" / f"{name}.tsv"
    kopecks = int(spend.cost.sum())
    if name.endswith("search"):
        rows.append(["32.10.2026", *rows[-1][1:]])
        truth.bad(BadRow(path, 2 + len(rows), "Дата", "32.10.2026", "day_on", name))
    title = "Отчёт по кампаниям (18.08.2025 - 31.10.2026)"
    count = write_csv(path, header, rows, delimiter="\t", encoding="utf-8-sig", preamble=[title])
    truth.spend(name, path, count, spend, kopecks, "RUB")
    if name.endswith("search"):
        early = spend.day < 0
        amount = int(spend.cost[early].sum())
        truth.ledger(Ledgered("spend", "before_tracking", name, sorted(set(spend.of(early).dates())), amount, "RUB"))


def _vk(folder: Path, world: World, spend: Spend, truth: Truth) -> None:
    """VK Ads' export: semicolons, ISO dates, decimal points; costs without VAT. One campaign's marks appear on no
    visit."""
    header = (
        "День",
        "ID кампании",
        "Кампания",
        "Группа объявлений",
        "Объявление",
        "Показы",
        "Клики",
        "Потрачено всего, ₽",
    )
    rows: list[list[object]] = []
    net = np.rint(spend.cost / VAT).astype(np.int64)
    for place, date in enumerate(spend.dates()):
        ad = world.ads[spend.ad[place]]
        sums = (spend.impressions[place], spend.clicks[place], roubles(int(net[place])))
        rows.append([date, ad.campaign_id, ad.campaign, ad.group, ad.content, *sums])
    ghost = [f"2026-03-{day:02d}" for day in range(2, 16)]
    rows += [[day, 78_000_001, GHOST_CAMPAIGN, "blogger", "post", 4_100, 23, "2500.00"] for day in ghost]
    rows.append(["2026-10-31", 78_000_001, GHOST_CAMPAIGN, "blogger", "post", 900, 4, "уточняется"])
    path = folder / "data" / "ads" / "vk_ads.csv"
    count = write_csv(path, header, rows, delimiter=";")
    truth.bad(BadRow(path, 1 + len(rows), "Потрачено всего, ₽", "уточняется", "cost", "vk_ads"))
    truth.spend(
        "vk_ads",
        path,
        count,
        spend,
        int(net.sum()) + 250_000 * len(ghost),
        "RUB",
        (4_100 * len(ghost), 23 * len(ghost)),
    )
    truth.ledger(Ledgered("spend", "matches_no_visit", "vk_ads", [GHOST_CAMPAIGN], 250_000 * len(ghost), "RUB"))


def dollar_rate(day: int) -> float:
    """Roubles for a dollar on a day of the history: a slow invented wave."""
    return round(84.0 + 6.0 * float(np.sin(day / 60.0)) + 0.01 * day, 4)


def _telegram(folder: Path, world: World, spend: Spend, truth: Truth) -> None:
    """Telegram Ads' export in dollars; one placement in euros has no rate, two days have no currency at all."""
    header = ("Date", "Campaign", "Ad", "Views", "Clicks", "Spent", "Currency")
    rows: list[list[object]] = []
    cents = np.array(
        [round(int(c) / dollar_rate(int(d))) for c, d in zip(spend.cost, spend.day, strict=True)], np.int64
    )
    hidden = [place for place, ad in enumerate(spend.ad.tolist()) if world.ads[ad].campaign == NO_CURRENCY_CAMPAIGN]
    blank = sorted(sorted(hidden, key=lambda place: int(cents[place]))[-2:])
    for place, date in enumerate(spend.dates()):
        ad = world.ads[spend.ad[place]]
        currency = "" if place in blank else "USD"
        sums = (spend.impressions[place], spend.clicks[place], roubles(int(cents[place])))
        rows.append([date, ad.campaign, ad.content, *sums, currency])
    euros = [f"2026-04-{day:02d}" for day in range(6, 13)]
    rows += [[day, NO_RATE_CAMPAIGN, "post", 2_300, 11, "35.00", "EUR"] for day in euros]
    path = folder / "data" / "ads" / "telegram_ads.csv"
    count = write_csv(path, header, rows)
    nowhere = int(cents[blank].sum())
    extra = (2_300 * len(euros), 11 * len(euros))
    truth.spend("telegram_ads", path, count, spend, int(cents.sum()) - nowhere, "USD", extra)
    truth.ledger(Ledgered("spend", "no_exchange_rate", "telegram_ads", [NO_RATE_CAMPAIGN], 3_500 * len(euros), "EUR"))
    days = [spend.dates()[place] for place in blank]
    truth.ledger(Ledgered("spend", "currency_missing", "telegram_ads", days, nowhere, ""))
    _rates(folder, truth)


def _rates(folder: Path, truth: Truth) -> None:
    days = range(-31, DAYS)
    rows = [
        [(FIRST_DAY + timedelta(days=day)).strftime("%d.%m.%Y"), "USD", f"{dollar_rate(day):.4f}".replace(".", ",")]
        for day in days
    ]
    path = folder / "data" / "fx_rates.csv"
    truth.file(path, "fx_rates", "fx_rate", write_csv(path, ("Дата", "Валюта", "Курс"), rows, delimiter=";"))


def _other_costs(folder: Path, truth: Truth) -> None:
    """What book-keeping knows: the mailing service, the partners' fees, a street sign that no link leads from."""
    header = ("Месяц", "Статья", "utm_source", "utm_medium", "utm_campaign", "Сумма")
    rows: list[list[object]] = []
    total = outdoor = 0
    month = FIRST_DAY
    while month <= LAST_DAY:
        date = month.strftime("%d.%m.%Y")
        items = [("Сервис рассылок", "newsletter", "email", f"digest-{month:%Y-%m}", 1_250_000)]
        items += [("Партнёрское вознаграждение", "partner", "referral", PARTNERS[0], 1_800_000)]
        if month.month in (3, 4, 9):
            items.append(("Наружная реклама", "outdoor", "billboard", "kolcevaya", 6_500_000))
            outdoor += 6_500_000
        for article, source, medium, campaign, kopecks in items:
            rows.append(
                [date, article, source, medium, campaign, roubles(kopecks, decimal=",", thousands=NBSP) + f"{NBSP}руб."]
            )
            total += kopecks
        month = (month + timedelta(days=32)).replace(day=1)
    path = folder / "data" / "ads" / "other_costs.csv"
    count = write_csv(path, header, rows, delimiter=";", encoding="cp1251")
    truth.spend("other_costs", path, count, None, total, "RUB")
    truth.ledger(Ledgered("spend", "matches_no_visit", "other_costs", ["kolcevaya"], outdoor, "RUB"))
