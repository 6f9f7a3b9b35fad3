"""Spend: what attention cost."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import CURRENCY, PROPS, Column, Fact, Type, count, money, text

FACT = Fact(
    name="spend",
    one_row_is="one day of one ad, keyword or campaign",
    key=(
        "day_on",
        "account",
        "source",
        "medium",
        "campaign_id",
        "campaign",
        "ad_group",
        "ad",
        "content",
        "term",
        "device",
        "region",
    ),
    at="day_on",
    columns=(
        Column("day_on", Type.DAY, "The day, in the ad account's zone.", required=True),
        text("account", "Advertising account or login."),
        text("source", "Where the ads ran, as links to the site say it (utm_source): yandex, vk, google."),
        text("medium", "How (utm_medium): cpc, cpm, paid_social."),
        text("campaign_id", "The ad system's campaign id."),
        text("campaign", "Campaign name, or what links to the site carry as utm_campaign."),
        text("ad_group", "Ad group or ad set."),
        text("ad", "Ad id or name."),
        text("content", "Ad mark in links (utm_content)."),
        text("term", "Keyword (utm_term)."),
        text("device", "Device of the audience, where the source cuts by it."),
        text("region", "Region of the audience, where the source cuts by it."),
        count("impressions", "Times an ad was shown.", "impressions"),
        count("clicks", "Times an ad was clicked.", "clicks"),
        money("cost", "What the day cost, as the source bills it."),
        CURRENCY,
        Column("has_vat", Type.FLAG, "Whether the cost includes VAT, where the source says so."),
        count("visits", "Visits, where the source has only totals.", "visits"),
        count("leads", "Leads as reported by the source: a total, never added to leads held row by row.", "leads"),
        count("orders", "Orders as reported by the source: a total.", "orders"),
        money("revenue", "Revenue as reported by the source: a total."),
        PROPS,
    ),
)
