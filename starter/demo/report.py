"""What a playing came to, for people and for machines."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from starter.audit.findings import Verified
from starter.demo.expectations import Looked
from starter.demo.scenario import Scenario, Source
from starter.demo.timeline import Entry, Sort

STYLE: Mapping[Sort, str] = {
    "told": "dim italic",
    "done": "",
    "rung": "yellow",
    "late": "bold red",
    "met": "green",
    "unmet": "bold white on red",
}
NOTES = (
    "Terlambat berarti terlambat menurut profil bawaan Tuntas. Tanggal yang tidak disebut sumber adalah celah dalam "
    "sumber itu, bukan temuan tentang suatu instansi. *: tanggal atau rincian kami isi sendiri.",
    "Late is late by Tuntas's default profile. Where the account gives no date, that is a gap in the account, not a "
    "finding about the office. *: its date or details are filled in by us.",
)


@dataclass(frozen=True)
class Played:
    """A scenario that was played to its end."""

    scenario: Scenario
    entries: tuple[Entry, ...]
    looked: tuple[Looked, ...]
    rungs: Mapping[str, int]
    """How many rungs were told, by case."""
    verified: Verified
    """What came of comparing all that was written with what was signed and what the engine knows."""

    @property
    def mismatches(self) -> tuple[str, ...]:
        """Everything that was found otherwise than expected, or than it was written."""
        return (*self._unmet, *(f"record: {finding}" for finding in self.verified.findings))

    @property
    def _unmet(self) -> tuple[str, ...]:
        """The step, what was expected, what was found."""
        return tuple(
            f"{looked.step.at:%Y-%m-%dT%H:%M} {looked.step.what!r}, looked at {looked.at:%Y-%m-%d %H:%M}, "
            f"case {check.letter}: expected {check.expected}; found {check.found}"
            for looked in self.looked
            for check in looked.unmet
        )

    @property
    def met(self) -> int:
        """How many expectations are met."""
        return sum(not looked.unmet for looked in self.looked)


def as_json(played: Played) -> list[dict[str, str]]:
    """The timeline, and the notes that belong under it."""
    end = played.entries[-1].at
    notes = ({"at": end.isoformat(), "case": "", "what": note, "by": "Tuntas", "sort": "note"} for note in NOTES)
    return [*(entry.as_json() for entry in played.entries), *notes]


def show(played: Played, console: Console) -> None:
    """The timeline as a table, oldest first, with what it came to and the notes under it."""
    table = Table(title=played.scenario.title, title_justify="left", caption_justify="left", show_lines=False)
    for heading in ("Waktu / when", "Kasus / case", "Yang terjadi / what", "Oleh / by"):
        table.add_column(heading, overflow="fold")
    for entry in played.entries:
        cells = (f"{entry.at:%Y-%m-%d %H:%M}", entry.letter, entry.what, entry.by)
        table.add_row(*(Text(cell) for cell in cells), style=STYLE[entry.sort])
    console.print(table)
    for line in (_source(played.scenario.source), _counted(played), _verified(played), *NOTES):
        console.print(Text(line))


def _source(source: Source) -> str:
    days = source.published_on if isinstance(source.published_on, tuple) else (source.published_on,)
    return f"Sumber / source: {', '.join((source.publisher, *map(str, days), source.title))}."


def _counted(played: Played) -> str:
    rungs = ", ".join(f"{letter} {count}" for letter, count in played.rungs.items())
    met = f"{played.met} dari / of {len(played.looked)}"
    return f"Harapan terpenuhi / expectations met: {met}. Anak tangga / rungs told: {rungs}."


def _verified(played: Played) -> str:
    how = "tidak utuh / not as it was written" if played.verified.findings else "utuh / as it was written"
    return f"Catatan / record: {how}: {played.verified.looked}."
