"""The numbers of letters: one series for each office and year."""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from casework.db.tables.base import INSTANT, metadata, must

letter_numbers = Table(
    "letter_numbers",
    metadata,
    Column("agency_id", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    must("last", Integer),
)

letters = Table(
    "letters",
    metadata,
    Column("command_id", Text, primary_key=True),
    must("agency_id"),
    must("year", Integer),
    must("sequence", Integer),
    must("at", INSTANT),
    UniqueConstraint("agency_id", "year", "sequence"),
)
