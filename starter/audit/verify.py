"""A verification from end to end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from casework.db.audit import SqlAudit
from casework.errors import NotFoundError
from casework.models.checkpoint import Signed
from casework.rules.auditing import LATE
from casework.rules.chain import Break
from casework.rules.checkpoints import Verify
from casework.temporal.histories import CaseHistories
from casework.vault.vault import CaseVault
from starter.audit import signed
from starter.audit.cases import CaseCheck
from starter.audit.findings import Uncovered, Verified
from starter.audit.readings import ReadingsCheck
from starter.audit.signed import Seen

PART = 200
Advance = Callable[[int, int], None]
"""Told how much more of how much in all is done."""


@dataclass(frozen=True)
class Sources:
    """What a verification reads. Without histories the engine is not asked."""

    audit: SqlAudit
    vault: CaseVault
    checkpoints: Callable[[], Iterable[Signed]]
    verify: Verify
    histories: CaseHistories | None
    now: Callable[[], datetime]


async def verify(
    sources: Sources, case: str | None = None, root: str | None = None, advance: Advance = lambda _, __: None
) -> Verified:
    """Everything, or one case with all checkpoints; raises NotFoundError where there is no such case.

    What is wrong comes in this order: checkpoints, then cases by their ids, each by sequence, then the access log.
    """
    part = sources.audit.one(case) if case else None
    if part and not part.cases:
        raise NotFoundError(f"There is no case {case}.")
    into, uncovered, now = Verified(), Uncovered(), sources.now()
    seen = signed.read(sources.checkpoints(), sources.verify, root, into)
    check = CaseCheck(sources.audit, sources.vault, seen.cases, sources.histories, now, into, uncovered)
    if part:
        await check.check(part)
    else:
        total = sources.audit.count() + sources.audit.readings()
        known = await _all(sources.audit, check, lambda done: advance(done, total))
        _gone(seen, known, into)
        of_access = ReadingsCheck(seen.access, uncovered)
        of_access.check(sources.audit, now, into, lambda done: advance(done, total))
    check.say_what_was_not_seen()
    if seen.believed:
        _uncovered(uncovered, now, into)
    if sources.histories is None:
        into.unchecked.append("the engine's history: it was not asked for")
    if into.away:
        into.unchecked.append("the engine's history: the engine does not answer")
    return into


async def _all(audit: SqlAudit, check: CaseCheck, advance: Callable[[int], None]) -> set[str]:
    known: set[str] = set()
    after = ""
    while (part := audit.part(after, PART)).cases:
        await check.check(part)
        known |= {row["id"] for row in part.cases}
        after = part.cases[-1]["id"]
        advance(len(part.cases))
    return known


def _gone(seen: Seen, known: set[str], into: Verified) -> None:
    """Cases that checkpoints saw and the record has no more."""
    for case_id, heads in seen.cases.items():
        if case_id not in known:
            into.found("case", Break(1, f"the case is gone: checkpoint {heads[0].checkpoint} saw it"), case_id)


def _uncovered(uncovered: Uncovered, now: datetime, into: Verified) -> None:
    """Rows that no checkpoint saw: of the last minutes, or since whenever nobody signs."""
    if uncovered.since is None:
        return
    if now - uncovered.since > LATE:
        what = f"{uncovered.count} rows since {uncovered.since.isoformat()} are under none: it was cut, or nobody signs"
        into.found("checkpoints", Break(into.checkpoints + 1, what))
    else:
        into.unchecked.append(f"{uncovered.count} rows of the last minutes: they are under no checkpoint yet")
