"""Marks of centers in directories, besides their keys."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_marks",
        sa.Column("center", sa.String(60), primary_key=True),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("directory_marks")
