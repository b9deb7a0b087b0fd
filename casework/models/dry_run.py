"""What a pathway would have done to past cases, as counts."""

from dataclasses import dataclass

from casework.models.base import Model


@dataclass(frozen=True, slots=True)
class Course:
    """How one past clock goes under one pathway."""

    late: bool
    """Whether it is a promise, and what it waited for came too late or not yet."""
    steps: int
    """How often somebody above its owner is told."""


class Tally(Model):
    """Clocks of one kind that wait for one owner: how many, how many late, how many escalations, under each pathway.

    None is a count that would tell of single cases.
    """

    kind: str
    owner: str
    """A role of the office, or an agency as event logs name it."""
    clocks: int
    late_before: int | None
    late_after: int | None
    steps_before: int | None
    steps_after: int | None

    @property
    def differs(self) -> bool:
        """Whether it comes to anything else."""
        return (self.late_before, self.steps_before) != (self.late_after, self.steps_after)


class DryRun(Model):
    """Two pathways tried on the same past cases."""

    cases: int
    clocks: int
    untold: int
    """Clocks that may go otherwise, but of which one of the two says nothing: they are in no tally."""
    tallies: tuple[Tally, ...]
    """Those that differ, by kind and owner."""
