"""How a command can fail, each way with the exit status that scripts rely on."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Failure(Exception):  # noqa: N818  a refusal is an outcome, not a defect
    """What is told to the person: one line, and lines below it."""

    status: ClassVar[int] = 1

    def __init__(self, summary: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(summary)
        self.summary = summary
        self.lines = lines


class Refused(Failure):
    """The command was understood and refused, or a check found something wrong."""


class BadUsage(Failure):
    """The command was given wrongly; nothing was asked of anybody."""

    status: ClassVar[int] = 2


class Away(Failure):
    """The API or a database does not answer."""

    status: ClassVar[int] = 3


KNOWN = ("type", "title", "status", "detail", "code", "errors", "instance")


def of_problem(status: int, problem: Mapping[str, Any]) -> Failure:
    """An answer of `application/problem+json` as a failure: its code, detail, pointers and whatever else it names."""
    code = str(problem.get("code") or f"http_{status}")
    detail = str(problem.get("detail") or problem.get("title") or "The answer says no more.")
    lines = [
        f"{error.get('pointer', '')}  {error.get('code', '')}: {error.get('detail', '')}"
        for error in problem.get("errors") or ()
    ]
    for name, value in problem.items():
        if name not in KNOWN:
            lines += _extra(name, value)
    kind = Away if status in (502, 503, 504) else Refused
    return kind(f"{code}: {detail}", tuple(lines))


def _extra(name: str, value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [f"{name}: {_flat(item)}" for item in items]


def _flat(item: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in item.items()) if isinstance(item, dict) else str(item)
