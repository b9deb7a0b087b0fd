"""What a district's year is made of: `proportions.toml`, each table with the source of its numbers."""

from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from pydantic import Field, model_validator

from casework.datafile import built_in
from casework.models.base import Id, Model, Text
from casework.models.pathway import Category, Service

FILE = "proportions.toml"


class Shares(Model):
    """How often each of several things is so, in any unit."""

    source: Text
    of: dict[str, float] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _table(cls, table: Any) -> Any:
        if not isinstance(table, Mapping) or "of" in table:
            return table
        return {"source": table.get("source"), "of": {key: n for key, n in table.items() if key != "source"}}

    def draw(self, dice: Random) -> str:
        """One of them."""
        return dice.choices([*self.of], [*self.of.values()])[0]


class Manner(Model):
    """How an agency answers: the medians of its first answer and its result, and how often it does not."""

    hours: float
    days: float
    silent: float = Field(ge=0, le=1)
    declines: float = Field(ge=0, le=1)


class Asks(Model):
    """How often an agency is asked for a service in a category."""

    category: Category
    service: Service
    agency: Id
    share: float = Field(ge=0, le=1)


class Proportions(Model):
    """`proportions.toml`."""

    sex: Shares
    age: Shares
    violence: Shares
    place: Shares
    suspect: Shares
    disability: Shares
    subdistrict: Shares
    month: Shares
    weekday: Shares
    channel: Shares
    delay: Shares
    agencies: dict[Id, Manner]
    asks: tuple[Asks, ...]


@cache
def proportions() -> Proportions:
    """The built-in ones; raises DataFileError where they are not as they must be."""
    return built_in("starter.year", FILE, Proportions)
