"""What is kept for the client's sake: where the client is now."""

from datetime import datetime

from casework.commands import Order, SetLocation
from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.state import CaseState
from casework.rules.opening import problem
from casework.rules.step import CASEWORK, Step, rule


@rule(SetLocation, CASEWORK)
def set_location(state: CaseState, order: Order[SetLocation], now: datetime) -> Step:
    """Keep where the client is now; where the client was before stays sealed, and is read no more."""
    if not (order.has_text("/name") or order.has_text("/address")):
        raise InvalidInputError(
            "Say where.", errors=[problem("/address", "missing", "an address, or a name of the place")]
        )
    return Step(state, EventKind.LOCATION_SET)
