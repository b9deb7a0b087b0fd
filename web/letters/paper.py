"""A letter as what stands on it, made of texts, and of parts that were disclosed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from casework.models.codes import LetterKind
from casework.models.notice import Language as Code
from casework.rules.letters import on_paper
from web.letters.texts import Frame, texts
from web.pages.languages import Language, language

CODES = {
    "kind": ("ClientKind", "ReporterKind", "DocumentKind"),
    "sex": ("Sex",),
    "disability": ("Disability",),
    "relation": ("Relation",),
    "age_group": ("AgeGroup",),
    "findings": ("finding",),
    "violence_types": ("ViolenceType",),
    "place": ("Place",),
    "method": ("Method",),
    "risk": ("Risk",),
    "needs": ("Service",),
}
"""Where the word for a code is found, by the name of what holds it; everything else stands as it was written."""


@dataclass(frozen=True)
class Line:
    """One thing that is said, with what it is called; deeper ones belong to the one before."""

    label: str
    text: str
    depth: int = 0


@dataclass(frozen=True)
class Section:
    """One part of a file."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class About:
    """What a letter is about, by codes and numbers."""

    kind: LetterKind
    language: Code
    sequence: int
    at: datetime
    office_id: str
    office: str
    to: tuple[str, ...]
    case_number: str
    service: str = ""
    urgency: str = ""
    due_at: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Paper:
    """A whole letter. Its title tells what kind of letter it is, never of whom."""

    language: Code
    title: str
    number: str
    at: datetime
    date: str
    office: str
    to: tuple[str, ...]
    subject: str
    case_number: str
    opens: tuple[str, ...]
    sections: tuple[Section, ...]
    closes: tuple[str, ...]
    frame: Frame


def paper(about: About, parts: Mapping[str, Any], zone: ZoneInfo) -> Paper:
    """The letter about these parts. The same again makes the same letter."""
    words, own = language(about.language), getattr(texts().letter[about.kind], about.language)
    blanks = _blanks(about, words, zone)
    return Paper(
        language=about.language,
        title=own.title,
        number=number_of(about, zone),
        at=about.at,
        date=words.day(about.at.astimezone(zone).date()),
        office=about.office,
        to=about.to,
        subject=own.subject.format(**blanks),
        case_number=about.case_number,
        opens=tuple(text.format(**blanks) for text in own.opens),
        sections=tuple(_sections(on_paper(parts), words)),
        closes=tuple(text.format(**blanks) for text in own.closes),
        frame=texts().frame[about.language],
    )


def number_of(about: About, zone: ZoneInfo) -> str:
    """`0007/RUJ/DINAS-PPPAPPKB/2026`."""
    code = texts().letter[about.kind].code
    return f"{about.sequence:04}/{code}/{about.office_id.upper()}/{about.at.astimezone(zone).year}"


def _blanks(about: About, words: Language, zone: ZoneInfo) -> dict[str, str]:
    frame = texts().frame[about.language]
    return {
        "case_number": about.case_number,
        "to": frame.and_.join(about.to),
        "service": words.word("Service", about.service),
        "urgency": words.word("Urgency", about.urgency),
        "due": words.time(about.due_at, zone) if about.due_at else "–",
        "reference": about.reference or "–",
    }


def _sections(parts: Mapping[str, Any], words: Language) -> Iterator[Section]:
    for name, content in parts.items():
        lines = tuple(_lines(name, "", content, words, 0))
        if lines:
            yield Section(words.word("Part", name), lines)


def _lines(name: str, label: str, value: Any, words: Language, depth: int) -> Iterator[Line]:
    """A value line by line; what is not known is left out."""
    if isinstance(value, Mapping):
        if label:
            yield Line(label, "", depth)
        for own, part in value.items():
            yield from _lines(own, words.label("Disclosed", own), part, words, depth + bool(label))
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        for index, part in enumerate(value, 1):
            yield from _lines(name, f"{label} {index}".strip(), part, words, depth)
    elif isinstance(value, list | tuple):
        said = ", ".join(_said(name, part, words) for part in value)
        yield from _lines("", label, said, words, depth)
    elif value is not None and value != "":
        yield Line(label, _said(name, value, words), depth)


def _said(name: str, value: Any, words: Language) -> str:
    if isinstance(value, bool):
        return words.word("answer", "yes" if value else "no")
    found = (words.word(kind, str(value)) for kind in CODES.get(name, ()))
    return next((word for word in found if word != value), str(value))
