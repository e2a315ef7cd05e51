"""Totals of a ledger: each cohort of the county with the events of all days."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_totals",
        sa.Column("part", sa.String(40), primary_key=True),
        sa.Column("cohort_day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO ledger_totals SELECT part, cohort_day, value, sum(cases) FROM ledger_cells"
        " WHERE scope = '' AND teller = '' GROUP BY part, cohort_day, value"
    )


def downgrade() -> None:
    op.drop_table("ledger_totals")
