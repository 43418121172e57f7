"""
The store's tables. Their history is in ``migrations/``.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()


def _exact(length: int) -> String:
    """
    Text compared byte for byte in every database, so that a range of its index is a range of prefixes.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


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
    Column("kind", String(8), nullable=False, server_default=""),
    Column("company", String(128), nullable=False, server_default=""),
    Column("direction", String(16), nullable=False, server_default=""),
    Column("public_name", String(128), nullable=False, server_default=""),
    Column("private_name", String(128), nullable=False, server_default=""),
    Column("tech_prefix", String(32), nullable=False, server_default=""),
    Column("endpoint", String(255), nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default=""),
    Column("archived", BigInteger),
)
"""``kind``: provider, customer or not said; ``created``, ``archived``: unix seconds."""

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
    Column("actor", String(128), nullable=False, server_default=""),
    Column("note", String(255), nullable=False, server_default=""),
    Column("terms", Text),
    Column("rows_digest", String(64)),
    Column("base", Integer),
    UniqueConstraint("card_id", "number"),
)
"""
Immutable: a change of a card is one more row. ``digest``: SHA-256 that names the compiled card's file;
``rows_digest``: of the file with its rules, or with what sets them apart from those of the revision ``base``;
``terms``: JSON of what the card says of all its rules.
"""

activations = Table(
    "activations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("card_id", Integer, ForeignKey("cards.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("cancelled", BigInteger),
)
"""
When which revision begins to answer, unix seconds. At any instant the latest one that is not cancelled does, so that
a scheduled one goes live without anybody doing anything.
"""

files = Table(
    "files",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Files that all nodes need, in parts, by their SHA-256: compiled cards, rules of revisions, reference tables."""

builds = Table(
    "builds",
    metadata,
    Column("card_id", Integer, ForeignKey("cards.id"), primary_key=True),
    Column("recipe", Text, nullable=False),
    Column("parents", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
)
"""Cards made from others. ``recipe``: JSON of how; ``parents``: JSON of the revisions last made from."""

routings = Table(
    "routings",
    metadata,
    Column("card_id", Integer, ForeignKey("cards.id"), primary_key=True),
    Column("body", Text, nullable=False),
)
"""Which carriers' cards stand behind a customer card, and what a route must be. ``body``: JSON."""

exchange_rates = Table(
    "exchange_rates",
    metadata,
    Column("currency", String(3), primary_key=True),
    Column("per_base", String(40), nullable=False),
    Column("base", String(3), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What one unit of the base currency is worth, as a decimal text; ``at``: unix seconds it was given."""

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

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("card", String(64), nullable=False),
    Column("all_cards", Boolean, nullable=False),
    Column("profile", Text),
    Column("per_second", BigInteger),
    Column("burst", BigInteger),
    Column("per_day", BigInteger),
    Column("per_month", BigInteger),
    Column("concurrent", BigInteger),
    Column("dry_run", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("asrplus", Text),
    Column("refusing", Text),
)
"""
Who may ask. ``card``: the one asked when a request names none; ``profile``: JSON of how its numbers are normalised;
limits: null is none. ``created``: unix seconds. ``asrplus``: JSON of what numbers' last answers mean to it;
``refusing``: JSON of the sets whose numbers it wants no calls to, or from.
"""

account_cards = Table(
    "account_cards",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True),
    Column("card", String(64), primary_key=True),
)
"""Further cards that an account may ask."""

account_networks = Table(
    "account_networks",
    metadata,
    Column("network", String(49), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
)
"""Addresses that are an account's credential, in CIDR notation."""

service_limits = Table(
    "service_limits",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True),
    Column("service", String(32), primary_key=True),
    Column("per_second", BigInteger),
    Column("burst", BigInteger),
    Column("per_day", BigInteger),
    Column("per_month", BigInteger),
)
"""Limits of an account for one service, besides its own."""

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("environment", String(4), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(255), nullable=False),
    Column("label", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
)
"""
Keys by their public part. ``environment``: live or test; ``digest``: SHA-256 of the whole key, in hexadecimal;
``scopes``: with spaces between; times: unix seconds.
"""

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(64), nullable=False),
)
"""What the nodes share and nobody else knows: the key that tokens are signed with."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object", String(128), nullable=False),
    Column("detail", Text, nullable=False),
)
"""Every change, never changed itself. ``actor``: who; ``action``: such as ``key.revoke``; ``detail``: JSON."""

usage = Table(
    "usage",
    metadata,
    Column("meter", String(64), primary_key=True),
    Column("limit", String(48), primary_key=True),
    Column("window", BigInteger, primary_key=True),
    Column("used", BigInteger, nullable=False),
)
"""
Look-ups counted where no Redis does. ``limit``: ``day``, ``month``, or with a service ``day.rate``; ``window``: days
since 1970-01-01, or year * 12 + month - 1.
"""

call_records = Table(
    "call_records",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_id", _exact(255), nullable=False),
    Column("number", _exact(15), nullable=False),
    Column("cli", _exact(15), nullable=False),
    Column("account", _exact(64), nullable=False),
    Column("environment", String(4), nullable=False),
    Column("card", _exact(64), nullable=False),
    Column("carrier", _exact(64), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("duration_ms", BigInteger),
    Column("pdd_ms", Integer),
    Column("sip_code", Integer, nullable=False),
    Column("sip_reason", String(128), nullable=False),
    Column("q850", Integer),
    Column("received", BigInteger, nullable=False, server_default=FetchedValue()),
    UniqueConstraint("call_id", "carrier", "account", "environment"),
    Index("ix_call_records_start_ms", "start_ms"),
    Index("ix_call_records_account_start_ms", "account", "start_ms"),
    Index("ix_call_records_number_start_ms", "number", "start_ms"),
    sqlite_autoincrement=True,
)
"""
What became of each call. ``position``: grows in the order in which records were committed, and is never given twice;
``cli``: empty where it was withheld; ``start_ms``: unix milliseconds; null is not known. ``received``: unix second, by
the database's clock, at which the record was taken in.
"""

listed_answers = Table(
    "listed_answers",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("environment", String(4), nullable=False),
    Column("number", _exact(15), nullable=False),
    Column("code", Integer, nullable=False),
    Column("answered_at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    UniqueConstraint("environment", "number", "answered_at", "code"),
    Index("ix_listed_answers_answered_at", "answered_at"),
    sqlite_autoincrement=True,
)
"""
Answers of the network that are known from lists, not from calls. ``position``: as of call records; times: unix seconds.
"""

number_sets = Table(
    "number_sets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("current", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
)
"""Files of numbers by name. ``kind``: what they hold; ``current``: number of the revision that answers."""

number_set_revisions = Table(
    "number_set_revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_id", Integer, ForeignKey("number_sets.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("source", String(255), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("loaded", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    UniqueConstraint("set_id", "number"),
)
"""
What was loaded. ``digest``: SHA-256 that names the built file, of so many ``bytes``; ``rows``: it holds; ``refused``:
lines left out; ``loaded``: unix seconds.
"""

incoming_files = Table(
    "incoming_files",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("begun", BigInteger, nullable=False),
)
"""Files on their way into the store, too large for one transaction; forgotten if nothing has come to refer to them."""

partner_companies = Table(
    "partner_companies",
    metadata,
    Column("environment", String(4), primary_key=True),
    Column("company_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(50), nullable=False),
    Column("doing_business_as", Text, nullable=False),
)
"""Companies that partners report on."""

partner_locations = Table(
    "partner_locations",
    metadata,
    Column("environment", String(4), primary_key=True),
    Column("location_id", BigInteger, primary_key=True, autoincrement=False),
    Column("company_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", String(8), nullable=False),
    Column("parent_id", BigInteger),
    Index("ix_partner_locations_company_id", "environment", "company_id"),
)
"""The tree of each company. ``type``: Region, Channel, District or Location; ``parent_id``: null is the company."""

partner_devices = Table(
    "partner_devices",
    metadata,
    Column("environment", String(4), primary_key=True),
    Column("company_id", BigInteger, primary_key=True, autoincrement=False),
    Column("imei", _exact(100), primary_key=True),
    Column("purchased", Date, primary_key=True),
    Column("returned", Date),
    Column("client_id", String(36)),
    Column("location_id", BigInteger),
)
"""Each sale of a device. ``client_id``: UUID; ``location_id``: where it was sold, null where nobody said."""

partner_grants = Table(
    "partner_grants",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True),
    Column("environment", String(4), primary_key=True),
    Column("company_id", BigInteger, primary_key=True, autoincrement=False),
    Column("location_id", BigInteger, primary_key=True, autoincrement=False),
)
"""What of which company an account may see. ``location_id``: it and all below it; 0 is the whole company."""
