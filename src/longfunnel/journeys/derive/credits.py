"""Credits: which touch brought a lead, a deal or an order, by the single-touch models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.journeys.channel_rules import UNASSIGNED
from longfunnel.journeys.derive.pack import packed, unpacked
from longfunnel.journeys.reasons import Reason

if TYPE_CHECKING:
    import duckdb

    from longfunnel.core.settings import Counting
    from longfunnel.journeys.derive.stage import Build

MODELS: Final = ("first", "last", "last_non_direct")
DEFAULT_MODEL: Final = "last_non_direct"
"""The model by which the ledger says where a deal or a payment stands."""

_RANK: Final = "CASE t.kind WHEN 'message' THEN 1 WHEN 'lead' THEN 2 WHEN 'deal' THEN 3 ELSE 0 END"


def subjects_sql(live: str) -> str:
    """SELECT of subject, subject_key, person_id, at, is_shared: what touches earn credit for, up to ``at``."""
    return f"""
        SELECT 'lead' AS subject, lead_key AS subject_key, person_id, created_at AS at, is_shared
        FROM {live}.leads WHERE is_counted
        UNION ALL
        SELECT 'deal', deal_key, person_id, created_at, is_shared FROM {live}.deals WHERE lead_key IS NULL AND NOT is_deleted
        UNION ALL
        SELECT 'order', order_key, person_id, moment_at, is_shared FROM {live}.orders WHERE lead_key IS NULL
    """


def grown_sql(live: str) -> str:
    """SELECT of subject, subject_key, person_id, lead_key: what stands where its lead stands."""
    return f"""
        SELECT 'deal' AS subject, deal_key AS subject_key, person_id, lead_key FROM {live}.deals WHERE lead_key IS NOT NULL AND NOT is_deleted
        UNION ALL
        SELECT 'order', order_key, person_id, lead_key FROM {live}.orders WHERE lead_key IS NOT NULL
    """


def credits_sql(schema: str, window_days: int | None, *, tracking_since: str = "") -> str:
    """SELECT with the columns of ``credits``, for a lookback window of that many days (None: however long ago).

    A touch counts from exactly ``window_days`` × 24 hours before the subject's moment to the moment itself, both
    inclusive. The moment is a lead's creation; for a deal or an order with no lead behind it, the deal's creation or, without a
    deal, the order. Deals and orders that grew from a lead have its credit. ``last_non_direct`` is the last touch that is
    not direct, or the last one where all are. Of touches at one instant, a visit is before a message, a lead, a deal.

    ``tracking_since`` is the setting (ISO day): before it, or before the first visit, no touch could be seen.
    """
    live = f'"{schema}"'
    number = packed("t.at", "t.touch_id", _RANK)
    inside = "TRUE" if window_days is None else f"t.at >= s.at - to_days({int(window_days)})"
    began = f"TIMESTAMP '{tracking_since}'" if tracking_since else f"(SELECT min(started_at) FROM {live}.visits)"
    models = " UNION ALL ".join(
        f"SELECT *, '{model}' AS model, {unpacked(chosen)} AS chosen FROM found"
        for model, chosen in (("first", "first_n"), ("last", "last_n"), ("last_non_direct", "coalesce(firm_n, last_n)"))
    )
    return f"""
    WITH subjects AS ({subjects_sql(live)}),
    found AS (
        SELECT s.subject, s.subject_key, any_value(s.person_id) AS person_id, any_value(s.at) AS at, any_value(s.is_shared) AS is_shared,
            count(t.touch_id) > 0 AS has_earlier,
            min({number}) FILTER ({inside}) AS first_n, max({number}) FILTER ({inside}) AS last_n,
            max({number}) FILTER ({inside} AND NOT t.is_direct) AS firm_n
        FROM subjects s LEFT JOIN {live}.touches t ON t.person_id = s.person_id AND t.at <= s.at
        GROUP BY s.subject, s.subject_key
    ),
    chosen AS ({models}),
    earning AS (SELECT t.* FROM {live}.touches t SEMI JOIN chosen c ON c.chosen = t.touch_id),
    own AS (
        SELECT c.subject, c.subject_key, c.model, c.person_id, t.touch_id, t.origin_id, t.at AS touch_at, t.day_on AS touch_on,
            CASE
                WHEN o.channel = '{UNASSIGNED}' THEN '{Reason.UNKNOWN_SOURCE}'
                WHEN o.channel IS NOT NULL THEN NULL
                WHEN t.touch_id IS NOT NULL THEN '{Reason.SOURCE_MISSING}'
                WHEN c.is_shared THEN '{Reason.SHARED_IDENTIFIER}'
                WHEN c.has_earlier THEN '{Reason.OUTSIDE_LOOKBACK}'
                WHEN c.at < {began} THEN '{Reason.BEFORE_TRACKING}'
                WHEN c.subject = 'lead' THEN '{Reason.LEAD_WITHOUT_SOURCE}'
                WHEN c.person_id IS NULL THEN '{Reason.PAYMENT_WITHOUT_PERSON}'
                ELSE '{Reason.NO_LEAD}' END AS reason
        FROM chosen c LEFT JOIN earning t ON t.touch_id = c.chosen LEFT JOIN {live}.origins o ON o.origin_id = t.origin_id
    ),
    grown AS ({grown_sql(live)})
    SELECT subject, subject_key, model, person_id, CAST(1 AS DOUBLE) AS share, touch_id, origin_id, touch_at, touch_on, reason FROM own
    UNION ALL
    SELECT g.subject, g.subject_key, o.model, g.person_id, 1, o.touch_id, o.origin_id, o.touch_at, o.touch_on, o.reason
    FROM grown g JOIN own o ON o.subject = 'lead' AND o.subject_key = g.lead_key"""


def build_credits(build: Build) -> None:
    """Fill ``credits`` for the window of the settings."""
    counting: Counting = build.settings.counting
    build.replace("credits", credits_sql(build.schema, counting.lookback_days, tracking_since=counting.tracking_since))


_STANDING: Final = {
    "leads": ("lead", "lead_key"),
    "deals": ("deal", "deal_key"),
    "orders": ("order", "order_key"),
    "payments": ("order", "order_key"),
}
"""By table: the subject whose credit its rows have, and the column that names it."""


def stand(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Write on leads, deals and orders the origin and the touch's day that the default model gives them, and on every deal and
    payment that has no reason yet the one why it stands under no channel.
    """
    live = f'"{schema}"'
    for table, (subject, key) in _STANDING.items():
        own = [] if table == "payments" else ["c.origin_id AS credited_origin_id", "c.touch_on AS credited_on"]
        own += ["coalesce(t.reason, c.reason) AS reason"] if table in ("deals", "payments") else []
        # writing the rows anew costs a tenth of updating them
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE standing AS
            SELECT t.* REPLACE ({", ".join(own)}) FROM {live}.{table} t LEFT JOIN (
                SELECT subject_key, origin_id, touch_on, reason FROM {live}.credits WHERE subject = $subject AND model = $model
            ) c ON c.subject_key = t.{key}""",
            {"subject": subject, "model": DEFAULT_MODEL},
        )
        connection.execute(f"TRUNCATE {live}.{table}; INSERT INTO {live}.{table} FROM standing; DROP TABLE standing")
