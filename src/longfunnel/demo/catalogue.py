"""What the invented business is made of: its products, channels, people at work, places and words, in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from longfunnel.demo.scale import Language

SITE = "https://kedr-klen.example"


@dataclass(frozen=True)
class Words:
    """A text in both languages of the demo."""

    ru: str
    en: str

    def say(self, language: Language) -> str:
        """The text in that language."""
        return self.ru if language == "ru" else self.en


BUSINESS: Final = Words("Кедр и Клён", "Cedar & Maple")


@dataclass(frozen=True)
class Product:
    """A line of goods. ``price`` is the median order in roubles; ``cost_share`` is cost of goods / price."""

    key: str
    name: Words
    price: int
    spread: float
    cost_share: float
    share: float
    """Part of the visitors who come for it."""
    checkout_share: float
    """Part of its requests that are orders in the web shop."""
    words: tuple[str, ...]
    """Keywords that people search for it with."""


PRODUCTS: Final = (
    Product("kitchen", Words("Кухни на заказ", "Fitted kitchens"), 112_000, 0.35, 0.60, 0.34, 0.0,
            ("кухни на заказ", "купить кухню", "кухня цена", "угловая кухня на заказ", "кухонный гарнитур")),
    Product("wardrobe", Words("Шкафы-купе", "Sliding wardrobes"), 68_000, 0.35, 0.58, 0.20, 0.0,
            ("шкаф купе на заказ", "купить шкаф купе", "встроенный шкаф", "шкаф купе цена")),
    Product("closet", Words("Гардеробные", "Walk-in closets"), 86_000, 0.40, 0.57, 0.12, 0.0,
            ("гардеробная на заказ", "гардеробная система", "гардеробная комната цена")),
    Product("ready", Words("Готовая мебель", "Ready-made furniture"), 31_000, 0.55, 0.66, 0.22, 0.40,
            ("купить диван", "обеденный стол купить", "мебель интернет магазин", "кровать с доставкой")),
    Product("office", Words("Офисная мебель", "Office furniture"), 205_000, 0.60, 0.68, 0.12, 0.0,
            ("офисная мебель оптом", "мебель для офиса под ключ", "офисные столы купить")),
)  # fmt: skip
KITCHEN, OFFICE, READY = 0, 4, 3


@dataclass(frozen=True)
class Channel:
    """A channel as it really works, and how its visits look on the site."""

    key: str
    name: Words
    share: float
    """Part of first visits."""
    return_share: float
    """Part of later visits."""
    lead_rate: float
    """Leads per visit."""
    deal_rate: float
    """Deals per lead."""
    win_factor: float
    source: str = ""
    medium: str = ""
    referrers: tuple[str, ...] = ("",)
    cpc: float = 0.0
    """Roubles a click, VAT included; 0 for a channel without clicks to pay for."""
    ctr: float = 0.0


CHANNELS: Final = (
    Channel("yandex_direct_search", Words("Яндекс Директ, поиск", "Yandex Direct, search"), 0.235, 0.05, 0.042, 0.62,
            1.1,
            "yandex", "cpc", ("https://yandex.ru/",), 66.0, 0.056),
    Channel("yandex_direct_network", Words("Яндекс Директ, РСЯ", "Yandex Direct, network"), 0.175, 0.09, 0.0120, 0.42,
            0.50,
            "yandex", "display", ("https://dzen.ru/", "https://pogoda-v-gorode.example/", "https://recepty.example/"),
            33.0, 0.0058),
    Channel("vk_ads", Words("VK Реклама", "VK Ads"), 0.145, 0.03, 0.0115, 0.40, 0.48,
            "vk", "cpc", ("https://vk.com/", "https://away.vk.com/"), 31.0, 0.0062),
    Channel("telegram_ads", Words("Telegram Ads", "Telegram Ads"), 0.055, 0.02, 0.019, 0.44, 0.7,
            "telegram", "cpc", ("https://t.me/",), 38.0, 0.0078),
    Channel("google_organic", Words("Google, поиск", "Google, organic"), 0.09, 0.11, 0.033, 0.60, 1.0,
            referrers=("https://www.google.com/",)),
    Channel("yandex_organic", Words("Яндекс, поиск", "Yandex, organic"), 0.15, 0.20, 0.034, 0.61, 1.05,
            referrers=("https://yandex.ru/", "https://ya.ru/")),
    Channel("email", Words("Рассылки", "E-mail"), 0.01, 0.12, 0.048, 0.68, 1.2, "newsletter", "email", ("", "https://e.mail.ru/")),
    Channel("referral", Words("Партнёры", "Partners"), 0.055, 0.03, 0.043, 0.70, 1.2,
            "partner", "referral", ("https://remont-blog.example/", "https://dizayn-doma.example/")),
    Channel("direct", Words("Прямые заходы", "Direct"), 0.085, 0.35, 0.036, 0.62, 1.1),
)  # fmt: skip
SEARCH, NETWORK, VK, TELEGRAM, GOOGLE, YANDEX, EMAIL, REFERRAL, DIRECT = range(len(CHANNELS))
PAID: Final = (SEARCH, NETWORK, VK, TELEGRAM)
OFFLINE: Final = len(CHANNELS)
"""A request that came by no visit: a sign on the street, word of mouth."""
CHANNEL_KEYS: Final = (*(channel.key for channel in CHANNELS), "offline")

KINDS: Final = ("form", "call", "chat", "checkout")
FORM, CALL, CHAT, CHECKOUT = range(len(KINDS))

SITUATIONS: Final = (
    "normal",
    "no_visit",
    "late_caller",
    "before_tracking",
    "no_lead",
    "shared_phone",
    "closed_before_lead",
)
NORMAL, NO_VISIT, LATE_CALLER, BEFORE_TRACKING, NO_LEAD, SHARED_PHONE, CLOSED_EARLY = range(len(SITUATIONS))


@dataclass(frozen=True)
class Seller:
    """Somebody who sells. ``reply_hours`` is the median time before the first contact."""

    name: Words
    skill: float
    reply_hours: float


RETAIL_SELLERS: Final = (
    Seller(Words("Анна Соколова", "Anna Sokolova"), 1.32, 0.7),
    Seller(Words("Дмитрий Орлов", "Dmitry Orlov"), 1.12, 1.1),
    Seller(Words("Мария Лебедева", "Maria Lebedeva"), 1.08, 1.3),
    Seller(Words("Игорь Зайцев", "Igor Zaitsev"), 0.95, 2.2),
    Seller(Words("Ольга Белова", "Olga Belova"), 0.98, 1.8),
    Seller(Words("Виктор Медведев", "Viktor Medvedev"), 0.45, 27.0),
)
SLOW_SELLER = 5
OFFICE_SELLERS: Final = (
    Seller(Words("Елена Воронова", "Elena Voronova"), 1.2, 1.4),
    Seller(Words("Сергей Лисицын", "Sergey Lisitsyn"), 1.0, 2.5),
    Seller(Words("Павел Журавлёв", "Pavel Zhuravlev"), 0.8, 4.0),
)
SELLERS: Final = RETAIL_SELLERS + OFFICE_SELLERS

RETAIL_PIPELINE: Final = Words("Розница", "Retail")
OFFICE_PIPELINE: Final = Words("Корпоративные продажи", "Corporate sales")
RETAIL_STAGES: Final = (
    Words("Новая заявка", "New request"),
    Words("Связались", "Contacted"),
    Words("Замер", "Measuring"),
    Words("Коммерческое предложение", "Quote"),
    Words("Договор", "Contract"),
)
OFFICE_STAGES: Final = (
    Words("Первичный контакт", "First contact"),
    Words("Переговоры", "Talks"),
    Words("КП отправлено", "Quote sent"),
    Words("Согласование", "Approval"),
    Words("Договор", "Contract"),
)
RETAIL_ENDS: Final = (Words("Сделка успешна", "Deal won"), Words("Сделка провалена", "Deal lost"))
OFFICE_ENDS: Final = (Words("Успешно реализовано", "Won"), Words("Закрыто и не реализовано", "Lost"))
STATUSES: Final = (Words("В работе", "Open"), Words("Успешна", "Won"), Words("Провалена", "Lost"))

REASONS: Final = (
    Words("Дорого", "Too expensive"),
    Words("Ушёл к конкуренту", "Went to a competitor"),
    Words("Не дозвонились", "Could not reach"),
    Words("Отложил покупку", "Put off"),
    Words("Не устроили сроки", "Delivery too late"),
)
EXPENSIVE, COMPETITOR, UNREACHED = 0, 1, 2

REGIONS: Final = (
    Words("Москва", "Moscow"),
    Words("Московская область", "Moscow Region"),
    Words("Санкт-Петербург", "Saint Petersburg"),
    Words("Казань", "Kazan"),
    Words("Нижний Новгород", "Nizhny Novgorod"),
    Words("Екатеринбург", "Yekaterinburg"),
)
REGION_SHARES: Final = (0.36, 0.21, 0.17, 0.10, 0.09, 0.07)
AUDIENCES: Final = (
    Words("Новосёлы", "New home owners"),
    Words("Ремонт", "Renovating"),
    Words("Дизайнеры", "Designers"),
    Words("Компании", "Companies"),
)
DEVICES: Final = ("mobile", "desktop", "tablet")

FIRST_NAMES: Final = (
    "Алексей", "Андрей", "Антон", "Артём", "Борис", "Вадим", "Василий", "Георгий", "Денис", "Евгений", "Иван", "Кирилл",
    "Максим", "Михаил", "Николай", "Олег", "Роман", "Степан", "Тимур", "Юрий", "Алина", "Вера", "Галина", "Дарья",
    "Екатерина", "Жанна", "Инна", "Ирина", "Ксения", "Лариса", "Людмила", "Марина", "Надежда", "Наталья", "Полина",
    "Светлана", "Софья", "Татьяна", "Ульяна", "Юлия",
)  # fmt: skip
MEN: Final = FIRST_NAMES.index("Юрий") + 1
"""The first names before this index are men's: women's surnames end in «а»."""
SURNAMES: Final = (
    "Абрамов", "Богданов", "Васильев", "Горбунов", "Данилов", "Ершов", "Жуков", "Зимин", "Игнатов", "Калинин", "Ларин",
    "Макаров", "Никитин", "Осипов", "Павлов", "Рябов", "Савельев", "Титов", "Уваров", "Филатов", "Харитонов", "Цветков",
    "Чернов", "Шубин", "Щербаков", "Яковлев", "Гусев", "Куликов", "Тарасов", "Фомин",
)  # fmt: skip
COMPANIES: Final = (
    "Вектор", "Альянс", "Горизонт", "Меридиан", "Прогресс", "Гарант", "Исток", "Контур", "Эталон", "Орбита", "Пульс",
)  # fmt: skip

PARTNERS: Final = ("remont-blog", "dizayn-doma")
SHARED_PHONE_NUMBER: Final = "+74950001000"
"""The reception of a business centre: many tenants leave it as their number."""
