"""The portal's records: what the company's sales team has put into Bitrix24, and what happens to it meanwhile."""

from __future__ import annotations

import bisect
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems.bitrix24._words import CATEGORY, FIELDS, STAGES, USERS, fields_of, statuses
from longfunnel.demo.systems.company import ZONE, Call, Chat, Company, Deal, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = dict[str, Any]
_CONTACT, _COMPANY, _LEAD_FIELDS = 70_000, 900, ("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM")


class Table:
    """Rows by their number, in its order. Deleted rows are kept aside: the portal shows them to nobody."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self._ids: list[int] = []
        self.deleted: dict[int, Row] = {}

    def put(self, row: Row) -> Row:
        """A new row, or another one in place of that of its number."""
        key = int(row["ID"])
        if key not in self._rows:
            bisect.insort(self._ids, key)
        self._rows[key] = row
        return row

    def get(self, key: object) -> Row | None:
        """The row of that number, if it is there."""
        try:
            return self._rows.get(int(str(key)))
        except ValueError:
            return None

    def delete(self, key: object) -> None:
        """Into the bin."""
        number = int(str(key))
        self.deleted[number] = self._rows.pop(number)
        self._ids.remove(number)

    def restore(self, key: object) -> None:
        """Out of the bin, as it was."""
        self.put(self.deleted.pop(int(str(key))))

    def after(self, key: int = -1) -> Iterator[Row]:
        """The rows with greater numbers, in order."""
        for number in self._ids[bisect.bisect_right(self._ids, key) :]:
            yield self._rows[number]

    def __len__(self) -> int:
        return len(self._ids)


def told(at: datetime) -> str:
    """An instant as the portal writes it: in its own zone."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


class Portal:
    """The CRM of the company, made of its deals in Bitrix24; and what a test does to it."""

    def __init__(self, company: Company, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.tables: dict[str, Table] = {kind: Table() for kind in ("deal", "lead", "contact", "company")}
        self.history: dict[int, Table] = {1: Table(), 2: Table()}
        self.products: dict[int, list[Row]] = defaultdict(list)
        self.statuses: list[Row] = statuses()
        self.categories: list[Row] = [
            {"id": 0, "name": "Общая", "sort": 300, "entityTypeId": 2, "isDefault": "Y"},
            {"id": int(CATEGORY), "name": "Кухни", "sort": 500, "entityTypeId": 2, "isDefault": "N"},
        ]
        self.users: list[Row] = [dict(user) for user in USERS]
        self.fields: dict[str, dict[str, Row]] = {kind: fields_of(kind) for kind in ("deal", "lead")}
        self.bound: list[Row] = []
        self.traces: list[Row] = []
        self.hidden: set[int] = set()
        """Deals that our user may no longer see."""
        self.repeats = False
        """Whether a page begins with the last row of the one before."""
        self.keeps_history = True
        """Whether the history of a deleted deal stays readable; the vendor does not say."""
        self._won: set[int] = set()
        self._has_dealt: set[int] = set()
        self._products = 0
        asked = {deal.cause.id: deal for deal in company.deals if isinstance(deal.cause, Request)}
        for request in company.requests:
            became = asked.get(request.id)
            if became is None or became.crm == "bitrix24":
                self._add_lead(request, became)
        for deal in company.deals_of("bitrix24"):
            self._add_deal(deal)
        for deal in company.deals_of("bitrix24"):
            if deal.is_deleted:
                self.tables["deal"].delete(deal.id)

    def change(self, kind: str, key: object, **fields: Any) -> None:
        """Somebody edits a record."""
        row = self.tables[kind].get(key)
        if row is None:
            raise KeyError(key)
        row.update(fields, DATE_MODIFY=told(self.clock()))

    def move(self, key: object, stage: str, *, category: str = CATEGORY) -> None:
        """Somebody moves a deal; to another category it is a move of pipeline."""
        row = self.tables["deal"].get(key)
        if row is None:
            raise KeyError(key)
        semantics = self.semantics(stage)
        kind = 5 if row["CATEGORY_ID"] != category else 3 if semantics != "P" else 2
        now = told(self.clock())
        self.change(
            "deal",
            key,
            STAGE_ID=stage,
            CATEGORY_ID=category,
            STAGE_SEMANTIC_ID=semantics,
            MOVED_TIME=now,
            CLOSED="N" if semantics == "P" else "Y",
        )
        last = max((int(one["ID"]) for one in self.history[2].after()), default=0)
        self._enter(2, last + 1, row, kind, now)

    def rename(self, stage: str, name: str) -> None:
        """Somebody renames a stage."""
        for row in self.statuses:
            if row["STATUS_ID"] == stage:
                row["NAME"] = name

    def semantics(self, stage: str) -> str:
        """P, S or F."""
        return next((str(row["SEMANTICS"] or "P") for row in self.statuses if row["STATUS_ID"] == stage), "P")

    def multiply(self, times: int) -> None:
        """So many further deals like each there is, with their histories and their contacts: for measurements."""
        deals, contacts = list(self.tables["deal"].after()), self.tables["contact"]
        entries = defaultdict(list)
        for entry in self.history[2].after():
            entries[entry["OWNER_ID"]].append(entry)
        step = 1 + max(int(row["ID"]) for row in deals) - min(int(row["ID"]) for row in deals)
        last, steps = len(self.history[2]), 10 ** len(str(len(self.history[2])))
        for turn in range(1, times + 1):
            for row in deals:
                key, whose = int(row["ID"]) + turn * step, int(row["CONTACT_ID"]) + turn * 1_000_000
                if contacts.get(whose) is None:
                    contacts.put(
                        {
                            **(contacts.get(row["CONTACT_ID"]) or {}),
                            "ID": str(whose),
                            "PHONE": _multiple(whose, "PHONE", [f"+7926{whose % 10_000_000:07d}"]),
                        }
                    )
                self.tables["deal"].put({**row, "ID": str(key), "CONTACT_ID": str(whose), "LEAD_ID": None})
                for entry in entries[int(row["ID"])]:
                    self.history[2].put({**entry, "ID": last + turn * steps + int(entry["ID"]), "OWNER_ID": key})
                self._add_product(key, "Кухня «Лофт»", str(row["OPPORTUNITY"]))

    def _add_lead(self, request: Request, deal: Deal | None) -> None:
        person = request.visit.person
        first, _, last = person.name.partition(" ")
        status = "CONVERTED" if deal else ("JUNK" if request.id % 3 == 0 else "IN_PROCESS")
        self.tables["lead"].put(
            {
                "ID": str(request.id),
                "TITLE": f"Заявка с сайта №{request.id}",
                "NAME": first,
                "LAST_NAME": last,
                "STATUS_ID": status,
                "STATUS_SEMANTIC_ID": {"CONVERTED": "S", "JUNK": "F"}.get(status, "P"),
                "SOURCE_ID": "WEB",
                "OPPORTUNITY": "0.00",
                "CURRENCY_ID": "RUB",
                "ASSIGNED_BY_ID": _user(deal.manager) if deal else "1",
                "DATE_CREATE": told(request.at),
                "DATE_MODIFY": told(deal.created_at if deal else request.at),
                "DATE_CLOSED": told(deal.created_at) if deal else "",
                "HAS_PHONE": "Y",
                "HAS_EMAIL": "Y",
                "CONTACT_ID": str(_CONTACT + person.number) if deal else None,
                "PHONE": _multiple(request.id, "PHONE", [person.phone]),
                "EMAIL": _multiple(request.id, "EMAIL", [person.email]),
                "UF_CRM_YM_UID": person.ym_client_id,
                **_utm(request),
            }
        )

    def _add_deal(self, deal: Deal) -> None:
        stages = {name: key for key, name, _, _ in STAGES}
        last = deal.steps[-1]
        midnight = datetime.combine(last.at.astimezone(ZONE).date(), datetime.min.time(), ZONE)
        number = deal.person.number
        row = self.tables["deal"].put(
            {
                "ID": str(deal.id),
                "TITLE": f"{deal.product} — {deal.person.name}",
                "CATEGORY_ID": CATEGORY,
                "STAGE_ID": stages[last.stage],
                "STAGE_SEMANTIC_ID": self.semantics(stages[last.stage]),
                "OPPORTUNITY": f"{deal.amount:.2f}",
                "CURRENCY_ID": "RUB",
                "LEAD_ID": str(deal.cause.id) if isinstance(deal.cause, Request) else None,
                "CONTACT_ID": self._contact(deal),
                "COMPANY_ID": self._company(deal),
                "CLOSEDATE": told(midnight),
                "CLOSED": "N" if deal.status == "open" else "Y",
                "ASSIGNED_BY_ID": _user(deal.manager),
                "DATE_CREATE": told(deal.created_at),
                "DATE_MODIFY": told(deal.modified_at),
                "MOVED_TIME": told(last.at),
                "IS_RETURN_CUSTOMER": "Y" if number in self._won else "N",
                "IS_REPEATED_APPROACH": "Y" if number in self._has_dealt else "N",
                "SOURCE_ID": {Call: "CALL", Request: "WEB", Chat: "TELEGRAM"}[type(deal.cause)],
                "UF_CRM_REASON": _reason(deal.reason_lost),
                "UF_CRM_COST": f"{deal.amount * 6 / 10:.2f}|RUB",
                "UF_CRM_ORDER": f"K-{deal.id % 10**6}" if deal.status == "won" else "",
                "UF_CRM_TELEGRAM": str(deal.person.telegram_id) if isinstance(deal.cause, Chat) else "",
                "UF_CRM_TAGS": ["91", "92"] if deal.id % 2 else False,
                **(_utm(deal.cause) if isinstance(deal.cause, Request) else {}),
            }
        )
        self._has_dealt.add(number)
        if deal.status == "won":
            self._won.add(number)
        for place, step in enumerate(deal.steps):
            stage = stages[step.stage]
            kind = 1 if place == 0 else 2 if self.semantics(stage) == "P" else 3
            self._enter(2, step.id, {**row, "STAGE_ID": stage}, kind, told(step.at))
        self._add_product(deal.id, "Замер", "1500")
        self._add_product(deal.id, deal.product, f"{deal.amount - 1500}")

    def _enter(self, entity: int, key: int, row: Row, kind: int, at: str) -> None:
        stage = str(row["STAGE_ID"])
        self.history[entity].put(
            {"ID": key, "TYPE_ID": kind, "OWNER_ID": int(row["ID"]), "CREATED_TIME": at, "CATEGORY_ID": int(row["CATEGORY_ID"]),
             "STAGE_SEMANTIC_ID": self.semantics(stage), "STAGE_ID": stage}
        )  # fmt: skip

    def _add_product(self, deal: int, name: str, price: str) -> None:
        self._products += 1
        self.products[deal].append(
            {"id": self._products, "ownerId": deal, "ownerType": "D", "productId": 300 + len(name), "productName": name, "price": float(price), "quantity": 1,
             "discountRate": 0, "taxRate": None, "taxIncluded": "Y", "measureCode": 796}
        )  # fmt: skip

    def _contact(self, deal: Deal) -> str:
        person = deal.person
        key = _CONTACT + person.number
        if self.tables["contact"].get(key) is None:
            first, _, last = person.name.partition(" ")
            phones = [f"8 ({person.phone[2:5]}) {person.phone[5:8]}-{person.phone[8:10]}-{person.phone[10:]}"]
            phones += [f"+7495{person.number:07d}"] * (person.number % 5 == 0)
            created = told(deal.created_at)
            self.tables["contact"].put(
                {"ID": str(key), "NAME": first, "LAST_NAME": last, "DATE_CREATE": created, "DATE_MODIFY": created, "HAS_PHONE": "Y", "HAS_EMAIL": "Y",
                 "PHONE": _multiple(key, "PHONE", phones), "EMAIL": _multiple(key, "EMAIL", [person.email.upper()])}
            )  # fmt: skip
        return str(key)

    def _company(self, deal: Deal) -> str:
        if deal.person.number % 7:
            return "0"
        key = _COMPANY + deal.person.number
        if self.tables["company"].get(key) is None:
            created = told(deal.created_at)
            self.tables["company"].put(
                {
                    "ID": str(key),
                    "TITLE": f"ООО «Ромашка-{deal.person.number}» \u202e🌼",
                    "DATE_CREATE": created,
                    "DATE_MODIFY": created,
                    "HAS_PHONE": "N",
                }
            )
        return str(key)


def _utm(request: Request) -> Row:
    visit = request.visit
    values = (visit.source, visit.medium, visit.campaign, visit.spend.group.name if visit.spend else "", visit.term)
    return {name: value or None for name, value in zip(_LEAD_FIELDS, values, strict=True)}


def _multiple(key: int, kind: str, values: list[str]) -> list[Row]:
    return [
        {"ID": str(key * 10 + place), "VALUE_TYPE": "WORK", "VALUE": value, "TYPE_ID": kind}
        for place, value in enumerate(values)
    ]


def _user(manager: str) -> str:
    return next(str(user["ID"]) for user in USERS if f"{user['NAME']} {user['LAST_NAME']}".strip() == manager)


def _reason(reason: str) -> str:
    items = FIELDS["deal"]["UF_CRM_REASON"]["items"]
    return next((str(item["ID"]) for item in items if item["VALUE"] == reason), "")
