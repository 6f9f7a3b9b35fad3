"""Deals: which lead each grew from, what became of it, and whether it is a repeat one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.journeys.derive.exchange import converted
from longfunnel.journeys.derive.pack import packed, unpacked
from longfunnel.journeys.reasons import Reason

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build

_STATUS: Final = {
    "won": (
        r"(closed[ _-]*)?won|success(ful)?(ly)?( implemented| completed)?|142|s|paid|complete[d]?|выиграна?|успех|успешн(о|"
        r"ая|ый)( реализовано| завершена)?|сделка успешна|продажа|оплачено?|закрыто и реализовано|реализовано"
    ),
    "lost": (
        r"(closed[ _-]*)?lost|fail(ed|ure)?|143|f|cancel(l)?ed|rejected|disqualified|проиграна?|провал(ена)?|отказ|отменена?|"
        r"отменено|закрыто и не реализовано|не реализовано|сделка провалена|брак"
    ),
    "open": r"open|opened|new|in[ _-]?progress|in[ _-]?process|active|pending|p|открыта?|новая|новый|в работе|активна?|в процессе",
}
"""Words of CRMs for what became of a deal; 142 and 143 are amoCRM's closing stages, S and F Bitrix24's."""


def status_sql(status: str, stage: str) -> str:
    """SQL of won, lost or open by the CRM's word for the status, else by a stage that is one of those words; NULL for others."""
    cases = [
        f"WHEN regexp_full_match(lower(trim({text})), '{words}') THEN '{name}'"
        for text in (status, stage)
        for name, words in _STATUS.items()
    ]
    return f"CASE {' '.join(cases)} END"


def link_deals(build: Build) -> None:
    """Temp tables ``deal_rows`` (one row per deal, normalised) and ``deal_leads(deal_key, lead_key)``.

    A deal's lead: by ``lead_id`` within its own system; else the only lead anywhere with that id; else the latest counted
    lead of its person not later than its creation and within the lookback. A copy of a request gives the lead that counts.
    Where two sources bring one deal of one system, the one recorded last counts and the other is a duplicate.

    The settings' won and lost stages decide where the CRM's own word does not say the contrary; a deal that they close was closed
    when it first entered one of them, where that is known.
    """
    counting = build.settings.counting
    status = status_sql("d.status", "d.stage")
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE deal_rows AS
        SELECT * EXCLUDE (created_at, closed_at, status, said, word, entered_at), key_hash AS deal_key,
            coalesce(created_at, closed_at) AS created_at,
            CASE WHEN word IS DISTINCT FROM said THEN coalesce(entered_at, modified_at, closed_at)
                WHEN closed_at IS NOT NULL THEN closed_at WHEN word IN ('won', 'lost') THEN modified_at END AS closed_at, word AS status,
            row_number() OVER (PARTITION BY coalesce(system, ''), deal_id ORDER BY recorded_at DESC, import_id DESC, key_hash) > 1 AS is_duplicate
        FROM (
            SELECT *, CASE WHEN list_contains($won, stage) AND said IS DISTINCT FROM 'lost' THEN 'won'
                WHEN list_contains($lost, stage) AND said IS DISTINCT FROM 'won' THEN 'lost' ELSE said END AS word
            FROM (
                SELECT d.*, {status} AS said, s.entered_at FROM now_deal d LEFT JOIN (
                    SELECT deal_id, coalesce(system, '') AS system, list_contains($won, stage) AS is_won, min(entered_at) AS entered_at
                    FROM now_stage_entry WHERE list_contains($won || $lost, stage) GROUP BY ALL
                ) s ON s.deal_id = d.deal_id AND s.system = coalesce(d.system, '') AND s.is_won = list_contains($won, d.stage)
            )
        )""",
        won=list(counting.won_stages),
        lost=list(counting.lost_stages),
    )
    days = build.settings.counting.lookback_days
    latest = packed("l.created_at", "l.key_hash")
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE deal_leads AS
        WITH known AS (SELECT n.* FROM now_lead n SEMI JOIN lead_joins j ON j.lead_key = n.key_hash),
        counted AS (SELECT n.* FROM now_lead n JOIN lead_joins j ON j.lead_key = n.key_hash AND j.stand = n.key_hash),
        here AS (SELECT coalesce(system, '') AS system, lead_id, any_value(j.stand) AS stand
            FROM known n JOIN lead_joins j ON j.lead_key = n.key_hash GROUP BY ALL),
        anywhere AS (SELECT lead_id, any_value(stand) AS stand FROM here GROUP BY lead_id HAVING count(DISTINCT stand) = 1),
        by_person AS (
            SELECT d.deal_key, {unpacked(f"max({latest})")} AS stand
            FROM deal_rows d JOIN counted l ON l.person_id = d.person_id AND l.created_at <= d.created_at
                AND l.created_at >= d.created_at - to_days({days})
            GROUP BY d.deal_key
        )
        SELECT d.deal_key, coalesce(h.stand, a.stand, p.stand) AS lead_key
        FROM deal_rows d
        LEFT JOIN here h ON h.system = coalesce(d.system, '') AND h.lead_id = d.lead_id
        LEFT JOIN anywhere a ON a.lead_id = d.lead_id
        LEFT JOIN by_person p ON p.deal_key = d.deal_key
        WHERE coalesce(h.stand, a.stand, p.stand) IS NOT NULL"""
    )


def build_deals(build: Build) -> None:
    """Fill ``deals``; needs ``deal_rows`` (priced), ``deal_leads``, ``leads`` and ``orders``. ``reason`` is set by the ledger."""
    live = build.live
    build.replace(
        "deals",
        f"""
        WITH bought AS (
            SELECT DISTINCT d.deal_key FROM deal_rows d JOIN {live}.orders o ON o.person_id = d.person_id AND o.ordered_at < d.created_at
            LEFT JOIN order_deals own ON own.deal_key = d.deal_key WHERE o.order_key IS DISTINCT FROM own.order_key
        )
        SELECT d.deal_key, d.source_system, d.system, d.deal_id, d.person_id, l.lead_key, l.created_at AS lead_at, l.created_on AS lead_on,
            d.created_at, {build.day("d.created_at")} AS created_on, d.closed_at, {build.day("d.closed_at")} AS closed_on,
            d.status, d.pipeline, d.stage, {converted("d.amount", "d.rate")} AS amount, {converted("d.cost_of_goods", "d.rate")} AS cost_of_goods,
            d.amount AS original_amount, coalesce(d.currency, CASE WHEN d.rate IS NOT NULL THEN $own END) AS currency,
            d.product, d.manager, d.region, d.audience, d.reason_lost, d.props,
            coalesce(d.is_repeat, FALSE) OR b.deal_key IS NOT NULL AS is_repeat,
            o.order_key, coalesce(d.is_deleted, FALSE) OR d.is_duplicate AS is_deleted, d.is_shared,
            CASE WHEN d.is_duplicate THEN '{Reason.DUPLICATE}' WHEN d.is_deleted THEN '{Reason.DELETED}' ELSE d.money_reason END AS reason
        FROM deal_rows d
        LEFT JOIN deal_leads j ON j.deal_key = d.deal_key
        LEFT JOIN {live}.leads l ON l.lead_key = j.lead_key
        LEFT JOIN bought b ON b.deal_key = d.deal_key
        LEFT JOIN order_deals o ON o.deal_key = d.deal_key""",
        own=build.settings.business.currency,
    )
