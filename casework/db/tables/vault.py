"""What clients are found by, without saying who they are; files; and where clients are, apart from everything else."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from casework.db.tables.base import INSTANT, metadata, must

client_index = Table(
    "client_index",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    must("case_id"),
    must("version", Integer),
    Index("client_index_of_document", "document_id"),
    Index("client_index_of_case", "case_id"),
)

files = Table(
    "files",
    metadata,
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    must("type"),
    must("size", Integer),
    must("count", Integer),
)

file_pieces = Table(
    "file_pieces",
    metadata,
    Column("document_id", Text, ForeignKey("files.document_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    must("sealed", LargeBinary),
)

locations = Table(
    "locations",
    metadata,
    Column("id", Text, primary_key=True),
    must("case_id"),
    must("command_id"),
    must("digest"),
    must("sealed", LargeBinary),
    must("state", server_default=text("'pending'")),
    must("stored_at", INSTANT),
    Index("locations_of_case", "case_id"),
    Index("locations_pending", "stored_at", postgresql_where=text("state = 'pending'")),
)

location_readings = Table(
    "location_readings",
    metadata,
    Column("id", Text, primary_key=True),
    must("case_id"),
    must("location_id", Text, ForeignKey("locations.id")),
    must("at", INSTANT),
    must("account_id"),
    must("role"),
    must("agency_id"),
    must("reason", LargeBinary),
    Index("location_readings_of_case", "case_id", "at"),
)
