"""Lists of a ledger's cases by state, by holder and by origin, as their origins have told them."""

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


def downgrade() -> None:
    for name in (*OF_CENTERS, "status"):
        op.drop_index(f"ledger_states_by_{name}", "ledger_states")
