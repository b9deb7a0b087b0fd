"""Hash chains: each row's digest covers the row and the digest before it, so that none can be changed unseen.

A chain whose end was cut off is whole again: that is what signed checkpoints and the engine's history are for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

FIRST = "0" * 64
"""What the first row has in the place of an earlier digest."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Break:
    """The first place at which a chain is not what was written."""

    sequence: int
    what: str


@dataclass(frozen=True)
class Chain:
    """A kind of chain: the columns that its digests cover."""

    columns: tuple[str, ...]

    def digest(self, row: Row) -> str:
        """SHA-256 over `previous` and the RFC 8785 form of the row, in hex; equal before writing and after reading."""
        content = {name: _plain(row[name]) for name in self.columns}
        return hashlib.sha256(row["previous"].encode() + rfc8785.dumps(content)).hexdigest()

    def holds(self, row: Row) -> bool:
        """Whether a row is what its digest says."""
        try:
            return bool(row["digest"] == self.digest(row))
        except (rfc8785.CanonicalizationError, AttributeError, UnicodeEncodeError):
            return False  # it holds what could never have been written


# Named one by one: a column added later must not change the digests of rows written before it.
CASE_LOG = Chain(
    (
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
)
ACCESS_LOG = Chain(
    (
        "sequence",
        "id",
        "at",
        "account_id",
        "role",
        "agency_id",
        "thing",
        "kind",
        "case_ids",
        "subject_id",
        "ground",
    )
)


class Walk:
    """Goes along a chain, the oldest row first, and stops believing at its first break."""

    def __init__(self, chain: Chain, after: int = 0, previous: str = FIRST) -> None:
        self._chain = chain
        self.sequence = after
        self.previous = previous
        self.broken: Break | None = None

    def step(self, row: Row) -> None:
        """Take the next row."""
        if self.broken is None:
            self.broken = self._break(row)
        self.sequence, self.previous = row["sequence"], row["digest"]

    def _break(self, row: Row) -> Break | None:
        expected = self.sequence + 1
        if row["sequence"] > expected:
            return Break(expected, "the row is missing")
        if row["sequence"] < expected:
            return Break(expected, "the row stands where another belongs")
        if not self._chain.holds(row):
            return Break(expected, "the row is not what was written")
        if row["previous"] != self.previous:
            return Break(expected, "the row does not follow the one before it")
        return None


def first_break(chain: Chain, rows: Iterable[Row]) -> Break | None:
    """Where a chain, its oldest row first, is not what was written; None where all holds."""
    walk = Walk(chain)
    for row in rows:
        walk.step(row)
        if walk.broken:
            break
    return walk.broken


def _plain(value: Any) -> Any:
    # The database keeps the instant but not the offset it was written with.
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
