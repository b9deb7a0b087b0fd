"""Commands that are of no case, and so of no log: that each was given."""

from sqlalchemy import Column, Table, Text

from casework.db.tables.base import INSTANT, metadata, must

given = Table(
    "given",
    metadata,
    Column("command_id", Text, primary_key=True),
    must("body_digest"),
    must("at", INSTANT),
)
