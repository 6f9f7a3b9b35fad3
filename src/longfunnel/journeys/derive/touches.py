"""Touches: everything that can earn credit, with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.derive.pack import packed, unpacked
from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build


def build_touches(build: Build) -> None:
    """Fill ``touches``; needs ``visits``, ``said``, ``origins``, ``lead_joins``, ``deal_rows`` and ``deal_leads``.

    A visit is a touch, whatever it knows. A call, a lead, a message or a deal is one when it says where its person came
    from, or names the visit it was made in. A lead that counts and says nothing takes what its copies say, then what its
    deals say, in order of time. A deal speaks for itself only where no lead is behind it.
    A word that tells only how the request came («Website», «Direct») yields to any other touch of the person within the
    lookback before it.
    """
    live = build.live
    days = build.settings.counting.lookback_days
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE speaking AS
        WITH refs AS (SELECT visit_ref, any_value(origin_id) AS origin_id FROM {live}.visits WHERE visit_ref IS NOT NULL
            GROUP BY visit_ref HAVING count(*) = 1),
        known AS (SELECT s.* FROM said s JOIN {live}.origins o ON o.origin_id = s.mark_id AND o.channel IS NOT NULL),
        requests AS (
            SELECT n.key_hash, n.person_id, n.created_at AS at, coalesce(k.mark_id, r.origin_id) AS mark_id
            FROM now_lead n SEMI JOIN lead_joins j ON j.lead_key = n.key_hash
            LEFT JOIN known k ON k.fact_key = n.key_hash
            LEFT JOIN refs r ON r.visit_ref = {hash_sql(["n.visit_id"])}
        ),
        copies AS (
            SELECT j.stand, {unpacked(f"min({packed('q.at', 'q.mark_id')})")} AS mark_id
            FROM requests q JOIN lead_joins j ON j.lead_key = q.key_hash WHERE q.mark_id IS NOT NULL GROUP BY j.stand
        ),
        from_deals AS (
            SELECT l.lead_key, {unpacked(f"min({packed('d.created_at', 'k.mark_id')})")} AS mark_id
            FROM deal_leads l JOIN deal_rows d ON d.deal_key = l.deal_key JOIN known k ON k.fact_key = d.deal_key
            WHERE NOT d.is_duplicate AND NOT coalesce(d.is_deleted, FALSE) GROUP BY l.lead_key
        )
        SELECT 'lead' AS kind, q.key_hash AS fact_key, q.person_id, q.at, coalesce(q.mark_id, c.mark_id, d.mark_id) AS mark_id
        FROM requests q LEFT JOIN copies c ON c.stand = q.key_hash LEFT JOIN from_deals d ON d.lead_key = q.key_hash
        UNION ALL
        SELECT 'call', n.key_hash, n.person_id, n.started_at, coalesce(k.mark_id, r.origin_id)
        FROM now_call n LEFT JOIN known k ON k.fact_key = n.key_hash LEFT JOIN refs r ON r.visit_ref = {hash_sql(["n.visit_id"])}
        WHERE NOT coalesce(n.is_outgoing, FALSE)
        UNION ALL
        SELECT 'message', n.key_hash, n.person_id, n.happened_at, k.mark_id FROM now_message n JOIN known k ON k.fact_key = n.key_hash
        UNION ALL
        SELECT 'deal', d.deal_key, d.person_id, d.created_at, k.mark_id FROM deal_rows d JOIN known k ON k.fact_key = d.deal_key
        WHERE d.deal_key NOT IN (SELECT deal_key FROM deal_leads) AND NOT d.is_duplicate AND NOT coalesce(d.is_deleted, FALSE)"""
    )
    only = _make_room(build)
    build.run(
        f"""INSERT INTO {live}.touches BY NAME
        WITH spoken AS (
            SELECT s.kind, {hash_sql(["s.kind", "s.fact_key"])} AS touch_id, s.person_id, s.at, {build.day("s.at")} AS day_on,
                s.mark_id AS origin_id, o.is_direct
            FROM speaking s JOIN {live}.origins o ON o.origin_id = s.mark_id
        ),
        firm AS (
            SELECT w.touch_id FROM spoken w JOIN {live}.visits v ON v.person_id = w.person_id AND v.started_at <= w.at
                AND v.started_at >= w.at - to_days({days}) WHERE w.is_direct
            UNION
            SELECT w.touch_id FROM spoken w JOIN spoken f ON f.person_id = w.person_id AND f.at <= w.at
                AND f.at >= w.at - to_days({days}) WHERE w.is_direct AND NOT f.is_direct
        )
        SELECT t.*, o.is_paid, o.is_direct
        FROM (
            SELECT 'visit' AS kind, visit_key AS touch_id, person_id, started_at AS at, day_on, origin_id FROM {live}.visits {only}
            UNION ALL
            SELECT * EXCLUDE (is_direct) FROM spoken ANTI JOIN firm USING (touch_id)
        ) t JOIN {live}.origins o ON o.origin_id = t.origin_id"""
    )
    build.run("DROP TABLE speaking; DROP TABLE origins_before")


def _make_room(build: Build) -> str:
    """Take out the touches that are made anew; the WHERE clause of the visits among them.

    Touches that are no visits are few. Those of visits stay for persons who are not dirty, unless a rule has made an
    origin paid or direct that was not.
    """
    live = build.live
    changed = build.one(
        f"""SELECT count(*) FROM origins_before b JOIN {live}.origins o USING (origin_id)
        WHERE (b.is_paid, b.is_direct) IS DISTINCT FROM (o.is_paid, o.is_direct)"""
    )
    if build.is_full or changed:
        build.run(f"TRUNCATE {live}.touches")
        return ""
    dirty = "person_id IS NULL OR person_id IN (SELECT person_id FROM dirty)"
    build.run(f"DELETE FROM {live}.touches WHERE kind <> 'visit' OR {dirty}")
    return f"WHERE {dirty}"
