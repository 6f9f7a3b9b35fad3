"""The words of letters and of their lists: schedules, what an alert watches and what it found."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from babel.dates import get_day_names

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.letters.reading import Reading
    from longfunnel.core.settings import Language
    from longfunnel.core.shown import Shown
    from longfunnel.state import Alert, Every, Rule

_ON_WEEKDAY = (
    "по понедельникам",
    "по вторникам",
    "по средам",
    "по четвергам",
    "по пятницам",
    "по субботам",
    "по воскресеньям",
)
_USUALLY = Text(
    "On such a weekday usually {middle}; from {low} to {high} is nothing special",
    "В такой день недели обычно {middle}; от {low} до {high} — в порядке вещей",
)
_WHY_NOT = {
    "unknown_value": Text("the number is unknown", "значение неизвестно"),
    "too_little_history": Text(
        "too little history: fewer than five such weekdays with data",
        "мало истории: меньше пяти таких дней недели с данными",
    ),
}


def schedule_words(every: Every, on_day: int, minute: int, language: Language) -> str:
    """When a subscription is due: «every Monday at 09:00»."""
    clock = f"{minute // 60:02}:{minute % 60:02}"
    match every:
        case "day":
            return Text("every day at {clock}", "каждый день в {clock}").format(clock=clock).to(language)
        case "week":
            return (
                Text("{day} at {clock}", "{day} в {clock}")
                .format(day=weekday_words(on_day, language), clock=clock)
                .to(language)
            )
        case "month":
            if on_day == 31:
                return (
                    Text("on the last day of the month at {clock}", "в последний день месяца в {clock}")
                    .format(clock=clock)
                    .to(language)
                )
            return (
                Text("on day {day} of every month at {clock}", "{day}-го числа каждого месяца в {clock}")
                .format(day=on_day, clock=clock)
                .to(language)
            )


def weekday_words(day: int, language: Language) -> str:
    """An ISO weekday as the day of a schedule: «every Monday»."""
    name = get_day_names("wide", locale="en")[day - 1]
    return Text(f"every {name}", _ON_WEEKDAY[day - 1]).to(language)


def rule_words(rule: Rule, threshold: Decimal | None, form: str, shown: Shown) -> str:
    """What an alert waits for: «above 2 000 ₽»."""
    if rule == "unusual":
        return shown.text(Text("unusual for the weekday", "необычно для дня недели"))
    amount = shown.whole(threshold, form)
    return shown.text(
        Text(f"above {amount}", f"выше {amount}") if rule == "above" else Text(f"below {amount}", f"ниже {amount}")
    )


def value_words(reading: Reading, shown: Shown) -> str:
    """The number of a reading."""
    return shown.card(reading.value, reading.format)


def headline_words(alert: Alert, reading: Reading, shown: Shown, *, is_alarm: bool) -> str:
    """What happened, in one line."""
    title = Text(*reading.title).to(shown.language)
    if not is_alarm:
        return shown.text(Text("{title}: back to normal", "{title}: снова в норме").format(title=title))
    if alert.rule != "unusual":
        return f"{title}: {rule_words(alert.rule, alert.threshold, reading.format, shown)}"
    is_high = reading.high is not None and reading.value is not None and reading.value > reading.high
    said = Text("unusually high", "необычно много") if is_high else Text("unusually low", "необычно мало")
    return f"{title}: {shown.text(said)}"


def bounds_words(alert: Alert, reading: Reading, shown: Shown) -> str:
    """What the number was judged by, or why it could not be judged."""
    if reading.why:
        return shown.text(_WHY_NOT[reading.why])
    if alert.rule != "unusual":
        said = rule_words(alert.rule, alert.threshold, reading.format, shown)
        return shown.text(Text("Told when it is {rule}", "Граница: {rule}").format(rule=said))
    low, middle, high = (
        shown.card(_rounded(one, reading.format), reading.format) for one in (reading.low, reading.middle, reading.high)
    )
    return shown.text(_USUALLY.format(low=low, middle=middle, high=high))


def _rounded(value: Decimal | None, form: str) -> Decimal | None:
    return value.quantize(Decimal(1)) if value is not None and form == "count" else value
