"""The record of a case as part of an event log: what of it goes out, and under which names.

Only codes of closed lists go out, and what is not named here stays. Of an agency that serves a part of the district
alone, the name would tell where a client lives or learns: it is called by its kind.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from casework.errors import InvalidInputError
from casework.events import EventKind as Kind
from casework.models.agency import Agency
from casework.models.calendar import Calendar
from casework.models.codes import Urgency
from casework.models.event_log import CaseRows, LoggedAgency, LoggedCase, LoggedClock, LoggedEvent, LoggedReferral, Row
from casework.models.figure import Period
from casework.models.people import ENGINE

NEAR = frozenset(
    {"village", "subdistrict", "school", "health_centre", "religious_affairs", "community_network", "community_police"}
)
"""Kinds of agencies that are told apart by where they are."""
UNKNOWN = "unknown"
FIRST = date(2000, 1, 1)
AGENCY, CROSSING = "agency", "cross_province"
DETAILS: Mapping[str, str] = {
    Kind.CASE_OPENED: "channel",
    Kind.NOTIFICATION_MADE: "kind",
    Kind.MILESTONE_RECORDED: "kind",
    Kind.SERVICE_RECORDED: "service",
    Kind.REFERRAL_COMPLETED: "outcome",
    Kind.CLOSURE_REQUESTED: "reason",
    Kind.DOCUMENT_ADDED: "kind",
    Kind.LETTER_ISSUED: "kind",
}
"""The code in the body of a command that tells its facts apart."""
TOLD = frozenset({Kind.NOTIFICATION_MADE})
OF_CLOCKS = frozenset({Kind.REMINDER_SENT, Kind.CASE_ESCALATED})


class Names:
    """The agencies of a directory as logs name them."""

    def __init__(self, agencies: Iterable[Agency], ladders: Mapping[str, str]) -> None:
        self._known = {
            each.id: LoggedAgency(each.kind if each.kind in NEAR else each.id, each.kind, ladders.get(each.id, AGENCY))
            for each in agencies
        }

    def __call__(self, agency_id: str | None) -> LoggedAgency:
        """One of them; of one that is in no directory nothing is told."""
        return self._known.get(agency_id or "", LoggedAgency(UNKNOWN, UNKNOWN))


def days_between(first: date | None, last: date | None, now: datetime, zone: str) -> Period:
    """The days asked for, both included: from the first case on, and until today, unless told."""
    first, last = first or FIRST, last or now.astimezone(ZoneInfo(zone)).date()
    if last < first:
        raise InvalidInputError("The last day lies before the first.")
    midnight = time(tzinfo=ZoneInfo(zone))
    return Period(first, last, datetime.combine(first, midnight), datetime.combine(last + timedelta(days=1), midnight))


def logged(number: int, rows: CaseRows, named: Names, calendar: Calendar) -> LoggedCase:
    """A case as a part of a log."""
    case = rows.case
    referrals = {row["id"]: at for at, row in enumerate(rows.referrals, start=1)}
    clocks = {row["id"]: at for at, row in enumerate(rows.deadlines, start=1)}
    agencies = [named(each) for each in (case["reported_by_agency"], *(row["agency_id"] for row in rows.referrals))]
    return LoggedCase(
        number=number,
        agency=named(case["agency_id"]),
        channel=rows.log[0]["body"]["channel"] or UNKNOWN,
        categories=tuple(case["categories"]),
        opened_at=case["opened_at"],
        crosses=any(agency.ladder == CROSSING for agency in agencies),
        events=tuple(_event(row, rows, referrals, clocks, named) for row in rows.log),
        referrals=tuple(_referral(at, row, named) for at, row in enumerate(rows.referrals, start=1)),
        clocks=tuple(_clock(at, row, rows, referrals, named, calendar) for at, row in enumerate(rows.deadlines, 1)),
    )


def _event(
    row: Row, rows: CaseRows, referrals: Mapping[str, int], clocks: Mapping[str, int], named: Names
) -> LoggedEvent:
    kind = row["kind"]
    clock = clocks.get(row["body"]["deadline_id"]) if kind in OF_CLOCKS else None
    return LoggedEvent(
        number=row["sequence"],
        kind=kind,
        at=row["at"],
        role=ENGINE if row["account_id"] == ENGINE else row["role"],
        agency=named(row["agency_id"]),
        stage=row["stage"],
        status=row["status"],
        risk=row["risk"],
        detail=rows.deadlines[clock - 1]["kind"] if clock else row["body"][DETAILS[kind]] if kind in DETAILS else None,
        rung=row["body"]["rung"] if clock else None,
        referral=referrals.get(row["subject_id"] or ""),
        clock=clock,
        starts=tuple(at for id_, at in clocks.items() if _begun_by(id_) == row["sequence"]),
        told=named(row["body"]["agency_id"]) if kind in TOLD else None,
    )


def _begun_by(deadline_id: str) -> int | None:
    """The sequence of the fact that a deadline began with; it is a part of its id."""
    sequence = deadline_id.split(".")[1:2]
    return int(sequence[0]) if sequence and sequence[0].isdecimal() else None


def _referral(number: int, row: Row, named: Names) -> LoggedReferral:
    return LoggedReferral(
        number=number,
        agency=named(row["agency_id"]),
        service=row["service"],
        urgency=row["urgency"],
        status=row["status"],
        asked_at=row["asked_at"],
        outcome=row["outcome"],
    )


def _clock(
    number: int, row: Row, rows: CaseRows, referrals: Mapping[str, int], named: Names, calendar: Calendar
) -> LoggedClock:
    about = referrals.get(row["referral_id"] or "")
    referral = rows.referrals[about - 1] if about else None
    owner = row["owner"]
    return LoggedClock(
        number=number,
        kind=row["kind"],
        class_=row["class_"],
        category=row["category"],
        basis=row["basis"],
        risk=_risk(rows, row["ended_at"]),
        owner=owner.get("role") or "caseworker",
        agency=named(owner["agency_id"]) if owner.get("agency_id") else None,
        referral=about,
        service=referral["service"] if referral else None,
        urgent=referral is not None and referral["urgency"] != Urgency.ROUTINE,
        since=row["since"],
        armed_at=row["armed_at"],
        due_at=row["due_at"],
        agreed=_agreed(row, rows, calendar),
        paused=row["paused"],
        rung=row["rung"],
        ended_at=row["ended_at"],
        met=row["met"],
    )


def _risk(rows: CaseRows, ended_at: datetime | None) -> str:
    """The risk that a clock ran at until it ended: what ends it may rate the case anew."""
    before = [row["risk"] for row in rows.log if ended_at is None or row["at"] < ended_at]
    return str(before[-1] if before else rows.log[0]["risk"])


def _agreed(row: Row, rows: CaseRows, calendar: Calendar) -> bool:
    """Whether it is due at the close of a day that somebody named."""
    due = (row["due_at"] - timedelta(seconds=row["paused"])).astimezone(ZoneInfo(calendar.zone))
    days = {date.fromisoformat(said["next_on"]) for said in (each["body"] for each in rows.log) if said["next_on"]}
    return due.date() in days and due.time() == calendar.closes
