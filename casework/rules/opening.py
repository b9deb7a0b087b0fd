"""What a report must be to open a case, and the state it opens in."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from casework.commands import OpenCase, Order
from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.base import Id
from casework.models.codes import ClientKind, Relation, ReporterKind
from casework.models.notice import NoticeKind
from casework.models.parts import Client, Perpetrator, Reporter
from casework.models.pathway import Category
from casework.models.state import CaseState, ClientFacts, age_band, age_on
from casework.opening import Opening
from casework.rules import consent
from casework.rules.step import Fact, Step, Told, to_owner, to_supervisors

ADULT_AT = 18
"""A child is under 18, the unborn included (UU 35/2014 art. 1)."""
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No fact of a case lies before it; calendars could not count from the first day there is."""
AGREED_WITHIN = timedelta(days=366)


def check_opening(body: OpenCase, now: datetime, zone: str) -> None:
    """Refuse a report that cannot be true; a report that is merely incomplete is taken."""
    errors = [*_times(body, now), *_categories(body), *_reporter(body.reporter)]
    errors += [] if errors else _ages(body.client, day_of(body.reported_at, zone))
    if errors:
        raise InvalidInputError("The report cannot be taken as it stands; see each pointer.", errors=errors)


def check_client(client: Client, day: date) -> None:
    """Refuse a correction of the client that cannot be true on the day of the report."""
    errors = _ages(client, day)
    if errors:
        raise InvalidInputError("The client cannot be as it stands; see each pointer.", errors=errors)


def check_reporter(reporter: Reporter) -> None:
    """Refuse an agency that reports without its name."""
    errors = _reporter(reporter)
    if errors:
        raise InvalidInputError("The reporter cannot be as it stands; see each pointer.", errors=errors)


def check_past(pointer: str, at: datetime | None, now: datetime) -> None:
    """Refuse a past fact that lies in the future, or before anybody's time."""
    errors = _past(pointer, at, now)
    if errors:
        raise InvalidInputError("This cannot be the time of a fact.", errors=errors)


def check_agreed(pointer: str, day: date | None, at: datetime, now: datetime, zone: str) -> None:
    """Refuse a day that was agreed for a time before the agreement, or so far away that it would silence the case."""
    if day is None:
        return
    if day < day_of(at, zone):
        found = problem(pointer, "before_fact", "It lies before the day on which it was agreed.")
        raise InvalidInputError("This cannot be the day that was agreed.", errors=[found])
    if day > day_of(now, zone) + AGREED_WITHIN:
        found = problem(pointer, "too_far_away", "It lies more than a year away; name a day within the year.")
        raise InvalidInputError("This cannot be the day that was agreed.", errors=[found])


def day_of(at: datetime, zone: str) -> date:
    """The day of an instant where the office is."""
    return at.astimezone(ZoneInfo(zone)).date()


def problem(pointer: str, code: str, detail: str) -> dict[str, str]:
    """One entry of `errors`."""
    return {"pointer": pointer, "code": code, "detail": detail}


def _times(body: OpenCase, now: datetime) -> list[dict[str, str]]:
    errors = [*_past("/reported_at", body.reported_at, now), *_past("/incident_at", body.incident_at, now)]
    errors += _past("/consent/given_at", body.consent.given_at if body.consent else None, now)
    if body.incident_at and body.incident_at > body.reported_at:
        errors.append(problem("/incident_at", "after_report", "The incident lies after its report."))
    return errors


def _past(pointer: str, at: datetime | None, now: datetime) -> list[dict[str, str]]:
    if at is not None and at > now:
        return [problem(pointer, "in_future", "It lies in the future; give the time it happened.")]
    if at is not None and at < EARLIEST:
        return [problem(pointer, "too_long_ago", "It lies before 1900; give the time it happened.")]
    return []


def _categories(body: OpenCase) -> list[dict[str, str]]:
    if len(set(body.categories)) != len(body.categories):
        return [problem("/categories", "repeated", "A category is named twice.")]
    if Category.UNCLASSIFIED in body.categories and len(body.categories) > 1:
        return [problem("/categories", "unclassified_alone", "`unclassified` stands alone.")]
    return []


def _ages(client: Client, day: date) -> list[dict[str, str]]:
    errors = []
    if client.birth_date and client.birth_date > day:
        return [problem("/client/birth_date", "in_future", "The birth lies after the report.")]
    years = years_of(client, day)
    born, said = client.birth_date, client.age_years
    if born and said is not None and abs(age_on(born, day) - said) > 1:
        errors.append(problem("/client/age_years", "contradicts_birth_date", "The age contradicts the birth date."))
    if years is not None and (years < ADULT_AT) != (client.kind is ClientKind.CHILD):
        pointer = "/client/birth_date" if client.birth_date else "/client/age_years"
        errors.append(problem(pointer, "contradicts_kind", "The age contradicts `kind`."))
    return errors


def _reporter(reporter: Reporter) -> list[dict[str, str]]:
    if reporter.kind is ReporterKind.AGENCY and reporter.agency_id is None:
        return [problem("/reporter/agency_id", "missing", "Name the agency that reports.")]
    return []


def years_of(client: Client, day: date) -> int | None:
    """Completed years on a day, as far as known."""
    return age_on(client.birth_date, day) if client.birth_date else client.age_years


def reporting_agency(reporter: Reporter) -> Id | None:
    """The agency that reported; an agency named beside another kind of reporter did not."""
    return reporter.agency_id if reporter.kind is ReporterKind.AGENCY else None


def relations_of(suspects: Iterable[Perpetrator]) -> tuple[Relation, ...]:
    """What those suspected are to the client, each once."""
    return tuple(dict.fromkeys(suspect.relation for suspect in suspects))


def facts_of(client: Client, day: date) -> ClientFacts:
    """What of the client stays in the clear."""
    return facts_with(client, age_band(years_of(client, day)))


def facts_with(client: Client, band: str | None) -> ClientFacts:
    """The same for a client whose birth date is sealed already and whose age band was looked up."""
    return ClientFacts(
        kind=client.kind,
        sex=client.sex,
        age_band=band,
        disability=client.disability,
        subdistrict=client.subdistrict,
        in_school=client.in_school,
    )


def open_case(opening: Opening, now: datetime) -> Step:
    """The first step of a case. `now` is the workflow's start."""
    body = opening.order.body
    state = CaseState(
        case_id=opening.case_id,
        number=opening.number,
        agency_id=opening.agency_id,
        risk=body.risk,
        pathways=opening.pathways,
        calendar=opening.calendar,
        surroundings=opening.surroundings,
        client=opening.client,
        consent=body.consent,
        opened_by=opening.order.actor.account_id,
        reported_by_agency=reporting_agency(body.reporter),
        reporter_agency_kind=kind if isinstance(kind := opening.order.facts.get("reporter_kind"), str) else None,
        opened_at=now,
        reported_at=body.reported_at,
        incident_at=body.incident_at,
        links=body.links,
        suspects=relations_of(body.alleged_perpetrators),
    )
    if body.consent:
        entries = consent.given(state, body.consent, consent.scopes_of(body.consent), opening.order, now)
        state = consent.with_consents(state, *entries)
    facts = [Fact("case_opened", now), Fact("reported_at", body.reported_at)]
    if body.incident_at:
        facts.append(Fact("incident_at", body.incident_at))
    unsafe, also = unsafe_contacts(state, opening.order, now)
    told = (Told("case_opened", to_supervisors(state)), *also)
    return Step(state, EventKind.CASE_OPENED, facts=(*facts, *unsafe), told=told)


def unsafe_contacts(state: CaseState, order: Order[Any], now: datetime) -> tuple[tuple[Fact, ...], tuple[Told, ...]]:
    """What a number that a suspect has too calls for: a review at once, and that whoever would call it is told."""
    shared = bool(order.facts.get("number_shared"))
    told = [Told(NoticeKind.CONTACT_UNSAFE, to_owner(state))] if shared else []
    if order.related:
        told.append(Told(NoticeKind.EXCLUDED, to_supervisors(state)))
    return (Fact("contact_unsafe", now),) if shared else (), tuple(dict.fromkeys(told))
