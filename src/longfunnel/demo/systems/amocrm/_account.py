"""What stands in the account: deals, contacts, events, requests that wait; and what can happen to them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems.amocrm._records import (
    ACCOUNT,
    CATALOG,
    FIELDS,
    FIRST_STAGE,
    LOST,
    PIPELINE,
    SERVICE,
    SUBDOMAIN,
    UNSORTED,
    WON,
    Cause,
    Record,
    contact_field,
    lead_record,
    page_query,
    pipeline_record,
    tracking_fields,
    unix,
)
from longfunnel.demo.systems.company import (
    CURRENCY,
    MANAGERS,
    PIPELINES,
    PRODUCTS,
    REASONS,
    SITE,
    STAGES,
    Call,
    Request,
)

if TYPE_CHECKING:
    from longfunnel.demo.systems.company import Company, Deal, Person

_ROBOT = 0


def waiting_causes(company: Company) -> list[Cause]:
    """The requests that nobody has taken: those of the company that became no deal."""
    taken = {deal.cause for deal in company.deals}
    causes: list[Cause] = [*company.requests, *company.calls, *company.chats]
    return [cause for cause in causes if cause not in taken]


class Account:
    """The account at a moment. Whatever happens to it happens a minute after what happened before."""

    def __init__(self, company: Company) -> None:
        self.clock = unix(company.now)
        self.leads: dict[int, Record] = {}
        self.binned: dict[int, Record] = {}
        self.contacts: dict[int, Record] = {}
        self.companies: dict[int, Record] = {}
        self.events: list[Record] = []
        self.unsorted: dict[str, Record] = {}
        self.webhooks: list[Record] = []
        self.patched: list[list[Record]] = []
        """The bodies of the PATCHes that were taken."""
        self.users = {2_079_676 + number: name for number, name in enumerate(MANAGERS)}
        self.pipelines = [
            pipeline_record(PIPELINE, PIPELINES["amocrm"], STAGES["amocrm"][:3]),
            pipeline_record(SERVICE, "Сервис и гарантия", ("Новая", "Выезд")),
        ]
        self.reasons = {4_000 + number: name for number, name in enumerate(REASONS)}
        self.elements = {9_000 + number: name for number, name in enumerate(PRODUCTS["amocrm"])}
        self.fields = [
            {"id": number, "name": name, "code": code, "type": kind, "sort": 500 + place, "account_id": ACCOUNT}
            for place, (number, name, code, kind) in enumerate(FIELDS)
        ]
        self._made = 0
        self._wrote = {chat.visit.person.number for chat in company.chats}
        for deal in company.deals_of("amocrm"):
            self._add(deal)
        for number, cause in enumerate(waiting_causes(company)):
            self._wait(44_000_000 + number, cause)

    def account(self) -> Record:
        """The account itself."""
        return {
            "id": ACCOUNT, "name": "Мебель Лес: шкафы", "subdomain": SUBDOMAIN, "currency": CURRENCY, "currency_symbol": "₽", "country": "RU",
            "_embedded": {"datetime_settings": {"timezone": "Europe/Moscow", "timezone_offset": "+03:00", "date_format": "d.m.Y"}},
        }  # fmt: skip

    def change(self, lead: int, *, by: int = _ROBOT, **values: Any) -> None:
        """Somebody edits a deal."""
        self.clock += 60
        self.leads[lead] |= {**values, "updated_at": self.clock, "updated_by": by}

    def move(self, lead: int, status: int, *, pipeline: int = PIPELINE, by: int = _ROBOT) -> None:
        """A deal moves to another stage."""
        before = self.leads[lead]
        places = [(before["status_id"], before["pipeline_id"]), (status, pipeline)]
        closed = self.clock + 60 if status in (WON, LOST) else None
        self.change(lead, status_id=status, pipeline_id=pipeline, closed_at=closed, by=by)
        self._event("lead_status_changed", lead, self.clock, by, places)

    def delete(self, lead: int, *, is_purged: bool = False) -> None:
        """A deal goes into the bin, or for good."""
        self.clock += 60
        gone = {**self.leads.pop(lead), "is_deleted": True}
        if not is_purged:
            self.binned[lead] = gone
        self._event("lead_deleted", lead, self.clock, _ROBOT)

    def restore(self, lead: int) -> None:
        """A deal comes back from the bin."""
        self.clock += 60
        self.leads[lead] = {**self.binned.pop(lead), "is_deleted": False}
        self._event("lead_restored", lead, self.clock, _ROBOT)

    def accept(self, uid: str, *, manager: int) -> int:
        """Somebody takes a request: it becomes a deal, and the list knows it no more."""
        self.clock += 60
        request = self.unsorted.pop(uid)
        lead = int(request["_embedded"]["leads"][0]["id"])
        contacts = [{"id": one["id"], "is_main": True} for one in request["_embedded"]["contacts"]]
        self.leads[lead] = lead_record(lead, "Заявка", 0, manager, FIRST_STAGE, request["created_at"], self.clock) | {
            "_embedded": {"tags": [], "companies": [], "contacts": contacts, "loss_reason": [], "catalog_elements": []}
        }
        self._event("lead_status_changed", lead, self.clock, manager, [(UNSORTED, PIPELINE), (FIRST_STAGE, PIPELINE)])
        return lead

    def tell_phone(self, contact: int, phone: str) -> None:
        """A contact's phone becomes known; the deals stay as they were."""
        self.clock += 60
        self.contacts[contact] |= {"updated_at": self.clock, "custom_fields_values": [contact_field("PHONE", phone)]}

    def _event(self, kind: str, lead: int, at: int, by: int, places: list[tuple[int, int]] | None = None) -> None:
        self._made += 1
        told = [[{"lead_status": {"id": status, "pipeline_id": pipeline}}] for status, pipeline in places or ()]
        before, after = told or ([], [])
        self.events.append(
            {
                # the form of a ULID: 26 characters, the first by time
                "id": f"01k{at:012d}{hashlib.sha256(str(self._made).encode()).hexdigest()[:11]}",
                "type": kind, "entity_id": lead, "entity_type": "lead", "created_by": by, "created_at": at, "account_id": ACCOUNT,
                "value_before": before, "value_after": after,
            }
        )  # fmt: skip

    def _add(self, deal: Deal) -> None:
        user = next(number for number, name in self.users.items() if name == deal.manager)
        stages = dict(zip(STAGES["amocrm"], (FIRST_STAGE, FIRST_STAGE + 1, FIRST_STAGE + 2, WON, LOST), strict=True))
        places = [stages[step.stage] for step in deal.steps]
        lead = lead_record(
            deal.id,
            f"Сделка #{deal.id} «{deal.product}»",
            int(deal.amount),
            user,
            places[-1],
            unix(deal.created_at),
            unix(deal.modified_at),
        )
        reason = next((number for number, name in self.reasons.items() if name == deal.reason_lost), None)
        element = next(number for number, name in self.elements.items() if name == deal.product)
        firm = self._firm(deal.person)
        lead |= {
            "closed_at": unix(deal.closed_at) if deal.closed_at else None,
            "loss_reason_id": reason,
            "custom_fields_values": tracking_fields(deal.cause),
            "_embedded": {
                "tags": [{"id": 80_147, "name": "шкаф", "color": None}] if deal.id % 3 == 0 else [],
                "companies": [{"id": firm}] if firm else [],
                "contacts": [{"id": self._contact(deal.person, deal.id, unix(deal.created_at)), "is_main": True}],
                "loss_reason": [{"id": reason, "name": deal.reason_lost}] if reason else [],
                "catalog_elements": [{"id": element, "metadata": {"quantity": 1, "catalog_id": CATALOG}}],
            },
        }
        for step, before, after in zip(deal.steps[1:], places, places[1:], strict=False):
            self._event("lead_status_changed", deal.id, unix(step.at), user, [(before, PIPELINE), (after, PIPELINE)])
        if deal.is_deleted:
            lead["is_deleted"] = True
            self._event("lead_deleted", deal.id, unix(deal.modified_at), user)
            if deal.id % 2:
                self.binned[deal.id] = lead
        else:
            self.leads[deal.id] = lead

    def _contact(self, person: Person, lead: int, at: int) -> int:
        number = 50_000_000 + person.number
        known = self.contacts.setdefault(
            number,
            {
                "id": number, "name": person.name, "first_name": person.name.split()[0], "last_name": person.name.split()[-1],
                "responsible_user_id": 2_079_676, "created_at": at, "updated_at": at, "is_deleted": False,
                "custom_fields_values": [contact_field("PHONE", person.phone), contact_field("EMAIL", person.email), *self._telegram(person)],
                "account_id": ACCOUNT, "_embedded": {"leads": [], "companies": []},
            },
        )  # fmt: skip
        known["_embedded"]["leads"].append({"id": lead})
        return number

    def _telegram(self, person: Person) -> list[Record]:
        """The bot puts the number of whoever wrote to it into the contact."""
        if person.number not in self._wrote:
            return []
        field: Record = {"field_id": 70_003, "field_name": "Telegram ID", "field_code": None, "field_type": "text"}
        return [{**field, "values": [{"value": str(person.telegram_id)}]}]

    def _firm(self, person: Person) -> int | None:
        if person.number % 7:
            return None
        number = 60_000_000 + person.number
        self.companies[number] = {"id": number, "name": f"ООО «{person.name}»", "updated_at": self.clock}
        return number

    def _wait(self, lead: int, cause: Cause) -> None:
        person, visit, at = cause.visit.person, cause.visit, unix(cause.at)
        told: Record
        if isinstance(cause, Request):
            page = f"{SITE}/?{page_query(visit)}"
            category, told = (
                "forms",
                {
                    "form_id": "17",
                    "form_name": "Заявка",
                    "form_page": page,
                    "form_sent_at": at,
                    "ip": "203.0.113.7",
                    "referer": SITE,
                },
            )
        elif isinstance(cause, Call):
            category, told = (
                "sip",
                {
                    "from": person.phone,
                    "phone": cause.number,
                    "called_at": at,
                    "duration": cause.seconds,
                    "service_code": "ats",
                },
            )
        else:
            category, told = (
                "chats",
                {
                    "from": str(person.telegram_id),
                    "to": "bot",
                    "received_at": at,
                    "service": "telegram",
                    "client_name": person.name,
                },
            )
        uid = hashlib.sha256(f"{category}{cause}".encode()).hexdigest()[:40]
        self.unsorted[uid] = {
            "uid": uid, "source_uid": None, "source_name": SITE, "category": category, "pipeline_id": PIPELINE, "created_at": at, "metadata": told,
            "account_id": ACCOUNT, "_embedded": {"leads": [{"id": lead}], "contacts": [{"id": self._contact(person, lead, at)}], "companies": []},
        }  # fmt: skip
