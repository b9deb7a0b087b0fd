"""The facts that start and end clocks: milestones from outside, and what the commands of a case record."""

from functools import cache
from typing import Annotated

from pydantic import Field

from casework.datafile import built_in
from casework.models.base import Code, Model, Text

FACTS_FILE = "facts.toml"


class Milestone(Model):
    """A fact from outside that a person records; many start or end a clock."""

    kind: Code
    title_id: Text
    title_en: Text


class CommandFact(Model):
    """A fact that a command records by itself."""

    code: Code
    of: Annotated[Text, Field(min_length=3)]
    """The command, and when."""


class FactsFile(Model):
    """`facts.toml`."""

    milestones: tuple[Milestone, ...]
    facts: tuple[CommandFact, ...]


@cache
def facts_file() -> FactsFile:
    """The built-in list; it is part of the public contract, so a district cannot replace it."""
    return built_in("casework.pathways", FACTS_FILE, FactsFile)


def milestone_kinds() -> frozenset[str]:
    """Every kind that record_milestone and report_progress take."""
    return frozenset(milestone.kind for milestone in facts_file().milestones)


def facts() -> frozenset[str]:
    """Every code that may start or end a clock."""
    return milestone_kinds() | {fact.code for fact in facts_file().facts}
