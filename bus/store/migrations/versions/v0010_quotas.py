"""The offerer of each waiting offer, and the peers whose messages were put off."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("offerer", sa.String(60), nullable=True))
    offered = sa.text("offerer IS NOT NULL")
    op.create_index("cases_offered", "cases", ["offerer"], sqlite_where=offered, postgresql_where=offered)
    op.create_table(
        "put_off",
        sa.Column("peer", sa.String(60), primary_key=True),
        sa.Column("quota", sa.String(64), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("put_off")
    op.drop_index("cases_offered", "cases")
    op.drop_column("cases", "offerer")
