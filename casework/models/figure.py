"""Figures: what each says and where that is from, and what was counted for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from casework.models.base import Code, Id, Model, Text

Language = Literal["id", "en"]


class Words(Model):
    """A sentence in both languages."""

    id: Text
    en: Text


class Definition(Model):
    """One figure: what it is called, what it counts, after whom."""

    id: Code
    chapter: Code
    """The page of figures that it stands on."""
    number: Text
    """Its place in the lists that it is from."""
    title: Words
    definition: Words
    source: Text
    counts: Literal["count", "share", "mean", "median"] = "count"
    """What stands for each key: how many, how many of all, or the mean or median of a measure."""
    unit: Code = "cases"
    """What is counted, or what is measured."""
    keys: Id = "key"
    """The code list of its keys, for the words of pages; `key` for names that stand as they are."""
    parts: Code | None = None
    several: bool = False
    """Whether one case may stand under several keys, so that they add up to nothing."""
    shared: bool = False
    """Whether it is shown beyond the own office. Of what is, no two divide the same cases in nested ways."""
    missing: Words | None = None
    """Why there is no number: what it would need is not in the record. Never zero."""


class Definitions(Model):
    """`figures.toml`."""

    figures: tuple[Definition, ...]


@dataclass(frozen=True)
class Period:
    """Days, both of them included, and the instants they span where the office is."""

    first: date
    last: date
    begins: datetime
    ends: datetime


Key = tuple[str, str | None]


@dataclass(frozen=True)
class Cell:
    """What was counted under one key: how many, and of a measure the mean and the median."""

    count: int
    mean: float | None = None
    median: float | None = None


@dataclass(frozen=True)
class Counted:
    """What was counted for one figure. `whole` counts each thing once, under however many keys it stands."""

    cells: Mapping[Key, Cell] = field(default_factory=dict)
    whole: int = 0


@dataclass(frozen=True)
class Shown:
    """One number as its reader is shown it; None where it is not told."""

    key: str
    part: str | None
    count: int | None
    value: float | None = None


@dataclass(frozen=True)
class Figure:
    """A figure as its reader is shown it."""

    definition: Definition
    cells: tuple[Shown, ...]
    total: int | None
    value: float | None = None
    """The one number that it comes to, where it does: a share."""
