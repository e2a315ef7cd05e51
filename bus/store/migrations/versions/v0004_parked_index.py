"""An index that finds parked items by message: after a bad day there are thousands, and each round asks."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("parked_by_message", "parked", ["message_id"])


def downgrade() -> None:
    op.drop_index("parked_by_message", "parked")
