"""When holds ended: released by a person, at their own end, or with the last of what they held."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from casework.events import EventKind
from casework.models.people import ENGINE
from web.api.texts import Row

OF_HOLDS = (EventKind.CLOCK_HELD, EventKind.CLOCK_RELEASED)


def released(rows: Iterable[Row], deadlines: Iterable[Row]) -> Mapping[str, datetime | None]:
    """The end of each hold by its id, from the rows of the log about holds; None while something is still held."""
    clocks = {row["id"]: row for row in deadlines}
    ends: dict[str, datetime | None] = {}
    bodies: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        hold_id = row["subject_id"]
        if row["kind"] == EventKind.CLOCK_HELD:
            bodies[hold_id] = row["body"]
            held = [clocks[id_] for id_ in row["body"]["deadline_ids"] if id_ in clocks]
            ends[hold_id] = _outlived(held, row["at"])
        elif row["account_id"] == ENGINE:
            # It ended when it was to end, however late the engine came to it.
            ends[hold_id] = datetime.fromisoformat(bodies[hold_id]["until"])
        else:
            ends[hold_id] = row["at"]
    return ends


def _outlived(clocks: list[Row], at: datetime) -> datetime | None:
    """When the last of them ended, or was started anew by something graver; None while one is held."""
    if any(clock["held_since"] for clock in clocks):
        return None
    ends = (clock["since"] if clock["since"] > at else clock["ended_at"] for clock in clocks)
    return max((end for end in ends if end), default=None)
