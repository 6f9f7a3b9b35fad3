"""Identity links: evidence that two identifiers are one person."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import Fact, instant, text

FACT = Fact(
    name="identity_link",
    one_row_is="evidence that two identifiers are one person",
    key=("kind_a", "value_a", "kind_b", "value_b"),
    at="seen_at",
    columns=(
        text("kind_a", "Kind of the first identifier: visitor, email, phone.", required=True),
        text("value_a", "The first identifier.", required=True),
        text("kind_b", "Kind of the second identifier.", required=True),
        text("value_b", "The second identifier.", required=True),
        instant("seen_at", "When the two were seen together."),
    ),
)
