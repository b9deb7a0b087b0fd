"""The hash chain of a case's log: each row's digest covers the row and the digest before it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

FIRST = "0" * 64
"""What the first row of a case has in the place of an earlier digest."""

# Named one by one: a column added later must not change the digests of rows written before it.
CHAINED = (
    "case_id",
    "sequence",
    "kind",
    "at",
    "account_id",
    "role",
    "agency_id",
    "command_id",
    "body_digest",
    "subject_id",
    "document_id",
    "document_digest",
    "body",
    "case_after",
    "referral_after",
)


def digest_of(row: Mapping[str, Any]) -> str:
    """SHA-256 over `previous` and the RFC 8785 form of the row, in hex; equal before writing and after reading."""
    content = {name: _plain(row[name]) for name in CHAINED}
    return hashlib.sha256(row["previous"].encode() + rfc8785.dumps(content)).hexdigest()


def verify_chain(rows: Iterable[Mapping[str, Any]]) -> int | None:
    """The first sequence at which a case's log, oldest row first, is not what was written; None where all holds.

    A tail that was cut off cannot be told from the rows alone: compare their number with the case's `revision`.
    """
    previous = FIRST
    for sequence, row in enumerate(rows, start=1):
        if row["sequence"] != sequence or row["previous"] != previous or row["digest"] != digest_of(row):
            return sequence
        previous = row["digest"]
    return None


def _plain(value: Any) -> Any:
    # The database keeps the instant but not the offset it was written with.
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
