"""Stage entries: deals moving through the CRM's stages."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import PROPS, Fact, count, instant, text

FACT = Fact(
    name="stage_entry",
    one_row_is="a deal entering a stage",
    key=("deal_id", "pipeline", "stage", "entered_at"),
    at="entered_at",
    columns=(
        text("deal_id", "The CRM's deal id.", required=True, identifier="deal"),
        instant("entered_at", "When the deal entered the stage.", required=True),
        text("pipeline", "Pipeline of the CRM."),
        text("stage", "The stage entered.", required=True),
        count("stage_number", "Place of the stage in its pipeline, from 1."),
        text("manager", "Who moved the deal."),
        PROPS,
    ),
)
