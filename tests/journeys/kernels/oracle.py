"""What a funnel means, in plain Python: every attempt is enumerated and judged. Slow, and the definition."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.journeys.funnels.funnel import Funnel


@dataclass(frozen=True)
class Event:
    """One event: its instant in microseconds, the steps and exclusions it matches (from 0), and what it carries."""

    at: int
    steps: frozenset[int] = frozenset()
    exclusions: frozenset[int] = frozenset()
    hold: int | None = None
    session: int = 0


@dataclass(frozen=True)
class Found:
    """A counted unit: whose, how far (from 0), which steps some attempt reached, the row matched at each step."""

    person: int
    session: int
    furthest: int
    reached: frozenset[int]
    rows: tuple[int | None, ...]


Rows = tuple[int | None, ...]


def run(persons: list[list[Event]], funnel: Funnel) -> list[Found]:
    """All counted units that entered the funnel, by person and session; rows are numbered through all persons."""
    found = []
    first_row = 0
    for person, events in enumerate(persons):
        rows = list(enumerate(events, first_row))
        first_row += len(events)
        sessions = sorted({e.session for e in events if e.session >= 0}) if funnel.count == "sessions" else [0]
        for session in sessions:
            mine = [(r, e) for r, e in rows if funnel.count != "sessions" or e.session == session]
            found += [Found(person, session, *unit) for unit in units(mine, funnel)]
    return found


def units(rows: list[tuple[int, Event]], funnel: Funnel) -> list[tuple[int, frozenset[int], Rows]]:
    """The reported attempt of one person or session, or all counted attempts."""
    streams = [rows]
    if funnel.hold:
        values = sorted({e.hold for _, e in rows if e.hold is not None})
        streams = [[(r, bare(e)) for r, e in rows if e.hold in (v, None)] for v in values]
    if funnel.count == "attempts":
        return sorted((u for stream in streams for u in split(stream, funnel)), key=lambda u: spent(u[2]))
    attempts = [(rank(a, dict(s), funnel), a) for s in streams for a in enumerate_attempts(s, funnel)]
    if not attempts:
        return []
    reached = frozenset(k for _, a in attempts for k in reached_by(a, funnel))
    best = min(attempts, key=lambda pair: pair[0])[1]
    return [(max(reached), reached, best)]


def bare(event: Event) -> Event:
    """An event without a held value serves no step, and can only stand in the way."""
    return event if event.hold is not None else Event(event.at, frozenset(), event.exclusions)


def split(rows: list[tuple[int, Event]], funnel: Funnel) -> list[tuple[int, frozenset[int], Rows]]:
    """The best attempt, then the same before its first and after its last row."""
    attempts = list(enumerate_attempts(rows, funnel))
    if not attempts:
        return []
    best = min(attempts, key=lambda a: rank(a, dict(rows), funnel))
    used = spent(best)
    reached = reached_by(best, funnel)
    before = [(r, e) for r, e in rows if r < used[0]]
    after = [(r, e) for r, e in rows if r > used[-1]]
    return [(max(reached), reached, best), *split(before, funnel), *split(after, funnel)]


def spent(attempt: Rows) -> list[int]:
    """The rows an attempt uses, sorted."""
    return sorted(r for r in attempt if r is not None)


def reached_by(attempt: Rows, funnel: Funnel) -> frozenset[int]:
    """The steps that one attempt reaches: those matched; in any order, as many as were matched."""
    matched = [k for k, r in enumerate(attempt) if r is not None]
    return frozenset(range(len(matched)) if funnel.order == "any" else matched)


def rank(attempt: Rows, events: dict[int, Event], funnel: Funnel) -> tuple[object, ...]:
    """Smaller is better: further, entered earlier, completed earlier; then step by step matched before skipped, earlier first.

    Where attempts are counted, completed earlier comes before entered earlier.
    """
    position = {r: (r if funnel.ties == "recorded" else events[r].at) for r in spent(attempt)}
    steps = tuple((r is None, r or 0) for r in attempt)
    entered, completed = min(position.values()), max(position.values())
    order = (completed, entered) if funnel.count == "attempts" else (entered, completed)
    return (-max(reached_by(attempt, funnel)), *order, steps)


def enumerate_attempts(rows: list[tuple[int, Event]], funnel: Funnel) -> Iterator[Rows]:
    """Every assignment of distinct rows to steps that the rules allow."""
    events = dict(rows)
    choices = [[None, *(r for r, e in rows if k in e.steps)] for k in range(len(funnel.steps))]
    for attempt in product(*choices):
        if any(r is not None for r in attempt) and allowed(attempt, events, funnel):
            yield attempt


def allowed(attempt: Rows, events: dict[int, Event], funnel: Funnel) -> bool:
    """Whether an assignment of rows to steps is an attempt by every rule of the funnel."""
    used = [(k, r) for k, r in enumerate(attempt) if r is not None]
    rows = [r for _, r in used]
    if len(set(rows)) < len(rows):
        return False
    micros = lambda delta: delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds  # noqa: E731
    times = [events[r].at for r in rows]
    if max(times) - min(times) > micros(funnel.window):
        return False
    last = used[-1][0]
    if funnel.order == "any":
        if funnel.ties == "after" and len(set(times)) < len(times):
            return False
        first_row = min(rows, key=lambda r: (events[r].at, r))
        last_row = max(rows, key=lambda r: (events[r].at, r))
        return not any(e.exclusions and between(first_row, r, last_row, events, funnel) for r, e in events.items())
    if any(attempt[k] is None and not funnel.steps[k].optional for k in range(last)):
        return False
    for (_, one), (step, two) in pairwise(used):
        gap = events[two].at - events[one].at
        follows = {"recorded": two > one, "after": gap > 0, "either": gap >= 0}[funnel.ties]
        within = funnel.steps[step].within
        if not follows or (within is not None and gap > micros(within)):
            return False
    if funnel.order == "strict" and any(
        r not in rows and between(rows[0], r, rows[-1], events, funnel) for r in events
    ):
        return False
    for j, exclusion in enumerate(funnel.exclusions):
        a = exclusion.from_step - 1
        b = (exclusion.to_step or len(funnel.steps)) - 1
        start = [r for k, r in used if k <= a][-1]
        end = ([r for k, r in used if k >= b] or [rows[-1]])[0]
        if any(j in e.exclusions and between(start, r, end, events, funnel) for r, e in events.items()):
            return False
    return True


def between(start: int, row: int, end: int, events: dict[int, Event], funnel: Funnel) -> bool:
    """Whether a row lies between two others, in the order of which the tie rule is sure."""
    if funnel.ties == "recorded":
        return start < row < end
    return events[start].at < events[row].at < events[end].at
