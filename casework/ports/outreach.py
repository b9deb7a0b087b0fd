"""Outreach activities."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from casework.models.outreach import Outreach, Owed, Reports
from casework.models.people import Actor
from casework.ports.intake import Keyed


@dataclass(frozen=True)
class OutreachQuery:
    """What of the outreach activities is asked for: of which days, both included, where, and about what."""

    first: date
    last: date
    subdistrict: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class Followed:
    """The reports from the subdistricts of some activities, each report once: within thirty days after one of them,
    else before one, else neither, in the quarters that these days touch."""

    before: int
    after: int
    neither: int


class Outreaches(Protocol):
    """Outreach activities and what was promised at them. They are of no case."""

    def keep(self, record: Outreach, command: Keyed) -> None:
        """Keep an activity with its promises; a repeat of the command, which made the same id, changes nothing."""
        ...

    def one(self, reader: Actor, outreach_id: str) -> Outreach | None:
        """An activity, if the reader may read it."""
        ...

    def listed(
        self, reader: Actor, query: OutreachQuery, limit: int, cursor: str | None
    ) -> tuple[list[Outreach], str | None]:
        """A page of the activities that the reader may read, newest first, and the next cursor."""
        ...

    def every(self, reader: Actor, query: OutreachQuery) -> list[Outreach]:
        """All of them, oldest first."""
        ...

    def kept(self, promise_id: str, on: date, account_id: str, at: datetime, command: Keyed) -> bool:
        """Record that a promise was kept; False where it had been before. A repeat of the command changes nothing."""
        ...

    def owed(self, reader: Actor, before: datetime, limit: int) -> list[Owed]:
        """The promises that still run, are due by then, and are the reader's to keep or to look after, soonest due
        first."""
        ...


class Effects(Protocol):
    """How many reports came from where outreach was, after it and before."""

    def of_each(self, reader: Actor, ids: Collection[str]) -> Mapping[str, Reports]:
        """Of each activity by itself, over the cases of the own office that the reader may see."""
        ...

    def of_subdistricts(self, reader: Actor, query: OutreachQuery, zone: str) -> Mapping[str | None, Followed]:
        """Of the activities of a period, by subdistrict, and under None in all: over the same cases for who is of an
        office, over those of all offices for everybody else."""
        ...
