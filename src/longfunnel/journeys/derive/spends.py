"""Spends: each day's spend in the business's currency, under its channel or with the reason why under none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from longfunnel.journeys.channel_rules import UNASSIGNED
from longfunnel.journeys.derive.exchange import converted
from longfunnel.journeys.reasons import Reason

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build


_EXACT: Final = Decimal("1E-17")


def build_spends(build: Build) -> None:
    """Fill ``spends``; needs ``now_spend`` (priced), ``spend_marks``, ``spend_levels`` and ``origins``.

    The cost is without VAT and with the agency's fee, by the settings of the source. What two sources report of one account
    counts once: a campaign's day that both have, by the source that knows the account in more rows; and the account's day without campaigns not
    at all beside another source that names them. The others are duplicates, with their original cost and nothing else. An account
    is one name at one place of advertising (``source``).
    """
    told = {
        name: f"CASE WHEN s.is_duplicate THEN NULL ELSE {sql} END"
        for name, sql in (
            ("impressions", "s.impressions"),
            ("clicks", "s.clicks"),
            ("cost", converted(_net(build), "s.rate")),
            ("reported_visits", "s.visits"),
            ("reported_leads", "s.leads"),
            ("reported_orders", "s.orders"),
            ("reported_revenue", converted("s.revenue", "s.rate")),
        )
    }
    build.replace(
        "spends",
        f"""
        WITH marked AS (SELECT s.*, k.mark_id, o.channel FROM now_spend s JOIN spend_marks k ON k.fact_key = s.key_hash
            JOIN {build.live}.origins o ON o.origin_id = k.mark_id),
        named AS (
            SELECT s.key_hash, s.source_system, s.day_on, lower(trim(s.source)) AS place, lower(trim(s.account)) AS name,
                lower(coalesce(o.campaign_id, o.campaign)) AS campaign
            FROM marked s JOIN {build.live}.origins o ON o.origin_id = s.mark_id WHERE s.account IS NOT NULL AND s.source IS NOT NULL
        ),
        sized AS (SELECT *, count(*) OVER (PARTITION BY source_system, place, name) AS size FROM named),
        twice AS (
            SELECT key_hash, source_system <> arg_max(source_system, (size, source_system)) OVER (PARTITION BY day_on, place, name, campaign)
                OR (bool_or(campaign IS NOT NULL) OVER (PARTITION BY day_on, place, name)
                    AND NOT bool_or(campaign IS NOT NULL) OVER (PARTITION BY day_on, place, name, source_system)) AS is_duplicate
            FROM sized
        ),
        rows AS (SELECT s.*, coalesce(t.is_duplicate, FALSE) AS is_duplicate FROM marked s LEFT JOIN twice t ON t.key_hash = s.key_hash)
        SELECT s.key_hash AS spend_key, s.source_system, s.day_on, s.mark_id AS origin_id, s.account, s.device, s.region,
            {", ".join(f"{sql} AS {name}" for name, sql in told.items())}, s.cost AS original_cost,
            coalesce(s.currency, CASE WHEN s.rate IS NOT NULL THEN $own END) AS currency, s.rate_on, s.rate_source, s.props,
            CASE WHEN s.is_duplicate THEN '{Reason.DUPLICATE}' WHEN s.money_reason IS NOT NULL THEN s.money_reason
                WHEN s.channel IS NULL THEN '{Reason.SPEND_WITHOUT_SOURCE}'
                WHEN s.channel = '{UNASSIGNED}' THEN '{Reason.UNKNOWN_SOURCE}' END AS reason,
            CASE WHEN NOT s.is_duplicate THEN l.matched END AS matched,
            CASE WHEN NOT s.is_duplicate AND s.money_reason IS NULL THEN l.unmatched END AS unmatched
        FROM rows s LEFT JOIN spend_levels l ON l.mark_id = s.mark_id""",
        own=build.settings.business.currency,
    )


def _net(build: Build) -> str:
    """SQL of a cost in its own currency without VAT and with the fee, by the settings of its source."""
    cases = []
    for source in build.settings.source:
        if source.vat_percent or source.fee_percent:
            name = source.name.replace("'", "''")
            fee, vat = 100 + Decimal(str(source.fee_percent)), 100 + Decimal(str(source.vat_percent))
            with_vat, without = (
                f"CAST({part.quantize(_EXACT):f} AS DECIMAL(19,17))" for part in (fee / vat, fee / 100)
            )
            cases.append(f"WHEN '{name}' THEN CASE WHEN s.has_vat IS FALSE THEN {without} ELSE {with_vat} END")
    if not cases:
        return "s.cost"
    return f"CAST(s.cost * CASE s.source_system {' '.join(cases)} ELSE CAST(1 AS DECIMAL(19,17)) END AS DECIMAL(18,4))"
