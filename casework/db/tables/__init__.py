"""The tables of the case database, for statements: one module for each noun."""

from casework.db.tables.base import INSTANT, metadata
from casework.db.tables.cases import case_log, cases, deadlines, notifications, referrals
from casework.db.tables.intake import case_numbers, documents, reservations
from casework.db.tables.outbox import notices
from casework.db.tables.people import absences, accounts, contacts, tokens
from casework.db.tables.watch import builds, findings, heartbeats

__all__ = [
    "INSTANT",
    "absences",
    "accounts",
    "builds",
    "case_log",
    "case_numbers",
    "cases",
    "contacts",
    "deadlines",
    "documents",
    "findings",
    "heartbeats",
    "metadata",
    "notices",
    "notifications",
    "referrals",
    "reservations",
    "tokens",
]
