"""A scenario: what agencies did on a case and when, as the files under `examples/scenarios` tell it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ScenarioError(Exception):
    """The file is no scenario; the message says where and why."""


class AnswerLater(BaseModel):
    """An agency's answer at a time of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    answer: str


class ScenarioStep(BaseModel):
    """One step. `command` None stands in the timeline only; `a+b` are given a minute apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: datetime
    known: bool
    what: str
    command: str | None
    cases: tuple[str, ...] = Field(default=(), alias="for")
    given: dict[str, Any] = Field(default_factory=dict, alias="with")
    answer: AnswerLater | None = None
    expect: dict[str, Any] | None = None

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands, in order."""
        return tuple(self.command.split("+")) if self.command else ()


class Scenario(BaseModel):
    """A whole one. The first agency is the lead office; times are of the scenario's zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    source: dict[str, Any]
    timezone: str
    cases: tuple[str, ...]
    agencies: tuple[str, ...] = Field(min_length=1)
    steps: tuple[ScenarioStep, ...] = Field(min_length=1)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of every time."""
        return ZoneInfo(self.timezone)

    def instant(self, local: datetime) -> datetime:
        """A time of the file as an instant."""
        return local.replace(tzinfo=self.zone)


def read(path: Path) -> Scenario:
    """The scenario of a file; raises ScenarioError saying what is wrong with it."""
    try:
        return Scenario.model_validate(json.loads(path.read_text()))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, ValidationError):
            first = error.errors(include_input=False)[0]
            where = "/".join(map(str, first["loc"]))
            raise ScenarioError(f"{path}: {where}: {first['msg']}") from None
        raise ScenarioError(f"{path}: no JSON: {error}") from None
