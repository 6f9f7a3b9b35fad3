"""Subscriptions, alerts, and the letters of both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        *_texts("name", "page", "query", "language", "recipients", "every"),
        sa.Column("on_day", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        _instant("made_at", nullable=False),
        _instant("next_at", nullable=False),
        _instant("sent_at"),
        _instant("paused_at"),
        *_texts("trouble"),
        sa.CheckConstraint("every IN ('day', 'week', 'month')", name="ck_subscriptions_every"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_subscriptions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        *_texts("name", "page", "query", "language", "recipients", "metric", "rule"),
        sa.Column("threshold", sa.Text(), nullable=True),
        _instant("made_at", nullable=False),
        _instant("paused_at"),
        _instant("checked_at"),
        *_texts("state", "reading"),
        sa.Column("episode", sa.Integer(), nullable=False),
        _instant("alarm_at"),
        _instant("normal_at"),
        *_texts("trouble"),
        sa.CheckConstraint("rule IN ('above', 'below', 'unusual')", name="ck_alerts_rule"),
        sa.CheckConstraint("state IN ('unknown', 'normal', 'alarm')", name="ck_alerts_state"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_alerts_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        *_texts("key", "kind", "recipient", "detail"),
        _instant("due_at", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _instant("try_at"),
        _instant("sent_at"),
        *_texts("trouble"),
        sa.CheckConstraint("kind IN ('report', 'alarm', 'normal')", name="ck_letters_kind"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_letters_subscription_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_letters_alert_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
        sa.UniqueConstraint("key", name="uq_letters_key"),
    )
    op.create_index("ix_letters_try_at", "letters", ["try_at"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("letters")
    op.drop_table("alerts")
    op.drop_table("subscriptions")
