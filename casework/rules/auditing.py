"""Whether a case's log agrees with what else tells of it: row, sealed texts, checkpoints, the engine's history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from casework.events import EventKind
from casework.rules.chain import Break

Row = Mapping[str, Any]
LATE = timedelta(minutes=5)
"""After which what follows a row by itself should have come: its chain, its checkpoint, its place in the history."""
WITH_FILE = (EventKind.DOCUMENT_ADDED, EventKind.LETTER_ISSUED)
FILE = "content"
"""What the body of such a row calls the digest of the file."""
ACTOR = ("account_id", "role", "agency_id")


@dataclass(frozen=True)
class Told:
    """What the engine's history tells of one row of the log.

    `recording` is what the engine asked to be written, `digest` what it was answered; either may be unknown.
    """

    sequence: int
    recording: Row | None = None
    digest: str | None = None
    done: bool = True


@dataclass(frozen=True)
class SignedHead:
    """A row of a chain, as a checkpoint saw it."""

    checkpoint: int
    sequence: int
    digest: str


@dataclass(frozen=True)
class Paper:
    """A sealed text: of which command, and the digests it has, by its row and by what it holds.

    `holds` is None where it does not open, and `keyless` says that there is no key for it. `file` is the digest of the
    file beside it, None where there is none that opens.
    """

    command_id: str
    digest: str
    holds: str | None
    keyless: bool = False
    file: str | None = None


def with_case(case: Row, rows: Sequence[Row]) -> list[Break]:
    """The case's row against its log: how long it is, and what its last row left."""
    if len(rows) != case["revision"]:
        return [Break(len(rows) + 1, f"the log ends before this, the case stands at {case['revision']}")]
    after = _parts(rows[-1]["case_after"]) if rows else {}
    wrong = [name for name in after if name in case and not _same(case[name], after[name])]
    return [Break(len(rows), f"the case's row is not what the log left in {', '.join(wrong)}")] if wrong else []


def with_papers(rows: Iterable[Row], papers: Mapping[str, Paper]) -> list[Break]:
    """The sealed texts that the log names; without their key only where the log has the erasure."""
    rows = tuple(rows)
    erased = any(row["kind"] == EventKind.CASE_ERASED for row in rows)
    found = ((row, papers.get(row["document_id"])) for row in rows if row["document_id"])
    return [Break(row["sequence"], what) for row, paper in found if (what := _of_paper(row, paper, erased))]


def _of_paper(row: Row, paper: Paper | None, erased: bool) -> str | None:
    if paper is None:
        return "the sealed text it names is missing"
    if paper.digest != row["document_digest"] or paper.command_id != row["command_id"]:
        return "the sealed text it names is another"
    if paper.keyless:
        return None if erased else "the key of the sealed text it names is gone, and no erasure is in the log"
    if paper.holds is None:
        return "the sealed text it names does not open: it, or its key, was changed"
    if paper.holds != row["document_digest"]:
        return "the sealed text it names holds something else"
    file = _parts(row["body"]).get(FILE) if row["kind"] in WITH_FILE else None
    return "the file it names is missing, or was changed" if file != paper.file else None


def with_checkpoints(rows: Sequence[Row], signed: Iterable[SignedHead]) -> list[Break]:
    """What checkpoints saw of the chain: the first that is not so."""
    for head in signed:
        if head.sequence > len(rows):
            return [Break(len(rows) + 1, f"the log was cut: checkpoint {head.checkpoint} saw it at {head.sequence}")]
        if rows[head.sequence - 1]["digest"] != head.digest:
            return [Break(head.sequence, f"this row, or one before it, is not what checkpoint {head.checkpoint} saw")]
    return []


def with_history(rows: Sequence[Row], told: Sequence[Told], begins_at: int, now: datetime) -> list[Break]:
    """What the engine's history tells, from the row after `begins_at` on: the first that is not so."""
    by_sequence = {row["sequence"]: row for row in rows}
    for step in told:
        what = _of_step(by_sequence.get(step.sequence), step)
        if what:
            return [Break(step.sequence, what)]
    last = max((step.sequence for step in told), default=begins_at)
    unknown = next((row for row in rows if row["sequence"] > last and now - row["at"] > LATE), None)
    return [Break(unknown["sequence"], "the engine knows nothing of this row")] if unknown else []


def _of_step(row: Row | None, step: Told) -> str | None:
    if row is None:
        return "the engine recorded it, the log does not have it" if step.done else None
    if step.digest == row["digest"]:
        # Also of a repeat, which the record answered with what was written the first time, at another instant.
        return None
    differing = _differing(row, step.recording) if step.recording else []
    if differing:
        return f"the engine recorded another {', '.join(differing)}"
    return "the engine was given another digest" if step.digest else None


def _differing(row: Row, recording: Row) -> list[str]:
    told = _columns(recording)
    return [name for name in told if not _same(row[name], told[name])]


def _columns(recording: Row) -> Row:
    """A recording, as it stands in the history, in the columns of the log."""
    event = recording["event"]
    document = event.get("document") or {}
    asked = (each for each in recording.get("referrals", ()) if each["id"] == event.get("subject_id"))
    return {
        **{name: event[name] for name in ("case_id", "kind", "at", "command_id", "body_digest", "body")},
        **{name: event["actor"][name] for name in ACTOR},
        "subject_id": event.get("subject_id"),
        "document_id": document.get("id"),
        "document_digest": document.get("digest"),
        "case_after": recording["case"],
        "referral_after": next(asked, None),
    }


def _same(kept: Any, told: Any) -> bool:
    """Whether what is kept says what was told. A newer build may have kept a field that the older one did not know."""
    match told:
        case Mapping():
            return isinstance(kept, Mapping) and all(name in kept and _same(kept[name], told[name]) for name in told)
        case list() | tuple():
            return isinstance(kept, list | tuple) and len(kept) == len(told) and all(map(_same, kept, told))
        case str() if isinstance(kept, datetime):
            return kept == _instant(told)
    return bool(kept == told)


def _parts(kept: Any) -> Row:
    """Nothing of what is no longer what it was: its digest says so."""
    return kept if isinstance(kept, Mapping) else {}


def _instant(told: str) -> datetime | None:
    """None of what could never have been written."""
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return None
