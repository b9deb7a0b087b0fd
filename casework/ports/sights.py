"""What was seen, by whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from casework.models.checkpoint import AccessHead, Attested
from casework.models.people import Actor
from casework.models.sight import Sight, SightKind


@dataclass(frozen=True)
class SightQuery:
    """What of the access log is asked for, from one instant up to another."""

    case_id: str | None = None
    account_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: SightKind | None = None
    limit: int = 50
    cursor: str | None = None


class AccessLog(Protocol):
    """Who saw what of cases."""

    def write(self, sights: Sequence[Sight]) -> None:
        """Keep what is about to be shown; raises where it cannot be kept, and then nothing may be shown."""
        ...

    def sights(self, reader: Actor, query: SightQuery) -> tuple[list[Mapping[str, Any]], str | None]:
        """What was seen, newest first, and the next cursor: all of it for the auditor, of the own office otherwise."""
        ...

    def numbers(self, case_ids: Collection[str]) -> Mapping[str, str]:
        """The numbers of cases by their ids: of those that a reader was shown in the log."""
        ...

    def case_of(self, number: str) -> str | None:
        """The case of a number. For who reads the logs of all cases: it does not ask who may see it."""
        ...

    def told(self, reader: Actor) -> Attested | None:
        """The checkpoint that the reader was told of last."""
        ...

    def head(self) -> AccessHead:
        """How far the chain of the access log has come."""
        ...
