"""What stands in the fields of a form when it is shown: what was sent, or what it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import ImmutableMultiDict

from web.pages.fields import Field
from web.pages.filled import MOST_ROWS, Form, at_row, rows

EMPTY_ROWS = 1


@dataclass(frozen=True)
class Typed:
    """A form as a template asks about it."""

    form: Form
    more: str = ""
    """The repeated part that a person asked one more row of."""

    @classmethod
    def blank(cls, begins: Mapping[str, str] | None = None) -> "Typed":
        """A fresh form."""
        return cls(ImmutableMultiDict(begins or {}))

    def one(self, name: str) -> str:
        """The first value of a field."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))

    def rows(self, name: str) -> int:
        """How many rows of a repeated part are shown: those filled, and an empty one more."""
        highest = max(rows(name, self.form), default=-1)
        return min(highest + 1 + EMPTY_ROWS + (name == self.more), MOST_ROWS)

    def row(self, field: Field, number: int) -> tuple[Field, ...]:
        """The fields of one row."""
        return tuple(at_row(part, number) for part in field.parts)

    def opened(self, group: Field) -> bool:
        """Whether something was filled in of a part that is shown folded."""
        return any(self.one(part.name) for part in group.parts if not part.required)
