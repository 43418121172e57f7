"""
Companies that partners report on: their locations, the devices sold there, and which accounts may see them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_companies",
        sa.Column("environment", sa.String(4), primary_key=True),
        sa.Column("company_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("doing_business_as", sa.Text, nullable=False),
    )
    op.create_table(
        "partner_locations",
        sa.Column("environment", sa.String(4), primary_key=True),
        sa.Column("location_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("company_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("parent_id", sa.BigInteger),
    )
    op.create_index("ix_partner_locations_company_id", "partner_locations", ["environment", "company_id"])
    op.create_table(
        "partner_devices",
        sa.Column("environment", sa.String(4), primary_key=True),
        sa.Column("company_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("imei", _exact(100), primary_key=True),
        sa.Column("purchased", sa.Date, primary_key=True),
        sa.Column("returned", sa.Date),
        sa.Column("client_id", sa.String(36)),
        sa.Column("location_id", sa.BigInteger),
    )
    op.create_table(
        "partner_grants",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("environment", sa.String(4), primary_key=True),
        sa.Column("company_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("location_id", sa.BigInteger, primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    for name in ("partner_grants", "partner_devices", "partner_locations", "partner_companies"):
        op.drop_table(name)


def _exact(length: int) -> sa.String:
    """
    Text compared byte for byte in every database.
    """
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
