"""When a checkpoint is due, what it says, and whether those that are kept are what was signed."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import rfc8785
from pydantic import ValidationError

from casework.models.checkpoint import AccessHead, Checkpoint, Head, Signed
from casework.rules.chain import FIRST, Break

EVERY = timedelta(minutes=1)
ROWS = 1_000
"""So many new rows, or a minute, whichever comes first."""

Verify = Callable[[Signed], bool]
"""Whether the signature is over the content, by a key that is trusted."""


def is_due(looked_at: datetime | None, now: datetime, new_rows: int) -> bool:
    """Whether it is time to look whether anything is new; a clock that was set back is not waited for."""
    return looked_at is None or not looked_at <= now < looked_at + EVERY or new_rows >= ROWS


def following(
    last: Checkpoint | None,
    root: str,
    known: Mapping[str, int],
    heads: Sequence[Head],
    access: AccessHead,
    now: datetime,
) -> Checkpoint | None:
    """The next checkpoint, given the heads as they are and how far each was known; None where nothing moved."""
    moved = tuple(head for head in heads if known.get(head.case_id) != head.sequence)
    if not moved and (last.access if last else AccessHead()) == access:
        return None
    return Checkpoint(
        number=last.number + 1 if last else 1,
        at=now,
        previous=root if last else FIRST,
        cases=len(heads),
        rows=sum(head.sequence for head in heads),
        access=access,
        heads=moved,
    )


def content_of(checkpoint: Checkpoint) -> str:
    """The text that is signed: the same for the same checkpoint, whoever writes it."""
    return rfc8785.dumps(checkpoint.model_dump(mode="json")).decode()


def root_of(content: str) -> str:
    """What stands for a checkpoint: SHA-256, in hex."""
    return hashlib.sha256(content.encode()).hexdigest()


class Checkpoints:
    """Goes along the checkpoints, the oldest first, and stops believing at the first that is not what was signed."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self.last: Checkpoint | None = None
        self.root = FIRST
        self.broken: Break | None = None

    def step(self, signed: Signed) -> Checkpoint | None:
        """The next one, if it and all before it are what was signed."""
        if self.broken is not None:
            return None
        number = self.last.number + 1 if self.last else 1
        found = self._read(signed, number)
        if isinstance(found, str):
            self.broken = Break(number, found)
            return None
        self.last, self.root = found, signed.root
        return found

    def _read(self, signed: Signed, number: int) -> Checkpoint | str:
        if signed.number > number:
            return "the checkpoint is missing"
        try:
            checkpoint = Checkpoint.model_validate_json(signed.content)
        except ValidationError:
            return "the checkpoint cannot be read"
        if signed.number != number or checkpoint.number != number:
            return "the checkpoint stands where another belongs"
        if signed.root != root_of(signed.content) or content_of(checkpoint) != signed.content:
            return "the checkpoint is not what was signed"
        if not self._verify(signed):
            return "the signature does not hold, or is by a key that is not trusted"
        if checkpoint.previous != self.root:
            return "the checkpoint does not follow the one before it"
        return checkpoint
