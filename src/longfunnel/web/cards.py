"""A number as a card: its value, how it changed against the compared period, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.reports import change_text, is_below_zero, sense
from longfunnel.web.table import explain_url

if TYPE_CHECKING:
    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit


@dataclass(frozen=True)
class Card:
    """One number of an answer's total."""

    name: str
    title: str
    value: str
    whole: str
    """In full, for what is shown on hover."""
    change: str
    before: str
    sense: str
    """better, worse, same."""
    few: int | None
    explain_url: str
    behind_url: str


def card_of(visit: Visit, answer: Answer, name: str) -> Card:
    """The card of a metric of the answer's total."""
    column, value = answer.column(name), answer.totals[name]
    change, before = answer.totals.get(f"{name}_change"), answer.totals.get(f"{name}_before")
    few = next((mark.cases for mark in answer.few if mark.row is None and mark.column == name), None)
    change = change if few is None else None  # a change of what rests on too few cases is noise
    base = str(visit.address.of_question().to("/behind"))
    return Card(
        name=name,
        title=visit.text(column.title),
        value=visit.shown.card(value, column.format),
        whole=visit.shown.whole(value, column.format),
        change=change_text(visit.shown, column, value, before, change),
        before=visit.shown.card(before, column.format) if before is not None else "",
        sense=sense(value - before if value is not None and is_below_zero(before) else change, column.direction),
        few=few,
        explain_url=explain_url(visit.address, answer, name),
        behind_url=f"{base}{'&' if '?' in base else '?'}{urlencode({'_metric': name})}" if value is not None else "",
    )
