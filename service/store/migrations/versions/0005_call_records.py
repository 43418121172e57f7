"""
Call records.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_records",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("call_id", _exact(255), nullable=False),
        sa.Column("number", _exact(15), nullable=False),
        sa.Column("cli", _exact(15), nullable=False),
        sa.Column("account", _exact(64), nullable=False),
        sa.Column("environment", sa.String(4), nullable=False),
        sa.Column("card", _exact(64), nullable=False),
        sa.Column("carrier", _exact(64), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("pdd_ms", sa.Integer),
        sa.Column("sip_code", sa.Integer, nullable=False),
        sa.Column("sip_reason", sa.String(128), nullable=False),
        sa.Column("q850", sa.Integer),
        sa.UniqueConstraint("call_id", "carrier", "account", "environment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_call_records_start_ms", "call_records", ["start_ms"])
    op.create_index("ix_call_records_account_start_ms", "call_records", ["account", "start_ms"])
    op.create_index("ix_call_records_number_start_ms", "call_records", ["number", "start_ms"])


def _exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def downgrade() -> None:
    op.drop_table("call_records")
