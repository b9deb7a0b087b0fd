"""Which cases stand still, in the order of the board. `casework.rules.outlook` says the same in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from casework.db.called import NOW, called, held_up_by
from casework.db.standing import FAILING, GONE, LOST, OPEN
from casework.db.tables import INSTANT, accounts, cases, findings, notices, reservations
from casework.db.visible import own_visible_to, visible_to
from casework.models.codes import Status
from casework.models.pathway import Risk
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.rules.outlook import AWAITED

PLACE = (int, datetime, str)
"""What orders the board: urgency, since when, id."""
URGENCIES = (0, 1, 2)
WORKED_ON = (Status.OPEN.value, Status.CLOSED.value)
"""A closed case still waits for its own check and for what partners owe by law."""
NOT_QUEUED = false().label("queued")
_rank = case({Risk.MEDIUM.value: 1, Risk.LOW.value: 2}, value=reservations.c.risk, else_=0)
AFTER_AT, AFTER_ID = bindparam("after_at", type_=INSTANT), bindparam("after_id", type_=Text)
MANY = bindparam("many", type_=Integer)


@dataclass(frozen=True)
class Asked:
    """The shape of what is asked: filters, and the urgency that the page before came to."""

    agency_id: str | None = None
    reason: str | None = None
    assigned_to: str | None = None
    risk: str | None = None
    after: int | None = None


def _offices() -> CTE:
    """The offices that have cases on their clocks, found one after the other through the index: there are few."""
    stalling = cases.c.stalls_at.is_not(None)
    first = select(func.min(cases.c.agency_id).label("agency_id")).where(stalling).cte("offices", recursive=True)
    behind = select(func.min(cases.c.agency_id)).where(stalling, cases.c.agency_id > first.c.agency_id)
    return first.union_all(select(behind.correlate(first).scalar_subquery()).where(first.c.agency_id.is_not(None)))


OFFICES = _offices()


def candidates(reader: Actor, asked: Asked) -> Select[Any]:
    """The first `many` of them, as `id`, `urgency`, `at` and whether it is a report that is `queued`.

    It is run with `now`, `many`, and, where it goes on after a page, `after_at` and `after_id`.
    """
    parts = [*_stalling(reader, asked), _troubled(reader, asked)]
    if reader.role in DECIDING_ROLES and asked.reason in (None, "step_failing") and asked.assigned_to is None:
        parts.append(_queued(reader, asked))
    found = union_all(*parts).subquery("found")
    return select(found).order_by(found.c.urgency, found.c.at, found.c.id).limit(MANY)


def _stalling(reader: Actor, asked: Asked) -> Iterator[Select[Any]]:
    """By their clocks: for each urgency a range of the index, read no further than the page."""
    everywhere = reader.role is Role.COORDINATOR
    for urgency in URGENCIES:
        if asked.after is not None and urgency < asked.after:
            continue
        found = select(cases.c.id, cases.c.urgency, cases.c.stalls_at.label("at"), NOT_QUEUED).where(
            cases.c.urgency == urgency,
            cases.c.stalls_at < NOW,
            cases.c.status.in_(WORKED_ON),
            visible_to(reader, NOW) if everywhere else own_visible_to(reader, NOW),
            *_wanted(reader, asked),
        )
        if urgency == asked.after:
            found = found.where(tuple_(cases.c.stalls_at, cases.c.id) > tuple_(AFTER_AT, AFTER_ID))
        found = found.order_by(cases.c.stalls_at, cases.c.id).limit(MANY)
        yield _of_every_office(found) if everywhere else select(found.subquery())


def _of_every_office(found: Select[Any]) -> Select[Any]:
    """The same for each office."""
    own = found.where(cases.c.agency_id == OFFICES.c.agency_id).correlate(OFFICES).lateral()
    return select(own).select_from(OFFICES.join(own, true()))


def _troubled(reader: Actor, asked: Asked) -> Select[Any]:
    """Open cases that no clock shows: a notice is lost, a step fails, or their caseworker has left.

    Since when they have none is not kept: they stand where their opening puts them.
    """
    left = select(cases.c.id, cases.c.opened_at).join(accounts, accounts.c.id == cases.c.assigned_to)
    troubles = union_all(
        select(notices.c.case_id.label("id"), notices.c.created_at.label("at")).where(LOST),
        select(findings.c.case_id, findings.c.found_at).where(FAILING),
        left.where(GONE, OPEN),
    ).subquery("troubles")
    oldest = select(troubles.c.id, func.min(troubles.c.at).label("at")).group_by(troubles.c.id).subquery("oldest")
    quiet = or_(cases.c.stalls_at.is_(None), cases.c.stalls_at >= NOW)
    found = select(cases.c.id, cases.c.urgency, oldest.c.at, NOT_QUEUED).join(oldest, oldest.c.id == cases.c.id)
    found = found.where(OPEN, quiet, visible_to(reader, NOW), *_wanted(reader, asked))
    return found.where(*_behind(asked, cases.c.urgency, oldest.c.at, cases.c.id))


def _queued(reader: Actor, asked: Asked) -> Select[Any]:
    """Reports of the office that wait for the engine."""
    at = reservations.c.reserved_at
    waits = ~reservations.c.started & reservations.c.opening.is_not(None) & (at < NOW - AWAITED)
    found = select(reservations.c.case_id, _rank, at, true()).where(waits, reservations.c.agency_id == reader.agency_id)
    if asked.agency_id:
        found = found.where(reservations.c.agency_id == asked.agency_id)
    if asked.risk:
        found = found.where(reservations.c.risk == asked.risk)
    return found.where(*_behind(asked, _rank, at, reservations.c.case_id))


def _behind(asked: Asked, *place: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
    if asked.after is not None:
        yield tuple_(*place) > tuple_(asked.after, AFTER_AT, AFTER_ID)


def _wanted(reader: Actor, asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.agency_id:
        yield held_up_by(reader, asked.agency_id)
    if asked.reason:
        yield called(reader, asked.reason)
    if asked.risk:
        yield cases.c.risk == asked.risk
    if asked.assigned_to:
        # An offered case is no answer to a question about what is not shown of it.
        yield (cases.c.assigned_to == asked.assigned_to) & (cases.c.agency_id == reader.agency_id)
