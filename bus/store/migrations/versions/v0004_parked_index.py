"""What is parked is found by its message: after a bad day thousands of things lie there, and each round asks."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("parked_by_message", "parked", ["message_id"])


def downgrade() -> None:
    op.drop_index("parked_by_message", "parked")
