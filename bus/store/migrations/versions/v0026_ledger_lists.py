"""Lists of a ledger's cases by state and by holder, as their origins have told them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OWN = "center = origin"


def upgrade() -> None:
    for name in ("status", "holder"):
        op.create_index(
            f"ledger_states_own_by_{name}", "ledger_states", [name, "opened_ms", "case_id"],
            postgresql_where=sa.text(OWN), sqlite_where=sa.text(OWN),
        )  # fmt: skip


def downgrade() -> None:
    for name in ("status", "holder"):
        op.drop_index(f"ledger_states_own_by_{name}", "ledger_states")
