"""What the client agreed to, and whose numbers are never used."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text

from casework.db.tables.base import INSTANT, may, metadata, must

consents = Table(
    "consents",
    metadata,
    Column("id", Text, primary_key=True),
    must("case_id", Text, ForeignKey("cases.id")),
    must("scope"),
    must("given_by"),
    may("giver_suspected", Boolean),
    may("assent"),
    may("assent_wanted"),
    may("agency_id"),
    may("referral_id"),
    must("given_at", INSTANT),
    must("recorded_by"),
    may("ended_at", INSTANT),
    may("ended_by"),
    Index("consents_of_case", "case_id"),
)

suspect_numbers = Table(
    "suspect_numbers",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    must("case_id"),
    Index("suspect_numbers_of_case", "case_id"),
    Index("suspect_numbers_of_document", "document_id"),
)
