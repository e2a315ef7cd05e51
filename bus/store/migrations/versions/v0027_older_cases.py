"""Which cases an older program has written: housekeeping fills the columns that it did not keep."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    some = sa.text("category IS NULL")
    op.create_index("cases_older", "cases", ["case_id"], postgresql_where=some, sqlite_where=some)


def downgrade() -> None:
    op.drop_index("cases_older", "cases")
