"""What exports call the columns that several facts share: marks of traffic, identifiers, contacts, managers, products."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """Spellings written in one text, parted by ``|``, the surest first."""
    return tuple(word.strip() for word in text.split("|"))


MARKETING = {
    "source": words(
        "utm source|source|origin|traffic source|источник|источник трафика|lead source|источник лида"
        "|источник сделки|session source|first source|lastsign utm source"
        "|session manual source|рекламный источник|канал привлечения|откуда узнали|откуда|first user source"
        "|рекламный канал|original source|original traffic source"
    ),
    "medium": words(
        "utm medium|medium|session medium|канал|тип трафика|тип источника|session manual medium"
        "|lastsign utm medium|marketing medium"
    ),
    "campaign": words(
        "utm campaign|campaign|campaign name|кампания|название кампании|рекламная кампания"
        "|session campaign name|session campaign|имя кампании|lastsign utm campaign"
        "|primary campaign source|campaign source|session manual campaign name"
    ),
    "content": words(
        "utm content|content|ad content|содержание объявления|session manual ad content"
        "|lastsign utm content|номер объявления|id объявления|ad id"
    ),
    "term": words(
        "utm term|term|keyword|keywords|ключевое слово|ключевая фраза|поисковая фраза|условие показа"
        "|фраза|criterion|search keyword|session manual term|lastsign utm term|search term"
    ),
    "referrer": words(
        "referrer|referer|реферер|ref|referrer url|внешний реферер|откуда перешел|http referer|page referrer"
    ),
    "landing_page": words(
        "landing page|landing page id|landing|first page|entry page|посадочная страница|страница входа"
        "|страница захвата|start url|landing page plus query string|landing page url"
        "|hs analytics first url|first page seen"
    ),
}
VISITOR = {
    "visitor_id": words(
        "visitor id|visitor|anonymous id|cookie id|cookie|device id|anon id|uid|id посетителя"
        "|fingerprint|user pseudo id|visitorid|id куки"
    ),
    "user_id": words(
        "user id|customer id|account id|client id|id клиента|id пользователя|userid|customerid|customer"
        "|id покупателя|код клиента|член клуба|member id"
    ),
    "ym_client_id": words(
        "ym client id|ym uid|ya client id|yandex client id|metrika client id|clientid яндекс метрика"
        "|clientid яндекс метрики|clientid метрики|client id метрики|yaclientid|ym s client id"
        "|client id яндекс метрика|yandex metrika client id"
    ),
    "ga_client_id": words(
        "ga client id|ga clientid|ga cid|google client id|cid|clientid google analytics"
        "|google analytics client id|ga|gua client id"
    ),
    "yclid": words("yclid|ymclid|yandex click id"),
    "gclid": words("gclid|gbraid|wbraid|google click id|hs google click id"),
    "fbclid": words("fbclid|facebook click id|hs facebook click id"),
    "vkclid": words("rb clickid|vkclid|vk click id"),
}
CONTACT = {
    "email": words(
        "email|e mail|mail|почта|эл почта|электронная почта|email address|рабочий email|рабочий e mail"
        "|work email|адрес электронной почты|имейл|контакт e mail|e mail рабочий"
    ),
    "phone": words(
        "phone|phone number|телефон|номер телефона|mobile|mobile phone|tel|мобильный телефон"
        "|рабочий телефон|мобильный|рабочий прямой телефон|caller number|callerid|caller id"
        "|номер звонящего|контакт телефон|work phone|cell phone|номер абонента|телефон плательщика"
    ),
    "contact_id": words(
        "contact id|id контакта|контакт id|contactid|associated contact id|associated contact ids|contact name id"
    ),
    "telegram_id": words("telegram id|telegram user id|tg id|chat id|telegram"),
}
COMMON = {
    "currency": words(
        "currency|валюта|currency code|currency id|код валюты|deal currency code|currency iso code|account currency"
    ),
    "manager": words(
        "manager|owner|responsible|ответственный|менеджер|сотрудник|sales rep|salesperson|sr id"
        "|sales manager|assigned to|assigned by id|deal owner|opportunity owner|lead owner|contact owner"
        "|hubspot owner id|продавец|оператор|кто продал|owner name|agent|исполнитель"
    ),
    "product": words(
        "product|product name|товар|услуга|продукт|товары|service|item|наименование товара|номенклатура"
        "|название товара|курс|тариф|plan"
    ),
    "region": words("region|city|регион|город|country|страна|location|область|region city|state|geo|геолокация"),
    "audience": words(
        "segment|audience|сегмент|аудитория|business segment|customer segment|industry|отрасль|тип клиента|client type"
    ),
    "device": words("device|device category|устройство|тип устройства|platform|платформа"),
    "company": words(
        "company|company name|компания|организация|account name|название компании|юрлицо|organization"
        "|компания контакта|account"
    ),
    "is_deleted": words("is deleted|deleted|удален|удалена|удалено"),
}
