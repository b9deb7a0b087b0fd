"""What a supervisor would want to see of a case: what happened, when, by whom, what was late, and who was told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from casework.events import EventKind
from casework.models.people import ENGINE
from starter.demo.expectations import Looked
from starter.demo.scenario import ScenarioStep

Sort = Literal["told", "done", "rung", "late", "met", "unmet"]
MINUTE = timedelta(minutes=1)
ITSELF = "Tuntas"
RUNGS = frozenset({EventKind.REMINDER_SENT, EventKind.CASE_ESCALATED})
FILLED_IN = " *"
"""Marks a step whose date or detail no account gives."""


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


def told(step: ScenarioStep, at: datetime) -> Entry:
    """A step as the account tells it."""
    return Entry(at, " ".join(step.cases), step.what + ("" if step.known else FILLED_IN), "", "told")


def logged(letter: str, log: Iterable[Mapping[str, Any]], names: Mapping[str, str], zone: ZoneInfo) -> Iterator[Entry]:
    """The facts of a case's log: what people did, and the rungs that the engine told by itself."""
    for row in log:
        at, itself = row["at"].astimezone(zone), row["account_id"] == ENGINE
        if itself and row["kind"] in RUNGS:
            yield Entry(at, letter, _rung(row["body"]), ITSELF, "rung")
        else:
            by = ITSELF if itself else names.get(row["account_id"], row["agency_id"])
            yield Entry(at, letter, _fact(row), by, "done")


def _rung(body: Mapping[str, Any]) -> str:
    to = str(body["to"]).replace("_", " ")
    if body["action"] == "remind":
        return f"{body['kind']}: reminder to {to}"
    return f"{body['kind']}: rung {body['rung']}, escalated to {to}"


def _fact(row: Mapping[str, Any]) -> str:
    referral = row.get("referral_after")
    if row["kind"] == EventKind.MILESTONE_RECORDED:
        return f"{row['kind']} ({row['body']['kind']}){FILLED_IN}"
    return f"{row['kind']} ({referral['service']}, {referral['agency_id']})" if referral else str(row["kind"])


def late(
    letter: str,
    deadlines: Iterable[Mapping[str, Any]],
    log: Iterable[Mapping[str, Any]],
    end: datetime,
    zone: ZoneInfo,
) -> Iterator[Entry]:
    """The promises that ran out before their fact came, or that still wait, by the lengths of the pathway data."""
    first = _first_told(log)
    for row in deadlines:
        ended = row["ended_at"] or end
        # A clock lifted with its referral or case was not met, but is nobody's delay after that.
        if row["class_"] in ("may", "watch") or ended <= row["due_at"]:
            continue
        owner = row["owner"].get("agency_id") or row["owner"].get("role") or row["owner"].get("account_id")
        what = f"{row['kind']} was due by the default profile{_moved(row, first, zone)}; {_since(row, ended)}"
        yield Entry(row["due_at"].astimezone(zone), letter, what, str(owner), "late")


def _first_told(log: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """When each deadline was due as its first rung told it."""
    rungs = (row["body"] for row in log if row["account_id"] == ENGINE and row["kind"] == EventKind.CASE_ESCALATED)
    return {body["deadline_id"]: datetime.fromisoformat(body["due_at"]) for body in rungs if body["rung"] == 1}


def _moved(row: Mapping[str, Any], first: Mapping[str, datetime], zone: ZoneInfo) -> str:
    """A risk that is rated anew moves what is due; its rungs then stand where it was due first."""
    due = first.get(row["id"], row["due_at"])
    return "" if due == row["due_at"] else f" (first on {due.astimezone(zone):%Y-%m-%d %H:%M})"


def _since(row: Mapping[str, Any], ended: datetime) -> str:
    after = duration(ended - row["due_at"])
    if row["met"]:
        return f"recorded {after} late"
    return f"nothing recorded for {after}{'' if row['ended_at'] else ', still open'}"


def duration(span: timedelta) -> str:
    """A span as people say it: days and hours, or hours and minutes."""
    minutes = int(span / MINUTE)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    return f"{days} d {hours} h" if days else f"{hours} h {rest} min"


def expected(looked: Looked) -> Entry:
    """What was expected at an instant: that it was so, and why, or what was found instead."""
    letters = " ".join(looked.step.cases)
    if looked.unmet:
        found = "; ".join(f"{check.letter}: {check.expected}, found {check.found}" for check in looked.unmet)
        return Entry(looked.at, letters, f"not as expected: {found}", "", "unmet")
    seen = "; ".join(dict.fromkeys(check.expected for check in looked.checks))
    return Entry(looked.at, letters, f"as expected: {seen}." + f" {looked.expect.why}".rstrip(), "", "met")
