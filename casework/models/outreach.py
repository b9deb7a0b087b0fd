"""Outreach: an activity that informs and prevents, who came, counted, and what was promised there. It names nobody."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from casework.models.base import Code, Codes, Id, Instant, Model, Text
from casework.models.codes import AgeGroup, Sex
from casework.models.figure import Words

Line = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
MOST = 50


class OwnerRole(Codes):
    """The roles that may owe what was promised: of the office that records the activity, or the coordinator."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    HEAD = "head"
    COORDINATOR = "coordinator"


class PromiseOwner(Model):
    """Who owes what was promised: exactly one of role, agency or account."""

    role: OwnerRole | None = None
    agency_id: Id | None = None
    account_id: Id | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len([each for each in (self.role, self.agency_id, self.account_id) if each]) != 1:
            raise ValueError("name a role, an agency or an account")
        return self


class Attendance(Model):
    """Some who came, counted. Without a count: somebody of the institution came, and how many is not known."""

    agency_id: Id | None = None
    sex: Sex = Sex.UNKNOWN
    age_group: AgeGroup = AgeGroup.UNKNOWN
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.count is None and self.agency_id is None:
            raise ValueError("needs a count or an institution")
        return self


class PromiseEntry(Model):
    """What was promised, by whom, until when; `kept_on` where it was done before it is entered."""

    what: Line
    owner: PromiseOwner
    due_on: date
    kept_on: date | None = None


class OutreachEntry(Model):
    """An activity as it is entered. Who organised and opened it are institutions, never persons."""

    held_on: date
    subjects: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MOST)]
    title: Line | None = None
    subdistrict: Code
    place: Line
    organiser: Id
    opened_by: Id | None = None
    participants: Annotated[tuple[Attendance, ...], Field(min_length=1, max_length=MOST)]
    promises: Annotated[tuple[PromiseEntry, ...], Field(max_length=MOST)] = ()


class Promise(Model):
    """A promise as it is kept: since when it runs and until when, the last step that was told, and when it was done."""

    id: Id
    outreach_id: Id
    what: Line
    owner: PromiseOwner
    due_on: date
    since: Instant
    due_at: Instant
    rung: int = -1
    """-1: nobody was told yet; 0: the owner was reminded; else the rung that was told last."""
    next_at: Instant | None = None
    kept_on: date | None = None
    kept_by: Id | None = None
    undelivered: bool = False
    """Whether something that was told of it reached nobody, and will not by itself."""


class Owed(Promise):
    """A promise with the activity at which it was given."""

    held_on: date
    at: str


class Reports(Model):
    """How many reports came from a subdistrict within thirty days before and after; None where it is not told."""

    before: int | None
    after: int | None


class Outreach(Model):
    """An activity as it is kept."""

    id: Id
    agency_id: Id
    held_on: date
    held_at: Instant
    """The midnight at which its day begins in the office's zone."""
    subjects: tuple[Code, ...]
    title: str | None
    subdistrict: Code
    place: str
    organiser: Id
    opened_by: Id | None
    participants: tuple[Attendance, ...]
    promises: tuple[Promise, ...] = ()
    recorded_at: Instant
    recorded_by: Id

    @property
    def total(self) -> int:
        """How many came, as far as they were counted."""
        return sum(each.count or 0 for each in self.participants)


class Subject(Model):
    """What an activity may be about."""

    code: Code
    title: Words


class Subdistrict(Model):
    """A subdistrict; its code is its name, folded."""

    code: Code
    name: Text


class Rung(Model):
    """Who is told so many days after the due time."""

    to: Code
    days: Annotated[int, Field(ge=0, le=365)]


class Ladder(Model):
    """The owner is reminded after a share of the time; then who stands on each rung is told."""

    remind_at_share: Annotated[float, Field(gt=0, lt=1)]
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _never_back(self) -> Self:
        days = [rung.days for rung in self.rungs]
        if days != sorted(days) or days[0] != 0:
            raise ValueError("begins at the due time, and no rung comes before the one below it")
        return self


class Ladders(Model):
    """Of what the office owes, and of what an agency does."""

    office: Ladder
    agency: Ladder


class Offering(Model):
    """The file of code lists and ladders."""

    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    subdistricts: Annotated[tuple[Subdistrict, ...], Field(min_length=1)]
    ladders: Ladders
