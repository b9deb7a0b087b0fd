"""Numbers of letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class LetterNumber:
    """The number of a letter in the series of its office and year, and when it was given."""

    sequence: int
    at: datetime


class Letters(Protocol):
    """The numbers of letters."""

    def number(self, command_id: str, agency_id: str, year: int, at: datetime) -> LetterNumber:
        """The next number of an office in a year, once for a command: a repeat gets the first, with its time."""
        ...
