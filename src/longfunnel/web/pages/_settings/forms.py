"""The forms of longfunnel.toml's plain sections, as data: what a field means, how it is typed, what a mistake in it is."""

# ruff: noqa: E501 - one line is one entry, in two languages
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

import msgspec

from longfunnel.core.collecting import Collector, Schedule
from longfunnel.core.settings import Business, Counting, Guards, Mail
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longfunnel.web.visit import Visit

Kind = Literal["text", "int", "number", "choice", "day", "list"]


@dataclass(frozen=True)
class Field:
    """One setting in a form."""

    name: str
    title: Text
    hint: Text = NOTHING
    kind: Kind = "text"
    choices: tuple[tuple[str, Text], ...] = ()
    example: str = ""
    offers: Literal["", "zones", "currencies"] = ""
    """Which list of known values is offered while typing."""
    unit: Text = NOTHING
    rule: Text = NOTHING
    """What the value must be: said beside the field when it is not."""


@dataclass(frozen=True)
class Form:
    """One section of longfunnel.toml."""

    section: str
    title: Text
    lead: Text
    fields: tuple[Field, ...]
    model: type[msgspec.Struct]


_DAYS, _MINUTES, _HOURS, _SECONDS = Text("days", "дн."), Text("min", "мин"), Text("h", "ч"), Text("s", "с")
_AT_LEAST_ONE = Text("A whole number, at least 1.", "Целое число не меньше 1.")
_NOT_NEGATIVE = Text("A number, 0 or more.", "Число 0 или больше.")

FORMS: dict[str, Form] = {
    "business": Form("business", Text("Business", "Бизнес"), Text("Who the numbers are about.", "О ком эти числа."), (
        Field("name", Text("Name", "Название"), Text("As reports call it.", "Так он назван в отчётах."), example="Cedar & Maple"),
        Field("currency", Text("Currency", "Валюта"), Text("Amounts in others are converted to it.", "Суммы в других валютах пересчитываются в неё."),
              example="RUB", offers="currencies", rule=Text("A three-letter ISO code: RUB, USD, EUR.", "Код ISO из трёх букв: RUB, USD, EUR.")),
        Field("timezone", Text("Time zone", "Часовой пояс"), Text("Days, weeks and months are cut by its clock.", "По нему считаются дни, недели и месяцы."),
              example="Europe/Moscow", offers="zones", rule=Text("A zone such as Europe/Moscow: choose one of the list.", "Пояс вида Europe/Moscow — выберите из списка.")),
        Field("language", Text("Language of reports", "Язык отчётов"), kind="choice", choices=(("en", Text("English", "English")), ("ru", Text("Русский", "Русский")))),
        Field("country", Text("Country of phone numbers", "Страна телефонных номеров"), Text("Numbers without a country code are read as its own. Empty: by the time zone.", "Так читаются номера без кода страны. Пусто — по часовому поясу."),
              example="RU", rule=Text("A two-letter code: RU, BR, US.", "Код из двух букв: RU, BR, US.")),
    ), Business),
    "counting": Form("counting", Text("Counting", "Правила счёта"), Text("Where the field counts differently. Each number says which it used.", "Там, где считают по-разному. У каждого числа видно, по какому правилу оно получено."), (
        Field("lookback_days", Text("Lookback window", "Окно атрибуции"), Text("Earlier touches earn no credit for a lead.", "Более ранние касания не засчитываются."), "int", unit=_DAYS, rule=_AT_LEAST_ONE),
        Field("session_minutes", Text("A visit ends after", "Визит заканчивается через"), Text("Minutes of silence.", "Минут тишины."), "int", unit=_MINUTES, rule=_AT_LEAST_ONE),
        Field("lead_join_hours", Text("Requests count as one lead within", "Считать одним лидом заявки за"), Text("Leads of one person from different sources within this time are one.", "Обращения человека из разных источников за это время — один лид."), "int", unit=_HOURS, rule=_NOT_NEGATIVE),
        Field("revenue", Text("Revenue is", "Выручка — это"), kind="choice", choices=(
            ("auto", Text("paid where payments are connected, won elsewhere", "оплаты, а где их нет — выигранные сделки")),
            ("paid", Text("what was paid", "только оплаты")),
            ("won", Text("what was won", "выигранные сделки")),
        )),
        Field("min_cases", Text("Too few cases below", "Мало случаев, если меньше"), Text("Such a rate is shown in grey, with the number of cases.", "Такая доля показана серым, рядом — число случаев."), "int", rule=_AT_LEAST_ONE),
        Field("tracking_since", Text("Visits are tracked since", "Визиты отслеживаются с"), Text("Empty: since the first visit.", "Пусто — с первого визита."), "day"),
    ), Counting),
    "guards": Form("guards", Text("Shared identifiers", "Общие идентификаторы"), Text("An office phone or info@ is not one person. Above these numbers a phone or e-mail joins nobody.", "Телефон офиса или info@ — это не один человек. Если контактов больше, чем указано, по такому телефону или почте людей не объединяем."), (
        Field("phone", Text("Contacts with one phone", "Контактов с одним телефоном"), kind="int", rule=_AT_LEAST_ONE),
        Field("email", Text("Contacts with one e-mail", "Контактов с одной почтой"), kind="int", rule=_AT_LEAST_ONE),
        Field("visitor", Text("Contacts with one browser", "Контактов с одним браузером"), kind="int", rule=_AT_LEAST_ONE),
        Field("other", Text("With any other identifier", "С любым другим идентификатором"), kind="int", rule=_AT_LEAST_ONE),
    ), Guards),
    "schedule": Form("schedule", Text("Schedule", "Расписание"), Text("What the running server does by itself.", "Что сервер делает сам, пока работает."), (
        Field("sync_minutes", Text("Look at the sources every", "Проверять источники каждые"), Text("0: only by hand.", "0 — только вручную."), "number", unit=_MINUTES, rule=_NOT_NEGATIVE),
        Field("build_seconds", Text("Refresh the reports no more often than every", "Обновлять отчёты не чаще, чем раз в"), Text("New data waits so long, so that reports are not made anew for each row.", "Столько копятся новые данные, чтобы не пересчитывать отчёты из-за каждой строки."), "number", unit=_SECONDS, rule=_NOT_NEGATIVE),
    ), Schedule),
    "collector": Form("collector", Text("Data from the site", "Приём данных с сайта"), Text("How what comes from sites and webhooks is taken in.", "Как принимается то, что присылают сайт и вебхуки."), (
        Field("keep_days", Text("Keep the log of what came for", "Хранить журнал принятого"), Text("After a backup is restored, what came since is read from it again.", "Если восстановить резервную копию, пришедшее после неё дочитается отсюда."), "int", unit=_DAYS, rule=_NOT_NEGATIVE),
        Field("requests_per_second", Text("At most so many requests a second from one address", "Не больше запросов в секунду с одного адреса"), kind="number", rule=Text("A number above 0.", "Число больше 0.")),
    ), Collector),
    "mail": Form("mail", Text("Mail", "Почта"), Text("The server that takes our letters.", "Через какой сервер уходят письма."), (
        Field("host", Text("SMTP server", "Сервер SMTP"), Text("Empty: no letters are sent.", "Пусто — письма не отправляются."), example="smtp.example.com"),
        Field("port", Text("Port", "Порт"), kind="int", rule=_AT_LEAST_ONE),
        Field("security", Text("Security", "Шифрование"), kind="choice", choices=(("starttls", Text("STARTTLS", "STARTTLS")), ("tls", Text("TLS", "TLS")), ("none", Text("none", "без шифрования")))),
        Field("user", Text("Sign in as", "Имя для входа")),
        Field("password_env", Text("Variable with the password", "Переменная с паролем"), Text("Where this environment variable is set, it goes before the password typed below.", "Если эта переменная окружения задана, она важнее пароля, введённого ниже.")),
        Field("sender", Text("Letters come from", "Письма приходят от"), example="reports@example.com"),
    ), Mail),
}  # fmt: skip
CURRENCIES = (
    "RUB",
    "USD",
    "EUR",
    "KZT",
    "BYN",
    "UAH",
    "UZS",
    "AMD",
    "GEL",
    "TRY",
    "AED",
    "CNY",
    "INR",
    "GBP",
    "BRL",
    "PLN",
)


def defaults_of(model: type[msgspec.Struct]) -> dict[str, Any]:
    """The default of every field of a section."""
    return {field.name: field.default for field in msgspec.structs.fields(model)}


def read_fields(visit: Visit, fields: Sequence[Field]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed, as values; and, by field, what cannot be one. What was typed wrongly stays as it was typed."""
    values: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    for field in fields:
        typed = visit.posted(field.name)
        try:
            match field.kind:
                case "int":
                    values[field.name] = int(typed)
                case "number":
                    number = float(typed.replace(",", "."))
                    values[field.name] = int(number) if number == int(number) else number
                case _:
                    values[field.name] = typed.upper() if field.name in ("currency", "country") else typed
        except (ValueError, OverflowError):
            values[field.name] = typed
            mistakes[field.name] = visit.text(field.rule)
    return values, mistakes


def place_mistakes(visit: Visit, form: Form, message: str) -> dict[str, str]:
    """The mistakes that the parser found, beside their fields; under "" what belongs to none."""
    found: dict[str, str] = {}
    for line in message.splitlines():
        field = next(
            (
                one
                for one in form.fields
                if f"[{form.section}] {one.name} " in line or f"[{form.section}] {one.name}:" in line
            ),
            None,
        )
        if field:
            found[field.name] = visit.text(field.rule) if field.rule.en else line[line.index(f"[{form.section}]") :]
    return found or {"": message}


def fields_shown(
    visit: Visit, fields: Sequence[Field], values: dict[str, Any], mistakes: dict[str, str]
) -> list[dict[str, Any]]:
    """The fields as a template shows them."""
    offers = {
        "": (),
        "currencies": CURRENCIES,
        "zones": tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))),
    }
    return [
        {
            "name": field.name,
            "title": visit.text(field.title),
            "hint": visit.text(field.hint),
            "kind": field.kind,
            "unit": visit.text(field.unit),
            "choices": [(value, visit.text(text)) for value, text in field.choices],
            "example": field.example,
            "offers": offers[field.offers],
            "value": values.get(field.name, ""),
            "mistake": mistakes.get(field.name, ""),
        }
        for field in fields
    ]
