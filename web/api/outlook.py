"""The outlook of a case as it is answered: on its own, and on the board."""

from datetime import datetime

from casework.models.people import OFFICE_ROLES, Actor
from casework.models.state import Deadline
from casework.ports import Standing
from casework.rules.outlook import AWAITED, is_overdue, most_urgent_first, reasons, stalled
from casework.rules.shared import strictest
from web.api.answers import Automatic, Outlook, Waiting
from web.api.texts import Row

WAITS_FOR_ENGINE = "step_failing"


def outlook_of(standing: Standing, now: datetime) -> Outlook:
    """A fact from the clocks as they stand, as far as the reader sees them; what is on hold stays listed.

    Of a promise whose clock runs for several categories the strictest is shown.
    """
    waiting = tuple(_waiting(deadline, now) for deadline in most_urgent_first(strictest(standing.deadlines), now))
    return Outlook(waiting_on=waiting, stalled=stalled(standing, now), reasons=reasons(standing, now))


def outlook_of_report(reader: Actor, reserved: Row, now: datetime) -> Outlook:
    """Of a report that waits for the engine: nothing runs yet, and after a minute it stands still, for its office."""
    stands = reader.role in OFFICE_ROLES and reserved["reserved_at"] < now - AWAITED
    return Outlook(waiting_on=(), stalled=stands, reasons=(WAITS_FOR_ENGINE,) if stands else ())


def _waiting(deadline: Deadline, now: datetime) -> Waiting:
    steps = tuple(Automatic.model_validate(step.model_dump()) for step in deadline.forecast)
    shown = {**deadline.model_dump(), "forecast": steps, "next": next(iter(steps), None)}
    return Waiting.model_validate({**shown, "overdue": is_overdue(deadline, now)})
