"""How the workflow of a case starts: with its opening, or with the state a former run left."""

from casework.commands import OpenCase, Order
from casework.models.base import Id, Model
from casework.models.calendar import Calendar
from casework.models.pathway import Pathway
from casework.models.state import CaseState, ClientFacts, Surroundings


class Opening(Model):
    """A reserved case with everything its first step needs, as data."""

    case_id: Id
    number: str
    agency_id: Id
    order: Order[OpenCase]
    pathways: tuple[Pathway, ...]
    calendar: Calendar
    client: ClientFacts
    surroundings: Surroundings = Surroundings()


class CaseInput(Model):
    """The start input of `CaseWorkflow`. `clock_shift` (seconds) is for demonstrations and tests only."""

    opening: Opening | None = None
    state: CaseState | None = None
    clock_shift: float = 0.0
    rollover_events: int = 2000
