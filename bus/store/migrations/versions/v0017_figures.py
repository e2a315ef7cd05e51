"""What figures count of each case, and forms that wait for their record."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util.exc import CommandError

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FACTS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("due_ms", sa.BigInteger()),
    ("resolved_ms", sa.BigInteger()),
    ("closed_ms", sa.BigInteger()),
    ("reopened_ms", sa.BigInteger()),
    ("rated_ms", sa.BigInteger()),
    ("grade", sa.Integer()),
    ("outcome", sa.String(16)),
    ("instant", sa.Boolean()),
    ("hand_overs", sa.Integer()),
    ("division", sa.String(12)),
    ("project", sa.String(120)),
)


def upgrade() -> None:
    for name, kind in FACTS:
        op.add_column("cases", sa.Column(name, kind, nullable=True))
    op.create_table(
        "early_forms",
        sa.Column("form", sa.String(64), primary_key=True),
        sa.Column("native_id", sa.String(120), primary_key=True),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("record", sa.String(120), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("early_forms_by_record", "early_forms", ["system", "record"])


def downgrade() -> None:
    waiting = op.get_bind().execute(sa.text("SELECT count(*) FROM early_forms")).scalar_one()
    refused = op.get_bind().execute(sa.text("SELECT count(*) FROM parked WHERE place = 'form'")).scalar_one()
    if waiting or refused:
        raise CommandError(
            f"{waiting} forms wait for their record, and {refused} are parked under form, which an older program would "
            "forget: enter the records, and discard what is parked"
        )
    op.drop_table("early_forms")
    for name, _ in reversed(FACTS):
        op.drop_column("cases", name)
