"""Who has claimed a matter, opinions of others than the resident, and activities with their hosts."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("opinions", "activity_hosts", "activities")


def upgrade() -> None:
    op.add_column("cases", sa.Column("claimed_ms", sa.BigInteger(), nullable=True))
    there = {*sa.inspect(op.get_bind()).get_table_names()}
    if "opinions" not in there:
        op.create_table(
            "opinions",
            sa.Column("case_id", sa.String(36), primary_key=True),
            sa.Column("round", sa.Integer(), primary_key=True, autoincrement=False),
            sa.Column("rater", sa.String(16), primary_key=True),
            sa.Column("mark", sa.String(32), primary_key=True),
            sa.Column("grade", sa.Integer(), nullable=False),
            sa.Column("at_ms", sa.BigInteger(), nullable=False),
        )
    if "activities" not in there:
        op.create_table(
            "activities",
            sa.Column("system", sa.String(64), primary_key=True),
            sa.Column("native_id", sa.String(120), primary_key=True),
            sa.Column("held_ms", sa.BigInteger(), nullable=False),
            sa.Column("division", sa.String(12), nullable=False),
        )
    if "activity_hosts" not in there:
        op.create_table(
            "activity_hosts",
            sa.Column("system", sa.String(64), primary_key=True),
            sa.Column("native_id", sa.String(120), primary_key=True),
            sa.Column("host", sa.String(60), primary_key=True),
        )


def downgrade() -> None:
    for table in TABLES:  # nothing else remembers what they hold, and an older program does not look at them
        if not op.get_bind().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one():  # noqa: S608 - our own names
            op.drop_table(table)
    op.drop_column("cases", "claimed_ms")
