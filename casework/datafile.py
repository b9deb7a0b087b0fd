"""Reading the TOML data files: what is wrong in one is named by file, place and reason."""

import json
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Any, TypeVar

from pydantic import ValidationError

from casework.models.base import Model

M = TypeVar("M", bound=Model)


class Problem(Model):
    """One thing wrong in a data file. `where` is a key path (`deadlines[3].source`) or a line."""

    file: str
    where: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.file, self.where, self.reason)))


class DataFileError(Exception):
    """Data that cannot be used; `problems` lists everything found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def parse(file: str, content: bytes, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The content as the model, or what is wrong with it. Types are taken as written, never converted."""
    try:
        data = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return None, [Problem(file=file, where=f"line {line}", reason="is not UTF-8 text")]
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rpartition(" (at ")
        return None, [Problem(file=file, where=place.rstrip(")"), reason=f"is not TOML: {reason}")]
    try:
        return model.model_validate_json(json.dumps(data, default=_other), strict=True), []
    except ValidationError as error:
        return None, [_problem(file, found) for found in error.errors(include_url=False)]


def built_in(package: str, file: str, model: type[M]) -> M:
    """A file that comes with a package; raises DataFileError where it is not as it must be."""
    parsed, problems = parse(file, resources.files(package).joinpath(file).read_bytes(), model)
    if parsed is None:
        raise DataFileError(problems)
    return parsed


def _other(value: Any) -> Any:
    # A date of TOML is ISO text to the model, which takes it where a date is asked for.
    return value.isoformat()


def _problem(file: str, found: Any) -> Problem:
    match found["type"]:
        case "extra_forbidden":
            reason = "unknown key"
        case "missing":
            reason = "is missing"
        case _ if isinstance(found["input"], str | int | float):
            reason = f"{found['msg']} (found {found['input']!r})"
        case _:
            reason = found["msg"]
    return Problem(file=file, where=key_path(found["loc"]), reason=reason)


def key_path(steps: Iterable[str | int]) -> str:
    """`("deadlines", 3, "source")` as `deadlines[3].source`."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
