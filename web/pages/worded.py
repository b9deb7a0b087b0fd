"""Changes of pathway files in words."""

from dataclasses import dataclass

from casework.models.pathway import ClockKind, Length
from casework.pathways.changes import EVERY, OF_AGE, Change, Line, Value
from web.pages.languages import Language
from web.pages.names import Names

NAMES = {
    "findings": "finding",
    "outcomes": "outcome",
    "matrix": "Service",
    "disclosures": "Service",
    "deadlines": "clock",
    "closure": "ClosureReason",
    "tellings": "NotificationKind",
    "title": "language",
}
"""By which kind of word a thing of each part is called; others by their own name."""
VALUES = {
    "adds": "Category",
    "services": "Service",
    "discloses": "Part",
    "by": "ConsentGiver",
    "reason": "reason",
    "duty": "duty",
    "when": "when",
    "class": "class",
    "assent": "Assent",
    "only_if": "only_if",
}
"""By which kind of word the value of each field is called; others as they are written."""
TOLD = ("owner", "rung")
UNITS = {ClockKind.H: "%(units)s hours", ClockKind.D: "%(units)s days", ClockKind.WD: "%(units)s working days"}
AT = ("Risk", "Service", "only_if")
"""Of what a line may be, beside who is told."""


@dataclass(frozen=True)
class Worded:
    """For the reader of one page."""

    language: Language
    names: Names

    def thing(self, change: Change) -> str:
        """What was changed."""
        if change.part == "consents":
            of_age = self.language.word("consents", OF_AGE)
            return of_age if change.name == OF_AGE else f"{self.language.word('consents', 'up_to')} {change.name}"
        if change.name == EVERY:
            return self.language.word("consents", EVERY)
        return self.language.word(NAMES.get(change.part, ""), change.name)

    def places(self, line: Line) -> str:
        """Of what of it."""
        return "; ".join(", ".join(map(self._place, at)) for at in line.at)

    def value(self, field: str, value: Value) -> str:
        """A value, or that there is none."""
        if value is None or value == ():
            return "–"
        if isinstance(value, bool):
            return self.language.word("answer", "yes" if value else "no")
        if isinstance(value, Length):
            return self.language.words.gettext(UNITS[value.clock]) % {"units": f"{value.units:g}"}
        if isinstance(value, float):
            return f"{value:g}"
        if isinstance(value, tuple):
            return ", ".join(self._code(field, each) for each in value)
        return self._code(field, value)

    def _code(self, field: str, code: str) -> str:
        return self.names.rung(code) if field in TOLD else self.language.word(VALUES.get(field, ""), code)

    def _place(self, code: str) -> str:
        worded = (self.language.word(kind, code) for kind in AT)
        return next((word for word in worded if word != code), self.names.rung(code))
