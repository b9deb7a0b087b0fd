"""Who read what, in a chain; and who read too much."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text

from casework.db.tables.base import INSTANT, TEXTS, may, metadata, must

access_log = Table(
    "access_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", INSTANT),
    must("account_id"),
    must("role"),
    must("agency_id"),
    must("thing"),
    must("kind"),
    must("case_ids", TEXTS),
    may("subject_id"),
    may("ground"),
    Index("access_log_newest", "at", "id"),
    Index("access_log_of_account", "account_id", "at"),
    Index("access_log_of_case", "case_ids", postgresql_using="gin"),
)

access_chain = Table(
    "access_chain",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    must("id", BigInteger, ForeignKey("access_log.id"), unique=True),
    must("previous"),
    must("digest"),
)

snooping = Table(
    "snooping",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("began_at", INSTANT, primary_key=True),
    must("last_at", INSTANT),
    must("count", Integer),
)
