"""
What the network answered for numbers: when a record was received, lists of answers, and what accounts make of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NOW = {"sqlite": "(CAST(strftime('%s', 'now') AS INTEGER))", "postgresql": "CAST(extract(epoch FROM now()) AS BIGINT)"}
_OLD = "position, call_id, number, cli, account, environment, card, carrier, start_ms, duration_ms, pdd_ms, sip_code, sip_reason, q850"  # noqa: E501
_INDEXES = {
    "ix_call_records_start_ms": ["start_ms"],
    "ix_call_records_account_start_ms": ["account", "start_ms"],
    "ix_call_records_number_start_ms": ["number", "start_ms"],
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    received = sa.Column("received", sa.BigInteger, nullable=False, server_default=sa.text(_NOW[dialect]))
    if dialect == "sqlite":
        _copy_records(received)
    else:
        op.add_column("call_records", received)  # what is there counts as received now; nothing is rewritten
    op.add_column("accounts", sa.Column("asrplus", sa.Text))
    op.create_table(
        "listed_answers",
        _position(),
        sa.Column("environment", sa.String(4), nullable=False),
        sa.Column("number", _exact(15), nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("answered_at", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("environment", "number", "answered_at", "code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_listed_answers_answered_at", "listed_answers", ["answered_at"])


def downgrade() -> None:
    op.drop_table("listed_answers")
    op.drop_column("accounts", "asrplus")
    op.drop_column("call_records", "received")


def _copy_records(received: "sa.Column[int]") -> None:
    """
    SQLite adds no column whose default is not the same for ever; positions go on from where they were.
    """
    op.create_table(
        "call_records_received",
        _position(),
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
        received,
        sa.UniqueConstraint("call_id", "carrier", "account", "environment"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO call_records_received ({_OLD}) SELECT {_OLD} FROM call_records")  # noqa: S608 - names
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'call_records_received'")
    op.execute("UPDATE sqlite_sequence SET name = 'call_records_received' WHERE name = 'call_records'")
    op.drop_table("call_records")
    op.rename_table("call_records_received", "call_records")
    for name, columns in _INDEXES.items():
        op.create_index(name, "call_records", columns)


def _position() -> "sa.Column[int]":
    return sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _exact(length: int) -> sa.String:
    """
    Text compared byte for byte in every database.
    """
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
