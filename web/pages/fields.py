"""The fields of a form, made from the model that takes what it says: no form can forget or invent one."""

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from casework.models.base import Sealed

Kind = Literal["line", "text", "number", "day", "time", "choice", "choices", "answer", "tick", "group", "rows"]

CHOSEN = {
    "agency_id": "agencies",
    "to_agency_id": "offices",
    "participants": "agencies",
    "called_by": "agencies",
    "owner": "agencies",
    "followed_by": "agencies",
    "caseworker_id": "caseworkers",
    "deputy_id": "deputies",
    "deadline_id": "clocks",
    "deadline_ids": "clocks",
    "findings": "findings",
    "outcome": "outcomes",
}
"""What is chosen from things that only the page knows, by the name of its field."""
CHOSEN_OF = {
    ("RecordMilestone", "kind"): "milestones",
    ("ReportProgress", "kind"): "progress",
    ("OutreachEntry", "subjects"): "subjects",
    ("OutreachEntry", "subdistrict"): "subdistricts",
    ("OutreachEntry", "organiser"): "agencies",
    ("OutreachEntry", "opened_by"): "agencies",
    ("PromiseOwner", "account_id"): "colleagues",
}
LONG = 301
"""Texts that may be longer than this are written in a box, not on a line."""


@dataclass(frozen=True)
class Field:
    """One field: its dotted name in the form, the model it is of, and how it is asked for."""

    name: str
    model: str
    kind: Kind
    required: bool = False
    options: tuple[str, ...] = ()
    words: str = ""
    """What the options are, for their words."""
    source: str = ""
    """From which of the page's own things it is chosen."""
    parts: tuple["Field", ...] = ()

    @property
    def own(self) -> str:
        """Its name within its model."""
        return self.name.rpartition(".")[2]


@cache
def fields_of(model: type[BaseModel], within: str = "") -> tuple[Field, ...]:
    """The fields of a model, in its order, by the names that its body gives them."""
    return tuple(_field(model, info.alias or name, info, within) for name, info in model.model_fields.items())


def every(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields, each followed by those within it."""
    for field in fields:
        yield field
        yield from every(field.parts)


def _field(model: type[BaseModel], name: str, info: FieldInfo, within: str) -> Field:
    path, owner = f"{within}.{name}" if within else name, model.__name__
    annotation, several = _inner(info.annotation)
    source = CHOSEN_OF.get((owner, name), CHOSEN.get(name, ""))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind: Kind = "rows" if several else "group"
        parts = fields_of(annotation, f"{path}.#" if several else path)
        return Field(path, owner, kind, info.is_required(), parts=parts)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        options = tuple(code.value for code in annotation)
        kind = "choices" if several else "choice"
        return Field(path, owner, kind, info.is_required(), options, words=annotation.__name__)
    if source:
        return Field(path, owner, "choices" if several else "choice", info.is_required(), source=source)
    if several:
        return Field(path, owner, "rows", info.is_required(), parts=(Field(f"{path}.#", owner, "line"),))
    return Field(path, owner, _kind(annotation, info), info.is_required())


def _kind(annotation: Any, info: FieldInfo) -> Kind:
    if annotation is bool:
        return "tick" if info.default is False else "answer"
    if annotation is int:
        return "number"
    if annotation in (datetime, AwareDatetime):
        return "time"
    if annotation is date:
        return "day"
    return "text" if _sealed_and_long(info) else "line"


def _sealed_and_long(info: FieldInfo) -> bool:
    metadata = [*info.metadata, *_metadata(info.annotation)]
    longest = min((each.max_length for each in metadata if getattr(each, "max_length", None)), default=LONG)
    return any(isinstance(each, Sealed) for each in metadata) and longest >= LONG


def _metadata(annotation: Any) -> Iterator[Any]:
    for each in get_args(annotation):
        if hasattr(each, "max_length") or isinstance(each, Sealed):
            yield each
        elif hasattr(each, "metadata"):
            yield from each.metadata
        else:
            yield from _metadata(each)


def _inner(annotation: Any) -> tuple[Any, bool]:
    """What stands in an optional, annotated or repeated type, and whether it is repeated."""
    if hasattr(annotation, "__metadata__"):
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) is tuple:
        return _inner(get_args(annotation)[0])[0], True
    if get_origin(annotation) in (Union, types.UnionType):
        given = [each for each in get_args(annotation) if each is not type(None)]
        # A text or a plain yes, as of a safety plan: the text says more.
        return _inner(given[0])
    return annotation, False
