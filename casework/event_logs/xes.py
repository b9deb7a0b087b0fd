"""XES (IEEE 1849-2016): one trace a case, one event a fact. Written as it comes, so that no log is too long."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import IO
from xml.sax.saxutils import quoteattr

from casework.models.event_log import LoggedCase, LoggedEvent

Attributes = dict[str, str | int | datetime | None]
NONE: Mapping[str, str] = {}
NAMESPACE = "http://www.xes-standard.org/"
VERSION = "1849.2016"
EXTENSIONS = {"Concept": "concept", "Time": "time", "Lifecycle": "lifecycle", "Organizational": "org"}
CLASSIFIERS = {"Activity": "concept:name", "ActivityByRole": "concept:name org:role", "Stage": "stage"}
UNKNOWN, ALWAYS = "unknown", datetime.fromisoformat("1970-01-01T00:00:00+00:00")
OF_TRACE: Attributes = {"concept:name": UNKNOWN, "categories": UNKNOWN, "channel": UNKNOWN, "org:group": UNKNOWN}
"""What every trace has, as the standard asks: with the value of one that would not say it."""
OF_EVENT: Attributes = {
    "concept:name": UNKNOWN,
    "lifecycle:transition": "complete",
    "time:timestamp": ALWAYS,
    **dict.fromkeys(("org:role", "org:group", "stage", "status", "risk"), UNKNOWN),
}


class Writer:
    """Writes elements, each on a line of its own."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @contextmanager
    def within(self, element: str, attributes: Mapping[str, str] = NONE) -> Iterator[None]:
        """An element around others."""
        self._line(f"<{element}{_in_xml(attributes)}>")
        yield
        self._line(f"</{element}>")

    def alone(self, element: str, attributes: Mapping[str, str]) -> None:
        """An element without others."""
        self._line(f"<{element}{_in_xml(attributes)}/>")

    def say(self, attributes: Attributes) -> None:
        """Attributes by their types; what is not known is left out."""
        for key, value in attributes.items():
            if isinstance(value, datetime):
                self.alone("date", {"key": key, "value": value.isoformat(timespec="milliseconds")})
            elif value is not None:
                self.alone("int" if isinstance(value, int) else "string", {"key": key, "value": str(value)})

    def _line(self, text: str) -> None:
        self._file.write(f"{text}\n".encode())


def _in_xml(attributes: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())


@contextmanager
def writing_xes(file: IO[bytes]) -> Iterator[Callable[[LoggedCase], None]]:
    """What takes the cases of a log, one after another, and writes them into a file."""
    file.write(b'<?xml version="1.0" encoding="utf-8"?>\n')
    writer = Writer(file)
    with writer.within("log", {"xes.version": VERSION, "xes.features": "", "xmlns": NAMESPACE}):
        for name, prefix in EXTENSIONS.items():
            writer.alone("extension", {"name": name, "prefix": prefix, "uri": f"{NAMESPACE}{prefix}.xesext"})
        for scope, attributes in (("trace", OF_TRACE), ("event", OF_EVENT)):
            with writer.within("global", {"scope": scope}):
                writer.say(attributes)
        for name, keys in CLASSIFIERS.items():
            writer.alone("classifier", {"name": name, "keys": keys})
        yield lambda case: _trace(writer, case)


def _trace(writer: Writer, case: LoggedCase) -> None:
    with writer.within("trace"):
        told = {"categories": "+".join(case.categories), "channel": case.channel, "org:group": case.agency.name}
        writer.say({"concept:name": str(case.number), **told})
        for event in case.events:
            with writer.within("event"):
                writer.say(_of(case, event))


def _of(case: LoggedCase, event: LoggedEvent) -> Attributes:
    referral = case.referrals[event.referral - 1] if event.referral else None
    return {
        "concept:name": event.kind,
        "lifecycle:transition": "complete",
        "time:timestamp": event.at,
        "org:role": event.role,
        "org:group": event.agency.name,
        "stage": event.stage,
        "status": event.status,
        "risk": event.risk,
        "detail": event.detail,
        "rung": event.rung,
        "service": referral.service if referral else None,
        "asked": referral.agency.name if referral else None,
        "told": event.told.name if event.told else None,
    }
