"""What a ladder may not say: who is told must be somebody, and nobody before the one below."""

from collections.abc import Iterator, Mapping

from casework.datafile import key_path
from casework.directory.agencies import ABOVE, above
from casework.models.agency import Agency
from casework.models.pathway import ClockKind
from casework.pathways.files import DeadlineEntry, LadderEntry, RungEntry
from casework.pathways.lengths import compare

Found = Iterator[tuple[str, str]]

LADDERS = ("office", "agency", "village", "cross_province", "protection", "watch", "deciding")
"""Those that there must be; a district may have others beside them."""
CROSS_PROVINCE, COORDINATOR = "cross_province", "coordinator"
NEAR = ("supervisor", "head", "agency_head")
"""Rungs within the office and the agency that owes; those above are agencies of the directory."""
RISKS = ("high", "medium", "low")


def check_ladders(ladders: tuple[LadderEntry, ...], agencies: Mapping[str, Agency]) -> Found:
    """What is wrong with the ladders of the common file, beside the agencies that may stand on them."""
    held = above(agencies.values())
    for index, ladder in enumerate(ladders):
        where = key_path(("ladders", index))
        yield from _reminder(where, ladder)
        for step, rung in enumerate(ladder.rungs):
            yield from _told(f"{where}.rungs[{step}].to", rung.to, held)
            if step:
                yield from _order(f"{where}.rungs[{step}]", rung, ladder.rungs[step - 1])
    yield from _beyond(ladders)
    for name in LADDERS:
        if name not in {ladder.name for ladder in ladders}:
            yield "ladders", f"ladder `{name}` is missing"


def check_climb(where: str, deadline: DeadlineEntry, ladders: tuple[LadderEntry, ...]) -> Found:
    """What is wrong between a deadline and its ladder."""
    ladder = next((ladder for ladder in ladders if ladder.name == deadline.ladder), None)
    if ladder is None:
        names = ", ".join(ladder.name for ladder in ladders)
        yield f"{where}.ladder", f"there is no ladder `{deadline.ladder}`; there are {names}"
    elif ladder.remind_before is not None:
        for length in filter(None, (*deadline.length.values(), deadline.urgent_length)):
            order = compare(ladder.remind_before, length)
            if order is None or order > 0:
                reason = "cannot be told from" if order is None else "is before"
                yield f"{where}.ladder", f"the reminder of `{ladder.name}` {reason} the start of this clock"
                return


def _beyond(ladders: tuple[LadderEntry, ...]) -> Found:
    """A case that crosses provinces goes on above the coordinator, on any ladder, and never back in time."""
    longer = next((ladder for ladder in ladders if ladder.name == CROSS_PROVINCE), None)
    names = [rung.to for rung in longer.rungs] if longer else []
    if longer is None or COORDINATOR not in names[:-1]:
        return
    first = longer.rungs[names.index(COORDINATOR) + 1]
    for index, ladder in enumerate(ladders):
        if ladder.rungs[-1].to == COORDINATOR:
            for place, reason in _order("", first, ladder.rungs[-1]):
                yield f"{key_path(('ladders', index))}.rungs", f"`{first.to}` of {CROSS_PROVINCE}{place} {reason}"


def _reminder(where: str, ladder: LadderEntry) -> Found:
    if ladder.remind_before is None:
        return
    if ladder.remind_at_share is not None:
        yield f"{where}.remind_before", "stands beside remind_at_share; a ladder reminds once"
    if ladder.remind_before.clock is ClockKind.WD:
        yield f"{where}.remind_before", "counts working days, which do not run back from an end; write hours or days"


def _told(where: str, to: str, held: Mapping[str, str]) -> Found:
    if to not in (*NEAR, *ABOVE):
        yield where, f"nobody is known as `{to}`; there are {', '.join((*NEAR, *ABOVE))}"
    elif to in ABOVE and to not in held:
        yield where, f"nobody holds `{to}`: no agency is of the kind {' or '.join(ABOVE[to])}"


def _order(where: str, rung: RungEntry, below: RungEntry) -> Found:
    for risk in RISKS:
        order = compare(getattr(rung, risk), getattr(below, risk))
        if order is None:
            yield f"{where}.{risk}", "cannot be told from the rung below it: working days beside hours or days"
        elif order < 0:
            yield f"{where}.{risk}", "comes before the rung below it"
