"""What a question asks of attribution: the measure, the models, which touches and journeys take part, and how sure to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from longfunnel.core.errors import QuestionError, did_you_mean, must_be, together
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.journeys.attribution.draws import Sampling
from longfunnel.journeys.attribution.models import CUSTOM, MODELS, Decay, LastOf, Model, custom
from longfunnel.reports._engine.check import NEEDS_MENDING
from longfunnel.reports._engine.question import DEFAULT_MODEL

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question


@dataclass(frozen=True)
class Measure:
    """What is shared out. ``sql`` is each row's worth (None: the rows are counted), over the rows ``t`` of ``subject``."""

    subject: str
    metric: str
    """The metric whose title and caveats it bears."""
    sql: str | None
    moment: str
    """SQL of the instant that the whole journey runs to."""
    deal_at: str

    @property
    def is_money(self) -> bool:
        """Whether it is a sum of money."""
        return self.sql is not None


_ORDERED: Final = "coalesce(t.ordered_at, t.paid_at)"
_DEAL_OF_ORDER: Final = "d.created_at"
MEASURES: Final[dict[str, Measure]] = {
    "orders": Measure("orders", "orders", None, _ORDERED, _DEAL_OF_ORDER),
    "revenue": Measure("orders", "revenue", "t.revenue", _ORDERED, _DEAL_OF_ORDER),
    "profit": Measure("orders", "profit", "t.revenue - coalesce(t.cost_of_goods, 0)", _ORDERED, _DEAL_OF_ORDER),
    "ltv": Measure("buyers", "ltv", "t.lifetime_revenue", _ORDERED, _DEAL_OF_ORDER),
    "leads": Measure("leads", "leads", None, "t.created_at", "CAST(NULL AS TIMESTAMP)"),
    "deals": Measure("deals", "deals", None, "t.created_at", "t.created_at"),
}

TOUCHES: Final[dict[str, tuple[str, Text]]] = {
    "visit": ("t.kind = 'visit'", Text("visits", "визиты")),
    "click": (
        "t.kind = 'visit' AND (coalesce(t.is_paid, false) OR o.click_id IS NOT NULL)",
        Text("visits from an ad", "визиты с рекламы"),
    ),
    "call": ("t.kind = 'call'", Text("calls", "звонки")),
    "message": ("t.kind = 'message'", Text("messages that were clicked or answered", "сообщения с кликом или ответом")),
    "email": (
        "t.kind = 'message' AND regexp_full_match(lower(o.medium), 'e[-_ ]?mail|почта|письмо')",
        Text("e-mails that were clicked or answered", "письма с кликом или ответом"),
    ),
    "chat": (
        "t.kind = 'message' AND NOT regexp_full_match(lower(coalesce(o.medium, 'chat')), 'e[-_ ]?mail|почта|письмо|sms|смс|push|пуш')",
        Text("messages of chats and messengers", "сообщения чатов и мессенджеров"),
    ),
    "lead": ("t.kind = 'lead'", Text("leads that say where they came from", "лиды, которые сами называют источник")),
    "deal": ("t.kind = 'deal'", Text("deals that say so", "сделки, которые сами его называют")),
}
"""Kinds of touches, as conditions over a touch ``t`` and its origin ``o``."""

SHOWN: Final = ("first", "last_non_direct", "linear", "markov", "shapley")
"""The models that are compared unless others are named."""
_MOST_DRAWS: Final = 2000


@dataclass(frozen=True)
class Asked:
    """One question of attribution, read."""

    measure_name: str
    measure: Measure
    models: tuple[Model, ...]
    dimensions: tuple[tuple[str, str], ...]
    """Name and SQL over the origin ``o``."""
    touches: tuple[str, ...]
    """Names of kinds; empty: all."""
    skips_direct: bool
    until_lead: bool
    after_previous: bool
    chosen: tuple[str, ...]
    """The channels of the model last_from."""
    sampling: Sampling
    side_by_side: bool
    window_days: int


def read_asked(context: Context, question: Question) -> Asked:
    """The question's options, checked together.

    Raises:
        QuestionError: an option cannot be read, or the question cuts by what touches do not know.
    """
    mistakes: list[Text] = []

    def choice(option: str, default: str, *known: str) -> str:
        word = question.option(option) or default
        if word not in known:
            mistakes.append(must_be(option, word, known))
            return default
        return word

    def number(option: str, default: float, low: float, high: float) -> float:
        word = question.option(option)
        try:
            value = float(word) if word else default
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            mistakes.append(
                Text(
                    "{option} is «{word}», and must be a number from {low:g} to {high:g}.",
                    "{option}: нужно число от {low:g} до {high:g}, а не «{word}».",
                ).format(option=option, word=word, low=low, high=high)
            )
            return default
        return value

    kinds = tuple(word.strip() for word in question.option("touches").split(",") if word.strip())
    mistakes += [
        Text("there are no touches «{kind}».", "касаний вида «{kind}» нет.").format(kind=kind)
        + did_you_mean(kind, TOUCHES)
        for kind in kinds
        if kind not in TOUCHES
    ]
    half_life = number("half_life", 7.0, 0.01, 3650)
    name = choice("measure", _usual(context), *MEASURES)
    found = Asked(
        measure_name=name,
        measure=MEASURES[name],
        models=_models(question, half_life, mistakes),
        dimensions=_dimensions(question, mistakes),
        touches=kinds,
        skips_direct=choice("direct", "count", "count", "skip") == "skip",
        until_lead=choice("journey", "sale", "sale", "lead") == "lead",
        after_previous=choice("after", "window", "window", "previous") == "previous",
        chosen=tuple(word.strip() for word in question.option("from").split(",") if word.strip()),
        sampling=Sampling(
            int(number("draws", 200, 0, _MOST_DRAWS)),
            int(number("seed", 1, 0, 2**31 - 1)),
            number("interval", 90, 50, 99.9) / 100,
        ),
        side_by_side=choice("view", "rows", "rows", "side") == "side",
        window_days=question.window_days or context.settings.counting.lookback_days,
    )
    needs_channel = any(model.rule == LastOf(("chosen",)) for model in found.models)
    if needs_channel and not found.chosen:
        mistakes.append(
            Text(
                'the model last_from needs the channel: from="Paid Search".',
                'модели last_from нужен канал: from="Paid Search".',
            )
        )
    if mistakes:
        raise QuestionError(together(mistakes, NEEDS_MENDING))
    return found


def _usual(context: Context) -> str:
    """Profit where sums are known, else orders, else leads."""
    if "orders" in context.connected:
        return "profit" if context.has_values("orders", "revenue") else "orders"
    return "leads"


def _models(question: Question, half_life: float, mistakes: list[Text]) -> tuple[Model, ...]:
    text = question.option("models") or (question.model if question.model != DEFAULT_MODEL else ",".join(SHOWN))
    names = [word.strip() for word in text.split(",") if word.strip()]
    weights = question.option("weights")
    if names == ["all"]:
        names = [name for name in MODELS if name != "last_from" or question.option("from")]
    if weights and CUSTOM not in names:
        names.append(CUSTOM)
    found = []
    for name in dict.fromkeys(names):
        if name == CUSTOM:
            if not weights:
                mistakes.append(
                    Text(
                        'the model custom needs its weights: weights="first=40, last=40, rest=20".',
                        'модели custom нужны веса: weights="first=40, last=40, rest=20".',
                    )
                )
                continue
            try:
                found.append(custom(weights))
            except QuestionError as error:
                mistakes.append(error.said)
        elif name in MODELS:
            model = MODELS[name]
            found.append(replace(model, rule=Decay(half_life)) if isinstance(model.rule, Decay) else model)
        else:
            mistakes.append(
                Text("there is no model «{name}».", "модели «{name}» нет.").format(name=name)
                + did_you_mean(name, [*MODELS, CUSTOM, "all"])
            )
    return tuple(found)


def _dimensions(question: Question, mistakes: list[Text]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in question.by:
        entry = dimension(name)
        sql = entry.sql("visits") if entry and entry.is_origin else None
        if sql is None:
            mistakes.append(
                Text(
                    "credit cannot be cut by {name}: touches do not know it. Filter by it instead.",
                    "вклад не делится по {name}: касания этого не знают. Поставьте это в фильтр.",
                ).format(name=name)
            )
        else:
            found.append((name, sql))
    for item in question.filters:
        entry = dimension(item.dimension)
        if entry and entry.is_origin:
            mistakes.append(
                Text(
                    "filter «{item}»: credit is worked out over whole journeys; cut by {dimension} instead.",
                    "фильтр «{item}»: вклад считается по путям целиком; вместо фильтра возьмите разрез {dimension}.",
                ).format(item=item, dimension=item.dimension)
            )
    return tuple(found)
