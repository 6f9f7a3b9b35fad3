"""The invented business as a whole, before it becomes files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.demo.ads import Ad, Spend, make_ads, spend_of
from longfunnel.demo.catalogue import CHECKOUT, FORM, OFFICE
from longfunnel.demo.contacts import Contacts, make_contacts
from longfunnel.demo.crm import (
    WON,
    StageHistory,
    current_stage,
    deals_of,
    deals_without_lead,
    manager_of_requests,
    stage_history,
)
from longfunnel.demo.journeys import first_journeys, return_visits
from longfunnel.demo.marks import Marks, marks_of
from longfunnel.demo.money import Payments, payments_of
from longfunnel.demo.requests import by_time, from_visits, without_visit
from longfunnel.demo.scale import SCALES, Dice, Flags, Ints, Language, Scale, ScaleName

if TYPE_CHECKING:
    from longfunnel.demo.columns import Deals, Requests, Visits

GENERATIONS = 2
"""How many times a buyer may come back."""


@dataclass(frozen=True)
class World:
    """Everything that happened. Ids are made from places: see the methods."""

    scale: Scale
    language: Language
    dice: Dice
    ads: list[Ad]
    spend: Spend
    visits: Visits
    marks: Marks
    requests: Requests
    swallowed: Requests
    """Requests that the broken form never sent."""
    answered_by: Ints
    """The manager of each request."""
    deals: Deals
    stage: Ints
    """The stage each deal stands in."""
    history: StageHistory
    payments: Payments
    contacts: Contacts
    crm_number: Ints
    """Each deal's running number within its own CRM: the two CRMs number alike, so the same id means two deals."""

    @property
    def in_office_crm(self) -> Flags:
        """Deals that live in the corporate team's own CRM."""
        return np.asarray(self.deals.product == OFFICE)

    def deal_id(self, deal: int) -> str:
        """The deal's id in its CRM."""
        return str(5_001 + self.crm_number[deal])

    def order_id(self, deal: int) -> str:
        """The number of a retail order, in the shop, the CRM and the books; corporate deals have none."""
        return "" if self.deals.product[deal] == OFFICE else f"KK-{self.crm_number[deal] + 1:06d}"

    def form_id(self, request: int) -> str:
        """The site's id of a request, empty for calls and chats."""
        return f"F-{request + 1:06d}" if self.requests.kind[request] in (FORM, CHECKOUT) else ""

    def crm_lead_id(self, request: int) -> str:
        """The retail CRM's id of a request; the corporate CRM has no leads, only deals."""
        return "" if self.requests.product[request] == OFFICE else str(20_001 + request)


def make_world(scale: ScaleName, seed: int, language: Language) -> World:
    """Let the business live for fourteen months."""
    dice = Dice(seed)
    size = SCALES[scale]
    ads = make_ads(size)
    visits = first_journeys(size.people, ads, dice)
    requests, swallowed = from_visits(visits, dice)
    offline = without_visit(requests, visits, size.people, dice)
    requests = requests.join(offline)
    deals = deals_of(requests, 0, 0, dice)
    fresh = deals
    for generation in range(1, GENERATIONS + 1):
        won = fresh.take((fresh.status == WON) & (fresh.closed > 0))
        came = return_visits(requests.take(won.request), won.closed, generation, dice)
        again, _ = from_visits(came, dice, generation)
        again.visit += len(visits)
        fresh = deals_of(again, len(requests), generation, dice)
        visits, requests, deals = visits.join(came), requests.join(again), deals.join(fresh)
    next_person = int(max(size.people, requests.person.max() + 1))
    deals = deals.join(deals_without_lead(max(8, len(deals) // 60), next_person, dice))
    return _settle(size, language, dice, ads, visits, requests, swallowed, deals)


def _settle(
    size: Scale,
    language: Language,
    dice: Dice,
    ads: list[Ad],
    visits: Visits,
    requests: Requests,
    swallowed: Requests,
    deals: Deals,
) -> World:
    """Put everything in order of time, and derive what follows from it."""
    order = np.argsort(visits.at, kind="stable")
    moved = np.empty(len(order), np.int64)
    moved[order] = np.arange(len(order))
    visits = visits.take(order)
    for asked in (requests, swallowed):
        asked.visit = np.where(asked.visit >= 0, moved[asked.visit], -1)
    requests, places = by_time(requests)
    deals.request = np.where(deals.request >= 0, places[deals.request], -1)
    deals = deals.take(np.argsort(deals.created, kind="stable"))
    is_office = deals.product == OFFICE
    number = np.where(is_office, np.cumsum(is_office), np.cumsum(~is_office)) - 1
    history = stage_history(deals, dice)
    return World(
        scale=size,
        language=language,
        dice=dice,
        ads=ads,
        spend=spend_of(visits, ads, dice),
        visits=visits,
        marks=marks_of(visits, ads, dice),
        requests=requests,
        swallowed=swallowed,
        answered_by=manager_of_requests(requests, deals, dice),
        deals=deals,
        stage=current_stage(deals, history),
        history=history,
        payments=payments_of(deals, dice),
        contacts=make_contacts(requests, deals, language, dice),
        crm_number=number,
    )
