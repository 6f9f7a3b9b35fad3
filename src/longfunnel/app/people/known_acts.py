"""What people are known to do: the acts that steps of a funnel can be picked from."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longfunnel.journeys.funnels.step_language import KINDS, Act, Condition

if TYPE_CHECKING:
    import duckdb


_WHOLE = ("visit", "lead", "call", "deal", "order", "payment", "refund", "message")
"""Kinds that are steps without a name, too."""
_SOLD = {"orders": Act("order"), "deals": Act("deal", "created"), "leads": Act("lead")}
"""Derived tables whose products can be picked, and the act that each is about."""
_MOST_NAMES = 200
"""Products and messages that are offered, the most frequent of each."""
_KEPT = 4
_known: OrderedDict[tuple[str, str], list[KnownAct]] = OrderedDict()
"""What the latest builds hold, by schema and fingerprint: a search asks with every letter."""


@dataclass(frozen=True)
class KnownAct:
    """One thing to pick. ``step`` is its text in the step language, ``count`` how many such events there are, ``title`` what
    else it is called: the title of a page."""

    act: Act
    step: str
    count: int
    title: str = ""


def known_acts(cursor: duckdb.DuckDBPyConnection, schema: str) -> list[KnownAct]:
    """Everything that is in the journeys, most frequent first: pages, events, stages, statuses, each kind as a whole, and
    orders, deals and leads by product, messages by subject and mailing.

    Empty where nothing was built yet.
    """
    there = cursor.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name IN ('acts', 'timeline')",
        [schema],
    ).fetchall()[0][0]
    if there != 2:
        return []
    built = cursor.execute("SELECT fingerprint FROM main.builds WHERE schema_name = ?", [schema]).fetchall()
    key = (schema, str(built[0][0]) if built else "")
    if not key[1] or key not in _known:
        _known[key] = _read(cursor, schema)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return _known[key]


def _read(cursor: duckdb.DuckDBPyConnection, schema: str) -> list[KnownAct]:
    rows = cursor.execute(
        f"""SELECT a.kind, a.name, a.detail, sum(t.n)::BIGINT AS n
        FROM (SELECT act_id, count(*) AS n FROM "{schema}".timeline GROUP BY act_id) AS t JOIN "{schema}".acts AS a USING (act_id)
        GROUP BY ALL"""
    ).fetchall()
    counts: dict[Act, int] = {}
    for kind, name, detail, count in rows:
        for act in _acts(kind, name or "", detail or ""):
            counts[act] = counts.get(act, 0) + count
    titles = _titles(cursor)
    found = [
        KnownAct(act, str(act), count, titles.get(act.name, "") if act.kind == "page" else "")
        for act, count in [*counts.items(), *_by_name(cursor, schema)]
    ]
    return sorted(found, key=lambda item: (-item.count, item.step))


def matching(acts: list[KnownAct], text: str, words: dict[str, str], limit: int) -> list[KnownAct]:
    """Those whose step, words or title hold every word of ``text``, in any case; the more frequent first.

    ``words`` gives each step in the reader's language.
    """
    wanted = text.lower().split()
    found = [act for act in acts if all(part in f"{act.step} {words[act.step]} {act.title}".lower() for part in wanted)]
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
            return [Act("page"), *([Act("page", name=detail)] if detail else [])]
        case "event":
            return [Act("event", name="*"), *([Act("event", name=name)] if name else [])]
        case "stage":
            return [Act("stage", name=f"{detail}/{name}" if detail else name)] if name else []
        case "lead":
            return [*whole, *([Act("lead", name=name)] if name else [])]
        case "call" | "deal" | "message" if name in KINDS[kind]:
            return [*whole, Act(kind, name)]
        case _ if kind in KINDS:
            return whole
    return []


def _titles(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The title of each page that has one, by the page's path."""
    rows = cursor.execute(
        "SELECT page, any_value(title) FROM facts.event WHERE title <> '' AND page <> '' GROUP BY page"
    ).fetchall()
    return dict(rows)


def _by_name(cursor: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[Act, int]]:
    """Orders, deals and leads by product; messages by what became of them, by subject and by mailing."""
    found = []
    for table, act in _SOLD.items():
        rows = cursor.execute(
            f"""SELECT product, count(*) AS n FROM "{schema}".{table} WHERE product <> ''
            GROUP BY product ORDER BY n DESC, product LIMIT {_MOST_NAMES:d}"""
        ).fetchall()
        found += [
            (Act(act.kind, act.variant, "", (Condition("product", "=", (name,)),)), count) for name, count in rows
        ]
    for column in ("subject", "campaign"):
        rows = cursor.execute(
            f"""SELECT kind, {column}, count(DISTINCT key_hash) AS n FROM facts.message WHERE {column} <> ''
            GROUP BY kind, {column} ORDER BY n DESC, kind, {column} LIMIT {_MOST_NAMES:d}"""
        ).fetchall()
        found += [
            (Act("message", kind, "", (Condition(column, "=", (name,)),)), count)
            for kind, name, count in rows
            if kind in KINDS["message"]
        ]
    return found
