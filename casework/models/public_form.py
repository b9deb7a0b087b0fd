"""The public form as data: numbers to call, plain choices, places, what stands beside it, and who is told when."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from casework.models.base import Code, Id, Model
from casework.models.notice import Language
from casework.models.pathway import Category
from casework.models.people import Role
from casework.models.public_report import PublicEntry

Words = Annotated[str, Field(min_length=1, max_length=600, pattern=r"\S")]


class Said(Model):
    """The same in both languages."""

    id: Words
    en: Words

    def __getitem__(self, language: Language) -> str:
        return self.id if language == "id" else self.en


class Telephone(Model):
    """A number to call at once."""

    number: Annotated[str, Field(pattern=r"^[0-9]{3,15}$")]
    says: Said


class Choice(Model):
    """One thing that may be ticked, in plain words, and the categories that a case of it begins with."""

    code: Code
    says: Said
    child: tuple[Category, ...] = ()
    adult: tuple[Category, ...] = ()


class Area(Model):
    """A part of the district, and the office that answers for it where that is not the leading one."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    agency_id: Id | None = None


class Place(Model):
    """Where a poster hangs. Its code stands in the address of the form."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]


class Advice(Model):
    """Some sentences under a heading: how to recognise, how to prevent."""

    title: Said
    points: Annotated[tuple[Said, ...], Field(min_length=1, max_length=12)]


class Poster(Model):
    """What a poster says beside the picture that telephones read."""

    title: Said
    says: Annotated[tuple[Said, ...], Field(min_length=1, max_length=5)]


class Rung(Model):
    """Who of the office is told that a report waits, and how many hours after it came."""

    after_hours: Annotated[int, Field(ge=0, le=2160)]
    to: Annotated[tuple[Role, ...], Field(min_length=1)]


class PublicForm(Model):
    """All of it; an office may put its own file in the place of this one."""

    leave: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+/?$")]
    telephones: Annotated[tuple[Telephone, ...], Field(min_length=1, max_length=6)]
    labels: Mapping[Code, Said]
    """What each part of the form is called, on the page and in what a case is opened with."""
    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=20)]
    areas: Annotated[tuple[Area, ...], Field(max_length=60)] = ()
    places: Annotated[tuple[Place, ...], Field(max_length=500)] = ()
    advice: Annotated[tuple[Advice, ...], Field(max_length=6)] = ()
    contact: Said
    """How the office itself is reached."""
    poster: Poster
    decide_within_hours: Annotated[int, Field(ge=1, le=720)]
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=10)]
    kept_days: Annotated[int, Field(ge=1, le=3650)]
    """How long what was not confirmed can be read."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Each thing once, each part named, and a ladder that rises and reaches who decides."""
        named = [[each.code for each in self.choices], [each.name for each in self.areas]]
        for names in (*named, [each.code for each in self.places]):
            if len(set(names)) < len(names):
                raise ValueError("the same code or name stands twice")
        if wanting := PublicEntry.model_fields.keys() ^ self.labels.keys():
            raise ValueError(f"labels are to name each part of the form and nothing else: {sorted(wanting)}")
        hours = [rung.after_hours for rung in self.ladder]
        if hours != sorted(set(hours)):
            raise ValueError("each rung of the ladder comes later than the one before")
        reached = {role for rung in self.ladder for role in rung.to}
        if not {Role.SUPERVISOR, Role.HEAD} <= reached <= {Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD}:
            raise ValueError("the ladder reaches supervisor and head, and nobody outside the office")
        return self
