"""By what a console finds cases: category, street, moments and the end of the id; and how far the access log was
checked."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = (("category", sa.String(64)), ("street", sa.String(12)), ("offered_ms", sa.BigInteger()))
INDEXES = (
    ("cases_by_opened", ["opened_ms", "case_id"], ""),
    ("cases_by_category", ["category", "opened_ms", "case_id"], "category IS NOT NULL"),
    ("cases_by_street", ["street", "opened_ms", "case_id"], "street IS NOT NULL"),
    ("cases_overdue", ["status", "due_ms", "case_id"], "status = 'open' AND due_ms IS NOT NULL"),
    ("cases_going_round", ["status", "version", "case_id"], "status = 'open' AND version >= 5"),
    ("cases_unanswered", ["offered_ms", "case_id"], "offered_ms IS NOT NULL"),
)
ENDING = "cases_by_ending"


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("cases", sa.Column(name, kind, nullable=True))
    for name, columns, where in INDEXES:
        some = sa.text(where) if where else None
        op.create_index(name, "cases", columns, postgresql_where=some, sqlite_where=some)
    op.create_index(ENDING, "cases", [sa.text("substr(case_id, 30)")])
    op.create_table(
        "console_marks",
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("console_marks")
    op.drop_index(ENDING, "cases")
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, "cases")
    for name, _ in reversed(COLUMNS):
        op.drop_column("cases", name)
