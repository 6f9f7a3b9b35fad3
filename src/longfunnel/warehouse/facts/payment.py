"""Payments: money in, or back."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import CONTACT, CURRENCY, PROPS, Fact, instant, money, text

FACT = Fact(
    name="payment",
    one_row_is="a payment or a refund",
    key=("payment_id",),
    at="paid_at",
    columns=(
        text("payment_id", "The payment's own id.", required=True),
        instant("paid_at", "When the money moved.", required=True),
        text("kind", "payment or refund. A negative amount is a refund too."),
        money("amount", "The sum, positive for both kinds.", required=True),
        CURRENCY,
        text("order_id", "The order that is paid.", identifier="order"),
        text("deal_id", "The deal that is paid.", identifier="deal"),
        *CONTACT,
        text("user_id", "The site's own account id.", identifier="user"),
        money("cost_of_goods", "What the goods or the service cost the company."),
        text("product", "What is paid for."),
        text("method", "card, invoice, cash."),
        PROPS,
    ),
)
