"""Deals: opportunities in the CRM."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import (
    CONTACT,
    CURRENCY,
    MARKETING,
    PROPS,
    VISITOR,
    Column,
    Fact,
    Type,
    instant,
    money,
    text,
)

FACT = Fact(
    name="deal",
    one_row_is="an opportunity in the CRM",
    key=("deal_id",),
    at="created_at",
    columns=(
        text("deal_id", "The CRM's deal id.", required=True, identifier="deal"),
        text("lead_id", "The lead that the deal grew from.", identifier="lead"),
        instant("created_at", "When the deal was made; where a source does not say, its close."),
        instant("closed_at", "When the deal was won or lost."),
        text("status", "open, won or lost."),
        text("pipeline", "Pipeline of the CRM."),
        text("stage", "Stage that the deal stands in."),
        money("amount", "Value of the deal."),
        money("cost_of_goods", "What the goods or the service cost the company."),
        CURRENCY,
        *CONTACT,
        *VISITOR,
        *MARKETING,
        text("order_id", "The shop's order id.", identifier="order"),
        text("name", "The deal's title."),
        text("company", "The client's company."),
        text("product", "What is sold."),
        text("manager", "Who sells."),
        text("region", "Region or city."),
        text("audience", "Segment of clients."),
        text("reason_lost", "Why the deal was lost."),
        Column("is_repeat", Type.FLAG, "Whether the CRM marks the deal as a repeat one."),
        instant("modified_at", "When the CRM last changed the deal."),
        Column("is_deleted", Type.FLAG, "The CRM has deleted the deal; it counts nowhere and stays in the ledger."),
        PROPS,
    ),
)
