"""What the keys, parts and numbers of figures are called on a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from casework.models.figure import Definition, Figure, Shown
from web.pages.languages import Language

UNKNOWN = "unknown"
AS_THEY_ARE = ("key", "band")
"""Names of places, and bands of ages."""
MEASURES = ("mean", "median")
ORDERS: Mapping[str, tuple[str, ...]] = {
    "delay": ("d0_3", "d4_5", "d6_14", "d15_30", "m1_3", "m3"),
    "band": ("0-4", "5-9", "10-17", "18-49", "50+"),
    "Risk": ("high", "medium", "low", "unassessed"),
    "answer": ("yes", "no", "answered", "silent"),
    "duration": ("up_to_1", "m1_3", "m3_6", "over_6"),
    "caseload": ("up_to_9", "c10_20", "c21_30", "over_30"),
    "kept": ("in_time", "late", "lifted"),
}
"""Keys that have an order; those of every other figure stand by how many there are."""


@dataclass(frozen=True)
class FigureWords:
    """In one language, with the agencies by their names."""

    language: Language
    agencies: Mapping[str, str]

    def key(self, its: Definition, key: str) -> str:
        """What a key of a figure is called."""
        if key == UNKNOWN:
            return self.language.word("figure", key)
        match its.keys:
            case "agency":
                return self.agencies.get(key, key)
            case "month":
                return self._month(key)
            case kind:
                return key if kind in AS_THEY_ARE else self.language.word(kind, key)

    def part(self, its: Definition, part: str | None) -> str:
        """What a part is called; nothing where there is none."""
        return self.language.word(its.parts, part) if its.parts and part else ""

    def of(self, its: Definition, key: str, part: str | None) -> str:
        """Key and part in one."""
        return " · ".join(filter(None, (self.key(its, key), self.part(its, part))))

    def number(self, its: Definition, cell: Shown) -> str:
        """How many, or how much of how many; or that it is not told."""
        if cell.count is None:
            return self.language.word("figure", "withheld")
        count = self.language.number(cell.count)
        if its.counts not in MEASURES or cell.value is None:
            return count
        much = self.language.number(round(cell.value, 1))
        return f"{much} {self.language.word('unit', its.unit)} (n={count})"

    def whole(self, figure: Figure) -> str:
        """What a figure comes to, `41 cases`, `73,4% (n=41)`; nothing where it comes to no one number."""
        if figure.total is None or figure.definition.counts in MEASURES:
            return ""
        count = self.language.number(figure.total)
        if figure.definition.counts == "share":
            return f"{self.language.percent(figure.value)} (n={count})" if figure.value is not None else ""
        return f"{count} {self.language.word('unit', figure.definition.unit)}"

    def _month(self, key: str) -> str:
        try:
            return self.language.month(date.fromisoformat(f"{key}-01"))
        except ValueError:
            return key
