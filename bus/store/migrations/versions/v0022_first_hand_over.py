"""What figures count of first hand-overs, contacts, calls back, second answers, and reasons of declined offers."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("cases", "ledger_states")
MOMENTS = ("taken_ms", "contacted_ms", "called_back_ms", "answered_again_ms")
ANSWERS = ("first_right", "solved")
INDEXED = ("taken", "called_back")


def upgrade() -> None:
    for table in TABLES:
        for name in MOMENTS:
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=True))
        for name in ANSWERS:
            op.add_column(table, sa.Column(name, sa.Boolean(), nullable=True))
    op.add_column("ledger_offers", sa.Column("reason", sa.String(64), nullable=True))
    for name in INDEXED:
        there = sa.text(f"{name}_ms IS NOT NULL")
        op.create_index(
            f"ledger_states_by_{name}", "ledger_states", [f"{name}_ms"], postgresql_where=there, sqlite_where=there
        )


def downgrade() -> None:
    op.drop_column("ledger_offers", "reason")
    for name in INDEXED:
        op.drop_index(f"ledger_states_by_{name}", "ledger_states")
    for table in TABLES:
        for name in (*ANSWERS, *MOMENTS):
            op.drop_column(table, name)
