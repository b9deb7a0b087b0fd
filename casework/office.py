"""What a process knows of its office: data, resolved once at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from casework.models.calendar import Calendar
from casework.models.pathway import Category, Pathway
from casework.models.state import Surroundings


@dataclass(frozen=True)
class Office:
    """The office, its pathways and calendar, and the clock port of what looks from outside."""

    district: str
    timezone: str
    lead_agency_id: str
    pathways: Mapping[Category, Pathway]
    calendar: Calendar
    now: Callable[[], datetime]
    milestones: frozenset[str] = frozenset()
    surroundings: Surroundings = field(default_factory=Surroundings)
