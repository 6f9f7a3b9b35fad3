"""The catalogue of attribution models. A model is a title, a sentence that says its rule, and the rule itself.

To add a model, add an entry to ``MODELS``: most are a table of shares (``Roles``) or an order of preference (``LastOf``).

Shares of the position models as HubSpot publishes them (knowledge.hubspot.com, «Understand attribution models»); time decay with
a half-life of seven days as Google Analytics had it; Markov chains after Anderl, Becker, von Wangenheim and Schumann, «Mapping the
customer journey», International Journal of Research in Marketing 33 (2016); Shapley after Zhao, Mahboobi and Bagheri, «Shapley Value
Methods for Attribution Modeling in Online Advertising» (2018); lift after Dalessandro, Perlich, Stitelman and Provost, «Causally
Motivated Attribution for Online Advertising» (2012).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Final, Literal

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text

Kind = Literal["paid", "not_direct", "chosen"]
"""What a touch can be picked for: it was paid for, it is not direct, it is from the channel that was named."""


@dataclass(frozen=True)
class Roles:
    """Shares of the touches with a role, in whole parts; ``rest`` is shared evenly by the touches without one.

    The first and the last touch of the journey have a role, and so has the touch behind the lead and the one behind the deal:
    the last touch not later than that moment. A touch with several roles has the sum. A role without a touch (no lead, no
    touch before it) and a rest without touches leave their share to the others, in proportion to theirs.
    """

    first: int = 0
    lead: int = 0
    deal: int = 0
    last: int = 0
    rest: int = 0


@dataclass(frozen=True)
class LastOf:
    """All to the last touch of the first kind that the journey has; to the last touch where it has none of them."""

    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class Decay:
    """A touch that is ``half_life_days`` older than another has half of its share."""

    half_life_days: float = 7.0


@dataclass(frozen=True)
class Distinct:
    """Evenly to the different channels of the journey, each by its last touch: the Shapley value of the game in which a group
    of channels earns the journeys that touched no channel outside the group."""


@dataclass(frozen=True)
class Chain:
    """In proportion to what would be lost without the channel, in a Markov chain that remembers the last ``order`` touches."""

    order: Literal[1, 2] = 1


@dataclass(frozen=True)
class Lift:
    """The Shapley value of the game in which a journey is worth what journeys of those of its channels that play earn on average."""


Rule = Roles | LastOf | Decay | Distinct | Chain | Lift


@dataclass(frozen=True)
class Model:
    """One way to share credit. ``rule`` is what the kernels go by."""

    name: str
    title: Text
    meaning: Text
    rule: Rule

    @property
    def is_by_touch(self) -> bool:
        """Whether each journey's credit follows from that journey alone; Markov and lift learn from all of them together."""
        return not isinstance(self.rule, (Chain, Lift))

    @property
    def is_whole(self) -> bool:
        """Whether all of a sale goes to one touch, so that sales stay whole numbers."""
        return isinstance(self.rule, LastOf) or self.rule in (Roles(first=1), Roles(last=1))

    @property
    def needs_lost(self) -> bool:
        """Whether journeys that came to nothing take part."""
        return not self.is_by_touch


_CATALOGUE = (
    Model(
        "first",
        Text("First touch", "Первое касание"),
        Text("All to the first touch.", "Всё первому касанию."),
        Roles(first=1),
    ),
    Model(
        "last",
        Text("Last touch", "Последнее касание"),
        Text("All to the last touch.", "Всё последнему касанию."),
        Roles(last=1),
    ),
    Model(
        "last_non_direct",
        Text("Last non-direct touch", "Последнее непрямое касание"),
        Text(
            "All to the last touch that is not direct; to the last one where all are direct.",
            "Всё последнему касанию, которое не прямой заход; если все прямые — последнему.",
        ),
        LastOf(("not_direct",)),
    ),
    Model(
        "last_paid",
        Text("Last paid touch", "Последнее платное касание"),
        Text(
            "All to the last touch that was paid for; without one, to the last that is not direct, else to the last.",
            "Всё последнему платному касанию; если платных нет — последнему непрямому, иначе последнему.",
        ),
        LastOf(("paid", "not_direct")),
    ),
    Model(
        "last_from",
        Text("Last touch from the chosen channel", "Последнее касание из выбранного канала"),
        Text(
            "All to the last touch from the channel named by the option «from»; to the last touch where it took no part.",
            "Всё последнему касанию из канала, названного в настройке from; где его не было — последнему касанию.",
        ),
        LastOf(("chosen",)),
    ),
    Model(
        "linear",
        Text("Linear", "Линейная"),
        Text("The same share to every touch.", "Поровну всем касаниям."),
        Roles(rest=1),
    ),
    Model(
        "position",
        Text("Position 40/20/40", "По позиции 40/20/40"),
        Text(
            "40 % to the first touch, 40 % to the last, 20 % to those between. Two touches have half each.",
            "40 % первому касанию, 40 % последнему, 20 % тем, что между ними. Двум касаниям — поровну.",
        ),
        Roles(first=40, last=40, rest=20),
    ),
    Model(
        "time_decay",
        Text("Time decay", "С давностью"),
        Text(
            "The nearer to the sale, the more: a touch a half-life older has half the share (7 days; option «half_life»).",
            "Чем ближе к продаже, тем больше: касание на период полураспада старше получает вдвое меньше "
            "(7 дней; настройка half_life).",
        ),
        Decay(),
    ),
    Model(
        "j_shape",
        Text("J-shaped 20/20/60", "J-образная 20/20/60"),
        Text(
            "20 % to the first touch, 60 % to the last, 20 % to those between.",
            "20 % первому касанию, 60 % последнему, 20 % тем, что между ними.",
        ),
        Roles(first=20, last=60, rest=20),
    ),
    Model(
        "inverse_j",
        Text("Inverse J 60/20/20", "Обратная J 60/20/20"),
        Text(
            "60 % to the first touch, 20 % to the last, 20 % to those between.",
            "60 % первому касанию, 20 % последнему, 20 % тем, что между ними.",
        ),
        Roles(first=60, last=20, rest=20),
    ),
    Model(
        "w_shape",
        Text("W-shaped 30/30/30/10", "W-образная 30/30/30/10"),
        Text(
            "30 % each to the first touch, the touch behind the lead and the touch behind the deal; 10 % to the others.",
            "По 30 % первому касанию, касанию перед лидом и касанию перед сделкой; 10 % остальным.",
        ),
        Roles(first=30, lead=30, deal=30, rest=10),
    ),
    Model(
        "full_path",
        Text("Full path 22.5×4/10", "Полный путь 22,5×4/10"),
        Text(
            "22.5 % each to the first touch, the touches behind the lead and the deal, and the last; 10 % to the others.",
            "По 22,5 % первому касанию, касаниям перед лидом и перед сделкой и последнему; 10 % остальным.",
        ),
        Roles(first=225, lead=225, deal=225, last=225, rest=100),
    ),
    Model(
        "markov",
        Text("Markov chain", "Цепь Маркова"),
        Text(
            "In proportion to the share of sales that would be lost if the channel were not there, in a chain of touches "
            "learnt from all journeys, also from those that came to nothing. Exact, by linear algebra.",
            "Пропорционально доле продаж, которая пропала бы без канала, в цепи касаний, построенной по всем путям, "
            "в том числе не дошедшим до продажи. Точно, линейной алгеброй.",
        ),
        Chain(1),
    ),
    Model(
        "markov_2",
        Text("Markov chain, order 2", "Цепь Маркова 2-го порядка"),
        Text(
            "As Markov, but the next step depends on the last two channels.",
            "Как цепь Маркова, но следующий шаг зависит от двух последних каналов.",
        ),
        Chain(2),
    ),
    Model(
        "shapley",
        Text("Shapley", "Шепли"),
        Text(
            "Each journey evenly to its different channels: the Shapley value where a group of channels earns the "
            "journeys that touched no other channel. Exact for any number of channels.",
            "Каждый путь поровну его разным каналам: вектор Шепли, где группа каналов зарабатывает пути, в которых не "
            "было других каналов. Точно при любом числе каналов.",
        ),
        Distinct(),
    ),
    Model(
        "shapley_lift",
        Text("Shapley of lift", "Шепли по приросту"),
        Text(
            "The Shapley value where a journey without some of its channels earns what journeys with just the others earn "
            "on average. Exact up to 12 channels in a journey, sampled above. May be negative: journeys with the channel "
            "earn less than those without.",
            "Вектор Шепли, где путь без части своих каналов приносит столько, сколько в среднем пути только с "
            "остальными. Точно до 12 каналов в пути, дальше по выборке. Может быть меньше нуля: пути с каналом "
            "приносят меньше, чем без него.",
        ),
        Lift(),
    ),
)

MODELS: Final[dict[str, Model]] = {model.name: model for model in _CATALOGUE}
CUSTOM: Final = "custom"
"""The model whose shares the question gives."""
PLAIN: Final[dict[str, Model]] = {name: model for name, model in MODELS.items() if name != "last_from"}
"""Models that need nothing more than their name."""

_ROLES: Final = ("first", "lead", "deal", "last", "rest")
_PART = re.compile(r"\s*(\w+)\s*[=:]\s*(\d+(?:\.\d+)?)\s*%?\s*")
_LARGEST: Final = 10_000


def custom(text: str) -> Model:
    """A model with the shares of ``text``: ``first=30, lead=30, last=30, rest=10``. What is not named has none.

    Raises:
        QuestionError: a role that does not exist or is named twice, no share at all, or more than four digits.
    """
    found: dict[str, Fraction] = {}
    for piece in filter(None, (piece.strip() for piece in re.split(r"[,;]", text))):
        part = _PART.fullmatch(piece)
        if part is None:
            raise QuestionError(
                Text(
                    "«{piece}» is not a share; write weights as first=40, last=40, rest=20.",
                    "«{piece}» — не доля; пишите веса как first=40, last=40, rest=20.",
                ).format(piece=piece)
            )
        role, share = part.group(1), Fraction(part.group(2))
        if role not in _ROLES:
            raise QuestionError(
                Text("There is no role «{role}».", "Роли «{role}» нет.").format(role=role) + did_you_mean(role, _ROLES),
                hint=Text("Roles: {names}.", "Роли: {names}.").format(names=", ".join(_ROLES)),
            )
        if role in found:
            raise QuestionError(
                Text("The role «{role}» is named twice in «{text}».", "Роль «{role}» стоит дважды в «{text}».").format(
                    role=role, text=text
                )
            )
        found[role] = share
    whole = lcm(*(share.denominator for share in found.values()))
    parts = {role: int(share * whole) for role, share in found.items()}
    if not any(parts.values()) or max(parts.values()) > _LARGEST:
        raise QuestionError(
            Text(
                "«{text}» must give some role more than 0, in at most four digits.",
                "«{text}»: хотя бы у одной роли должно быть больше 0, не длиннее четырёх знаков.",
            ).format(text=text),
            hint=Text("As first=40, last=40, rest=20.", "Например, first=40, last=40, rest=20."),
        )
    said = ", ".join(f"{role} {share}" for role, share in found.items())
    return Model(
        CUSTOM,
        Text("Custom weights", "Свои веса"),
        Text("Shares as given: {said}.", "Доли как заданы: {said}.").format(said=said),
        Roles(**parts),
    )
