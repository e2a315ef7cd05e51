"""Incidents of a console, and what their receivers are still to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("cleared_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("peer", sa.String(60), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("gone_ms", sa.BigInteger(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.String(16), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_by", sa.String(40), nullable=False),
        sa.Column("acknowledged_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("incidents_by_key", "incidents", ["key", "cleared_ms"], unique=True)
    op.create_index("incidents_by_end", "incidents", ["cleared_ms", "id"])
    op.create_table(
        "notices",
        sa.Column("id", ROW, primary_key=True, autoincrement=True),
        sa.Column("notice_id", sa.String(36), nullable=False),
        sa.Column("receiver", sa.String(40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("notices_by_receiver", "notices", ["receiver", "due_ms"])


def downgrade() -> None:
    for table in ("notices", "incidents"):
        op.drop_table(table)
