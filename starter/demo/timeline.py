"""What a supervisor would want to see of a case: what happened, when, by whom, and what was late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

Sort = Literal["told", "done", "late"]
STYLE: Mapping[Sort, str] = {"told": "dim italic", "done": "", "late": "bold red"}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    letter: str
    what: str
    by: str
    sort: Sort

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return {"at": self.at.isoformat(), "case": self.letter, "what": self.what, "by": self.by, "sort": self.sort}


def done(letter: str, log: Iterable[Mapping[str, Any]], names: Mapping[str, str], zone: ZoneInfo) -> list[Entry]:
    """The facts of a case's log."""
    return [
        Entry(row["at"].astimezone(zone), letter, _fact(row), names.get(row["account_id"], row["agency_id"]), "done")
        for row in log
    ]


def _fact(row: Mapping[str, Any]) -> str:
    referral = row.get("referral_after")
    return f"{row['kind']} ({referral['service']}, {referral['agency_id']})" if referral else str(row["kind"])


def late(letter: str, deadlines: Iterable[Mapping[str, Any]], end: datetime, zone: ZoneInfo) -> list[Entry]:
    """The clocks that ran out before their fact came, or that still wait, by the lengths of the pathway data."""
    entries = []
    for row in deadlines:
        ended = row["ended_at"] or end
        # A clock lifted with its referral or case was not met, but is nobody's delay after that.
        if row["class_"] == "may" or ended <= row["due_at"]:
            continue
        owner = row["owner"].get("agency_id") or row["owner"].get("role") or row["owner"].get("account_id")
        still = "" if row["ended_at"] else ", still open"
        what = f"{row['kind']} was due; {duration(ended - row['due_at'])} late{still}"
        entries.append(Entry(row["due_at"].astimezone(zone), letter, what, str(owner), "late"))
    return entries


def duration(span: timedelta) -> str:
    """A span as people say it: days and hours, or hours and minutes."""
    minutes = int(span / MINUTE)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    return f"{days} d {hours} h" if days else f"{hours} h {rest} min"


def show(entries: Iterable[Entry], title: str, console: Console) -> None:
    """The timeline as a table, oldest first."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for heading in ("Waktu / when", "Kasus / case", "Yang terjadi / what", "Oleh / by"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        table.add_row(f"{entry.at:%Y-%m-%d %H:%M}", entry.letter, entry.what, entry.by, style=STYLE[entry.sort])
    console.print(table)
