"""Visits: sessions imported ready-made from web analytics."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import (
    CURRENCY,
    MARKETING,
    PROPS,
    VISITOR,
    Column,
    Fact,
    Type,
    count,
    instant,
    money,
    text,
)

FACT = Fact(
    name="visit",
    one_row_is="a session imported ready-made from web analytics",
    key=("visit_id",),
    at="started_at",
    columns=(
        text("visit_id", "The analytics system's visit id.", required=True),
        instant("started_at", "When the visit began.", required=True),
        instant("ended_at", "When the visit ended."),
        *VISITOR,
        *MARKETING,
        count("pages", "Pages viewed.", "pages"),
        count("duration_seconds", "Length of the visit.", "seconds"),
        Column("is_bounce", Type.FLAG, "Whether the visit was a bounce by the source's own rule."),
        text("device", "desktop, mobile or tablet."),
        text("region", "Region or city."),
        text("goals", "Goals reached, separated by commas."),
        text("order_id", "The shop's order id, where the visit has a purchase.", identifier="order"),
        money("revenue", "Revenue of the visit as reported by the source: a total."),
        CURRENCY,
        PROPS,
    ),
)
