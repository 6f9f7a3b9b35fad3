"""Sessions: where a person's run of events ends and the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from longfunnel.core.errors import QuestionError, together
from longfunnel.core.text import Text
from longfunnel.journeys.kernels.columns import NO_COLUMN, signed
from longfunnel.journeys.kernels.compiled import kernel
from longfunnel.journeys.kernels.rules import microseconds

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """When a new session begins.

    ``silence``: after more than this without an event. ``campaign``: at an event with a campaign other than the session's
    last one (an event without a campaign never begins a session). ``midnight``: at the first event of another local day.
    ``most_actions``: once a session has so many events; None for no limit.
    """

    silence: timedelta = timedelta(minutes=30)
    campaign: bool = True
    midnight: bool = False
    most_actions: int | None = None

    def __post_init__(self) -> None:
        """Refuse rules without a meaning.

        Raises:
            QuestionError: the silence is not positive, or the limit of events is below one.
        """
        mistakes = []
        if self.silence <= timedelta(0):
            mistakes.append(
                Text(
                    "silence is {silence}; it must be longer than zero.",
                    "silence: нужно время больше нуля, а не {silence}.",
                ).format(silence=self.silence)
            )
        if self.most_actions is not None and self.most_actions < 1:
            mistakes.append(
                Text(
                    "most_actions is {most}; it must be at least 1, or left out.",
                    "most_actions: нужно число от 1 или ничего, а не {most}.",
                ).format(most=self.most_actions)
            )
        if mistakes:
            raise QuestionError(
                together(
                    mistakes, Text("These session rules cannot be followed:", "По таким правилам визиты не посчитать:")
                )
            )


GA4 = SessionRules(campaign=False)
"""Google Analytics 4: only silence ends a session."""

MATOMO = SessionRules(midnight=True, most_actions=10_000)
"""Matomo: silence, a new campaign, midnight in the site's zone, and 10 000 actions."""


def number_sessions(
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    rules: SessionRules,
    *,
    campaign: NDArray[np.int64] | None = None,
    day: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """The number of each event's session within its person, from 0.

    Person i has rows starts[i] … starts[i+1]-1, sorted by time. ``at``: microseconds UTC. ``campaign``: code of the event's
    (source, medium, campaign), -1 where it brings none (direct). ``day``: number of the local day.

    Raises:
        ValueError: a column that the rules need is missing.
    """
    missing = [
        name
        for name, column, wanted in (("campaign", campaign, rules.campaign), ("day", day, rules.midnight))
        if wanted and column is None
    ]
    if missing:
        raise ValueError(f"These session rules need the column(s) {', '.join(missing)}.")
    return session_numbers(
        signed(starts),
        signed(at),
        signed(campaign) if rules.campaign and campaign is not None else NO_COLUMN,
        signed(day) if rules.midnight and day is not None else NO_COLUMN,
        microseconds(rules.silence),
        rules.most_actions or len(at) + 1,
    )


@kernel
def session_numbers(
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    campaign: NDArray[np.int64],
    day: NDArray[np.int64],
    silence: int,
    most_actions: int,
) -> NDArray[np.int64]:
    """The kernel: an empty ``campaign`` or ``day`` means that it ends no session. O(n)."""
    number = np.empty(at.shape[0], np.int64)
    by_campaign, by_day = campaign.shape[0] > 0, day.shape[0] > 0
    for person in range(starts.shape[0] - 1):
        session, actions, current = -1, 0, -1
        for row in range(starts[person], starts[person + 1]):
            begins = row == starts[person] or at[row] - at[row - 1] > silence or actions >= most_actions
            if by_day and not begins:
                begins = day[row] != day[row - 1]
            if by_campaign and not begins:
                begins = campaign[row] >= 0 and campaign[row] != current
            if begins:
                session += 1
                actions = 0
                current = -1
            if by_campaign and campaign[row] >= 0:
                current = campaign[row]
            actions += 1
            number[row] = session
    return number
