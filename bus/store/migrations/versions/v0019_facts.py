"""What the county's ledger has not been told yet, and what the ledger itself keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXED = ("due", "resolved", "closed", "reopened", "rated", "claimed")
MOMENTS = ("offered", "sign_by", "due", "resolved", "closed", "reopened", "rated", "claimed")


def upgrade() -> None:
    op.create_table(
        "facts_untold",
        sa.Column("id", ROW, primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("states", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "facts_asked",
        sa.Column("ledger", sa.String(60), primary_key=True),
        sa.Column("after", sa.String(36), nullable=False),
    )
    op.create_table(
        "facts_refused",
        sa.Column("ledger", sa.String(60), primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.String(100), nullable=False),
        sa.Column("tried_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "ledger_facts",
        sa.Column("id", ROW, primary_key=True, autoincrement=True),
        sa.Column("center", sa.String(60), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=True),
        sa.Column("peer", sa.String(60), nullable=True),
        sa.Column("message_id", sa.String(36), nullable=True),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("holder", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ledger_facts_by_case", "ledger_facts", ["case_id", "center", "id"])
    there = sa.text("message_id IS NOT NULL")
    op.create_index(
        "ledger_facts_by_message", "ledger_facts", ["message_id"], sqlite_where=there, postgresql_where=there
    )
    op.create_index("ledger_facts_by_time", "ledger_facts", ["at_ms"])
    op.create_table(
        "ledger_states",
        sa.Column("center", sa.String(60), primary_key=True),
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("origin", sa.String(60), nullable=False),
        sa.Column("holder", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("division", sa.String(9), nullable=True),
        sa.Column("project", sa.String(36), nullable=True),
        sa.Column("offered_to", sa.Text(), nullable=False),
        *(sa.Column(f"{name}_ms", sa.BigInteger(), nullable=True) for name in MOMENTS),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(64), nullable=True),
        sa.Column("instant", sa.Boolean(), nullable=True),
        sa.Column("hand_overs", sa.Integer(), nullable=True),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.Column("look_ms", sa.BigInteger(), nullable=True),
    )
    op.create_index("ledger_states_by_case", "ledger_states", ["case_id"])
    # whole: SQLite does not use a partial one where the column is never null
    op.create_index("ledger_states_by_opened", "ledger_states", ["opened_ms"])
    dated = sa.text("look_ms IS NOT NULL")
    op.create_index(
        "ledger_states_to_look_at", "ledger_states", ["look_ms"], sqlite_where=dated, postgresql_where=dated
    )
    for name in ("project", *(f"{moment}_ms" for moment in INDEXED)):
        there = sa.text(f"{name} IS NOT NULL")
        index = f"ledger_states_by_{name.removesuffix('_ms')}"
        op.create_index(index, "ledger_states", [name], sqlite_where=there, postgresql_where=there)
    _figures()
    op.create_table(
        "ledger_centers",
        sa.Column("center", sa.String(60), primary_key=True),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(16), nullable=True),
        sa.Column("ask_ms", sa.BigInteger(), nullable=True),
        sa.Column("day_ms", sa.BigInteger(), nullable=False),
        sa.Column("day_rows", sa.Integer(), nullable=False),
    )
    op.create_index("ledger_centers_to_ask", "ledger_centers", ["ask_ms"])


def _figures() -> None:
    op.create_table(
        "ledger_offers",
        sa.Column("center", sa.String(60), primary_key=True),
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("recipient", sa.String(60), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("offered_ms", sa.BigInteger(), nullable=False),
        sa.Column("sign_by_ms", sa.BigInteger(), nullable=True),
        sa.Column("answered_ms", sa.BigInteger(), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
    )
    for name in ("offered", "sign_by", "answered"):
        op.create_index(f"ledger_offers_by_{name}", "ledger_offers", [f"{name}_ms"])
    op.create_table(
        "ledger_cells",
        sa.Column("part", sa.String(40), primary_key=True),
        sa.Column("scope", sa.String(80), primary_key=True),
        sa.Column("cohort_day", sa.Integer(), primary_key=True),
        sa.Column("event_day", sa.Integer(), primary_key=True),
        sa.Column("value", sa.Integer(), primary_key=True),
        sa.Column("teller", sa.String(60), primary_key=True),
        sa.Column("cases", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_sums_untold",
        sa.Column("part", sa.String(40), primary_key=True),
        sa.Column("scope", sa.String(80), primary_key=True),
        sa.Column("cohort_day", sa.Integer(), primary_key=True),
        sa.Column("event_day", sa.Integer(), primary_key=True),
        sa.Column("value", sa.Integer(), primary_key=True),
    )
    op.create_table(
        "ledger_carried",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("recipient", sa.String(60), primary_key=True),
        sa.Column("sender", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ledger_carried_by_place", "ledger_carried", ["place"])
    op.create_index("ledger_carried_by_time", "ledger_carried", ["at_ms"])
    op.create_table(
        "ledger_reckoning",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reckoning", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    for table in (
        "ledger_carried",
        "ledger_sums_untold",
        "ledger_reckoning",
        "ledger_cells",
        "ledger_offers",
        "ledger_centers",
        "ledger_states",
        "ledger_facts",
        "facts_refused",
        "facts_asked",
        "facts_untold",
    ):
        op.drop_table(table)  # an older program tells no facts, and keeps none; a ledger asks anew
