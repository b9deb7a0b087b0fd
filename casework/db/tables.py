"""The tables of the case database, for statements. Migrations make them; a test holds both equal."""

from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

# PostgreSQL's own names, so that constraints made by plain SQL and these compare equal.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)


def _must(name: str, kind: Any = Text, *rest: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, *rest, nullable=False, **options)


def _may(name: str, kind: Any = Text, *rest: Any) -> Column[Any]:
    return Column(name, kind, *rest, nullable=True)


INSTANT = DateTime(timezone=True)
TEXTS = ARRAY(Text)

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    _must("number", unique=True),
    _must("status"),
    _must("stage"),
    _must("categories", TEXTS),
    _must("risk"),
    _must("revision", Integer),
    _must("agency_id"),
    _may("assigned_to"),
    _must("opened_by"),
    _may("reported_by_agency"),
    _must("opened_at", INSTANT),
    _must("reported_at", INSTANT),
    _may("closed_at", INSTANT),
    _may("due_at", INSTANT),
    _may("stalls_at", INSTANT),
    _must("urgency", Integer),
    _must("pathways", JSONB),
    _must("links", JSONB),
    _must("client", JSONB),
    _must("sex"),
    _may("age_band"),
    _may("subdistrict"),
    _must("violence_types", TEXTS),
    _may("place"),
    Index("cases_newest", "agency_id", "opened_at", "id"),
    Index("cases_assigned", "assigned_to"),
    Index("cases_opened_by", "opened_by"),
    Index("cases_reported_by", "reported_by_agency"),
    Index("cases_stalling", "agency_id", "urgency", "stalls_at", "id", postgresql_where=text("stalls_at IS NOT NULL")),
)

case_log = Table(
    "case_log",
    metadata,
    Column("case_id", Text, ForeignKey("cases.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    _must("kind"),
    _must("at", INSTANT),
    _must("account_id"),
    _must("role"),
    _must("agency_id"),
    _must("command_id", unique=True),
    _must("body_digest"),
    _may("subject_id"),
    _may("document_id"),
    _may("document_digest"),
    _must("body", JSONB),
    _must("case_after", JSONB),
    _may("referral_after", JSONB(none_as_null=True)),
    _must("previous"),
    _must("digest"),
)

referrals = Table(
    "referrals",
    metadata,
    Column("id", Text, primary_key=True),
    _must("case_id", Text, ForeignKey("cases.id")),
    _must("asked_at", INSTANT),
    _must("agency_id"),
    _must("service"),
    _must("urgency"),
    _must("status"),
    _must("disclose", TEXTS),
    _may("override_ground"),
    _may("override_confirmed", Boolean),
    _must("asked_by"),
    _may("sent_at", INSTANT),
    _may("answer_due_at", INSTANT),
    _may("result_due_at", INSTANT),
    _may("answered_at", INSTANT),
    _may("completed_at", INSTANT),
    _may("outcome"),
    _may("reference"),
    _must("revision", Integer),
    Index("referrals_of_case", "case_id"),
    Index("referrals_inbox", "agency_id", "asked_at", "id"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", Text, primary_key=True),
    _must("case_id", Text, ForeignKey("cases.id")),
    _must("kind"),
    _must("agency_id"),
    _must("made_at", INSTANT),
    _may("reference"),
    _may("received_at", INSTANT),
    _may("receipt_reference"),
    Index("notifications_of_case", "case_id"),
    Index("notifications_inbox", "agency_id", "made_at"),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("case_id", Text, ForeignKey("cases.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    _must("kind"),
    _must("class_"),
    _may("category"),
    _may("referral_id"),
    _must("owner", JSONB),
    _must("clock"),
    _must("basis"),
    _must("ladder"),
    _must("reason"),
    _must("since", INSTANT),
    _must("due_at", INSTANT),
    _must("armed_at", INSTANT),
    _must("arming", Integer),
    _must("reminded", Boolean),
    _must("rung", Integer),
    _may("told_at", INSTANT),
    _may("held_since", INSTANT),
    _may("held_until", INSTANT),
    _must("paused", Float),
    _may("stalls_at", INSTANT),
    _may("next_at", INSTANT),
    _must("forecast", JSONB),
    _may("ended_at", INSTANT),
    _may("met", Boolean),
    Index("deadlines_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    _may("case_id", Text, ForeignKey("cases.id")),
    _may("case_number"),
    _must("kind"),
    _must("recipient", JSONB),
    _may("due_at", INSTANT),
    _may("about_id"),
    _may("about_kind"),
    _may("waiting", Integer),
    _must("created_at", INSTANT),
    _must("state", server_default=text("'queued'")),
    _must("attempts", Integer, server_default=text("0")),
    _must("told", TEXTS, server_default=text("'{}'")),
    _may("last_error"),
    _may("next_try", INSTANT),
    Index("notices_of_case", "case_id"),
    Index("notices_queued", "created_at", postgresql_where=text("state = 'queued'")),
    Index("notices_lost", "case_id", postgresql_where=text("state IN ('failed', 'skipped')")),
)

reservations = Table(
    "reservations",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("command_id", Text, primary_key=True),
    _must("case_id", unique=True),
    _must("number", unique=True),
    _must("agency_id"),
    _must("body_digest"),
    _must("risk"),
    _must("reserved_at", INSTANT),
    _must("started", Boolean, server_default=text("false")),
    _may("opening", LargeBinary),
    Index("reservations_queued", "reserved_at", postgresql_where=text("NOT started")),
)

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("district", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    _must("last", Integer),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    _must("case_id"),
    _must("command_id"),
    _must("digest"),
    _must("sealed", LargeBinary),
    _must("state", server_default=text("'pending'")),
    _must("stored_at", INSTANT),
    Index("documents_pending", "stored_at", postgresql_where=text("state = 'pending'")),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    _must("username", unique=True),
    _must("password_hash"),
    _must("role"),
    _must("agency_id"),
    _must("disabled", Boolean, server_default=text("false")),
    Index("accounts_of_agency", "agency_id", "role"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("medium", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    _must("language"),
    _must("safe", Boolean),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    _must("account_id", Text, ForeignKey("accounts.id")),
    _must("issued_at", INSTANT),
    _must("expires_at", INSTANT),
    _may("revoked_at", INSTANT),
    Index("tokens_of_account", "account_id"),
)

absences = Table(
    "absences",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("starts_at", INSTANT, primary_key=True),
    _must("ends_at", INSTANT),
    _may("deputy_id", Text, ForeignKey("accounts.id")),
)

builds = Table(
    "builds",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    _must("passed_at", INSTANT),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    _must("at", INSTANT),
    _must("well", Boolean),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True),
    _must("found_at", INSTANT),
    _must("kind"),
    _may("case_id"),
    _must("repaired", Boolean),
    _may("detail"),
    _may("ended_at", INSTANT),
    Index("findings_open", "case_id", postgresql_where=text("ended_at IS NULL")),
)
