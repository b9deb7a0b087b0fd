"""What clients are found by, without saying who they are."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from casework.db.tables.base import metadata, must

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
