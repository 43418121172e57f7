"""
What cards are for, when which revision answers, and the files that nodes share.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXTS = {"kind": 8, "company": 128, "direction": 16, "public_name": 128, "private_name": 128, "tech_prefix": 32,
         "endpoint": 255}  # fmt: skip


def upgrade() -> None:
    for name, length in TEXTS.items():
        op.add_column("cards", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("cards", sa.Column("notes", sa.Text, nullable=False, server_default=""))
    op.add_column("cards", sa.Column("archived", sa.BigInteger))
    op.add_column("revisions", sa.Column("actor", sa.String(128), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("note", sa.String(255), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("terms", sa.Text))
    op.add_column("revisions", sa.Column("rows_digest", sa.String(64)))
    op.add_column("revisions", sa.Column("base", sa.Integer))
    activations = op.create_table(
        "activations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("card_id", sa.Integer, sa.ForeignKey("cards.id"), nullable=False, index=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("cancelled", sa.BigInteger),
    )
    op.create_table(
        "files",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "builds",
        sa.Column("card_id", sa.Integer, sa.ForeignKey("cards.id"), primary_key=True),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("parents", sa.Text, nullable=False),
        sa.Column("automatic", sa.Boolean, nullable=False),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("per_base", sa.String(40), nullable=False),
        sa.Column("base", sa.String(3), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    _keep_what_answers(activations)
    op.drop_column("cards", "active_revision")


def _keep_what_answers(activations: sa.Table) -> None:
    cards = sa.table("cards", *(sa.column(name) for name in ("id", "created", "active_revision")))
    columns = ["card_id", "revision", "at", "made", "actor"]
    rows = sa.select(cards.c.id, cards.c.active_revision, cards.c.created, cards.c.created, sa.literal("system"))
    op.execute(activations.insert().from_select(columns, rows.where(cards.c.active_revision.is_not(None))))


def downgrade() -> None:
    op.add_column("cards", sa.Column("active_revision", sa.Integer))
    op.execute(
        "UPDATE cards SET active_revision = (SELECT revision FROM activations WHERE card_id = cards.id "
        "AND cancelled IS NULL ORDER BY at DESC, activations.id DESC LIMIT 1)"
    )
    for table in ("exchange_rates", "builds", "files", "activations"):
        op.drop_table(table)
    for column in ("base", "rows_digest", "terms", "note", "actor"):
        op.drop_column("revisions", column)
    for column in ("archived", "notes", *TEXTS):
        op.drop_column("cards", column)
