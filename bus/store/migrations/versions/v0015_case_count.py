"""How many cases are known here, so that nobody counts the closed ones."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_count",
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("known", sa.BigInteger(), nullable=False),
    )
    there = "SELECT 0, n FROM (SELECT count(*) AS n FROM cases) AS counted WHERE n > 0"
    op.execute(f"INSERT INTO case_count (slot, known) {there}")


def downgrade() -> None:
    op.drop_table("case_count")
