"""Exchange rates."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import Column, Fact, Type, text

FACT = Fact(
    name="fx_rate",
    one_row_is="one currency's rate on one day",
    key=("day_on", "currency"),
    at="day_on",
    columns=(
        Column("day_on", Type.DAY, "The day.", required=True),
        text("currency", "ISO 4217 code of the foreign currency.", required=True),
        Column("rate", Type.NUMBER, "Units of the business's currency for one unit of the foreign one.", required=True),
    ),
)
