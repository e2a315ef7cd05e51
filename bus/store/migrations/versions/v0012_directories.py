"""The newest directory in use, and the peers whose receipts carry digests."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directories",
        sa.Column("operator", sa.String(64), primary_key=True),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "vouching_peers",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("vouching_peers")
    op.drop_table("directories")
