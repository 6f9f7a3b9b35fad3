"""Secrets that are typed in a page and belong to no source: sealed by who keeps them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sealed",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sealed"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("sealed")
