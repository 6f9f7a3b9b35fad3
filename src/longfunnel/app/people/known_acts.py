"""What people are known to do: the acts that steps of a funnel can be picked from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.journeys.funnels.step_language import KINDS, Act

if TYPE_CHECKING:
    import duckdb


_WHOLE = ("visit", "lead", "call", "deal", "order", "payment", "refund", "message")
"""Kinds that are steps without a name, too."""


@dataclass(frozen=True)
class KnownAct:
    """One thing to pick. ``step`` is its text in the step language, ``count`` how many such events there are."""

    act: Act
    step: str
    count: int


def known_acts(cursor: duckdb.DuckDBPyConnection, schema: str) -> list[KnownAct]:
    """Everything that is in the journeys, most frequent first: pages, events, stages, statuses, and each kind as a whole.

    Empty where nothing was built yet.
    """
    there = cursor.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name IN ('acts', 'timeline')",
        [schema],
    ).fetchall()[0][0]
    if there != 2:
        return []
    rows = cursor.execute(
        f"""SELECT a.kind, a.name, a.detail, sum(t.n)::BIGINT AS n
        FROM (SELECT act_id, count(*) AS n FROM "{schema}".timeline GROUP BY act_id) AS t JOIN "{schema}".acts AS a USING (act_id)
        GROUP BY ALL"""
    ).fetchall()
    counts: dict[Act, int] = {}
    for kind, name, detail, count in rows:
        for act in _acts(kind, name or "", detail or ""):
            counts[act] = counts.get(act, 0) + count
    found = [KnownAct(act, str(act), count) for act, count in counts.items()]
    return sorted(found, key=lambda item: (-item.count, item.step))


def matching(acts: list[KnownAct], text: str, words: dict[str, str], limit: int) -> list[KnownAct]:
    """Those whose step or words hold every word of ``text``, in any case; of a tie, the more frequent first.

    ``words`` gives each step in the reader's language.
    """
    wanted = text.lower().split()
    found = [act for act in acts if all(part in f"{act.step} {words[act.step]}".lower() for part in wanted)]
    return found[:limit]


def usual_steps(acts: list[KnownAct]) -> tuple[str, ...]:
    """The steps that a first funnel is made of: of the usual way to a sale, what this business has."""
    known = {item.step for item in acts}
    return tuple(step for step in ("visit", "lead", "deal.created", "deal.won") if step in known)


def _acts(kind: str, name: str, detail: str) -> list[Act]:
    """The steps that an act serves."""
    whole = [Act(kind)] if kind in _WHOLE and kind not in ("deal", "message") else []
    match kind:
        case "page":
            return [Act("page", name=detail)] if detail else []
        case "event":
            return [Act("event", name=name)] if name else []
        case "stage":
            return [Act("stage", name=f"{detail}/{name}" if detail else name)] if name else []
        case "lead":
            return [*whole, *([Act("lead", name=name)] if name else [])]
        case "call" | "deal" | "message" if name in KINDS[kind]:
            return [*whole, Act(kind, name)]
        case _ if kind in KINDS:
            return whole
    return []
