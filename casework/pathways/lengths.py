"""Lengths of time as pathway files write them: `PT24H` running hours, `P3D` or `P2W` days, `3WD` working days."""

import re
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from casework.models.pathway import ClockKind, Length

NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
HOURS = re.compile(rf"PT(?=[0-9])(?:{NUMBER}H)?(?:{NUMBER}M)?(?:{NUMBER}S)?")
DAYS = re.compile(r"P([0-9]+)([DW])")
WORKING_DAYS = re.compile(r"([0-9]+)WD")
HOURS_OF = {ClockKind.H: 1, ClockKind.D: 24}
DAYS_OF = {"D": 1, "W": 7}
WORKING_YEARS = 750
"""Working days of some three years."""

REASONS = (
    (r"-.*", "runs backwards"),
    (r"P[^T]*[YM].*", "counts months or years, which differ in length; write days, or PT3M for minutes"),
    (r"P[^T]*[DW]T.*", "mixes days and hours; PT36H runs on, P2D ends at the same clock time"),
    (r"P?[0-9]*[.,][0-9]+(D|W|WD)", "counts whole days"),
)
"""Why a text is no length; the first that fits."""
NO_LENGTH = "is no length; write PT24H, P3D, P2W or 3WD"


def read(text: Any) -> Length:
    """The length a text stands for; raises a validation error that says why it is none.

    A text with a `T` runs in hours, whatever its unit. Days are whole, because they end at the same clock time.
    """
    text = text if isinstance(text, str) else ""
    if match := HOURS.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return Length(clock=ClockKind.H, units=(hours * 3600 + minutes * 60 + seconds) / 3600)
    if match := DAYS.fullmatch(text):
        return Length(clock=ClockKind.D, units=float(match[1]) * DAYS_OF[match[2]])
    if match := WORKING_DAYS.fullmatch(text):
        return Length(clock=ClockKind.WD, units=float(match[1]))
    fitting = (reason for pattern, reason in REASONS if re.fullmatch(pattern, text))
    raise PydanticCustomError("length", next(fitting, NO_LENGTH))


def _running(length: Length) -> Length:
    if length.units == 0:
        raise PydanticCustomError("length", "must be longer than nothing")
    return _within(length, days=100_000)


def _within(length: Length, days: int) -> Length:
    # Working days are counted one by one, and the calendar of a case ends after some years.
    days = min(days, WORKING_YEARS) if length.clock is ClockKind.WD else days
    if length.units > days * (24 if length.clock is ClockKind.H else 1):
        raise PydanticCustomError("length", "is longer than {days} days", {"days": days})
    return length


Running = Annotated[Length, BeforeValidator(read), AfterValidator(_running)]
"""How long a clock runs: longer than nothing."""
After = Annotated[Length, BeforeValidator(read), AfterValidator(partial(_within, days=1000))]
"""How long after the due time, which may be at once."""


def compare(one: Length, other: Length) -> int | None:
    """Below 0 where the first is shorter, above where it is longer, 0 where both are the same.

    None where it cannot be told: working days beside hours or days. Nothing is shorter than something in any clock.
    """
    if one.clock is other.clock or 0 in (one.units, other.units):
        return _sign(one.units - other.units)
    if ClockKind.WD in (one.clock, other.clock):
        return None
    return _sign(one.units * HOURS_OF[one.clock] - other.units * HOURS_OF[other.clock])


def _sign(difference: float) -> int:
    return (difference > 0) - (difference < 0)
