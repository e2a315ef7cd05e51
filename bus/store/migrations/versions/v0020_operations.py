"""What persons on duty want of a center: their commands, the operations that come of them, notes, and pauses."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_commands",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("key_id", sa.String(80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
    )
    op.create_index("staff_commands_by_time", "staff_commands", ["at_ms"])
    op.create_table(
        "refused_commands",
        sa.Column("key_id", sa.String(80), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("run_by", sa.String(80), nullable=True),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("again", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("operations_by_state", "operations", ["state", "made_ms"])
    op.create_table(
        "operation_items",
        sa.Column("operation_id", sa.String(36), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("message_id", sa.String(36), nullable=True),
    )
    op.create_table(
        "parked_marks",
        sa.Column(
            "parked_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("held_by", sa.String(80), nullable=True),
        sa.Column("note", sa.String(64), nullable=True),
        sa.Column("noted_by", sa.String(80), nullable=True),
    )
    op.create_table(
        "paused",
        sa.Column("what", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("paused_by", sa.String(80), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "operations_asked",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("peer", sa.String(60), nullable=False),
        sa.Column("command", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("operations_asked_by_time", "operations_asked", ["at_ms"])
    op.create_table(
        "operations_carried",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("center", sa.String(60), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
    )
    op.create_index("operations_carried_by_time", "operations_carried", ["at_ms"])


def downgrade() -> None:
    for table in (
        "operations_carried",
        "operations_asked",
        "paused",
        "parked_marks",
        "operation_items",
        "operations",
        "refused_commands",
        "staff_commands",
    ):
        op.drop_table(table)
