"""An OCEL log read back, as far as a dry run needs it: cases and their clocks, without events."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from casework.errors import InvalidInputError
from casework.event_logs.ocel import OF_OBJECT
from casework.models.event_log import LoggedAgency, LoggedCase, LoggedClock

Item = Mapping[str, Any]
Found = tuple[list[LoggedCase], datetime]


def cases_in(file: Path) -> Found:
    """The cases of a log that `tuntas export-events --ocel` wrote, and its last instant; InvalidInputError for any
    other file."""
    try:
        return _read(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise InvalidInputError(f"{file} is no log that `tuntas export-events --ocel` wrote.") from None


def _read(log: Item) -> Found:
    objects: defaultdict[str, list[Item]] = defaultdict(list)
    for each in log["objects"]:
        objects[each["type"]].append(each)
    agencies = {each["id"]: _agency(each) for each in objects["agency"]}
    clocks: defaultdict[str, list[LoggedClock]] = defaultdict(list)
    for each in objects["clock"]:
        clocks[_related(each)["of"]].append(_clock(each, agencies))
    began = _began(log["events"])
    cases = [_case(each, began[each["id"]], clocks[each["id"]], agencies) for each in objects["case"]]
    return cases, max(datetime.fromisoformat(event["time"]) for event in log["events"])


def _told(item: Item) -> dict[str, Any]:
    """The attributes of an object; of those that change, the last value."""
    types = OF_OBJECT[item["type"]]
    return {
        each["name"]: datetime.fromisoformat(each["value"]) if types[each["name"]] == "time" else each["value"]
        for each in item["attributes"]
    }


def _related(item: Item) -> dict[str, str]:
    return {each["qualifier"]: each["objectId"] for each in item["relationships"]}


def _number(id_: str) -> int:
    return int(id_.rpartition("-")[2].rpartition(".")[2])


def _began(events: list[Item]) -> Mapping[str, datetime]:
    """When each case was opened: its first event."""
    began: dict[str, datetime] = {}
    for event in events:
        began.setdefault(_related(event)["of"], datetime.fromisoformat(event["time"]))
    return began


def _agency(item: Item) -> LoggedAgency:
    return LoggedAgency(name=item["id"].removeprefix("agency-"), **_told(item))


def _clock(item: Item, agencies: Mapping[str, LoggedAgency]) -> LoggedClock:
    told, related = _told(item), _related(item)
    known: dict[str, Any] = {
        each.name: told.get("class" if each.name == "class_" else each.name) for each in fields(LoggedClock)
    }
    about = related.get("for")
    parts = {"number": _number(item["id"]), "referral": _number(about) if about else None}
    owed = related.get("owed by")
    known |= {**parts, "agency": agencies[owed] if owed else None}
    return LoggedClock(**known)


def _case(
    item: Item, opened_at: datetime, clocks: list[LoggedClock], agencies: Mapping[str, LoggedAgency]
) -> LoggedCase:
    told = _told(item)
    return LoggedCase(
        number=_number(item["id"]),
        agency=agencies[_related(item)["led by"]],
        channel=told["channel"],
        categories=tuple(told["categories"].split("+")),
        opened_at=opened_at,
        crosses=told["crosses"],
        events=(),
        referrals=(),
        clocks=tuple(clocks),
    )
