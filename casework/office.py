"""What a process knows of its office: data, resolved at start, but for the pathways that are activated meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from casework.models.calendar import Calendar
from casework.models.pathway import Category, Pathway
from casework.models.public_form import PublicForm
from casework.models.state import Surroundings
from casework.public_form import load


@dataclass(frozen=True)
class Office:
    """The office, its pathways and calendar, and the clock port of what looks from outside."""

    district: str
    timezone: str
    lead_agency_id: str
    in_force: Callable[[], Mapping[Category, Pathway]]
    """The pathways that cases are opened under now; all of them at once, so that no case begins with two versions."""
    calendar: Calendar
    now: Callable[[], datetime]
    milestones: frozenset[str] = frozenset()
    surroundings: Surroundings = field(default_factory=Surroundings)
    public_form: PublicForm = field(default_factory=load)
    """What stands on the form for the public, and what becomes of its reports."""

    @property
    def pathways(self) -> Mapping[Category, Pathway]:
        """Those in force now. Who needs several asks once."""
        return self.in_force()
