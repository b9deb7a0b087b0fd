"""Who may sign in, and how they are told."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, Time, text

from casework.db.tables.base import INSTANT, TEXTS, may, metadata, must

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    must("username", unique=True),
    must("password_hash"),
    must("role"),
    must("agency_id"),
    must("disabled", Boolean, server_default=text("false")),
    Index("accounts_of_agency", "agency_id", "role"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("medium", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    must("language"),
    must("safe", Boolean),
    may("confirmed_at", INSTANT),
    may("hours_begin", Time),
    may("hours_end", Time),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    must("account_id", Text, ForeignKey("accounts.id")),
    must("issued_at", INSTANT),
    must("expires_at", INSTANT),
    may("revoked_at", INSTANT),
    may("scopes", TEXTS),
    Index("tokens_of_account", "account_id"),
)

absences = Table(
    "absences",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("starts_at", INSTANT, primary_key=True),
    must("ends_at", INSTANT),
    may("deputy_id", Text, ForeignKey("accounts.id")),
)
