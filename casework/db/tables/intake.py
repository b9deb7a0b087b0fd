"""Reports before their case has started, and sealed texts."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from casework.db.tables.base import INSTANT, may, metadata, must

reservations = Table(
    "reservations",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("command_id", Text, primary_key=True),
    must("case_id", unique=True),
    must("number", unique=True),
    must("agency_id"),
    must("body_digest"),
    must("risk"),
    must("reserved_at", INSTANT),
    must("started", Boolean, server_default=text("false")),
    may("opening", LargeBinary),
    Index("reservations_queued", "reserved_at", postgresql_where=text("NOT started")),
)

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("district", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    must("last", Integer),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    must("case_id"),
    must("command_id"),
    must("digest"),
    must("sealed", LargeBinary),
    must("state", server_default=text("'pending'")),
    must("stored_at", INSTANT),
    Index("documents_pending", "stored_at", postgresql_where=text("state = 'pending'")),
)
