"""Taking sealed texts out of a model, and putting them back. Pure: encrypting them is the vault's work.

A field is sealed when `Sealed` stands anywhere in its annotation: then every text in its value is taken out,
a date as its ISO text, the items of a list one by one. Booleans stay (`SealedText | bool` says "not needed").
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from casework.models.base import Sealed

M = TypeVar("M", bound=BaseModel)
Texts = dict[str, str]


def split(model: BaseModel) -> tuple[dict[str, Any], Texts]:
    """The model as JSON types without its sealed texts, and those texts by JSON pointer.

    In the place of a text stands None; "" in lists and where the field admits no None.
    """
    texts: Texts = {}
    return _split_model(model, model.model_dump(mode="json"), "", texts), texts


def merge(clear: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The JSON types with the texts back in place; raises ValueError where a pointer leads to no blank."""
    whole = deepcopy(dict(clear))
    for pointer, text in texts.items():
        *path, last = (_unescape(step) for step in pointer.split("/"))
        place: Any = {"": whole}
        try:
            for step in path:
                place = place[_key(place, step)]
            found = place[_key(place, last)]
        except (LookupError, TypeError, ValueError):
            found = False  # it leads nowhere
        if found not in (None, ""):
            raise ValueError(f"no blank at {pointer}")
        place[_key(place, last)] = text
    return whole


def blank(model: M) -> M:
    """The same model with its sealed texts blanked, so that it can travel; ValidationError if it may not."""
    clear, _ = split(model)
    return type(model).model_validate_json(json.dumps(clear))


def given(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The pointers under which something was written: white space alone is no reason."""
    return tuple(sorted(pointer for pointer, text in texts.items() if text.strip()))


def _split_model(model: BaseModel, dumped: dict[str, Any], at: str, texts: Texts) -> dict[str, Any]:
    return {
        name: _split_value(getattr(model, name), dumped[name], f"{at}/{name}", _blank_of(field), texts)
        for name, field in type(model).model_fields.items()
    }


def _split_value(value: Any, dumped: Any, at: str, blank_of: tuple[str | None] | None, texts: Texts) -> Any:
    if isinstance(value, BaseModel):
        return _split_model(value, dumped, at, texts)
    in_list = None if blank_of is None else ("",)
    if isinstance(dumped, list):
        items = enumerate(zip(value, dumped, strict=True))
        return [_split_value(item, json_, f"{at}/{n}", in_list, texts) for n, (item, json_) in items]
    if isinstance(dumped, dict):
        return {
            key: _split_value(item, json_, f"{at}/{_escape(key)}", blank_of, texts)
            for item, (key, json_) in zip(value.values(), dumped.items(), strict=True)
        }
    if blank_of is None or dumped is None or isinstance(dumped, bool):
        return dumped
    if not isinstance(dumped, str):  # a number in a sealed field would travel in the clear
        raise TypeError(f"{at} is sealed but holds no text")
    texts[at] = dumped
    return blank_of[0]


def _blank_of(field: FieldInfo) -> tuple[str | None] | None:
    """What stands in the place of the field's text, in a tuple; None where the field is not sealed."""
    parts = _parts(field.annotation)
    if not any(isinstance(part, Sealed) or part is Sealed for part in (*field.metadata, *parts)):
        return None
    return (None if type(None) in parts else "",)


def _parts(annotation: Any) -> list[Any]:
    inner = [part for argument in get_args(annotation) for part in _parts(argument)]
    return [annotation, *inner]


def _key(place: Any, step: str) -> str | int:
    return int(step) if isinstance(place, list) else step


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _unescape(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
