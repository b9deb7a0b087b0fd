"""What differs between two versions of a pathway file, by the things that people speak of: clocks, ladders, steps."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from casework.models.base import Model
from casework.models.pathway import Length
from casework.pathways.files import CategoryFile, CommonFile, ConsentEntry, DeadlineEntry, DisclosureEntry, LadderEntry

File = CategoryFile | CommonFile
Value = bool | float | str | Length | tuple[str, ...] | None
At = tuple[str, ...]
"""Of what of a thing a value holds: a risk, a service, who is told."""
Values = dict[tuple[str, At], Value]
Thing = tuple[str, str]
"""The part of the file, and which thing of it."""
EVERY = "every"
OF_AGE = "of_age"


class Line(Model):
    """One value that is another now. `before` is None of what was not there."""

    field: str
    before: Value
    after: Value
    at: tuple[At, ...]


class Change(Model):
    """One thing that was added, removed or changed."""

    part: str
    name: str
    kind: Literal["added", "removed", "changed"]
    lines: tuple[Line, ...] = ()


def changes(before: File, after: File) -> tuple[Change, ...]:
    """What the later file says that the earlier did not, and the other way round; nothing of mere order."""
    old, new = things(before), things(after)
    found = (_change(thing, old.get(thing), new.get(thing)) for thing in dict.fromkeys((*old, *new)))
    return tuple(change for change in found if change)


def _change(thing: Thing, old: Values | None, new: Values | None) -> Change | None:
    part, name = thing
    if new is None:
        return Change(part=part, name=name, kind="removed")
    lines = _lines(old or {}, new)
    if old is None:
        return Change(part=part, name=name, kind="added", lines=lines)
    return Change(part=part, name=name, kind="changed", lines=lines) if lines else None


def _lines(old: Values, new: Values) -> tuple[Line, ...]:
    """Values that differ; the same difference at several places is one line."""
    found: dict[tuple[str, str], Line] = {}
    for key in dict.fromkeys((*old, *new)):
        field, at = key
        before, after = old.get(key), new.get(key)
        if before != after:
            known = found.setdefault(
                (field, repr((before, after))), Line(field=field, before=before, after=after, at=())
            )
            found[field, repr((before, after))] = known.model_copy(update={"at": (*known.at, *((at,) if at else ()))})
    return tuple(found.values())


def things(file: File) -> dict[Thing, Values]:
    """Everything a file says, each thing by its name."""
    found: dict[Thing, Values] = {}
    for thing, values in (*_shared(file), *(_common(file) if isinstance(file, CommonFile) else _category(file))):
        found.setdefault(thing, {}).update(values)
    return found


def _shared(file: File) -> Iterator[tuple[Thing, Values]]:
    for code, adds in file.findings.items():
        yield ("findings", code), {("adds", ()): str(adds)}
    for step in file.special_steps:
        yield ("special_steps", step.id), _plain(step.model_dump(exclude={"id"}))
    for disclosure in file.disclosures:
        yield from _disclosure(disclosure)
    kinds = [each.kind for each in file.deadlines]
    for deadline in file.deadlines:
        yield ("deadlines", deadline.kind), _deadline(deadline, several=kinds.count(deadline.kind) > 1)


def _category(file: CategoryFile) -> Iterator[tuple[Thing, Values]]:
    for language, title in (("id", file.title_id), ("en", file.title_en)):
        yield ("title", language), {("text", ()): title}
    for each in file.legal_basis:
        yield ("legal_basis", each), {}
    for outcome in file.outcomes:
        yield ("outcomes", outcome), {}
    for row in file.matrix:
        yield ("matrix", row.service), _plain(row.model_dump(exclude={"service"}))


def _common(file: CommonFile) -> Iterator[tuple[Thing, Values]]:
    for ladder in file.ladders:
        yield ("ladders", ladder.name), _ladder(ladder)
    for entry in file.closure:
        yield ("closure", entry.reason), _plain(entry.model_dump(exclude={"reason"}))
    for telling in file.tellings:
        values = {"discloses": tuple(telling.discloses), "after": telling.after, "source": telling.source}
        yield ("tellings", telling.kind), _plain(values)
    for band in file.consents:
        yield _band(band)


def _deadline(entry: DeadlineEntry, several: bool) -> Values:
    """Of several entries of one kind, what they may differ in is said by what starts each."""
    which = (*entry.start, *entry.services, *filter(None, (entry.only_if,)))
    own: At = (*which, *(level for level in entry.length if level != "any")) if several else ()
    alike: dict[str, Any] = {
        "class": entry.class_,
        "end": tuple(entry.end),
        "owner": entry.owner,
        "ladder": entry.ladder,
        "restarts": entry.restarts,
    }
    differ: dict[str, Any] = {"urgent_length": entry.urgent_length, "reason": entry.reason, "source": entry.source}
    if not several:
        differ |= {"start": tuple(entry.start), "services": tuple(entry.services), "only_if": entry.only_if}
    lengths: Values = {
        ("length", (*(which if several else ()), level)): length for level, length in entry.length.items()
    }
    return {**lengths, **_plain(alike), **{(name, own): value for name, value in differ.items()}}


def _ladder(ladder: LadderEntry) -> Values:
    rungs: Values = {
        ("rung", (rung.to, level)): getattr(rung, level) for rung in ladder.rungs for level in ("high", "medium", "low")
    }
    reminds: dict[str, Any] = {"remind_at_share": ladder.remind_at_share, "remind_before": ladder.remind_before}
    return {**_plain({**reminds, "source": ladder.source}), **rungs}


def _disclosure(entry: DisclosureEntry) -> Iterator[tuple[Thing, Values]]:
    for service in entry.services or (EVERY,):
        yield ("disclosures", str(service)), {("after", ()): entry.after, ("source", ()): entry.source}


def _band(band: ConsentEntry) -> tuple[Thing, Values]:
    name = OF_AGE if band.up_to is None else str(band.up_to)
    values: Values = {("by", ()): tuple(band.by), ("assent", ()): band.assent, ("source", ()): band.source}
    return ("consents", name), values


def _plain(values: Mapping[str, Any]) -> Values:
    return {(name, ()): value for name, value in values.items()}
