"""Pathway files that were uploaded, and which of them are in force."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from casework.db.tables.base import INSTANT, may, metadata, must

pathway_versions = Table(
    "pathway_versions",
    metadata,
    Column("id", Text, primary_key=True),
    must("command_id", unique=True),
    must("file"),
    must("version", Integer),
    must("digest"),
    must("content", LargeBinary),
    must("uploaded_by"),
    must("uploaded_at", INSTANT),
    Column("activation", Integer, nullable=True, unique=True),
    may("activated_by"),
    may("activated_at", INSTANT),
)
