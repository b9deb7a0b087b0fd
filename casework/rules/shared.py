"""One law, several categories: each runs its own clock, and of those the strictest speaks."""

from collections.abc import Iterable

from casework.models.state import CaseState, Deadline, Owner


def speaking(state: CaseState, deadline: Deadline) -> Deadline:
    """The clock that tells: of those that several categories run for the same promise, the strictest alone."""
    if deadline.category is None:
        return deadline
    same = [each for each in state.deadlines.values() if promise(each) == promise(deadline)]
    return next(iter(strictest(same)), deadline)


def strictest(deadlines: Iterable[Deadline]) -> tuple[Deadline, ...]:
    """Of the clocks that run for the same promise the one that runs out first; all others as they are."""
    found: dict[object, Deadline] = {}
    for deadline in sorted(deadlines, key=lambda each: (each.due_at, each.id)):
        if deadline.running:
            found.setdefault(promise(deadline), deadline)
    return tuple(found.values())


def promise(deadline: Deadline) -> tuple[str, str | None, Owner]:
    """What is promised by whom: the same law may be a clock of several categories."""
    return deadline.kind, deadline.referral_id, deadline.owner
