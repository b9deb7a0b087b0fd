"""Who sees a case beyond its row, and who never does."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, text

from casework.db.tables.base import INSTANT, may, metadata, must

break_glass = Table(
    "break_glass",
    metadata,
    Column("id", Text, primary_key=True),
    must("account_id", Text, ForeignKey("accounts.id")),
    must("case_id", Text, ForeignKey("cases.id")),
    must("reason_document_id"),
    must("begun_at", INSTANT),
    must("until", INSTANT),
    may("reviewed_at", INSTANT),
    may("reviewed_by", Text, ForeignKey("accounts.id")),
    may("justified", Boolean),
    Index("break_glass_of_account", "account_id", "until"),
    Index("break_glass_of_case", "case_id"),
)

exclusions = Table(
    "exclusions",
    metadata,
    Column("id", Text, primary_key=True),
    must("case_id", Text, ForeignKey("cases.id")),
    must("account_id", Text, ForeignKey("accounts.id")),
    must("ground"),
    must("excluded_by", Text, ForeignKey("accounts.id")),
    must("excluded_at", INSTANT),
    may("lifted_by", Text, ForeignKey("accounts.id")),
    may("lifted_at", INSTANT),
    Index("exclusions_standing", "account_id", "case_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    Index("exclusions_of_case", "case_id"),
)
