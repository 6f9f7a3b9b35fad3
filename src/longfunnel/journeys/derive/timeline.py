"""The timeline: each person's acts in order, contiguous, for the kernels; and the dictionary of acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from longfunnel.journeys.derive.stage import BUCKETS
from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build

_ORDER: Final = 'bucket, person_id, "at", seq, fact_key'
_COMPACT_SHARE: Final = 0.2
"""When more than this part of the timeline stands behind its sorted part, it is sorted anew."""
_RANKS: Final = {
    "visit": 0,
    "page": 1,
    "event": 1,
    "message": 2,
    "call": 3,
    "lead": 4,
    "deal": 5,
    "stage": 6,
    "order": 8,
    "payment": 9,
    "refund": 9,
}
_PLAIN: Final = 2 * 268_435_456
"""Below this ``seq`` stand visits and events, above it what is made anew each time."""
_CLOSED_RANK: Final = 7
"""A deal's closing comes after the stages of that instant."""


def _seq(rank: str, recorded: str = "0") -> str:
    """SQL of ``seq``: the rank of the kind, then the place of the row in the order of recording (its low 28 bits)."""
    return f"CAST(CAST({rank} AS BIGINT) * 268435456 + ({recorded} & 268435455) AS UINTEGER)"


@dataclass(frozen=True)
class _Acts:
    """Where acts of one kind come from: SQL over rows of ``table``, whose alias is ``r``."""

    kind: str
    table: str
    at: str
    key: str
    name: str
    detail: str = "NULL"
    amount: str = "NULL"
    rank: int | None = None

    def select(self) -> str:
        """SELECT of the acts, with the columns of the timeline and of the dictionary."""
        rank = _RANKS[self.kind] if self.rank is None else self.rank
        return f"""SELECT '{self.kind}' AS kind, {self.name} AS name, {self.detail} AS detail, r.person_id, {self.at} AS at,
            {_seq(str(rank))} AS seq, {self.key} AS fact_key, CAST({self.amount} AS DECIMAL(18,4)) AS amount,
            CAST(NULL AS UBIGINT) AS origin_id FROM {self.table}"""


def _sources(live: str) -> list[_Acts]:
    deals = f"{live}.deals r WHERE NOT r.is_deleted"
    answered = "CASE WHEN r.is_answered THEN 'answered' WHEN NOT r.is_answered THEN 'missed' ELSE 'call' END"
    closed_at = "coalesce(r.closed_at, r.created_at)"
    return [
        _Acts("message", "now_message r", "r.happened_at", "r.key_hash", "r.kind", "r.medium"),
        _Acts("call", "now_call r", "r.started_at", "r.key_hash", answered),
        _Acts("lead", f"{live}.leads r WHERE r.is_counted", "r.created_at", "r.lead_key", "coalesce(r.kind, 'lead')"),
        _Acts("deal", deals, "r.created_at", "r.deal_key", "'created'", "r.pipeline", "r.amount"),
        _Acts(
            "deal",
            f"{deals} AND r.status IN ('won', 'lost')",
            closed_at,
            "r.deal_key",
            "r.status",
            "r.pipeline",
            "r.amount",
            _CLOSED_RANK,
        ),
        _Acts("stage", f"{live}.stage_entries r", "r.entered_at", "r.fact_key", "r.stage", "r.pipeline"),
        _Acts("order", f"{live}.orders r", "r.ordered_at", "r.order_key", "'order'", "r.pipeline", "r.revenue"),
        *(
            _Acts(
                kind,
                f"{live}.payments r WHERE r.kind = '{kind}'",
                "r.paid_at",
                "r.payment_key",
                "r.kind",
                amount="r.amount",
            )
            for kind in ("payment", "refund")
        ),
    ]


def stage_acts(build: Build) -> None:
    """Temp table ``small_acts``: every act but plain events and visits; those are few enough to be made anew each time."""
    live = build.live
    selects = [acts.select() for acts in _sources(live)]
    # money in an event may be converted anew when rates come, so such events are here and not among the plain ones
    selects.append(
        f"""SELECT a.kind, a.name, a.detail, m.person_id, m.happened_at, {_seq("1", "e.recorded")}, m.key_hash,
            CAST(m.amount * m.rate AS DECIMAL(18,4)), NULL
        FROM money_events m JOIN {live}.event_rows e ON e.fact_key = m.key_hash JOIN {live}.event_acts a ON a.act_id = e.act_id"""
    )
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE small_acts AS
        SELECT *, {hash_sql(["kind", "name", "detail"])} AS act_id FROM ({" UNION ALL ".join(selects)})
        WHERE person_id IS NOT NULL AND "at" IS NOT NULL"""
    )
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE visit_act AS
        SELECT {hash_sql(["'visit'", "'visit'", "NULL"])} AS act_id, 'visit' AS kind, 'visit' AS name, CAST(NULL AS VARCHAR) AS detail"""
    )
    build.replace(
        "acts",
        f"""SELECT DISTINCT act_id, kind, name, detail FROM (
            SELECT act_id, kind, name, detail FROM {live}.event_acts UNION ALL SELECT act_id, kind, name, detail FROM visit_act
            UNION ALL SELECT act_id, kind, name, detail FROM small_acts)""",
    )


def find_changed(build: Build) -> bool:
    """Add to ``dirty``, and put into temp table ``more_dirty``, the persons whose acts in the timeline are no longer what
    ``small_acts`` says; whether there are any.
    """
    same = 'hash("at", seq, act_id, fact_key, amount, origin_id)'  # compared within one statement, so the engine's own hash will do
    live = build.live
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE more_dirty AS
        WITH now AS (SELECT person_id, count(*) AS acts, sum({same}) AS sum FROM small_acts GROUP BY person_id),
        before AS (
            SELECT person_id, count(*) AS acts, sum({same}) AS sum FROM (
                SELECT * FROM {live}.timeline WHERE seq >= {_PLAIN}
                UNION ALL
                SELECT * FROM {live}.timeline t SEMI JOIN money_events m ON m.key_hash = t.fact_key WHERE t.seq < {_PLAIN}
            ) GROUP BY person_id
        )
        SELECT coalesce(n.person_id, b.person_id) AS person_id FROM now n FULL JOIN before b ON b.person_id = n.person_id
        WHERE (n.acts, n.sum) IS DISTINCT FROM (b.acts, b.sum) AND coalesce(n.person_id, b.person_id) NOT IN (SELECT person_id FROM dirty)"""
    )
    build.run("INSERT INTO dirty FROM more_dirty")
    return bool(build.one("SELECT count(*) FROM more_dirty"))


def build_timeline(build: Build, appended: int) -> int:
    """Bring ``timeline`` up to date for the persons at hand; needs ``walk``, ``visits``, ``small_acts``.

    Returns how many of its rows now stand behind the sorted part.
    """
    live = build.live
    only = "" if build.is_full else "AND person_id IN (SELECT person_id FROM dirty)"
    if not build.is_full:
        build.run(f"DELETE FROM {live}.timeline WHERE person_id IN (SELECT person_id FROM dirty)")
    build.run(
        f"""INSERT INTO {live}.timeline BY NAME
        SELECT CAST(person_id % {BUCKETS} AS UTINYINT) AS bucket, * FROM (
            SELECT person_id, "at", {_seq("1", "recorded")} AS seq, act_id, fact_key, CAST(NULL AS DECIMAL(18,4)) AS amount, CAST(NULL AS UBIGINT) AS origin_id
            FROM walk ANTI JOIN money_events ON money_events.key_hash = walk.fact_key WHERE person_id IS NOT NULL
            UNION ALL
            SELECT person_id, started_at, {_seq("0")}, (SELECT act_id FROM visit_act), visit_key, NULL, origin_id
            FROM {live}.visits WHERE person_id IS NOT NULL {only}
            UNION ALL
            SELECT person_id, "at", seq, act_id, fact_key, amount, origin_id FROM small_acts WHERE TRUE {only}
        ) ORDER BY {_ORDER}"""
    )
    if build.is_full:
        return 0
    added = build.one(f"SELECT count(*) FROM {live}.timeline WHERE person_id IN (SELECT person_id FROM dirty)")
    total = build.one(f"SELECT count(*) FROM {live}.timeline")
    appended += added
    if appended > _COMPACT_SHARE * total:
        build.run(f"CREATE OR REPLACE TEMP TABLE unsorted AS FROM {live}.timeline")
        build.replace("timeline", f"SELECT * FROM unsorted ORDER BY {_ORDER}")
        build.run("DROP TABLE unsorted")
        return 0
    return appended
