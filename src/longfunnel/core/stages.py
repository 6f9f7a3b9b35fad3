"""The stages of the long funnel, and what a business calls them: its own words in place of ours, and stages that it has none of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from longfunnel.core.errors import did_you_mean
from longfunnel.core.text import Text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

STAGES: Final = ("impressions", "clicks", "visits", "leads", "qualified_leads", "deals", "orders", "repeat_orders")
"""From the first to the last; each is a metric."""
LONGEST_NAME: Final = 40
"""Characters of a stage's name: it stands in the heads of tables and in a picture."""
_FEWEST: Final = 2


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this business calls one stage of the long funnel, wherever it is shown; what it counts stays the same."""

    metric: str
    """The stage: impressions, clicks, visits, leads, qualified_leads, deals, orders or repeat_orders."""
    en: str = ""
    """Its name in English; empty: ours."""
    ru: str = ""
    """Its name in Russian; empty: ours."""
    is_hidden: bool = False
    """Whether the long funnel leaves it out: this business has none of it."""


def shown_stages(stages: Iterable[Stage]) -> tuple[str, ...]:
    """The stages that the long funnel shows, in their order."""
    hidden = {stage.metric for stage in stages if stage.is_hidden}
    return tuple(name for name in STAGES if name not in hidden)


def stage_mistakes(stages: tuple[Stage, ...]) -> list[Text]:
    """What is wrong in ``[[stage]]``."""
    mistakes: list[Text] = []
    named = [stage.metric for stage in stages]
    for stage in stages:
        where = spoken(f"[[stage]] «{stage.metric}»: ")
        if stage.metric not in STAGES:
            none = Text("the long funnel has no such stage.", "такого этапа в длинной воронке нет.")
            mistakes.append(where + none + did_you_mean(stage.metric, STAGES))
        for language, name in (("en", stage.en), ("ru", stage.ru)):
            if len(name) > LONGEST_NAME:
                long = Text(
                    "{language} is {length} characters long, and the most is {most}.",
                    "{language} — {length} знаков, а можно не больше {most}.",
                )
                mistakes.append(where + long.format(language=language, length=len(name), most=LONGEST_NAME))
            if not name.isprintable():
                line = Text("{language} must be one line of text.", "{language}: нужна одна строка текста.")
                mistakes.append(where + line.format(language=language))
    mistakes += [
        Text("[[stage]] «{name}» stands twice.", "[[stage]] «{name}» стоит дважды.").format(name=name)
        for name in sorted({name for name in named if named.count(name) > 1})
    ]
    if len(shown_stages(stages)) < _FEWEST:
        mistakes.append(
            Text(
                "[[stage]]: at least two stages of the long funnel must stay shown.",
                "[[stage]]: в длинной воронке должно остаться хотя бы два этапа.",
            )
        )
    return mistakes
