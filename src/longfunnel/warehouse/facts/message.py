"""Messages: what was sent to a person, and what became of it."""

from __future__ import annotations

from longfunnel.warehouse.facts._fact import PROPS, Fact, instant, text

FACT = Fact(
    name="message",
    one_row_is="a message sent, delivered, opened, clicked, answered, bounced or unsubscribed",
    key=("message_id", "kind"),
    at="happened_at",
    columns=(
        text("message_id", "The message's own id.", required=True),
        text("kind", "sent, delivered, opened, clicked, answered, bounced or unsubscribed.", required=True),
        instant("happened_at", "When it happened.", required=True),
        text("medium", "email, sms, telegram, whatsapp or chat."),
        text("campaign", "Mailing or scenario."),
        text("email", "Recipient's e-mail.", identifier="email"),
        text("phone", "Recipient's phone in E.164.", identifier="phone"),
        text("contact_id", "The CRM's contact id.", identifier="contact"),
        text("telegram_id", "Telegram user id.", identifier="telegram"),
        text("subject", "Subject or first words."),
        PROPS,
    ),
)
