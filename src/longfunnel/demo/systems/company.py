"""The invented company that all the systems know: its ads, its visitors, their calls and requests, its two sales teams' deals.

Everything follows from a seed and the last day, so that two runs see the same company, and a test knows the truth.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Moscow")
CURRENCY = "RUB"
SITE = "https://mebel-les.example"
AdSystem = Literal["direct", "vk"]
Crm = Literal["bitrix24", "amocrm"]


@dataclass(frozen=True)
class Keyword:
    """What an ad is shown for: a phrase in Direct; VK has none."""

    id: int
    text: str


@dataclass(frozen=True)
class AdGroup:
    """Ads that share their audience."""

    id: int
    name: str
    ad_id: int
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True)
class Campaign:
    """One campaign of an ad system."""

    id: int
    system: AdSystem
    name: str
    utm: str
    """What its links carry as utm_campaign."""
    groups: tuple[AdGroup, ...]


@dataclass(frozen=True)
class Spend:
    """One day of one keyword (Direct) or ad (VK)."""

    day: date
    campaign: Campaign
    group: AdGroup
    keyword: Keyword | None
    impressions: int
    clicks: int
    cost: Decimal
    """Roubles and kopecks, with VAT."""


@dataclass(frozen=True)
class Person:
    """A visitor, and what the systems call them."""

    number: int
    name: str
    phone: str
    email: str
    ym_client_id: str
    ga_client_id: str
    telegram_id: int


@dataclass(frozen=True)
class Visit:
    """One visit of the site, as Metrika tells it."""

    id: int
    person: Person
    at: datetime
    """Aware, UTC."""
    source: str
    medium: str
    spend: Spend | None
    """The ad that brought it."""
    click_id: str
    """yclid of Direct, rb_clickid of VK; empty otherwise."""
    pages: int
    seconds: int
    goals: tuple[int, ...] = ()

    @property
    def campaign(self) -> str:
        """utm_campaign."""
        return self.spend.campaign.utm if self.spend else ""

    @property
    def term(self) -> str:
        """utm_term."""
        return self.spend.keyword.text if self.spend and self.spend.keyword else ""


@dataclass(frozen=True)
class Call:
    """A call as the call tracker tells it."""

    id: int
    visit: Visit
    at: datetime
    seconds: int
    is_answered: bool
    number: str
    """The tracking number that was called."""
    manager: str


@dataclass(frozen=True)
class Request:
    """A form that was left on the site."""

    id: int
    visit: Visit
    at: datetime


@dataclass(frozen=True)
class Chat:
    """A person who started the company's Telegram bot from the site."""

    update_id: int
    visit: Visit
    at: datetime
    payload: str


@dataclass(frozen=True)
class Step:
    """A deal entering a stage."""

    id: int
    at: datetime
    stage: str


@dataclass(frozen=True)
class Deal:
    """A deal in one of the CRMs."""

    id: int
    crm: Crm
    person: Person
    cause: Call | Request | Chat
    created_at: datetime
    steps: tuple[Step, ...]
    """The first is its creation."""
    status: Literal["open", "won", "lost"]
    amount: Decimal
    manager: str
    product: str
    reason_lost: str = ""
    is_deleted: bool = False

    @property
    def closed_at(self) -> datetime | None:
        """When it was won or lost."""
        return None if self.status == "open" else self.steps[-1].at

    @property
    def modified_at(self) -> datetime:
        """The last change."""
        return self.steps[-1].at


STAGES: dict[Crm, tuple[str, ...]] = {
    "bitrix24": ("Новая", "Замер назначен", "Договор", "Сделка успешна", "Сделка провалена"),
    "amocrm": ("Первичный контакт", "Переговоры", "Счёт выставлен", "Успешно реализовано", "Закрыто и не реализовано"),
}
"""Of the one pipeline in use; the last two are won and lost."""
PIPELINES: dict[Crm, str] = {"bitrix24": "Кухни", "amocrm": "Шкафы"}
MANAGERS = ("Анна Соколова", "Борис О'Нил", "Вера Ёлкина", "Gleb «Zorro» 😀 Kim")
PRODUCTS = {"bitrix24": ("Кухня «Лофт»", "Кухня «Прованс»"), "amocrm": ("Шкаф-купе", "Гардеробная")}
REASONS = ("Дорого", "Выбрали другого", "Не дозвонились")
NUMBERS = ("+74951230001", "+74951230002", "+74951230003")
GOALS = {541048197: "Отправка формы", 541048198: "Клик по телефону"}
_FIRST = ("Анна", "Пётр", "Ольга", "Иван", "Мария", "Фёдор", "Елена", "Тимур", "Zoë", "Лейла")
_LAST = ("Смирнова", "Кузнецов", "Ким", "О'Коннор", "Ёжикова", "Петров-Водкин", "García", "Цой")


@dataclass
class Company:
    """The company as it stands on ``today``: a window of ``days`` days up to and with the day before."""

    today: date = date(2026, 11, 1)
    days: int = 60
    visitors_a_day: int = 12
    seed: int = 7
    deleted_share: float = 0.02
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.campaigns = _campaigns()
        self.persons: list[Person] = []
        self.visits: list[Visit] = []
        self.spend: list[Spend] = []
        self.calls: list[Call] = []
        self.requests: list[Request] = []
        self.chats: list[Chat] = []
        self.deals: list[Deal] = []
        self._steps = 0
        for number in range(self.days):
            self._live(self.today - timedelta(days=self.days - number))

    @property
    def since(self) -> date:
        """The first day."""
        return self.today - timedelta(days=self.days)

    @cached_property
    def now(self) -> datetime:
        """The beginning of ``today``, in UTC."""
        return datetime.combine(self.today, time(), ZONE).astimezone(UTC)

    def deals_of(self, crm: Crm) -> list[Deal]:
        """The deals of one CRM, deleted ones too, by id."""
        return [deal for deal in self.deals if deal.crm == crm]

    def spend_of(self, system: AdSystem) -> list[Spend]:
        """The spend of one ad system, by day."""
        return [spend for spend in self.spend if spend.campaign.system == system]

    def _live(self, day: date) -> None:
        bought = [self._spend(day, *place) for place in _places(self.campaigns)]
        self.spend += bought
        for _ in range(self._random.randint(self.visitors_a_day // 2, self.visitors_a_day * 3 // 2)):
            self._visit(day, bought)

    def _spend(self, day: date, campaign: Campaign, group: AdGroup, keyword: Keyword | None) -> Spend:
        impressions = self._random.randint(0, 400)
        clicks = self._random.randint(0, impressions // 20)
        return Spend(
            day, campaign, group, keyword, impressions, clicks, Decimal(clicks * self._random.randint(1500, 9000)) / 100
        )

    def _visit(self, day: date, bought: list[Spend]) -> None:
        draw = self._random
        person = draw.choice(self.persons) if self.persons and draw.random() < 0.2 else self._person()
        at = datetime.combine(
            day, time(draw.randint(8, 21), draw.randint(0, 59), draw.randint(0, 59)), ZONE
        ).astimezone(UTC)
        ad = draw.choice([*[one for one in bought if one.clicks], None])
        source, medium = (
            draw.choice((("google", "organic"), ("", "")))
            if ad is None
            else (("yandex", "cpc") if ad.campaign.system == "direct" else ("vk", "cpc"))
        )
        number = len(self.visits) + 1
        visit = Visit(
            id=2_345_678_901_234_000_000 + number, person=person, at=at, source=source, medium=medium, spend=ad,
            click_id=str(15_000_000_000_000_000_000 + number) if ad else "", pages=draw.randint(1, 9), seconds=draw.randint(0, 900),
            goals=(541048197,) if draw.random() < 0.1 else (),
        )  # fmt: skip
        self.visits.append(visit)
        if draw.random() < 0.35:
            self._ask(visit)

    def _person(self) -> Person:
        number = len(self.persons) + 1
        draw = self._random
        person = Person(
            number, f"{draw.choice(_FIRST)} {draw.choice(_LAST)}", f"+7916{number:07d}", f"client{number}@example.com",
            str(1_700_000_000_000_000_000 + number), f"{1_000_000_000 + number}.{1_700_000_000 + number}", 5_000_000_000 + number,
        )  # fmt: skip
        self.persons.append(person)
        return person

    def _ask(self, visit: Visit) -> None:
        """The visitor calls, leaves a form or writes to the bot; most of them become a deal."""
        draw = self._random
        at = visit.at + timedelta(minutes=draw.randint(1, 20))
        manager = draw.choice(MANAGERS)
        kind = draw.random()
        cause: Call | Request | Chat
        if kind < 0.4:
            is_answered = draw.random() < 0.85
            cause = Call(
                100_000 + len(self.calls),
                visit,
                at,
                draw.randint(20, 600) if is_answered else 0,
                is_answered,
                draw.choice(NUMBERS),
                manager,
            )
            self.calls.append(cause)
        elif kind < 0.85:
            cause = Request(500_000 + len(self.requests), visit, at)
            self.requests.append(cause)
        else:
            cause = Chat(
                870_000_000 + len(self.chats),
                visit,
                at,
                f"ym_{visit.person.ym_client_id}",
            )
            self.chats.append(cause)
        if draw.random() < 0.8:
            self._deal(cause, visit.person, at + timedelta(minutes=draw.randint(1, 120)), manager)

    def _deal(self, cause: Call | Request | Chat, person: Person, at: datetime, manager: str) -> None:
        draw = self._random
        crm: Crm = "bitrix24" if draw.random() < 0.5 else "amocrm"
        stages = STAGES[crm]
        steps = [self._step(at, stages[0])]
        status: Literal["open", "won", "lost"] = "open"
        for stage in (*stages[1:3], stages[3]):
            at += timedelta(hours=draw.randint(3, 96))
            if at >= self.now:
                break
            if draw.random() < 0.25:
                steps.append(self._step(at, stages[4]))
                status = "lost"
                break
            steps.append(self._step(at, stage))
            status = "won" if stage == stages[3] else "open"
        self.deals.append(
            Deal(
                id=9_100_000_000_000_000 + len(self.deals) + 1 if crm == "bitrix24" else 34_000_000 + len(self.deals) + 1,
                crm=crm, person=person, cause=cause, created_at=steps[0].at, steps=tuple(steps), status=status,
                amount=Decimal(draw.randint(20, 300)) * 1000, manager=manager, product=draw.choice(PRODUCTS[crm]),
                reason_lost=draw.choice(REASONS) if status == "lost" else "", is_deleted=draw.random() < self.deleted_share,
            )
        )  # fmt: skip

    def _step(self, at: datetime, stage: str) -> Step:
        self._steps += 1
        return Step(self._steps, at, stage)


def _campaigns() -> tuple[Campaign, ...]:
    made = []
    for number, (system, name, utm, phrases) in enumerate(
        (
            (
                "direct",
                "Кухни на заказ | поиск",
                "kitchen_search",
                ("кухни на заказ", "кухня лофт купить", "кухни от производителя"),
            ),
            ("direct", "Шкафы: Москва, «МКАД»", "wardrobe_search", ("шкаф купе на заказ", "гардеробная под ключ")),
            ("direct", "Brand", "brand", ("мебель лес", "---autotargeting")),
            ("vk", "Лукалайк кухни", "vk_lookalike", ()),
            ("vk", "Ретаргет 🔁", "vk_retarget", ()),
        ),
        1,
    ):
        groups = tuple(
            AdGroup(
                id=4_000_000_000 + number * 10 + group, name=f"{name} / {group}", ad_id=12_000_000_000 + number * 10 + group,
                keywords=tuple(Keyword(50_000_000_000 + number * 100 + group * 10 + place, text) for place, text in enumerate(phrases)),
            )
            for group in (1, 2)
        )  # fmt: skip
        made.append(Campaign(10_000 + number, system, name, utm, groups))  # type: ignore[arg-type]
    return tuple(made)


def _places(campaigns: tuple[Campaign, ...]) -> list[tuple[Campaign, AdGroup, Keyword | None]]:
    return [
        (campaign, group, keyword)
        for campaign in campaigns
        for group in campaign.groups
        for keyword in (group.keywords or (None,))
    ]
