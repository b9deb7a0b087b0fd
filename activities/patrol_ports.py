"""What a patrol goes over: the ports of its activities."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from casework.models.notice import Notice
from casework.models.patrol import Finding, Open, Recorded, Run, Stand
from casework.models.people import Actor
from casework.ports import Board, BoardQuery


class Record(Protocol):
    """What the patrol reads of the database."""

    def page(self, after: str | None, limit: int) -> tuple[Recorded, ...]:
        """Cases on which something is still to happen, by id, those after an id."""
        ...

    def recorded(self, case_id: str) -> Recorded | None:
        """A case as it is now."""
        ...

    def unknown(self, case_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that no case has."""
        ...

    def waiting_intakes(self, before: datetime, limit: int) -> tuple[str, ...]:
        """Reports taken before an instant whose case has not started."""
        ...

    def offices(self) -> tuple[str, ...]:
        """The offices that have cases."""
        ...


class Findings(Protocol):
    """Where findings are kept: each call says all that is wrong in its part; what is not named holds no more."""

    def settle_cases(self, case_ids: Collection[str], found: Collection[Finding], now: datetime) -> None:
        """All that is wrong with these cases."""
        ...

    def settle_unrecorded(self, found: Collection[Finding], now: datetime) -> None:
        """All that is wrong with workflows that have no case in the record."""
        ...

    def settle_intakes(self, found: Collection[Finding], now: datetime) -> None:
        """All reports that wait too long."""
        ...

    def holding(self, limit: int) -> tuple[int, tuple[Open, ...]]:
        """How many hold, and the first of them."""
        ...


class Runs(Protocol):
    """The engine."""

    async def look(self, case_id: str) -> Run:
        """The workflow of a case."""
        ...

    async def stand(self, case_id: str) -> Stand | None:
        """Where it takes its case to be; None where it does not answer."""
        ...

    def running(self, started_before: datetime) -> AsyncIterator[tuple[str, ...]]:
        """The cases whose workflow runs, part by part."""
        ...


class Outbox(Protocol):
    """Where notices wait."""

    def queue(self, told: Sequence[Notice]) -> int:
        """Queue notices; how many are new."""
        ...

    def requeue(self, now: datetime) -> int:
        """Queue again what was lost and can reach somebody by now; how many."""
        ...


class Boards(Protocol):
    """The boards of what stands still."""

    def board(self, reader: Actor, query: BoardQuery) -> Board:
        """A page of it."""
        ...


class PublicReports(Protocol):
    """What the public reported."""

    def counts(self, reader: Actor, now: datetime) -> tuple[int, int]:
        """How many wait in the reader's office, and how many of them too long."""
        ...


class Heartbeats(Protocol):
    """Where it is kept that a patrol ran."""

    def beat(self, name: str, at: datetime, *, well: bool = True) -> None:
        """Say that a part did its round, and whether it found all well."""
        ...


@dataclass(frozen=True)
class Ground:
    """What a patrol goes over."""

    record: Record
    findings: Findings
    runs: Runs
    outbox: Outbox
    boards: Boards
    public_reports: PublicReports
    heartbeats: Heartbeats
    zone: ZoneInfo
    now: Callable[[], datetime]
