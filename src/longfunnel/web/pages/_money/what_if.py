"""What if: the forecast with something changed, as a form whose answer follows the hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.reports import Question
from longfunnel.web.pages._money.forecast_tabs import WEEKS, forecast_tabs
from longfunnel.web.pages._money.parts import money_tabs, picked, settled, strip_without
from longfunnel.web.pages._money.pictures import Line, ranges, short
from longfunnel.web.table import explain_url, table_of

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.reports import Answer
    from longfunnel.web.visit import Visit

_LEVERS: Final = {
    "cr1": (
        Text("Conversion to an order", "Конверсия в заказ"),
        Text("more of the leads buy", "из тех же лидов покупает больше"),
    ),
    "price": (Text("Price", "Цена"), Text("each order brings more", "каждый заказ приносит больше")),
    "leads": (Text("Leads", "Лиды"), Text("more people ask", "обращается больше людей")),
    "budget": (
        Text("Ad budget", "Рекламный бюджет"),
        Text("by the channels' curves of spend", "по кривым расхода каналов"),
    ),
    "stage_time": (Text("Time in stages", "Время на этапах"), Text("less is sooner", "меньше — значит быстрее")),
}
_NUMBER = re.compile(r"[-+−]?\d{1,3}(?:[.,]\d{1,2})?")
_EXAMPLE: Final = {"cr1": "10"}
"""What is shown before anything is asked."""


@dataclass(frozen=True)
class Lever:
    """One field of the form."""

    name: str
    title: str
    hint: str
    value: str
    """As it was typed."""
    part: float
    """In per cent."""
    mistake: str


def show(visit: Visit) -> Response[Any]:
    """The form, and the money by it."""
    if first := settled(visit):
        return first
    weeks = picked(visit, "_weeks", WEEKS, "13")
    is_example = not any(visit.address.has(f"_{name}") for name in _LEVERS)
    levers = [
        _lever(visit, name, _EXAMPLE.get(name, "") if is_example else visit.parameter(f"_{name}")) for name in _LEVERS
    ]
    stages = _stages(visit)
    stage = picked(visit, "_stage", stages, "")
    values: dict[str, Any] = {"mistake": "", "answer": None}
    changed = {lever.name: f"{lever.part:+g}%" for lever in levers if lever.part}
    if changed:
        options = (
            *changed.items(),
            *((("stage", stage),) if stage and "stage_time" in changed else ()),
            ("weeks", weeks),
        )
        try:
            values |= _answered(visit, msgspec.structs.replace(visit.question, options=options))
        except QuestionError as error:
            values["mistake"] = error.to(visit.language)
    return visit.show(
        "pages/what_if.html",
        strip=strip_without(visit, "model", "basis"),
        tabs=money_tabs(visit),
        views=forecast_tabs(visit),
        levers=levers,
        stages=stages,
        stage=stage,
        weeks=[(name, visit.text(text)) for name, text in WEEKS.items()],
        chosen_weeks=weeks,
        is_example=is_example,
        kept=list(visit.address.of_question().pairs),
        **values,
    )


def _lever(visit: Visit, name: str, value: str) -> Lever:
    title, hint = _LEVERS[name]
    part, mistake = part_of(visit, value)
    return Lever(name, visit.text(title), visit.text(hint), value, part, mistake)


def part_of(visit: Visit, text: str) -> tuple[float, str]:
    """A change in per cent as it was typed, or what is wrong with it; nothing typed is no change."""
    plain = text.strip().removesuffix("%").strip()
    if not plain:
        return 0.0, ""
    if not _NUMBER.fullmatch(plain):
        return 0.0, visit.text(Text("A change in per cent: 10 or -20.", "Изменение в процентах: 10 или -20."))
    return float(plain.replace(",", ".").replace("−", "-")), ""


def _stages(visit: Visit) -> list[str]:
    """The stages that deals stand in now."""
    question = Question("forecast", as_of=visit.question.as_of, options=(("view", "pipeline"),))
    return list(dict.fromkeys(row["stage"] for row in visit.ask(question).rows if row["pipeline"] is not None))


def _answered(visit: Visit, question: Question) -> dict[str, Any]:
    answer = visit.ask(question)
    if not answer.rows:
        return {"answer": answer, "chart": None}
    rows, is_money = answer.rows, answer.rows[0]["expected_revenue"] is not None
    name, form = ("revenue", "money") if is_money else ("orders", "ratio")
    lines = [
        Line(
            f"expected_{name}",
            visit.text(answer.column(f"expected_{name}").title),
            1,
            low=f"{name}_low",
            high=f"{name}_high",
        )
    ]
    return {
        "answer": answer,
        "title": _said(visit, answer, name, form),
        "chart": ranges(visit, answer, rows, [row["title"] for row in rows], lines),
        "table": table_of(visit, answer, order="_sort"),
        "explain": explain_url(visit.address, answer, f"{name}_gain"),
        "gains": [_gain(visit, row, is_money=is_money) for row in rows],
    }


def _said(visit: Visit, answer: Answer, name: str, form: str) -> str:
    """What all the changes together bring, in words."""
    gain = answer.rows[-1][f"{name}_gain"]
    said = Text("{gain} against the forecast as it is", "{gain} к прогнозу «как есть»")
    return visit.text(said.format(gain=signed(visit, gain, form)))


def _gain(visit: Visit, row: dict[str, Any], *, is_money: bool) -> dict[str, Any]:
    """One line of the answer, as a number with its gain."""
    name, form = ("revenue", "money") if is_money else ("orders", "ratio")
    gain = row[f"{name}_gain"]
    return {
        "title": row["title"],
        "value": short(visit, row[f"expected_{name}"], form),
        "orders": short(visit, row["expected_orders"], "ratio"),
        "gain": "" if gain is None else signed(visit, gain, form),
        "sense": "same" if not gain else "better" if gain > 0 else "worse",
    }


def signed(visit: Visit, value: Any, form: str) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{short(visit, abs(value), form)}"
