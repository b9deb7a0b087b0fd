"""The tables of the case database, for statements: one module for each noun."""

from casework.db.tables.access import break_glass, exclusions
from casework.db.tables.audit import access_chain, access_log, snooping
from casework.db.tables.base import INSTANT, metadata
from casework.db.tables.cases import case_log, cases, deadlines, notifications, referrals
from casework.db.tables.consent import consents, suspect_numbers
from casework.db.tables.erasure import erasures
from casework.db.tables.intake import case_numbers, documents, reservations
from casework.db.tables.letters import letter_numbers, letters
from casework.db.tables.links import links, mailboxes
from casework.db.tables.outbox import notices
from casework.db.tables.outreach import outreach, promises
from casework.db.tables.pathways import pathway_versions
from casework.db.tables.people import absences, accounts, contacts, tokens
from casework.db.tables.public_reports import public_reports
from casework.db.tables.repeats import given
from casework.db.tables.signin import clients, factors, identities, offices, recovery_codes, sessions, throttles
from casework.db.tables.vault import client_index, file_pieces, files, location_readings, locations
from casework.db.tables.watch import builds, findings, heartbeats

__all__ = [
    "INSTANT",
    "absences",
    "access_chain",
    "access_log",
    "accounts",
    "break_glass",
    "builds",
    "case_log",
    "case_numbers",
    "cases",
    "client_index",
    "clients",
    "consents",
    "contacts",
    "deadlines",
    "documents",
    "erasures",
    "exclusions",
    "factors",
    "file_pieces",
    "files",
    "findings",
    "given",
    "heartbeats",
    "identities",
    "letter_numbers",
    "letters",
    "links",
    "location_readings",
    "locations",
    "mailboxes",
    "metadata",
    "notices",
    "notifications",
    "offices",
    "outreach",
    "pathway_versions",
    "promises",
    "public_reports",
    "recovery_codes",
    "referrals",
    "reservations",
    "sessions",
    "snooping",
    "suspect_numbers",
    "throttles",
    "tokens",
]
