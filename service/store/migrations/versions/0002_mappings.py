"""
Saved mappings of decks, and tables of reference such as the places of North American exchanges.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mappings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "reference_tables",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("loaded", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("reference_tables", "mappings"):
        op.drop_table(table)
