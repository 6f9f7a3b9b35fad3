"""Survey answers: NPS, CSAT and others."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import PROPS, Column, Fact, Type, instant, text

FACT = Fact(
    name="survey_answer",
    one_row_is="an answer to a survey: NPS, CSAT or another",
    key=("answer_id",),
    at="answered_at",
    columns=(
        text("answer_id", "The answer's own id.", required=True),
        instant("answered_at", "When it was given.", required=True),
        text("kind", "nps, csat, ces or the survey's own name.", required=True),
        Column("score", Type.NUMBER, "The number given: 0 to 10 for NPS, 1 to 5 for CSAT."),
        text("comment", "Free text."),
        text("email", "Who answered.", identifier="email"),
        text("phone", "Who answered, E.164.", identifier="phone"),
        text("contact_id", "The CRM's contact id.", identifier="contact"),
        text("user_id", "The site's own account id.", identifier="user"),
        text("visitor_id", "First-party visitor cookie.", identifier="visitor"),
        text("deal_id", "The deal that is asked about.", identifier="deal"),
        text("order_id", "The order that is asked about.", identifier="order"),
        PROPS,
    ),
)
