"""Episodes of an alert: one letter when a number leaves its bounds, one when it is back, however often it is looked at.

An episode ends when the number has been back within its bounds for an hour on end: one that swings around its threshold
is one episode, not twenty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from longfunnel.state import AlertState

CALM = timedelta(hours=1)
Event = Literal["", "alarm", "normal"]


@dataclass(frozen=True)
class Standing:
    """Where an alert stands."""

    state: AlertState = "unknown"
    episode: int = 0
    alarm_at: datetime | None = None
    normal_at: datetime | None = None


def after_check(standing: Standing, found: AlertState, at: datetime) -> tuple[Standing, Event]:
    """How the alert stands after a check, and what is to be told. A check that could not tell (unknown) ends no episode."""
    in_episode = standing.state == "alarm"
    if found == "alarm":
        if in_episode:
            return replace(standing, normal_at=None), ""
        return Standing("alarm", standing.episode + 1, at, None), "alarm"
    if not in_episode:
        return replace(standing, state=found, normal_at=None), ""
    if found == "unknown":
        return standing, ""
    since = standing.normal_at or at
    if at - since >= CALM:
        return replace(standing, state="normal", normal_at=None), "normal"
    return replace(standing, normal_at=since), ""
