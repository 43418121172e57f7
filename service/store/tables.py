"""
The store's tables. Their history is in ``migrations/``.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""One row: a number that grows with every change a serving process must see."""

cards = Table(
    "cards",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("active_revision", Integer),
)
"""``active_revision``: number of the revision that answers; null: none does. ``created``: unix seconds."""

revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("card_id", Integer, ForeignKey("cards.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("source", String(255), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("rules", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("card_id", "number"),
)
"""Immutable: a change of a card is one more row. ``digest``: SHA-256 that names the compiled card's file."""

mappings = Table(
    "mappings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("fingerprint", String(64)),
    Column("body", Text, nullable=False),
)
"""What a carrier's decks mean. ``fingerprint``: of the header it is for; ``body``: JSON."""

reference_tables = Table(
    "reference_tables",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("source", String(255), nullable=False),
    Column("entries", Integer, nullable=False),
    Column("loaded", BigInteger, nullable=False),
)
"""Tables that refine what look-ups know. ``digest``: SHA-256 that names the file; ``loaded``: unix seconds."""
