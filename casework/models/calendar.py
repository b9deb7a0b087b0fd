"""The office's calendar as plain data, so that a case can carry the one it counts with."""

from datetime import date, time
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from casework.models.base import Model

DAYS_OF_WEEK = 7


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not a time zone") from error
    return zone


Weekday = Annotated[int, Field(ge=0, lt=DAYS_OF_WEEK)]


class Calendar(Model):
    """Zone, office hours, weekend (Monday is 0) and days off of an office."""

    zone: Annotated[str, AfterValidator(_known_zone)]
    opens: time = time(8)
    closes: time = time(16)
    weekend: tuple[Weekday, ...] = (5, 6)
    holidays: tuple[date, ...] = ()
    """Public holidays and collective leave, oldest first, each once."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("the office closes before it opens")
        if len(set(self.weekend)) == DAYS_OF_WEEK:
            raise ValueError("no day of the week is a working day")
        if self.holidays != tuple(sorted(set(self.holidays))):
            raise ValueError("holidays are sorted and each is named once")
        return self

    def is_working_day(self, day: date) -> bool:
        """Whether the office works on a day."""
        return day.weekday() not in self.weekend and day not in self.holidays
