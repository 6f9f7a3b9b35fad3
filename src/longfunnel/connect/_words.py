"""Words that exports use for «no value», «yes», «won», «total» and the months, in Russian and English."""

from __future__ import annotations

NOTHING = ("", "-", "--", "—", "null", "NULL", "N/A", "n/a", "NaN", "(not set)")
RARE_NOTHING = (
    "---", "–", "Null", "#N/A", "nan", "None", "(not provided)", "не указано", "Не указано", "<не указано>", "Не определено", "не определено",
    "Н/Д", "н/д", "#Н/Д", "\\N",
)  # fmt: skip
"""Cells that say that nothing is known. «(none)» and «unknown» stay: they are answers."""

YES = (
    "true",
    "1",
    "yes",
    "y",
    "t",
    "да",
    "истина",
    "д",
    "+",
    "on",
    "✓",
    "успешный",
    "отвечен",
    "answered",
    "целевой",
    "уникальный",
)
NO = (
    "false",
    "0",
    "no",
    "n",
    "f",
    "нет",
    "ложь",
    "н",
    "off",
    "✗",
    "неуспешный",
    "пропущен",
    "missed",
    "нецелевой",
    "неуникальный",
)

WON = (
    "won", "win", "s", "success", "closed won", "closed-won", "closedwon", "выиграна", "выиграно", "выигран", "успешно реализовано",
    "успешно реализована", "сделка успешна", "успех", "успешно", "успешная", "сделка заключена", "продано", "продажа", "оплачено", "оплачен",
    "paid", "sold", "успешно завершена", "завершена успешно", "закрыта успешно", "закрыто успешно",
)  # fmt: skip
LOST = (
    "lost", "lose", "loose", "f", "fail", "failed", "closed lost", "closed-lost", "closedlost", "проиграна", "проиграно", "проигран", "потеряна",
    "закрыто и не реализовано", "закрыта и не реализована", "не реализовано", "сделка провалена", "провалена", "провал", "отказ", "отказано",
    "junk", "apology",
    "анализ причины провала", "cancelled", "canceled", "отменена", "отменено", "отменён", "отменен", "закрыта неуспешно", "closed lost to competition",
)  # fmt: skip
OPEN = (
    "open", "p", "new", "in progress", "pending", "process", "в работе", "открыта", "открыто", "новая", "новый", "активна", "в процессе",
    "первичный контакт", "неразобранное", "qualification", "needs analysis", "negotiation", "proposal",
)  # fmt: skip

TOTALS = r"^\W*(всего|итого|итог|итоги|total|totals|grand total|общий итог|сумма по всем|total rows|всего строк)(\W|$)"
"""A row that sums up the others begins so in one of its first cells (lower case)."""

MONTHS = {
    1: ("янв", "jan"), 2: ("фев", "feb"), 3: ("мар", "mar"), 4: ("апр", "apr"), 5: ("май", "мая", "may"), 6: ("июн", "jun"),
    7: ("июл", "jul"), 8: ("авг", "aug"), 9: ("сен", "sep"), 10: ("окт", "oct"), 11: ("ноя", "nov"), 12: ("дек", "dec"),
}  # fmt: skip
"""First letters of the months' names."""

CURRENCIES = {
    "RUB": ("₽", "руб", "р.", "rur", "rub"), "EUR": ("€", "eur"), "GBP": ("£", "gbp"), "BRL": ("r$", "brl"), "UAH": ("₴", "грн", "uah"),
    "KZT": ("₸", "тенге", "тг", "kzt"), "TRY": ("₺", "try"), "INR": ("₹", "inr"), "USD": ("us$", "$", "usd"), "BYN": ("br", "byn"),
}  # fmt: skip
"""Signs and words of money. A bare «$» is the business's own dollar where it counts in dollars."""

MONEY_CODES = (
    "rub", "rur", "usd", "eur", "gbp", "brl", "uah", "kzt", "byn", "try", "inr", "cny", "chf", "pln", "czk", "sek", "nok", "dkk", "ils", "aed",
    "amd", "gel", "kgs", "uzs", "azn", "mxn", "ars", "clp", "cop", "pen", "cad", "aud", "nzd", "sgd", "hkd", "jpy", "krw", "thb", "idr", "vnd", "zar",
)  # fmt: skip
"""ISO codes that may stand beside an amount."""
MONEY_SIGNS = {
    "BRL": (r"r\$",), "RUB": ("₽", r"руб(лей|ля|ль)?\.?", r"р\.", "rur"), "EUR": ("€",), "GBP": ("£",),
    "UAH": ("₴", r"грн\.?"), "KZT": ("₸", "тенге", r"тг\.?"),
    "TRY": ("₺",), "INR": ("₹",),
}  # fmt: skip
"""Signs and words beside an amount, as patterns (lower case)."""
DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP")
"""Currencies that write themselves with a bare «$»."""
