"""Spends: each day's spend in the business's currency, under its channel or with the reason why under none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.channel_rules import UNASSIGNED
from longfunnel.journeys.exchange import converted
from longfunnel.journeys.reasons import Reason

if TYPE_CHECKING:
    from longfunnel.journeys.stage import Build


def build_spends(build: Build) -> None:
    """Fill ``spends``; needs ``now_spend`` (priced), ``spend_marks`` and ``origins``."""
    build.replace(
        "spends",
        f"""
        SELECT s.key_hash AS spend_key, s.source_system, s.day_on, k.mark_id AS origin_id, s.account, s.device, s.region,
            s.impressions, s.clicks, {converted("s.cost", "s.rate")} AS cost, s.cost AS original_cost,
            coalesce(s.currency, CASE WHEN s.rate IS NOT NULL THEN $own END) AS currency,
            s.visits AS reported_visits, s.leads AS reported_leads, s.orders AS reported_orders,
            {converted("s.revenue", "s.rate")} AS reported_revenue, s.props,
            CASE WHEN s.money_reason IS NOT NULL THEN s.money_reason
                WHEN o.channel IS NULL THEN '{Reason.SPEND_WITHOUT_SOURCE}'
                WHEN o.channel = '{UNASSIGNED}' THEN '{Reason.UNKNOWN_SOURCE}' END AS reason
        FROM now_spend s JOIN spend_marks k ON k.fact_key = s.key_hash JOIN {build.live}.origins o ON o.origin_id = k.mark_id""",
        own=build.settings.business.currency,
    )
