"""OCEL 2.0 as JSON: events, and the cases, referrals, clocks and agencies that take part in them.

Written as it comes: events into the file, objects aside until the last event is written.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from casework.events import EventKind
from casework.models.event_log import LoggedAgency, LoggedCase, LoggedClock, LoggedEvent, LoggedReferral

Item = dict[str, Any]
EPOCH = "1970-01-01T00:00:00+00:00"
"""Since when an attribute holds that never changes."""
OF_EVENT = {"role": "string", "stage": "string", "risk": "string", "detail": "string", "rung": "integer"}
OF_OBJECT: Mapping[str, Mapping[str, str]] = {
    "case": {
        "categories": "string",
        "channel": "string",
        "crosses": "boolean",
        "stage": "string",
        "status": "string",
        "risk": "string",
    },
    "referral": {
        "service": "string",
        "urgency": "string",
        "asked_at": "time",
        "status": "string",
        "outcome": "string",
    },
    "clock": {
        "kind": "string",
        "class": "string",
        "category": "string",
        "basis": "string",
        "owner": "string",
        "risk": "string",
        "service": "string",
        "urgent": "boolean",
        "agreed": "boolean",
        "since": "time",
        "armed_at": "time",
        "due_at": "time",
        "ended_at": "time",
        "paused": "float",
        "rung": "integer",
        "met": "boolean",
    },
    "agency": {"kind": "string", "ladder": "string"},
}
"""The attributes of each type of object."""
CHANGES = ("stage", "status", "risk")
"""What of a case changes as it goes on."""


class Items:
    """A list of JSON, written item by item."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._first = True

    def add(self, item: Item) -> None:
        """One more."""
        self._file.write(b"\n" if self._first else b",\n")
        self._file.write(json.dumps(item, separators=(",", ":")).encode())
        self._first = False


@contextmanager
def writing_ocel(file: IO[bytes]) -> Iterator[Callable[[LoggedCase], None]]:
    """What takes the cases of a log, one after another, and writes them into a file."""
    known: set[str] = set()
    with TemporaryFile() as aside:
        events, objects = Items(file), Items(aside)
        file.write(b'{"objectTypes":' + _types(OF_OBJECT))
        file.write(b',\n"eventTypes":' + _types({kind.value: OF_EVENT for kind in EventKind}))
        file.write(b',\n"events":[')

        def add(case: LoggedCase) -> None:
            for event in case.events:
                events.add(_event(case, event))
            for one in _objects(case):
                objects.add(one)
            for agency in _agencies(case):
                if agency.name not in known:
                    known.add(agency.name)
                    objects.add(_agency(agency))

        yield add
        file.write(b'\n],\n"objects":[')
        aside.seek(0)
        shutil.copyfileobj(aside, file)
        file.write(b"\n]}\n")


def _types(named: Mapping[str, Mapping[str, str]]) -> bytes:
    types = [
        {"name": name, "attributes": [{"name": of, "type": type_} for of, type_ in attributes.items()]}
        for name, attributes in named.items()
    ]
    return json.dumps(types, separators=(",", ":")).encode()


def _event(case: LoggedCase, event: LoggedEvent) -> Item:
    told = {"role": event.role, "stage": event.stage, "risk": event.risk, "detail": event.detail, "rung": event.rung}
    return {
        "id": f"event-{case.number}.{event.number}",
        "type": event.kind,
        "time": event.at.isoformat(),
        "attributes": [{"name": name, "value": value} for name, value in told.items() if value is not None],
        "relationships": [{"objectId": id_, "qualifier": how} for how, id_ in _takes_part(case, event)],
    }


def _takes_part(case: LoggedCase, event: LoggedEvent) -> Iterator[tuple[str, str]]:
    """What takes part in an event, and how."""
    yield "of", _case_id(case)
    yield "by", _agency_id(event.agency)
    if event.referral:
        yield "about", _part("referral", case, event.referral)
        yield "asked", _agency_id(case.referrals[event.referral - 1].agency)
    if event.told:
        yield "told", _agency_id(event.told)
    if event.clock:
        yield "clock", _part("clock", case, event.clock)
    for clock in event.starts:
        yield "starts", _part("clock", case, clock)


def _objects(case: LoggedCase) -> Iterator[Item]:
    told = {"categories": "+".join(case.categories), "channel": case.channel, "crosses": case.crosses}
    related = [("led by", _agency_id(case.agency))]
    yield _object(_case_id(case), "case", told, related, _changes(case.events))
    for referral in case.referrals:
        yield _referral(case, referral)
    for clock in case.clocks:
        yield _clock(case, clock)


def _object(
    id_: str,
    type_: str,
    told: Mapping[str, Any],
    related: Iterable[tuple[str, str]],
    changes: Iterable[Item] = (),
) -> Item:
    values = {name: at.isoformat() if isinstance(at, datetime) else at for name, at in told.items()}
    stays = [{"name": name, "time": EPOCH, "value": value} for name, value in values.items() if value is not None]
    return {
        "id": id_,
        "type": type_,
        "attributes": [*stays, *changes],
        "relationships": [{"objectId": other, "qualifier": how} for how, other in related],
    }


def _changes(events: Iterable[LoggedEvent]) -> Iterator[Item]:
    """Each attribute of a case that changes, whenever it did."""
    stood: dict[str, str] = {}
    for event in events:
        for name in CHANGES:
            value = getattr(event, name)
            if stood.get(name) != value:
                stood[name] = value
                yield {"name": name, "time": event.at.isoformat(), "value": value}


def _referral(case: LoggedCase, referral: LoggedReferral) -> Item:
    told = {name: getattr(referral, name) for name in OF_OBJECT["referral"]}
    related = [("of", _case_id(case)), ("asked of", _agency_id(referral.agency))]
    return _object(_part("referral", case, referral.number), "referral", told, related)


def _clock(case: LoggedCase, clock: LoggedClock) -> Item:
    told = {name: getattr(clock, "class_" if name == "class" else name) for name in OF_OBJECT["clock"]}
    related = [("of", _case_id(case))]
    if clock.referral:
        related.append(("for", _part("referral", case, clock.referral)))
    if clock.agency:
        related.append(("owed by", _agency_id(clock.agency)))
    return _object(_part("clock", case, clock.number), "clock", told, related)


def _agencies(case: LoggedCase) -> Iterator[LoggedAgency]:
    yield case.agency
    yield from (referral.agency for referral in case.referrals)
    yield from (clock.agency for clock in case.clocks if clock.agency)
    for event in case.events:
        yield event.agency
        if event.told:
            yield event.told


def _agency(agency: LoggedAgency) -> Item:
    return _object(_agency_id(agency), "agency", {"kind": agency.kind, "ladder": agency.ladder}, ())


def _case_id(case: LoggedCase) -> str:
    return f"case-{case.number}"


def _part(type_: str, case: LoggedCase, number: int) -> str:
    return f"{type_}-{case.number}.{number}"


def _agency_id(agency: LoggedAgency) -> str:
    return f"agency-{agency.name}"
