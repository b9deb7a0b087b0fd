"""A scenario: what agencies did on a case and when, as the files under `examples/scenarios` tell it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from casework.models.codes import Stage
from casework.models.pathway import Category, Service


class ScenarioError(Exception):
    """The file is no scenario; the message says where and why."""


class Part(BaseModel):
    """A part of a scenario: what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AnswerLater(Part):
    """An agency's answer at a time of its own."""

    at: datetime
    answer: str


def _clock(name: str) -> str:
    kind, colon, service = name.partition(":")
    if not kind or (colon and service not in list(Service)):
        raise ValueError(f"`{name}` names no clock: a kind, or kind:service")
    return name


OVERDUE, NOT_OVERDUE, ARMED = "overdue", "not overdue", "running"
Clocks = tuple[Annotated[str, AfterValidator(_clock)], ...]


class Expectation(Part):
    """What each case of a step must be at `at`, or right after the step where there is none."""

    at: datetime | None = None
    overdue: Clocks = ()
    not_overdue: Clocks = ()
    armed: Clocks = ()
    rungs: int | None = Field(default=None, ge=1)
    stage: Stage | None = None
    categories: frozenset[Category] | None = None
    open_referrals: int | None = Field(default=None, ge=0)
    why: str = ""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set - {"at", "why"}:
            raise ValueError("expects nothing")
        return self

    @property
    def clocks(self) -> Mapping[str, Clocks]:
        """The clocks that are named, by what is expected of them."""
        return {OVERDUE: self.overdue, NOT_OVERDUE: self.not_overdue, ARMED: self.armed}


class ScenarioStep(Part):
    """One step. `command` None stands in the timeline only; `a+b` are given a minute apart."""

    at: datetime
    known: bool
    what: str
    command: str | None
    cases: tuple[str, ...] = Field(default=(), alias="for")
    given: dict[str, Any] = Field(default_factory=dict, alias="with")
    answer: AnswerLater | None = None
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _of_cases(self) -> Self:
        if self.expect and not self.cases:
            raise ValueError("expects something of no case")
        return self

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands, in order."""
        return tuple(self.command.split("+")) if self.command else ()


class Source(Part):
    """Who told of the case, when and under which title."""

    publisher: str
    published_on: date | tuple[date, ...] = ()
    title: str


class Scenario(Part):
    """A whole one. The first agency is the lead office; times are of the scenario's zone."""

    id: str
    title: str
    source: Source
    timezone: str
    cases: tuple[str, ...]
    agencies: tuple[str, ...] = Field(min_length=1)
    steps: tuple[ScenarioStep, ...] = Field(min_length=1)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of every time."""
        return ZoneInfo(self.timezone)

    @property
    def length(self) -> int:
        """How many acts it is played in."""
        return sum(1 + bool(step.answer) + bool(step.expect) for step in self.steps)

    def instant(self, local: datetime) -> datetime:
        """A time of the file as an instant."""
        return local.replace(tzinfo=self.zone)


def read(path: Path) -> Scenario:
    """The scenario of a file; raises ScenarioError saying what is wrong with it."""
    try:
        return Scenario.model_validate(json.loads(path.read_text()))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ScenarioError(f"{path}: {first_problem(error)}") from None
    except ValueError as error:
        raise ScenarioError(f"{path}: no JSON: {error}") from None


def first_problem(error: ValidationError) -> str:
    """What is wrong first, and where."""
    first = error.errors(include_input=False)[0]
    return f"{'/'.join(map(str, first['loc']))}: {first['msg']}"
