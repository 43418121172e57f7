"""
Accounts, their plans, networks and keys, the audit, and look-ups counted.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIMITS = ("per_second", "burst", "per_day", "per_month")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("all_cards", sa.Boolean, nullable=False),
        sa.Column("profile", sa.Text),
        *(sa.Column(name, sa.BigInteger) for name in (*LIMITS, "concurrent")),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "account_cards",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("card", sa.String(64), primary_key=True),
    )
    op.create_table(
        "account_networks",
        sa.Column("network", sa.String(49), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False),
    )
    op.create_table(
        "service_limits",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("service", sa.String(32), primary_key=True),
        *(sa.Column(name, sa.BigInteger) for name in LIMITS),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("environment", sa.String(4), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
    )
    _others()


def _others() -> None:
    shared = op.create_table(
        "secrets",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )
    op.bulk_insert(shared, [{"name": "tokens", "value": secrets.token_hex(32)}])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("object", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "usage",
        sa.Column("meter", sa.String(64), primary_key=True),
        sa.Column("limit", sa.String(48), primary_key=True),
        sa.Column("window", sa.BigInteger, primary_key=True),
        sa.Column("used", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    tables = ("usage", "audit", "secrets", "keys", "service_limits", "account_networks", "account_cards", "accounts")
    for table in tables:
        op.drop_table(table)
