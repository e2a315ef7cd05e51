"""The archive of sent and received messages, and the tables that a recovery needs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("peer", sa.String(60), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("archive_by_peer", "archive", ["peer", "id"])
    op.create_index("archive_by_age", "archive", ["at_ms"])
    op.create_table(
        "eras",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("era", sa.Integer(), nullable=False),
        sa.Column("recovery", sa.String(36), nullable=False),
    )
    op.create_table(
        "pages_owed",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("recovery", sa.String(36), nullable=False),
        sa.Column("cursor", sa.String(64), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recoveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("era", sa.Integer(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "recovery_peers",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cursor", sa.String(64), nullable=False),
        sa.Column("partial", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recovery_told",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=True),
        sa.Column("code", sa.String(64), nullable=True),
    )
    op.create_index("recovery_told_by_case", "recovery_told", ["case_id"])
    op.add_column("work", sa.Column("said", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("work", "said")
    for table in ("recovery_told", "recovery_peers", "recoveries", "pages_owed", "eras", "archive"):
        op.drop_table(table)
