"""The notary: chains what was read, and signs what all chains have come to, where nobody else can write.

It runs beside the worker and needs no engine. Of several workers one signs each checkpoint.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from casework.models.checkpoint import AccessHead, Attested, Checkpoint, Head, Signed
from casework.rules.chain import FIRST
from casework.rules.checkpoints import content_of, following, is_due, root_of


class AccessChain(Protocol):
    """What puts the access log in a chain."""

    def extend(self) -> int:
        """Chain what is not chained yet, at most so much at once; how many rows."""
        ...


class Heads(Protocol):
    """Where every chain stands."""

    def of_cases(self) -> tuple[Head, ...]:
        """The last row of each case's log."""
        ...

    def of_access(self) -> AccessHead:
        """The last row of the access log's chain."""
        ...

    def written(self) -> int:
        """About how many rows the case log has been given."""
        ...


class Kept(Protocol):
    """Where checkpoints are kept."""

    def newest(self) -> Signed | None:
        """The one of the highest number."""
        ...

    def after(self, number: int) -> Iterator[Signed]:
        """Those of higher numbers, in their order."""
        ...

    def add(self, signed: Signed) -> bool:
        """Keep one; False where there is one of that number."""
        ...


class Signs(Protocol):
    """A key that signs."""

    key_id: str

    def sign(self, content: str) -> str:
        """The signature over a text."""
        ...


@dataclass(frozen=True)
class Tools:
    """What the notary stands on besides."""

    key: Signs
    tell: Callable[[Attested, datetime], object]
    """Tells the auditor of a checkpoint, once however often it is told."""
    now: Callable[[], datetime]
    zone: ZoneInfo


class Notary:
    """One round after the other; it remembers how far each chain was when last it was signed."""

    def __init__(self, chain: AccessChain, heads: Heads, kept: Kept, tools: Tools) -> None:
        self._chain = chain
        self._heads = heads
        self._kept = kept
        self._tools = tools
        self._last: Checkpoint | None = None
        self._root = FIRST
        self._known: dict[str, int] = {}
        """Empty at the start: the first checkpoint of a process names every head anew."""
        self._looked_at: datetime | None = None
        self._written = 0
        self._told = 0
        self._begun = False

    def round(self) -> None:
        """Chain, tell of a day that has ended, and sign if it is time."""
        while self._chain.extend():
            pass
        self._catch_up()
        now = self._tools.now()
        self._tell(now)
        access, written = self._heads.of_access(), self._heads.written()
        seen = self._last.access.sequence if self._last else 0
        if is_due(self._looked_at, now, access.sequence - seen + written - self._written):
            self._sign(access, now)
            self._looked_at, self._written = now, written

    def _catch_up(self) -> None:
        """Take in what others have signed."""
        if not self._begun:
            newest = self._kept.newest()
            if newest:
                self._last, self._root = Checkpoint.model_validate_json(newest.content), newest.root
            self._begun = True
        for signed in self._kept.after(self._last.number if self._last else 0):
            self._take_in(Checkpoint.model_validate_json(signed.content), signed.root)

    def _take_in(self, checkpoint: Checkpoint, root: str) -> None:
        self._last, self._root = checkpoint, root
        self._known.update(_sequences(checkpoint))

    def _sign(self, access: AccessHead, now: datetime) -> None:
        checkpoint = following(self._last, self._root, self._known, self._heads.of_cases(), access, now)
        if checkpoint is None:
            return
        signed = signed_by(self._tools.key, checkpoint)
        if self._kept.add(signed):
            self._take_in(checkpoint, signed.root)

    def _tell(self, now: datetime) -> None:
        """The day's last checkpoint, when its day is over."""
        last, zone = self._last, self._tools.zone
        if last is None or last.number == self._told or _day(last.at, zone) >= _day(now, zone):
            return
        newest = self._kept.newest()
        if newest and newest.number == last.number:
            self._tools.tell(attested(last, newest), now)
            self._told = last.number


def signed_by(key: Signs, checkpoint: Checkpoint) -> Signed:
    """A checkpoint under the signature of a key."""
    content = content_of(checkpoint)
    return Signed(
        number=checkpoint.number,
        content=content,
        root=root_of(content),
        key_id=key.key_id,
        signature=key.sign(content),
    )


def attested(checkpoint: Checkpoint, signed: Signed) -> Attested:
    """What is told of a checkpoint."""
    return Attested(
        number=checkpoint.number,
        at=checkpoint.at,
        rows=checkpoint.rows,
        root=signed.root,
        signature=signed.signature,
    )


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _sequences(checkpoint: Checkpoint) -> Mapping[str, int]:
    return {head.case_id: head.sequence for head in checkpoint.heads}
