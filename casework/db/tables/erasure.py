"""What is left of cases that were erased: that they were, when, and until when a copy of their key may live."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from casework.db.tables.base import INSTANT, metadata, must

erasures = Table(
    "erasures",
    metadata,
    Column("case_id", Text, ForeignKey("cases.id"), primary_key=True),
    must("number"),
    must("decided_at", INSTANT),
    must("decided_by"),
    must("destroyed_at", INSTANT),
    must("copies_until", INSTANT),
    must("documents", Integer),
    must("log_rows", Integer),
    must("log_digest"),
)
