"""Why a form was not taken: field by field, or as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casework.errors import CaseworkError
from web.pages.filled import Form, errors_at
from web.pages.languages import Language
from web.pages.sheets import sentence


@dataclass(frozen=True)
class Refused:
    """What a form shows above its fields and beside them; nothing of a fresh one."""

    status: int = 200
    wrong: Mapping[str, str] = field(default_factory=dict)
    """The code of what is wrong, by the dotted name of the field."""
    sentence: str = ""
    blockers: Sequence[Mapping[str, Any]] = ()
    """What is still open, where that is why."""

    @classmethod
    def of(cls, error: CaseworkError, form: Form, language: Language) -> "Refused":
        """The refusal of a form that was sent."""
        wrong = errors_at(error.extra.get("errors", ()), form)
        whole = "" if wrong else sentence(language, error)
        return cls(error.status, wrong, whole, error.extra.get("blockers", ()))


FRESH = Refused()
"""Of a form that nobody has sent yet."""
