"""What a letter says: a report's, or that of an alert's episode."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.app.letters.asking import asked_for, owner_of
from longfunnel.app.letters.content import content_of, shown_for
from longfunnel.app.letters.message import Body, workbook_of
from longfunnel.app.letters.picture import Chart, chart_of, draw
from longfunnel.app.letters.reading import Reading
from longfunnel.app.letters.words import bounds_words, headline_words, schedule_words, value_words
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.metrics import metrics

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.answering import Answering
    from longfunnel.app.letters.content import Cell, Content
    from longfunnel.core.settings import Language
    from longfunnel.core.shown import Shown
    from longfunnel.state import Alert, Letter, Subscription

_WHY = Text(
    "{owner} set this up in Longfunnel: {schedule}.", "Это письмо настроено в Longfunnel ({owner}): {schedule}."
)
_BY_DAY = Text(
    "{title} by day; the band is what is usual for the last one", "{title} по дням; полоса — обычное для последнего дня"
)
_WIDEST = 28


def report_body(answering: Answering, subscription: Subscription, due_at: datetime, public_url: str) -> Body:
    """A report's letter: the answer as it is now to the question of its time. Raises as ``asked_for`` does."""
    asked = asked_for(answering, subscription, due_at)
    language = asked.language
    content, shown = content_of(answering, asked), shown_for(answering, language)
    chart = chart_of(asked.answer, shown)
    every = schedule_words(subscription.every, subscription.on_day, subscription.minute, language)
    values = {
        "name": subscription.name,
        "it": content,
        "lines": _lines(content),
        "preview": _preview(content),
        "page_url": f"{public_url}{asked.path}",
        "picture_words": _picture_words(chart),
        "why": _WHY.format(owner=asked.owner.name, schedule=every).to(language),
    }
    return Body(
        asked.owner.email, f"{subscription.name} · {content.days}", "report", language, values,
        draw(chart) if chart else b"", workbook_of(asked.answer), f"{asked.answer.report}.xlsx",
    )  # fmt: skip


def alert_body(answering: Answering, alert: Alert, letter: Letter, public_url: str) -> Body:
    """The letter of the beginning or the end of an alert's episode, as its check found it."""
    reading = Reading.of(letter.detail)
    if reading is None:
        raise QuestionError(
            Text("The letter does not say what the check found.", "В письме не сказано, что показала проверка.")
        )
    owner, language = owner_of(answering, alert), _language(alert.language)
    shown = shown_for(answering, language)
    is_alarm = letter.kind == "alarm"
    headline = headline_words(alert, reading, shown, is_alarm=is_alarm)
    chart = _daily(reading, shown)
    watched = Text("watched after every build of the data", "проверяется после каждого обновления данных")
    values = {
        "name": alert.name,
        "headline": headline,
        "badge": shown.text(Text("Alert", "Оповещение") if is_alarm else Text("Back to normal", "Снова в норме")),
        "is_alarm": is_alarm,
        "value": value_words(reading, shown),
        "bounds": bounds_words(alert, reading, shown),
        "days": _days(reading, shown),
        "preview": f"{value_words(reading, shown)}. {bounds_words(alert, reading, shown)}",
        "page_url": f"{public_url}{reading.page}",
        "rows_url": _rows_url(alert, reading, public_url),
        "picture_words": _picture_words(chart),
        "note": _note(shown, letter.due_at, is_alarm=is_alarm),
        "why": _WHY.format(owner=owner.name, schedule=watched).to(language),
    }
    subject = f"{'⚠' if is_alarm else '✓'} {headline}"
    return Body(owner.email, subject, "alert", language, values, draw(chart) if chart else b"")


def _language(name: str) -> Language:
    return "ru" if name == "ru" else "en"


def _note(shown: Shown, at: datetime, *, is_alarm: bool) -> str:
    moment = shown.moment(at)
    if is_alarm:
        return shown.text(
            Text(
                "Noticed on {at}. The next letter comes when the number has been back within its bounds for an hour.",
                "Замечено {at}. Следующее письмо придёт, когда число час продержится в границах.",
            ).format(at=moment)
        )
    return shown.text(
        Text(
            "Back within its bounds on {at}. The next letter comes when it leaves them again.",
            "Вернулось в границы {at}. Следующее письмо придёт, когда оно снова из них выйдет.",
        ).format(at=moment)
    )


def _days(reading: Reading, shown: Shown) -> str:
    if reading.since == reading.until:
        return shown.day(reading.until) if reading.until else ""
    return shown.days_between(reading.since, reading.until)


def _rows_url(alert: Alert, reading: Reading, public_url: str) -> str:
    if alert.metric not in metrics() or (alert.rule == "unusual" and reading.until is None):
        return ""
    _, _, query = reading.page.partition("?")
    return f"{public_url}/behind?{query}&{urlencode({'_metric': alert.metric})}"


def _daily(reading: Reading, shown: Shown) -> Chart | None:
    """The days before, for an unusual change."""
    if not reading.days or reading.low is None or reading.high is None or reading.until is None:
        return None
    title = shown.text(_BY_DAY.format(title=Text(*reading.title)))
    days = [None if value is None else float(value) for value in reading.days[:-1]] + [float(reading.value or 0)]
    labels = [""] * len(days)
    labels[0] = shown.day(reading.until - timedelta(days=len(days) - 1))
    labels[-1] = shown.day(reading.until)
    return Chart(
        "columns", title, labels, days, [""] * (len(days) - 1) + [value_words(reading, shown)],
        usual=(float(reading.low), float(reading.high)), is_last_marked=True,
    )  # fmt: skip


def _picture_words(chart: Chart | None) -> str:
    """What the picture shows, for whoever does not see it."""
    if chart is None:
        return ""
    said = [f"{label}: {text}" for label, text in zip(chart.labels, chart.shown, strict=True) if label and text]
    return f"{chart.title}. {'; '.join(said[:12])}"


def _preview(content: Content) -> str:
    """The line that mail programs show beside the subject."""
    return " · ".join(
        f"{card.title} {card.cell.text} {card.cell.arrow}{card.cell.change}".strip() for card in content.cards
    )


def _lines(content: Content) -> list[str]:
    """The short table as text: columns under one another."""
    if not content.rows:
        return []
    rows = [[title for title, _ in content.heads], *([_written(cell) for cell in row] for row in content.rows)]
    rows += [[_written(cell) for cell in content.totals]] if content.totals else []
    cut = [[text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…" for text in row] for row in rows]
    widths = [max(len(row[place]) for row in cut) for place in range(len(content.heads))]
    return [
        "  ".join(
            text.rjust(width) if content.heads[place][1] else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cut
    ]


def _written(cell: Cell) -> str:
    return f"{cell.text} ({cell.change})" if cell.change else cell.text
