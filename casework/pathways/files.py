"""The shape of a pathway file as people write it. A file says once what the model repeats for each start or service."""

from itertools import product
from typing import Annotated, Literal

from pydantic import Field

from casework.models.base import Code, Id, Model, Text
from casework.models.codes import Assent, ClosureReason, ConsentGiver, NotificationKind, Part, Stage
from casework.models.pathway import (
    Category,
    Class,
    ClosureCondition,
    ConsentBand,
    DeadlinePolicy,
    Disclosure,
    Ladder,
    MatrixRow,
    Reason,
    Retention,
    Rung,
    Service,
    SpecialStep,
    Telling,
)
from casework.pathways.lengths import After, Running

Prose = Annotated[Text, Field(min_length=3)]
LONGEST_KIND = 24
"""So that the id of a deadline, and the keys of its steps, which are made of it, are never too long to be ids."""
Share = Annotated[float, Field(gt=0, lt=1)]


class DeadlineEntry(Model):
    """One `[[deadlines]]`: a policy for each of its starts and services."""

    kind: Annotated[Code, Field(max_length=LONGEST_KIND)]
    class_: Class = Field(alias="class")
    length: dict[Literal["high", "medium", "low", "any"], Running]
    urgent_length: Running | None = None
    start: Annotated[tuple[Code, ...], Field(min_length=1)]
    end: Annotated[tuple[Code, ...], Field(min_length=1)]
    owner: Id
    ladder: Code
    reason: Reason = "overdue"
    restarts: bool = False
    services: tuple[Service, ...] = ()
    only_if: Code | None = None
    source: Prose

    def policies(self) -> tuple[DeadlinePolicy, ...]:
        """The policies the entry stands for."""
        own = self.model_dump(exclude={"start", "services"})
        pairs = product(self.start, self.services or (None,))
        return tuple(DeadlinePolicy(**own, start=start, service=service) for start, service in pairs)


class RungEntry(Model):
    """One rung: so long after the due time, by risk."""

    to: Code
    high: After
    medium: After
    low: After

    def rung(self) -> Rung:
        """The rung as the model has it."""
        return Rung(to=self.to, after={"high": self.high, "medium": self.medium, "low": self.low})


class LadderEntry(Model):
    """One `[[ladders]]`."""

    name: Code
    remind_at_share: Share | None = None
    remind_before: Running | None = None
    rungs: Annotated[tuple[RungEntry, ...], Field(min_length=1)]
    source: Prose

    def ladder(self) -> Ladder:
        """The ladder as the model has it."""
        own = self.model_dump(exclude={"rungs", "source"})
        return Ladder(**own, rungs=tuple(entry.rung() for entry in self.rungs))


class ClosureEntry(Model):
    """One `[[closure]]`."""

    reason: ClosureReason
    any_stage: bool = False
    review: bool = False
    unreached_follow_ups: Annotated[int, Field(ge=0)] = 0
    source: Prose

    def condition(self) -> ClosureCondition:
        """The condition as the model has it."""
        return ClosureCondition(**self.model_dump(exclude={"source"}))


class StepEntry(Model):
    """One `[[special_steps]]`."""

    id: Code
    text_id: Prose
    text_en: Prose
    source: Prose

    def step(self) -> SpecialStep:
        """The step as the model has it."""
        return SpecialStep(**self.model_dump())


class DisclosureEntry(Model):
    """One `[[disclosures]]`: a policy for each of its services."""

    services: tuple[Service, ...] = ()
    after: After
    source: Prose

    def policies(self) -> tuple[Disclosure, ...]:
        """The policies the entry stands for."""
        return tuple(Disclosure(service=service, after=self.after) for service in self.services or (None,))


class TellingEntry(Model):
    """One `[[tellings]]`."""

    kind: NotificationKind
    discloses: tuple[Part, ...]
    after: After
    source: Prose

    def telling(self) -> Telling:
        """The telling as the model has it."""
        return Telling(**self.model_dump(exclude={"source"}))


class RetentionEntry(Model):
    """`[retention]`."""

    after: Running
    warning: Running
    source: Prose

    def policy(self) -> Retention:
        """The retention as the model has it."""
        return Retention(**self.model_dump())


class ConsentEntry(Model):
    """One `[[consents]]`."""

    up_to: Annotated[int, Field(ge=0, lt=18)] | None = None
    by: Annotated[tuple[ConsentGiver, ...], Field(min_length=1)]
    assent: Assent | None = None
    source: Prose

    def band(self) -> ConsentBand:
        """The band as the model has it."""
        return ConsentBand(**self.model_dump(exclude={"source"}))


class PathwayFile(Model):
    """What a common and a category file share."""

    version: Annotated[int, Field(ge=1)]
    findings: dict[Code, Category | Literal["none"]] = Field(default_factory=dict)
    special_steps: tuple[StepEntry, ...] = ()
    deadlines: tuple[DeadlineEntry, ...] = ()
    disclosures: tuple[DisclosureEntry, ...] = ()


class CommonFile(PathwayFile):
    """`common.toml`: what holds in every category."""

    stages: tuple[Stage, ...]
    ladders: tuple[LadderEntry, ...]
    closure: tuple[ClosureEntry, ...]
    tellings: tuple[TellingEntry, ...]
    consents: tuple[ConsentEntry, ...]
    retention: RetentionEntry


class CategoryFile(PathwayFile):
    """`<category>.toml`: the rules of one category's own."""

    category: Category
    title_id: Prose
    title_en: Prose
    legal_basis: tuple[Prose, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    outcomes: tuple[Code, ...] = ()
