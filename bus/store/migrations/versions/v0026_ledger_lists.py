"""Lists of a ledger's cases by state and by holder, as their origins have told them."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("status", "holder"):
        op.create_index(f"ledger_states_by_{name}", "ledger_states", [name, "opened_ms", "case_id"])


def downgrade() -> None:
    for name in ("status", "holder"):
        op.drop_index(f"ledger_states_by_{name}", "ledger_states")
