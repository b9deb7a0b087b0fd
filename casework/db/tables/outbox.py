"""What is to be told to whom."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from casework.db.tables.base import INSTANT, TEXTS, may, metadata, must

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    may("case_id", Text, ForeignKey("cases.id")),
    may("case_number"),
    must("kind"),
    must("recipient", JSONB),
    may("due_at", INSTANT),
    may("about_id"),
    may("about_kind"),
    may("waiting", Integer),
    may("checkpoint", JSONB(none_as_null=True)),
    must("created_at", INSTANT),
    must("state", server_default=text("'queued'")),
    must("attempts", Integer, server_default=text("0")),
    must("told", TEXTS, server_default=text("'{}'")),
    may("last_error"),
    may("next_try", INSTANT),
    Index("notices_of_case", "case_id"),
    Index("notices_queued", "created_at", postgresql_where=text("state = 'queued'")),
    Index("notices_lost", "case_id", postgresql_where=text("state IN ('failed', 'skipped')")),
)
