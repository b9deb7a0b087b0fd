"""What watches over the work: builds that replayed, heartbeats, what a patrol found."""

from sqlalchemy import Boolean, Column, Index, Table, Text, text

from casework.db.tables.base import INSTANT, may, metadata, must

builds = Table(
    "builds",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    must("passed_at", INSTANT),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    must("at", INSTANT),
    must("well", Boolean),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True),
    must("found_at", INSTANT),
    must("kind"),
    may("case_id"),
    may("detail"),
    may("ended_at", INSTANT),
    Index("findings_open", "case_id", postgresql_where=text("ended_at IS NULL")),
)
