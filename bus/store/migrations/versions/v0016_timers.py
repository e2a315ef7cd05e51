"""When each case is looked at by the clocks, and what the clocks remember of themselves. Empty while they are off."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timers",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("timers_due", "timers", ["next_ms"])
    op.create_table(
        "clock_state",
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("back_ms", sa.BigInteger(), nullable=False),
        sa.Column("away_ms", sa.BigInteger(), nullable=False),
        sa.Column("goes", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("clock_state")
    op.drop_table("timers")
