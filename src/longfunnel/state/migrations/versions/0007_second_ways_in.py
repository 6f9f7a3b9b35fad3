"""Recovery codes; tokens that end by themselves; share links that show a page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
    )
    op.add_column("access_tokens", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    # they named a report and not a page, which is what a link shows now
    op.execute("UPDATE share_links SET revoked_at = made_at WHERE revoked_at IS NULL AND path LIKE '/report/%'")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("access_tokens", "expires_at")
    op.drop_table("recovery_codes")
