"""Checkpoints: what all chains had come to at an instant, signed."""

from pydantic import Field

from casework.models.base import Id, Instant, Model


class Head(Model):
    """The last row of a case's chain."""

    case_id: Id
    sequence: int = Field(gt=0)
    digest: str


class AccessHead(Model):
    """The last row of the access log's chain; none yet is 0."""

    sequence: int = Field(default=0, ge=0)
    digest: str = ""


class Checkpoint(Model):
    """What is signed. It names the heads that moved since the checkpoint before, whose root it holds.

    So the root of each covers the heads of all chains, and says when each was seen where.
    """

    number: int = Field(gt=0)
    at: Instant
    previous: str
    cases: int
    """How many chains of cases there are."""
    rows: int
    """How many rows they have together."""
    access: AccessHead
    heads: tuple[Head, ...]


class Signed(Model):
    """A checkpoint as it is kept: its RFC 8785 form, the SHA-256 of that, and the signature over it."""

    number: int
    content: str
    root: str
    key_id: str
    signature: str


class Attested(Model):
    """What is told of a checkpoint, so that it is known elsewhere too."""

    number: int
    at: Instant
    rows: int
    root: str
    signature: str
