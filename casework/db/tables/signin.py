"""How somebody signs in besides a password: sessions, second factors, clients, other providers; and who must wait."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from casework.db.tables.base import INSTANT, TEXTS, may, metadata, must

throttles = Table(
    "throttles",
    metadata,
    Column("key", Text, primary_key=True),
    must("failures", Integer),
    must("last_at", INSTANT),
    may("succeeded_at", INSTANT),
    Index("throttles_old", "last_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", Text, primary_key=True),
    must("account_id", Text, ForeignKey("accounts.id")),
    must("started_at", INSTANT),
    must("seen_at", INSTANT),
    must("expires_at", INSTANT),
    may("ended_at", INSTANT),
    Index("sessions_of_account", "account_id"),
)

factors = Table(
    "factors",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    may("secret", LargeBinary),
    may("pending", LargeBinary),
    must("last_step", BigInteger, server_default=text("0")),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
    may("used_at", INSTANT),
)

clients = Table(
    "clients",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    must("scopes", TEXTS),
    may("previous_hash"),
    may("previous_until", INSTANT),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    must("account_id", Text, ForeignKey("accounts.id")),
    Index("identities_of_account", "account_id"),
)

offices = Table(
    "offices",
    metadata,
    Column("agency_id", Text, primary_key=True),
    must("second_factor", Boolean),
)
