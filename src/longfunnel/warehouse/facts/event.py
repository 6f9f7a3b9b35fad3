"""Events: what a visitor did."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import CURRENCY, MARKETING, PROPS, VISITOR, Fact, instant, money, text

FACT = Fact(
    name="event",
    one_row_is="something a visitor did: a page view, click, form, goal, purchase or custom event",
    key=("event_id",),
    at="happened_at",
    immutable=True,
    columns=(
        text("event_id", "The event's own id; made from the row where the source has none.", required=True),
        instant("happened_at", "When it happened.", required=True),
        text("name", "page_view, click, form_submit, goal, purchase, or the site's own name.", required=True),
        *VISITOR,
        text("email", "E-mail address, where the visitor gave it.", identifier="email"),
        text("phone", "Phone number in E.164, where the visitor gave it.", identifier="phone"),
        text("session_id", "The session, where the source has already cut sessions."),
        text("url", "Full address of the page."),
        text("page", "Path of the page, without query."),
        text("title", "Title of the page."),
        *MARKETING,
        text("device", "desktop, mobile or tablet."),
        text("region", "Region or city."),
        text("order_id", "The shop's order id, on a purchase.", identifier="order"),
        money("amount", "Money in the event, on a purchase."),
        CURRENCY,
        text(
            "excluded",
            "Why the event counts nowhere: bot, own (the company's own visit) or referrer_spam. Empty: it counts.",
        ),
        PROPS,
    ),
)
