"""What happens by itself until a promise is kept: who is told, and when, each step once, late rather than never.

A promise runs to the end of the day that it was given for. It is of no case and needs no workflow: the watch tells.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from casework.models.base import Instant, Model
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.outreach import Ladder, Ladders, Promise, PromiseEntry, PromiseOwner
from casework.models.people import Role

DAY = timedelta(days=1)
AGENCY_HEAD = "agency_head"


class Step(Model):
    """The reminder (0) or a rung (1 and on), and when it is told."""

    number: int
    to: str | None
    """Who stands on the rung; None for the reminder."""
    at: Instant


def promised(
    entry: PromiseEntry, promise_id: str, outreach_id: str, now: datetime, zone: str, ladders: Ladders
) -> Promise:
    """A promise as it begins. Nothing is told of one that was kept before it is entered."""
    promise = Promise(
        id=promise_id,
        outreach_id=outreach_id,
        **entry.model_dump(),
        since=now,
        due_at=midnight(entry.due_on + DAY, zone),
    )
    return foretold(promise, ladders)


def foretold(promise: Promise, ladders: Ladders) -> Promise:
    """The promise with the time of the next step that has not been told."""
    coming = next(steps(promise, ladders), None)
    return promise.model_copy(update={"next_at": coming.at if coming else None})


def steps(promise: Promise, ladders: Ladders) -> Iterator[Step]:
    """Every step that is still to be told, soonest first; none of a promise that was kept."""
    if promise.kept_on is None:
        yield from (step for step in _climb(promise, _ladder(promise, ladders)) if step.number > promise.rung)


def told(promise: Promise, agency_id: str, step: Step, now: datetime) -> tuple[Notice, ...]:
    """The notices of a step of a promise to an office: the owner with the reminder and the first rung, then who stands
    on the rung. Their ids are the step's, so that nobody is told of it twice."""
    to = [] if promise.rung > 0 else [_owner(promise.owner, agency_id)]
    if step.to is not None:
        to.append(_on_rung(promise.owner, agency_id, step.to))
    kind = NoticeKind.PROMISE_DUE if step.to is None else NoticeKind.PROMISE_LATE
    return tuple(
        Notice(
            id=f"promise.{promise.id}.{step.number}.{place}",
            kind=kind,
            recipient=recipient,
            due_at=promise.due_at,
            about_id=promise.outreach_id,
            created_at=now,
        )
        for place, recipient in enumerate(dict.fromkeys(to))
    )


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins where the office is."""
    return datetime.combine(day, time(tzinfo=ZoneInfo(zone)))


def _ladder(promise: Promise, ladders: Ladders) -> Ladder:
    return ladders.agency if promise.owner.agency_id else ladders.office


def _climb(promise: Promise, ladder: Ladder) -> Iterator[Step]:
    since, due = promise.since, promise.due_at
    rungs = [Step(number=n, to=r.to, at=due + r.days * DAY) for n, r in enumerate(ladder.rungs, start=1)]
    if due > since:
        yield Step(number=0, to=None, at=since + (due - since) * ladder.remind_at_share)
    else:
        # It ran out before it was entered: told once, not once for each rung that time has passed.
        passed = sum(rung.at <= since for rung in rungs)
        yield Step(number=passed, to=ladder.rungs[0].to, at=since)
        rungs = rungs[passed:]
    yield from rungs


def _owner(owner: PromiseOwner, agency_id: str) -> Recipient:
    if owner.role:
        return Recipient(role=Role(owner.role.value), agency_id=agency_id)
    return Recipient(agency_id=owner.agency_id, account_id=owner.account_id)


def _on_rung(owner: PromiseOwner, agency_id: str, to: str) -> Recipient:
    if to == AGENCY_HEAD:
        return Recipient(role=Role.HEAD, agency_id=owner.agency_id or agency_id)
    return Recipient(role=Role(to), agency_id=agency_id)
