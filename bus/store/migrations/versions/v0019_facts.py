"""What the county's ledger has not been told yet."""

import sqlalchemy as sa
from alembic import op

from bus.store.tables import RowId

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "facts_untold"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", RowId, primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table(TABLE)  # an older program tells no facts, and the ledger asks anew
