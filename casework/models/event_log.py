"""An event log: what happened on cases as process mining reads it. Codes, times, and numbers that lead nowhere.

Whoever has such a log cannot find a case of Tuntas by it: cases and their parts are numbered by their place in the log,
people are their role and agency, and nothing that was written about anybody is in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedAgency:
    """An agency as a log names it: by its id, or by its kind alone where its id would tell where a client lives."""

    name: str
    kind: str
    ladder: str = "agency"
    """The ladder that goes before `agency` for what it owes."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One fact of a case, and how the case stood after it."""

    number: int
    kind: str
    at: datetime
    role: str
    """Of who gave the command; `engine` for what happened by itself."""
    agency: LoggedAgency
    stage: str
    status: str
    risk: str
    detail: str | None = None
    """What tells facts of one kind apart: the service given, the outcome, the kind of clock."""
    rung: int | None = None
    referral: int | None = None
    clock: int | None = None
    starts: tuple[int, ...] = ()
    """The clocks that began with it."""
    told: LoggedAgency | None = None


@dataclass(frozen=True, slots=True)
class LoggedReferral:
    """An agency that was asked for a service."""

    number: int
    agency: LoggedAgency
    service: str
    urgency: str
    status: str
    asked_at: datetime
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedClock:
    """A deadline: enough to say what it would have come to under other lengths and ladders."""

    number: int
    kind: str
    class_: str
    category: str | None
    basis: str
    """The fact that started it."""
    risk: str
    """Of the case, when it ended or was seen last."""
    owner: str
    """A role of the office, where no agency owes it."""
    agency: LoggedAgency | None
    referral: int | None
    service: str | None
    urgent: bool
    since: datetime
    armed_at: datetime
    due_at: datetime
    agreed: bool
    """Whether it was due on a day that was agreed, whatever the pathway says."""
    paused: float
    rung: int
    ended_at: datetime | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class LoggedCase:
    """One case, whole."""

    number: int
    agency: LoggedAgency
    channel: str
    categories: tuple[str, ...]
    opened_at: datetime
    crosses: bool
    """Whether an agency of another province is part of it."""
    events: tuple[LoggedEvent, ...]
    referrals: tuple[LoggedReferral, ...]
    clocks: tuple[LoggedClock, ...]


@dataclass(frozen=True, slots=True)
class CaseRows:
    """What the record has of one case, before it is a part of a log."""

    case: Row
    log: tuple[Row, ...]
    referrals: tuple[Row, ...]
    deadlines: tuple[Row, ...]


Pages = Iterator[tuple[CaseRows, ...]]
"""Cases in the order they were opened, a few at a time."""
