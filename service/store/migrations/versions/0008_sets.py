"""
Files of numbers: sets, their revisions, files on their way into the store, and who refuses calls by them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_sets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("current", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "number_set_revisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("set_id", sa.Integer, sa.ForeignKey("number_sets.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("loaded", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.UniqueConstraint("set_id", "number"),
    )
    op.create_table(
        "incoming_files",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("begun", sa.BigInteger, nullable=False),
    )
    op.add_column("accounts", sa.Column("refusing", sa.Text))


def downgrade() -> None:
    op.drop_column("accounts", "refusing")
    op.drop_table("incoming_files")
    op.drop_table("number_set_revisions")
    op.drop_table("number_sets")
