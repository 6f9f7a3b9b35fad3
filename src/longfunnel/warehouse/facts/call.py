"""Calls: phone calls."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import MARKETING, PROPS, VISITOR, Column, Fact, Type, count, instant, text

FACT = Fact(
    name="call",
    one_row_is="a phone call",
    key=("call_id",),
    at="started_at",
    columns=(
        text("call_id", "The call system's id.", required=True),
        instant("started_at", "When the call began.", required=True),
        text("phone", "The caller's number in E.164.", identifier="phone"),
        text("tracking_number", "The number that was called."),
        text("contact_id", "The CRM's contact id.", identifier="contact"),
        *VISITOR,
        *MARKETING,
        count("duration_seconds", "Length of the talk.", "seconds"),
        count("wait_seconds", "Time before an answer.", "seconds"),
        Column("is_answered", Type.FLAG, "Whether somebody answered."),
        Column("is_unique", Type.FLAG, "First call of this number, by the source's own rule."),
        Column("is_target", Type.FLAG, "Whether the source counts the call as a lead."),
        Column("is_outgoing", Type.FLAG, "A call by the company to a client."),
        text("manager", "Who answered."),
        text("tags", "Marks on the call, separated by commas."),
        text("region", "Region of the caller."),
        text("visit_id", "The visit during which the call was made."),
        PROPS,
    ),
)
