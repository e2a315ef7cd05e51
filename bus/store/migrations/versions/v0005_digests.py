"""Digests of messages, and signed receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("outbox", "receipts", "applied", "archive")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("digest", sa.LargeBinary(32), nullable=True))
    op.add_column("archive", sa.Column("receipt", sa.BigInteger(), nullable=True))
    op.create_table(
        "receipts_heard",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("peer", sa.String(60), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("receipts_heard_by_age", "receipts_heard", ["at_ms"])


def downgrade() -> None:
    op.drop_table("receipts_heard")
    op.drop_column("archive", "receipt")
    for table in TABLES:
        op.drop_column(table, "digest")
