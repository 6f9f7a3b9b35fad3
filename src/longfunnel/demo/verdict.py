"""Telling the truth: the true person and channel of everything, the totals, and the planted faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from longfunnel.demo.catalogue import (
    CHANNEL_KEYS,
    CHANNELS,
    FORM,
    KINDS,
    KITCHEN,
    OFFLINE,
    PAID,
    PRODUCTS,
    RETAIL_SELLERS,
    SELLERS,
    SITUATIONS,
    SLOW_SELLER,
)  # fmt: skip
from longfunnel.demo.crm import LOST, WON
from longfunnel.demo.export.files import iso, roubles
from longfunnel.demo.faults import (
    PRICE_CHANGE,
    PRICE_CHANGE_ON,
    UTM_LOST_FROM,
    UTM_LOST_UNTIL,
    broken_form_days,
    form_is_broken,
    price_has_changed,
    utm_is_lost,
)  # fmt: skip
from longfunnel.demo.journeys import devices_of
from longfunnel.demo.marks import metrika_ids, user_id, visitor_ids

if TYPE_CHECKING:
    from longfunnel.demo.scale import Ints
    from longfunnel.demo.truth import Truth
    from longfunnel.demo.world import World

NOT_ASKED = len(CHANNELS) + 1


def first_channels(world: World) -> Ints:
    """The channel of each request's person's first visit; offline for who never visited."""
    people, first = np.unique(world.visits.person, return_index=True)
    place = np.minimum(np.searchsorted(people, world.requests.person), len(people) - 1)
    visited = people[place] == world.requests.person
    return np.where(visited, world.visits.channel[first[place]], OFFLINE)


def paid_by_deal(world: World) -> tuple[Ints, Ints]:
    """What was paid for each deal, and what was given back, in kopecks."""
    payments = world.payments
    paid, back = np.zeros(len(world.deals), np.int64), np.zeros(len(world.deals), np.int64)
    known = payments.deal >= 0
    np.add.at(paid, payments.deal[known & ~payments.is_refund], payments.amount[known & ~payments.is_refund])
    np.add.at(back, payments.deal[known & payments.is_refund], payments.amount[known & payments.is_refund])
    return paid, back


def tell_truth(world: World, truth: Truth) -> None:
    """Complete ``truth`` with everything that the exporters did not note themselves."""
    requests, deals = world.requests, world.deals
    first = first_channels(world)
    paid, back = paid_by_deal(world)
    _leads(world, truth, first)
    _orders(world, truth, first, paid, back)
    _identifiers(world, truth)
    _channels(world, truth, paid, back)
    _faults(world, truth)
    won = deals.status == WON
    truth.totals |= {
        "visits": len(world.visits),
        "people_who_visit": len(np.unique(world.visits.person)),
        "requests": len(requests),
        "requests_by_kind": {kind: int((requests.kind == number).sum()) for number, kind in enumerate(KINDS)},
        "people_with_requests": len(np.unique(requests.person)),
        "orders": int(won.sum()),
        "repeat_orders": int((won & deals.is_repeat).sum()),
        "won_amount": roubles(int(deals.amount[won].sum())),
        "won_cost_of_goods": roubles(int(deals.cost_of_goods[won].sum())),
        "paid_for_orders": roubles(int(paid.sum())),
        "refunded_for_orders": roubles(int(back.sum())),
    }


def _words(words: tuple[str, ...] | list[str], index: Ints) -> list[str]:
    return [words[number] for number in index.tolist()]


def _leads(world: World, truth: Truth, first: Ints) -> None:
    requests = world.requests
    rows = range(len(requests))
    truth.table("leads", {
        "request": np.arange(len(requests)),
        "person": requests.person,
        "created_at": iso(requests.at),
        "kind": _words(KINDS, requests.kind),
        "form_id": [world.form_id(row) for row in rows],
        "crm_lead_id": [world.crm_lead_id(row) for row in rows],
        "product": _words([product.key for product in PRODUCTS], requests.product),
        "channel": _words(CHANNEL_KEYS, requests.channel),
        "first_channel": _words(CHANNEL_KEYS, first),
        "campaign": [world.ads[ad].campaign if ad >= 0 else "" for ad in requests.ad.tolist()],
        "situation": _words(SITUATIONS, requests.situation),
        "is_qualified": requests.is_qualified,
        "is_repeat": requests.is_repeat,
    })  # fmt: skip


def _orders(world: World, truth: Truth, first: Ints, paid: Ints, back: Ints) -> None:
    deals, requests = world.deals, world.requests
    known = deals.request >= 0
    channel = np.where(known, requests.channel[deals.request], OFFLINE)
    truth.table("deals", {
        "system": np.where(world.in_office_crm, "amocrm", "bitrix24").tolist(),
        "deal_id": [world.deal_id(row) for row in range(len(deals))],
        "order_id": [world.order_id(row) for row in range(len(deals))],
        "request": deals.request,
        "person": deals.person,
        "status": _words(["open", "won", "lost"], deals.status),
        "created_at": iso(deals.created),
        "closed_at": [text if at >= 0 else None for text, at in zip(iso(deals.closed), deals.closed.tolist(),
        strict=True)],
        "product": _words([product.key for product in PRODUCTS], deals.product),
        "manager": [SELLERS[number].name.say(world.language) for number in deals.manager.tolist()],
        "amount_kopecks": deals.amount,
        "cost_of_goods_kopecks": deals.cost_of_goods,
        "paid_kopecks": paid,
        "refunded_kopecks": back,
        "channel": _words(CHANNEL_KEYS, channel),
        "first_channel": _words(CHANNEL_KEYS, np.where(known, first[deals.request], OFFLINE)),
        "situation": _words(SITUATIONS, deals.situation),
        "is_repeat": deals.is_repeat,
    })  # fmt: skip


def _identifiers(world: World, truth: Truth) -> None:
    """The true person of every identifier that the files hold."""
    people = np.unique(world.visits.person)
    devices = devices_of(people, world.dice)
    person = np.repeat(people, devices)
    slot = np.arange(len(person)) - np.repeat(np.cumsum(devices) - devices, devices)
    used = np.isin(person * 4 + slot, world.visits.person * 4 + world.visits.slot)
    person, slot = person[used], slot[used]
    contacts = world.contacts
    accounts = np.flatnonzero(contacts.has_account)
    found = [
        ("visitor", visitor_ids(person, slot, world.dice), person),
        ("ym_client", pa.array(metrika_ids(person, slot, world.dice)).cast(pa.string()), person),
        ("email", pa.array(contacts.email, pa.string()), contacts.person),
        ("phone", pa.array(contacts.phone, pa.string()), contacts.person),
        ("user", pa.array([user_id(place) for place in accounts.tolist()], pa.string()), contacts.person[accounts]),
    ]
    truth.table("identifiers", {
        "kind": pa.concat_arrays([pa.repeat(kind, len(values)) for kind, values, _ in found]),
        "value": pa.concat_arrays([values for _, values, _ in found]),
        "person": np.concatenate([owners for _, _, owners in found]),
    })  # fmt: skip


def _channels(world: World, truth: Truth, paid: Ints, back: Ints) -> None:
    """The true long funnel by the channel of the request's own visit."""
    deals, requests = world.deals, world.requests
    deal_channel = np.where(deals.request >= 0, requests.channel[deals.request], NOT_ASKED)
    ad_channel = np.array([ad.channel for ad in world.ads])[world.spend.ad]
    for number, key in enumerate((*CHANNEL_KEYS, "no_request")):
        here = deal_channel == number
        won = here & (deals.status == WON)
        spend = world.spend.of(ad_channel == number)
        row: dict[str, Any] = {"channel": key, "is_paid": number in PAID}
        row |= (
            {"impressions": int(spend.impressions.sum()), "clicks": int(spend.clicks.sum())} if number in PAID else {}
        )
        row |= {
            "visits": int((world.visits.channel == number).sum()),
            "leads": int((requests.channel == number).sum()),
            "deals": int(here.sum()),
            "won": int(won.sum()),
            "lost": int((here & (deals.status == LOST)).sum()),
            "won_amount": roubles(int(deals.amount[won].sum())),
            "cost_of_goods": roubles(int(deals.cost_of_goods[won].sum())),
            "paid": roubles(int(paid[here].sum())),
            "refunded": roubles(int(back[here].sum())),
        }
        truth.channels.append(row)


def _rates(world: World, rows: Any) -> dict[str, Any]:
    """Won and lost among deals of a mask, and the median hours before the first contact."""
    deals = world.deals.take(rows)
    hours = (deals.responded - deals.created) / 3_600
    won, lost = int((deals.status == WON).sum()), int((deals.status == LOST).sum())
    rate = round(won / (won + lost), 4) if won + lost else None
    return {
        "won": won,
        "lost": lost,
        "win_rate": rate,
        "median_reply_hours": round(float(np.median(hours)), 2) if len(hours) else None,
    }


def _faults(world: World, truth: Truth) -> None:
    deals, requests = world.deals, world.requests
    form_at = requests.at[requests.kind == FORM]
    truth.faults["broken_form"] = {
        "days": broken_form_days(),
        "form": "zamer",
        "requests_swallowed": len(world.swallowed),
        "requests_arrived": int(form_is_broken(form_at).sum()),
        "by_channel": {
            key: int((world.swallowed.channel == number).sum()) for number, key in enumerate(CHANNEL_KEYS[:-1])
        },
    }
    lost = utm_is_lost(world.visits)
    hit = np.flatnonzero(lost)
    truth.faults["utm_lost"] = {
        "channel": "vk_ads",
        "since": UTM_LOST_FROM.isoformat(),
        "until": UTM_LOST_UNTIL.isoformat(),
        "visits": len(hit),
        "leads": int(np.isin(requests.visit[requests.visit >= 0], hit).sum()),
        "looks_like": "direct",
    }
    person = deals.manager == SLOW_SELLER
    walk = ~deals.is_checkout & (deals.manager < len(RETAIL_SELLERS))
    truth.faults["slow_manager"] = {
        "manager": SELLERS[SLOW_SELLER].name.say(world.language),
        **_rates(world, person & walk),
        "others": _rates(world, walk & ~person),
    }
    changed = price_has_changed(deals.product, deals.created)
    truth.faults["price_change"] = {
        "product": PRODUCTS[KITCHEN].name.say(world.language),
        "on": PRICE_CHANGE_ON.isoformat(),
        "dearer_by_share": round(PRICE_CHANGE - 1, 4),
        "before": _rates(world, (deals.product == KITCHEN) & ~changed),
        "after": _rates(world, changed),
    }
