"""What stands still, and what waits for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework.models.base import Instant, Model
from casework.models.state import Deadline


class Troubles(Model):
    """What holds up a case besides its clocks."""

    caseworker_gone: bool = False
    """Whether the account it is assigned to is disabled."""
    undelivered_at: Instant | None = None
    """Since when a notice of it has reached nobody and will not by itself."""
    failing_at: Instant | None = None
    """Since when a step of it fails, as far as the patrol has found."""


@dataclass(frozen=True)
class Standing:
    """How a case stands, as far as its reader may see it: its row, the clocks that run, and what else holds it up.

    Of a report that waits for the engine the row is that of its reservation, with `status` queued.
    """

    case: Mapping[str, Any]
    deadlines: tuple[Deadline, ...] = ()
    troubles: Troubles = field(default_factory=Troubles)


@dataclass(frozen=True)
class Board:
    """A page of the cases that stand still, most urgent first, and the signs of life of who watches over them."""

    items: tuple[Standing, ...]
    next_cursor: str | None = None
    watched_at: datetime | None = None
    well: bool = False
    patrolled_at: datetime | None = None


@dataclass(frozen=True)
class Work:
    """What waits for one person: their clocks by due time, and what came in lately, newest first."""

    clocks: tuple[Mapping[str, Any], ...]
    answers: tuple[Mapping[str, Any], ...]
    assignments: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Caseload:
    """The open cases of an office, counted.

    `carried` has a row for each `assigned_to` (None: nobody) with how many are `open`, of `high` risk and `stalled`;
    `standing` has one for each stage and set of categories with their `count`.
    """

    carried: tuple[Mapping[str, Any], ...]
    standing: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class BoardQuery:
    """What of the board is asked for. `agency_id` is the office of a case, or an agency that it stands still with."""

    now: datetime
    agency_id: str | None = None
    reason: str | None = None
    assigned_to: str | None = None
    risk: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class Stalled:
    """A filter of lists: the cases that stand still at an instant, or those that do not."""

    wanted: bool
    at: datetime
