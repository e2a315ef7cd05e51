"""Lists of a ledger's cases by state, by holder and by origin, as their origins have told them; and by the end of the
id, which a short number tells."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OF_CENTERS = ("holder", "origin")


def upgrade() -> None:
    op.create_index("ledger_states_by_status", "ledger_states", ["status", "opened_ms", "case_id"])
    for name in OF_CENTERS:
        op.create_index(f"ledger_states_by_{name}", "ledger_states", [name, "status", "opened_ms", "case_id"])
    op.create_index("ledger_states_by_ending", "ledger_states", [sa.text("substr(case_id, 30)")])


def downgrade() -> None:
    for name in ("ending", *OF_CENTERS, "status"):
        op.drop_index(f"ledger_states_by_{name}", "ledger_states")
