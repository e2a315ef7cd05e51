"""What the auditor of the county's ledger has found, and what it must look at next."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_touched",
        sa.Column("id", ROW, primary_key=True, autoincrement=True),
        sa.Column("center", sa.String(60), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_touched_by_center", "audit_touched", ["center", "id"])
    op.create_index("audit_touched_by_case", "audit_touched", ["case_id"])
    op.create_table(
        "audit_centers",
        sa.Column("center", sa.String(60), primary_key=True),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("reached_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit_clocks",
        sa.Column("ahead", sa.String(60), primary_key=True),
        sa.Column("behind", sa.String(60), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("by_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
    )
    op.create_table(
        "audit_mark",
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("back_ms", sa.BigInteger(), nullable=False),
        sa.Column("swept", sa.String(36), nullable=False),
    )
    op.create_table(
        "findings",
        sa.Column("id", ROW, primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(125), nullable=False),
        sa.Column("detail", sa.String(125), nullable=False),
        sa.Column("center", sa.String(60), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since_ms", "noticed_ms", "opens_ms")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("look_ms", "opened_ms", "cleared_ms")),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("pair", sa.String(125), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("findings_by_pair", "findings", ["pair", "cleared_ms"])
    op.create_index("findings_by_subject", "findings", ["subject", "cleared_ms"])
    op.create_index("findings_to_look_at", "findings", ["look_ms"])
    op.create_index("findings_uncleared", "findings", ["cleared_ms", "code", "center", "noticed_ms"])


def downgrade() -> None:
    for table in ("findings", "audit_mark", "audit_clocks", "audit_centers", "audit_touched"):
        op.drop_table(table)  # an older program audits nothing
