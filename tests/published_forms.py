"""What the published forms ask of an event log, written down anew: XES by IEEE 1849-2016, OCEL 2.0 as JSON.

Each reader raises AssertionError for what the form does not allow, and gives what is in the log.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

Element = ElementTree.Element
XES = "{http://www.xes-standard.org/}"
ORDER = ("extension", "global", "classifier", "attribute", "trace", "event")
TYPES: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
    "float": float,
    "boolean": bool,
    "id": str,
}
STANDARD = {
    "concept": {"concept:name": "string", "concept:instance": "string"},
    "time": {"time:timestamp": "date"},
    "lifecycle": {"lifecycle:transition": "string", "lifecycle:model": "string"},
    "org": {"org:resource": "string", "org:role": "string", "org:group": "string"},
}
"""The attributes of the standard's own extensions that may stand here, with their types."""
NAME, NCNAME = re.compile(r"[A-Za-z_:][\w:.-]*"), re.compile(r"[A-Za-z_][\w.-]*")
ACTIVITY_STATES = {"schedule", "assign", "start", "complete", "autoskip", "manualskip", "ate_abort", "pi_abort"}
OCEL_TYPES = {
    "string": lambda value: isinstance(value, str),
    "time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float | int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}
Attributes = dict[str, Any]
Trace = tuple[Attributes, list[Attributes]]


def xes_of(file: Path) -> list[Trace]:
    """The traces of a log: their attributes, and those of their events."""
    log = ElementTree.parse(file).getroot()  # noqa: S314  our own file
    assert log.tag == f"{XES}log"
    assert re.fullmatch(r"\d+\.\d+", log.attrib["xes.version"])
    kinds = [_kind(child) for child in log]
    assert kinds == sorted(kinds, key=ORDER.index)
    children = {kind: [child for child in log if _kind(child) == kind] for kind in ORDER}
    declared = _extensions(children["extension"])
    scopes = {each.attrib["scope"]: _attributes(each, declared) for each in children["global"]}
    assert scopes.keys() <= {"trace", "event"}
    assert len(scopes) == len(children["global"])
    for classifier in children["classifier"]:
        assert NCNAME.fullmatch(classifier.attrib["name"])
        assert set(classifier.attrib["keys"].split()) <= scopes["event"].keys()
    return [_trace(each, declared, scopes) for each in children["trace"]]


def _kind(child: Element) -> str:
    kind = child.tag.removeprefix(XES)
    return "attribute" if kind in TYPES else kind


def _extensions(elements: Iterable[Element]) -> Mapping[str, str]:
    declared: dict[str, str] = {}
    for each in elements:
        prefix = each.attrib["prefix"]
        assert each.attrib["uri"] == f"http://www.xes-standard.org/{prefix}.xesext"
        assert NCNAME.fullmatch(each.attrib["name"])
        declared |= STANDARD[prefix]
    return declared


def _attributes(element: Element, declared: Mapping[str, str]) -> Attributes:
    """Each key once, each value of its type; a key with a prefix is one of an extension that is declared."""
    found: Attributes = {}
    for each in element:
        kind = each.tag.removeprefix(XES)
        if kind == "event":
            continue
        key = each.attrib["key"]
        assert each.attrib.keys() == {"key", "value"}
        assert NAME.fullmatch(key)
        assert key not in found
        assert ":" not in key or declared[key] == kind
        found[key] = TYPES[kind](each.attrib["value"])
        assert kind != "date" or found[key].tzinfo is not None
    return found


def _trace(element: Element, declared: Mapping[str, str], scopes: Mapping[str, Attributes]) -> Trace:
    kinds = [_kind(child) for child in element]
    assert kinds == sorted(kinds, key=ORDER.index)
    told = _attributes(element, declared)
    events = [_attributes(each, declared) for each in element if _kind(each) == "event"]
    assert scopes["trace"].keys() <= told.keys()
    for event in events:
        assert scopes["event"].keys() <= event.keys()
        assert event["lifecycle:transition"] in ACTIVITY_STATES
    assert [event["time:timestamp"] for event in events] == sorted(event["time:timestamp"] for event in events)
    return told, events


def ocel_of(file: Path) -> Mapping[str, Any]:
    """The log: its types, events and objects."""
    log: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert log.keys() == {"objectTypes", "eventTypes", "events", "objects"}
    events, objects = _types(log["eventTypes"]), _types(log["objectTypes"])
    ids = [each["id"] for each in log["objects"]]
    assert len(set(ids)) == len(ids)
    assert len({each["id"] for each in log["events"]}) == len(log["events"])
    for each in log["objects"]:
        assert each.keys() == {"id", "type", "attributes", "relationships"}
        _check_related(each, set(ids))
        for attribute in each["attributes"]:
            assert datetime.fromisoformat(attribute["time"]).tzinfo is not None
            _check_typed(attribute, objects[each["type"]], {"name", "value", "time"})
    for each in log["events"]:
        assert each.keys() == {"id", "type", "time", "attributes", "relationships"}
        assert datetime.fromisoformat(each["time"]).tzinfo is not None
        _check_related(each, set(ids))
        for attribute in each["attributes"]:
            _check_typed(attribute, events[each["type"]], {"name", "value"})
    return log


def _types(declared: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    types: dict[str, Mapping[str, str]] = {}
    for each in declared:
        assert each.keys() == {"name", "attributes"}
        assert each["name"] not in types
        types[each["name"]] = {attribute["name"]: attribute["type"] for attribute in each["attributes"]}
        assert set(types[each["name"]].values()) <= OCEL_TYPES.keys()
    return types


def _check_typed(attribute: Mapping[str, Any], types: Mapping[str, str], keys: set[str]) -> None:
    assert attribute.keys() == keys
    assert OCEL_TYPES[types[attribute["name"]]](attribute["value"]), attribute


def _check_related(each: Mapping[str, Any], ids: set[str]) -> None:
    for related in each["relationships"]:
        assert related.keys() == {"objectId", "qualifier"}
        assert related["objectId"] in ids
        assert related["qualifier"]


def values_of(log: Mapping[str, Any]) -> Iterator[str]:
    """Every text that is a value in an OCEL log."""
    for each in (*log["events"], *log["objects"]):
        for attribute in each["attributes"]:
            if isinstance(attribute["value"], str):
                yield attribute["value"]
