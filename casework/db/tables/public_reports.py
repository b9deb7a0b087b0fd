"""What came by the public form, sealed, and what was decided about it."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from casework.db.tables.base import INSTANT, may, metadata, must

public_reports = Table(
    "public_reports",
    metadata,
    Column("id", Text, primary_key=True),
    must("number", unique=True),
    must("sent_as", unique=True),
    must("agency_id"),
    must("language"),
    may("area"),
    may("place"),
    must("taken_at", INSTANT),
    must("due_at", INSTANT),
    must("told", Integer, server_default=text("0")),
    may("next_at", INSTANT),
    may("sealed", LargeBinary),
    may("outcome"),
    may("decided_at", INSTANT),
    may("decided_by"),
    may("decided_role"),
    Column("decided_under", Text, unique=True),
    may("decided_digest"),
    may("case_id"),
    must("new_incident", Boolean, server_default=text("false")),
    may("reason", LargeBinary),
    may("settled_at", INSTANT),
    Index("public_reports_waiting", "agency_id", "taken_at", "id", postgresql_where=text("outcome IS NULL")),
    Index("public_reports_decided", "agency_id", "taken_at", "id", postgresql_where=text("outcome IS NOT NULL")),
    Index("public_reports_next", "next_at", postgresql_where=text("outcome IS NULL")),
    Index("public_reports_unsettled", "decided_at", postgresql_where=text("outcome <> '' AND settled_at IS NULL")),
)
"""`told` says how many rungs of the ladder were told, `next_at` when the next is; `sealed` goes when it is settled."""
