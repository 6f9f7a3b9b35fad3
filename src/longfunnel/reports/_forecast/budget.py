"""Advice on the budget from channels' weeks, and what the same advice would have done in the past."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.models.allocation import allocate
from longfunnel.models.response import Curve
from longfunnel.reports._forecast.channel_weeks import TRIED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longfunnel.reports._forecast.channel_weeks import Channel, Weeks

    Floats = NDArray[np.float64]

_POINTS: Final = 31

Interval = tuple[float, float, float]
"""Expected, and between what it lies 90 times of 100."""


@dataclass(frozen=True)
class Limits:
    """Within what the money may be moved; amounts are per week."""

    move: float = 0.3
    budget: float = 0.0
    """Change of the whole budget, as a part of it."""
    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """One channel, per week. ``why`` is the code of the reason for which it has no curve."""

    name: str
    spend: float
    leads: float
    worth: float | None
    advised: float
    marginal: Interval | None = None
    gain: Interval | None = None
    why: str = ""


@dataclass(frozen=True)
class Plan:
    """The advice on all channels, and what following it gains a week in all over the spend of now; None where no channel has a curve."""

    channels: list[Advice]
    gain: Interval | None
    is_even: bool
    """Whether no sharing is surely better than the plain one: the money as it is, or, with another budget, as much more or less everywhere."""


@dataclass(frozen=True)
class Tried:
    """The advice of then against what was really spent: gain over ``weeks``, and the leads expected and come at the real spend."""

    weeks: int
    gain: Interval
    expected: float
    came: float


def spends_of(channels: list[Channel], recent: int) -> dict[str, float]:
    """What each channel spends a week: the mean of the last ``recent`` weeks."""
    return {channel.name: float(channel.spend[-recent:].mean()) for channel in channels if len(channel.spend)}


def advise(weeks: Weeks, limits: Limits, recent: int) -> Plan:
    """What to spend a week on each channel.

    The best sharing is advised only where it surely gains over the plainer one: over leaving the money where it is, or, where the
    whole budget is to change, over changing every channel by the same part.
    """
    curves, spends = weeks.curves, spends_of(weeks.channels, recent)
    even = _evenly(weeks.channels, curves, spends, limits)
    advised = _shared(weeks.channels, curves, spends, limits)
    if not _is_sure(weeks.channels, curves, even, advised):
        advised = even
    found = []
    for channel in weeks.channels:
        curve, spend = curves[channel.name], spends.get(channel.name, 0.0)
        leads = float(channel.leads[-recent:].mean()) if len(channel.leads) else 0.0
        one = Advice(channel.name, spend, leads, channel.worth, advised.get(channel.name, spend))
        if isinstance(curve, str) or channel.worth is None:
            found.append(replace(one, why=curve if isinstance(curve, str) else "no_worth"))
            continue
        worth, to = channel.worth, one.advised
        slopes = np.quantile(curve.slope_drawn(spend) * worth, [0.05, 0.95])
        gains = np.quantile((curve.brings_drawn(to) - curve.brings_drawn(spend)) * worth - (to - spend), [0.05, 0.95])
        gain = (curve.brings(to) - curve.brings(spend)) * worth - (to - spend)
        found.append(
            replace(
                one,
                marginal=(curve.slope(spend) * worth, float(slopes[0]), float(slopes[1])),
                gain=(gain, float(gains[0]), float(gains[1])),
            )
        )
    return Plan(found, gain_of(weeks.channels, curves, spends, advised), advised == even)


@dataclass(frozen=True)
class Point:
    """What a channel brings in a week beyond what comes without it, at one spend: leads, and the money that they are worth."""

    name: str
    spend: float
    leads: Interval
    brings: Interval


def points_of(weeks: Weeks, recent: int) -> list[Point]:
    """The curves of the channels that have one, drawn from nothing to well beyond what was ever spent in a week."""
    curves, spends = weeks.curves, spends_of(weeks.channels, recent)
    found = []
    for channel in weeks.channels:
        if not isinstance(curve := curves[channel.name], Curve):
            continue
        most = max(float(channel.spend.max()), 1.5 * spends[channel.name])
        for spend in np.linspace(0, most, _POINTS).tolist():
            low, high = np.quantile(curve.brings_drawn(spend), [0.05, 0.95]).tolist()
            leads = (curve.brings(spend), low, high)
            worth = channel.worth or 0.0
            found.append(Point(channel.name, spend, leads, (leads[0] * worth, low * worth, high * worth)))
    return found


def _is_sure(
    channels: list[Channel], curves: dict[str, Curve | str], spends: dict[str, float], advised: dict[str, float]
) -> bool:
    """Whether the interval of what ``advised`` gains over ``spends``, in all and less the money, lies above nothing."""
    found = gain_of(channels, curves, spends, advised)
    return found is not None and found[1] > 0


def gain_of(
    channels: list[Channel], curves: dict[str, Curve | str], spends: dict[str, float], advised: dict[str, float]
) -> Interval | None:
    """What one way to spend gains over another in a week, in all, less the difference of spend; None where no channel has a curve."""
    drawn, mean = [], 0.0
    for channel in channels:
        if isinstance(curve := curves[channel.name], Curve):
            now, to, worth = spends[channel.name], advised[channel.name], channel.worth or 0.0
            drawn.append((curve.brings_drawn(to) - curve.brings_drawn(now)) * worth - (to - now))
            mean += (curve.brings(to) - curve.brings(now)) * worth - (to - now)
    if not drawn:
        return None
    low, high = np.quantile(np.sum(drawn, axis=0), [0.05, 0.95]).tolist()
    return mean, low, high


def _movable(channels: list[Channel], curves: dict[str, Curve | str], limits: Limits) -> list[Channel]:
    """The channels whose spend may change: those with a curve that are not kept."""
    return [
        channel for channel in channels if isinstance(curves[channel.name], Curve) and channel.name not in limits.keep
    ]


def _bounds(movable: list[Channel], spends: dict[str, float], limits: Limits) -> tuple[Floats, Floats]:
    """The least and the largest spend of each channel."""
    low = np.array([max(spends[c.name] * (1 - limits.move), limits.least.get(c.name, 0.0)) for c in movable])
    high = np.array([min(spends[c.name] * (1 + limits.move), limits.most.get(c.name, np.inf)) for c in movable])
    return np.minimum(low, high), np.maximum(low, high)


def _evenly(
    channels: list[Channel], curves: dict[str, Curve | str], spends: dict[str, float], limits: Limits
) -> dict[str, float]:
    """What is spent now; where the whole budget is to change, changed by the same part wherever it may be."""
    movable = _movable(channels, curves, limits)
    if not movable or not limits.budget:
        return dict(spends)
    now = np.array([spends[channel.name] for channel in movable])
    low, high = _bounds(movable, spends, limits)
    part = 1 + limits.budget * sum(spends.values()) / max(float(now.sum()), 1e-9)
    return spends | dict(zip((c.name for c in movable), np.clip(now * part, low, high).tolist(), strict=True))


def _shared(
    channels: list[Channel], curves: dict[str, Curve | str], spends: dict[str, float], limits: Limits
) -> dict[str, float]:
    """The advised spends: those without a curve, or kept, stay."""
    movable = _movable(channels, curves, limits)
    if not movable or (len(movable) < 2 and not limits.budget):
        return dict(spends)
    own = [curve for channel in movable if isinstance(curve := curves[channel.name], Curve)]
    now = np.array([spends[channel.name] for channel in movable])
    low, high = _bounds(movable, spends, limits)
    budget = now.sum() + limits.budget * sum(spends.values())
    worth = np.array([channel.worth or 0.0 for channel in movable])
    found = allocate(np.array([c.top for c in own]), np.array([c.half for c in own]), worth, low, high, float(budget))
    return spends | {channel.name: float(spend) for channel, spend in zip(movable, found, strict=True)}


def try_advice(weeks: Weeks, limits: Limits, recent: int) -> Tried | None:
    """What advice from all but the last 13 weeks would have brought in these, judged by the curves of all weeks.

    The money is what was really spent in these weeks, shared out as advised then. None where the history before carries no two curves.
    """
    if weeks.count <= 2 * TRIED:
        return None
    before, then, now = weeks.earlier.channels, weeks.earlier.curves, weeks.curves
    both = [c for c in weeks.channels if isinstance(then[c.name], Curve) and isinstance(now[c.name], Curve)]
    names = {channel.name for channel in both}
    if len(both) < 2:
        return None
    spends = spends_of(before, recent)
    advised = _shared([c for c in before if c.name in names], then, spends, replace(limits, budget=0.0))
    real = {c.name: float(c.spend[-TRIED:].mean()) for c in both}
    scale = sum(real.values()) / max(sum(advised[name] for name in names), 1e-9)
    drawn, mean, expected, came = np.zeros(0), 0.0, 0.0, 0.0
    for channel in both:
        curve, old = now[channel.name], then[channel.name]
        assert isinstance(curve, Curve)  # noqa: S101 - both were chosen for it
        assert isinstance(old, Curve)  # noqa: S101
        to, worth = advised[channel.name] * scale, channel.worth or 0.0
        gain = (curve.brings_drawn(to) - curve.brings_drawn(real[channel.name])) * worth
        drawn = gain if not len(drawn) else drawn + gain
        mean += (curve.brings(to) - curve.brings(real[channel.name])) * worth
        expected += float(old.week_by_week(channel.spend)[-TRIED:].sum())
        came += float(channel.leads[-TRIED:].sum())
    low, high = (np.quantile(drawn, [0.05, 0.95]) * TRIED).tolist()
    return Tried(TRIED, (mean * TRIED, low, high), expected, came)
