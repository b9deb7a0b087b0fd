"""Outreach: what may be entered, who reads it, and what of its effect is told to whom."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta

from casework.errors import InvalidInputError
from casework.models.base import Model
from casework.models.outreach import Outreach, OutreachEntry, Reports
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.opening import problem
from casework.rules.suppression import suppressed_list

READERS = OFFICE_ROLES | {Role.COORDINATOR, Role.VIEWER, Role.AGENCY_OFFICER}
"""An agency reads of the activities at which it promised something."""
WITHIN = timedelta(days=30)
"""Before and after an activity; its day counts as after."""
BEFORE, AFTER, NEITHER = "before", "after", "neither"


class Known(Model):
    """The codes and ids that an entry may name."""

    subjects: frozenset[str]
    subdistricts: frozenset[str]
    agencies: frozenset[str]
    accounts: frozenset[str]


class Line(Model):
    """What was done of a subject, in a subdistrict, or in all."""

    code: str
    activities: int = 0
    participants: int = 0
    female: int = 0
    male: int = 0
    children: int = 0
    adults: int = 0
    reports: Reports | None = None


def check(entry: OutreachEntry, known: Known, today: date) -> None:
    """Raise InvalidInputError, with a pointer to each thing that cannot be."""
    errors = [problem(*wrong) for wrong in (*_unknown(entry, known), *_times(entry, today))]
    if errors:
        raise InvalidInputError("Something in the request is not valid; see each pointer.", errors=errors)


def lines(found: Iterable[Outreach], codes: Iterable[str], *, by_subject: bool) -> tuple[Line, ...]:
    """A line for each code under which there was something; by subject, an activity stands under each of its own."""
    rows = tuple(found)
    under = {
        code: [each for each in rows if code in (each.subjects if by_subject else (each.subdistrict,))]
        for code in codes
    }
    return tuple(line(code, each) for code, each in under.items() if each)


def line(code: str, found: Iterable[Outreach]) -> Line:
    """The sums of some activities; who was not counted by sex or age group is in the participants only."""
    counted: dict[str, int] = {"activities": 0, "participants": 0, "female": 0, "male": 0, "child": 0, "adult": 0}
    for each in found:
        counted["activities"] += 1
        for some in each.participants:
            for name in ("participants", some.sex.value, some.age_group.value):
                if name in counted:
                    counted[name] += some.count or 0
    children, adults = counted.pop("child"), counted.pop("adult")
    return Line(code=code, **counted, children=children, adults=adults)


def told_beyond(before: int, after: int, neither: int) -> Reports:
    """What is told beyond the own office: nothing small, and nothing by which `neither`, the rest of these quarters,
    could be told to be small; what quarters come to is known."""
    shown, _ = suppressed_list({BEFORE: before, AFTER: after, NEITHER: neither})
    return Reports(before=shown[BEFORE], after=shown[AFTER])


def may_keep(actor: Actor, agency_id: str, owner_agency_id: str | None) -> bool:
    """Whether somebody may record a promise as kept: who works in the office, or the agency that promised."""
    if actor.role is Role.AGENCY_OFFICER:
        return actor.agency_id == owner_agency_id
    return actor.role in OFFICE_ROLES and actor.agency_id == agency_id


def is_over(last: datetime, now: datetime) -> bool:
    """Whether nothing more is added to what followed the activities of a period."""
    return last + WITHIN <= now


def _unknown(entry: OutreachEntry, known: Known) -> Iterator[tuple[str, str, str]]:
    agencies, detail = known.agencies, "There is no such code; see GET /api/v1/outreach/codes."
    yield from ((f"/subjects/{n}", "unknown_code", detail) for n in _missing(entry.subjects, known.subjects))
    if entry.subdistrict not in known.subdistricts:
        yield "/subdistrict", "unknown_code", detail
    named = [("/organiser", entry.organiser), ("/opened_by", entry.opened_by)]
    named += [(f"/participants/{n}/agency_id", each.agency_id) for n, each in enumerate(entry.participants)]
    named += [(f"/promises/{n}/owner/agency_id", each.owner.agency_id) for n, each in enumerate(entry.promises)]
    yield from ((at, "unknown_code", "There is no such agency.") for at, id_ in named if id_ and id_ not in agencies)
    for number, each in enumerate(entry.promises):
        if each.owner.account_id and each.owner.account_id not in known.accounts:
            yield f"/promises/{number}/owner/account_id", "unknown_account", "There is no such account in your office."


def _times(entry: OutreachEntry, today: date) -> Iterator[tuple[str, str, str]]:
    if entry.held_on > today:
        yield "/held_on", "in_future", "It has not been held yet."
    for number, each in enumerate(entry.promises):
        at = f"/promises/{number}"
        if each.due_on < entry.held_on:
            yield f"{at}/due_on", "before_start", "It lies before the activity."
        if each.kept_on and each.kept_on < entry.held_on:
            yield f"{at}/kept_on", "before_start", "It lies before the activity."
        if each.kept_on and each.kept_on > today:
            yield f"{at}/kept_on", "in_future", "It lies in the future."


def _missing(codes: Iterable[str], known: Collection[str]) -> list[int]:
    return [number for number, code in enumerate(codes) if code not in known]
