"""Outreach activities and what was promised at them. They are of no case, and name nobody."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from casework.db.tables.base import INSTANT, TEXTS, may, metadata, must

outreach = Table(
    "outreach",
    metadata,
    Column("id", Text, primary_key=True),
    must("agency_id"),
    must("held_on", Date),
    must("held_at", INSTANT),
    must("subjects", TEXTS),
    may("title"),
    must("subdistrict"),
    must("place"),
    must("organiser"),
    may("opened_by"),
    must("participants", JSONB),
    must("recorded_at", INSTANT),
    must("recorded_by"),
    Index("outreach_newest", "held_at", "id"),
)

promises = Table(
    "promises",
    metadata,
    Column("id", Text, primary_key=True),
    must("outreach_id", Text, ForeignKey("outreach.id")),
    must("place", Integer),
    must("what"),
    must("owner", JSONB),
    must("due_on", Date),
    must("since", INSTANT),
    must("due_at", INSTANT),
    must("rung", Integer),
    may("next_at", INSTANT),
    may("kept_on", Date),
    may("kept_by"),
    Index("promises_of_outreach", "outreach_id", "place"),
    Index("promises_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("promises_running", "due_at", postgresql_where=text("kept_on IS NULL")),
)
"""In the order in which they were entered: `place`."""
