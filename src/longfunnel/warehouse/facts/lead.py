"""Leads: requests to be contacted."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import CONTACT, MARKETING, PROPS, VISITOR, Column, Fact, Type, instant, text

FACT = Fact(
    name="lead",
    one_row_is="a request to be contacted: a form, call, chat, e-mail, marketplace or CRM lead",
    key=("lead_id",),
    at="created_at",
    columns=(
        text("lead_id", "The system's lead id.", required=True, identifier="lead"),
        instant("created_at", "When the request was made.", required=True),
        text("kind", "form, call, chat, email, marketplace or crm."),
        *CONTACT,
        *VISITOR,
        *MARKETING,
        text("name", "The person's name."),
        text("company", "The person's company."),
        Column("is_qualified", Type.FLAG, "Whether sales accepted the lead as a real one."),
        text("quality", "The source's own word for the lead's quality or status."),
        text("manager", "Who answers the lead."),
        text("product", "What the lead asks for."),
        text("audience", "Segment of clients."),
        text("region", "Region or city."),
        text("device", "desktop, mobile or tablet."),
        text("visit_id", "The visit in which the lead was left, where the source knows it."),
        Column("is_deleted", Type.FLAG, "The source has deleted the lead; it counts nowhere and stays in the ledger."),
        PROPS,
    ),
)
