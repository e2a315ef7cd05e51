"""The cursor of each poll of a center's own system."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("cursor", sa.String(500), nullable=False),
    )


def downgrade() -> None:
    op.execute("DELETE FROM parked WHERE place = 'poll'")  # the older program does not know that place
    op.drop_table("polls")
