"""The checkpoints: whether they are what was signed, and what they saw of every chain."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from casework.models.checkpoint import Signed
from casework.rules.auditing import SignedHead
from casework.rules.chain import Break
from casework.rules.checkpoints import Checkpoints, Verify
from starter.audit.findings import Verified


@dataclass
class Seen:
    """How far the chains had come, by checkpoints that are what was signed."""

    cases: dict[str, list[SignedHead]] = field(default_factory=lambda: defaultdict(list))
    access: list[SignedHead] = field(default_factory=list)
    believed: bool = True
    """Whether all of them are what was signed."""


def read(kept: Iterable[Signed], verify: Verify, root: str | None, into: Verified) -> Seen:
    """Go through all of them; `root` is one that must be among them."""
    walk, seen, roots = Checkpoints(verify), Seen(), set()
    for signed in kept:
        into.checkpoints += 1
        checkpoint = walk.step(signed)
        if checkpoint is None:
            break
        roots.add(signed.root)
        for head in checkpoint.heads:
            seen.cases[head.case_id].append(SignedHead(checkpoint.number, head.sequence, head.digest))
        access = checkpoint.access
        if access.sequence:
            seen.access.append(SignedHead(checkpoint.number, access.sequence, access.digest))
    seen.believed = walk.broken is None
    if walk.broken:
        into.found("checkpoints", walk.broken)
        into.unchecked.append(f"checkpoints from number {walk.broken.sequence} on: they are not believed")
    elif root is not None and root not in roots:
        into.found("checkpoints", _cut(into.checkpoints))
    return seen


def _cut(count: int) -> Break:
    return Break(count + 1, "the checkpoint of the given root is not here: they were cut, or are others")
