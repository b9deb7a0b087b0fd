"""One-time links to a referral, and the mailboxes of agencies that they are sent to."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text

from casework.db.tables.base import INSTANT, may, metadata, must

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("agency_id", Text, primary_key=True),
    must("address"),
    must("language"),
    must("safe", Boolean),
    must("confirmed_at", INSTANT),
    must("confirmed_by"),
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    must("command_id", unique=True),
    must("case_id", Text, ForeignKey("cases.id")),
    must("referral_id", Text, ForeignKey("referrals.id")),
    must("agency_id"),
    must("token_hash", unique=True),
    must("created_by"),
    must("created_at", INSTANT),
    must("expires_at", INSTANT),
    may("used_at", INSTANT),
    may("revoked_at", INSTANT),
    Column("session_hash", Text, unique=True),
    may("session_until", INSTANT),
    Index("links_of_referral", "referral_id"),
)
"""Neither the address that a link has nor the cookie it is opened for can be made from what stands here."""
