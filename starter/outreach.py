"""Outreach as it is asked for: activities are recorded once, read by who may, and their promises kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from casework.errors import AlreadyKeptError, ForbiddenError, InvalidInputError, NotFoundError
from casework.ids import new_id
from casework.models.base import Model
from casework.models.outreach import Offering, Outreach, OutreachEntry, Owed, Reports
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.outreach import offering
from casework.ports import Effects, Outreaches, OutreachQuery
from casework.rules.figures import LONGEST, of_own_office, period_of
from casework.rules.opening import problem
from casework.rules.outreach import READERS, Known, Line, check, is_over, line, lines, may_keep, told_beyond
from casework.rules.promises import DAY, midnight, promised
from starter.asking import Asking
from starter.desk import Desk

ALL = "all"
MOST_OWED = 20
"""What a thin network carries."""


class KeptEntry(Model):
    """When a promise was kept; today unless said."""

    kept_on: date | None = None


@dataclass(frozen=True)
class Read:
    """An activity as its reader is shown it: with what followed it, for who is of an office."""

    activity: Outreach
    reports: Reports | None = None
    complete: bool = False
    """Whether the thirty days after it are over."""


@dataclass(frozen=True)
class Summary:
    """What was done in a period, by subdistrict and by subject, and in all."""

    by_subdistrict: tuple[Line, ...]
    by_subject: tuple[Line, ...]
    whole: Line


@dataclass(frozen=True)
class OutreachBook:
    """Every method may block."""

    desk: Desk
    kept: Outreaches
    effects: Effects
    agencies: frozenset[str]
    offering: Offering = field(default_factory=offering)

    def record(self, actor: Actor, entry: OutreachEntry, key: str | None) -> Outreach:
        """Record an activity; a repeat with its key gets the first. Raises InvalidInputError and leaves nothing where
        something cannot be."""
        self.check_records(actor)
        command = self.desk.keyed(Asking(actor, key=key), "record_outreach", entry)
        # The id is the command's: a repeat makes the same.
        if self.kept.one(actor, command.command_id) is None:
            check(entry, self._known(actor), self.today)
        self.kept.keep(self._made(actor, entry, command.command_id), command)
        return self._one(actor, command.command_id)

    def keep(self, actor: Actor, outreach_id: str, promise_id: str, entry: KeptEntry, key: str | None) -> Outreach:
        """Record that a promise was kept; raises AlreadyKeptError where it had been."""
        activity = self.keepable(actor, outreach_id, promise_id)
        on = entry.kept_on or self.today
        if not activity.held_on <= on <= self.today:
            detail = "It lies before the activity, or in the future."
            raise InvalidInputError("It cannot have been on that day.", errors=[problem("/kept_on", "invalid", detail)])
        command = self.desk.keyed(Asking(actor, key=key, subject_id=promise_id), "keep_promise", entry)
        if not self.kept.kept(promise_id, on, actor.account_id, self.desk.office.now(), command):
            raise AlreadyKeptError("This was recorded as done before.")
        return self._one(actor, outreach_id)

    def one(self, reader: Actor, outreach_id: str) -> Read:
        """One activity; raises NotFoundError for one that the reader may not read."""
        self.check_reads(reader)
        return self._with_reports(reader, (self._one(reader, outreach_id),))[0]

    def keepable(self, actor: Actor, outreach_id: str, promise_id: str) -> Outreach:
        """The activity of a promise, for who may record it as kept; raises ForbiddenError for who only reads of it."""
        self.check_reads(actor)
        activity = self._one(actor, outreach_id)
        promise = next((each for each in activity.promises if each.id == promise_id), None)
        if promise is None:
            raise NotFoundError("There is no such promise.")
        if not may_keep(actor, activity.agency_id, promise.owner.agency_id):
            raise ForbiddenError("Who works in the office that recorded it, or the agency that promised, records this.")
        return activity

    def page(
        self, reader: Actor, query: OutreachQuery, limit: int, cursor: str | None
    ) -> tuple[tuple[Read, ...], str | None]:
        """A page of a list, newest first."""
        self.check_reads(reader)
        found, following = self.kept.listed(reader, query, limit, cursor)
        return self._with_reports(reader, found), following

    def every(self, reader: Actor, query: OutreachQuery) -> tuple[Read, ...]:
        """The whole list, oldest first."""
        self.check_reads(reader)
        return self._with_reports(reader, self.kept.every(reader, query))

    def owed(self, reader: Actor, before: datetime) -> list[Owed]:
        """The promises that are due by then and the reader's to keep or to look after; none for who reads of none."""
        looks = reader.role in READERS and reader.role is not Role.VIEWER
        return self.kept.owed(reader, before, MOST_OWED) if looks else []

    def summary(self, reader: Actor, query: OutreachQuery) -> Summary:
        """The sums of a period. What followed is told by subdistrict to who is of an office; to everybody else in all,
        of a whole quarter that can change no more, and nothing that is small."""
        if reader.role not in READERS or reader.role is Role.AGENCY_OFFICER:
            raise ForbiddenError("The office, the coordinator and viewers read what was done.")
        found = self.kept.every(reader, query)
        places = lines(found, (each.code for each in self.offering.subdistricts), by_subject=False)
        subjects = lines(found, (each.code for each in self.offering.subjects), by_subject=True)
        zone = self.desk.office.timezone
        if not of_own_office(reader) and not self._settled(reader, query):
            return Summary(places, subjects, line(ALL, found))
        followed = self.effects.of_subdistricts(reader, query, zone)
        whole = followed[None]
        if not of_own_office(reader):
            told = told_beyond(whole.before, whole.after, whole.neither)
            return Summary(places, subjects, line(ALL, found).model_copy(update={"reports": told}))
        of = {code: Reports(before=each.before, after=each.after) for code, each in followed.items()}
        none = Reports(before=0, after=0)
        rows = tuple(each.model_copy(update={"reports": of.get(each.code, none)}) for each in places)
        return Summary(rows, subjects, line(ALL, found).model_copy(update={"reports": of[None]}))

    def period(self, first: date | None, last: date | None) -> tuple[date, date]:
        """The days asked for, both included; this year where none are given."""
        today = self.today
        if first is None and last is None:
            return date(today.year, 1, 1), date(today.year, 12, 31)
        if first is None or last is None or not first <= last <= first + LONGEST:
            wrong = problem("/from", "not_a_period", "Give `from` and `to`, both of them, at most three years apart.")
            raise InvalidInputError("These days cannot be asked for.", errors=[wrong])
        return first, last

    @property
    def today(self) -> date:
        """The day it is in the office."""
        return self.desk.office.now().astimezone(ZoneInfo(self.desk.office.timezone)).date()

    def check_records(self, actor: Actor) -> None:
        """Raise ForbiddenError for who records no activities."""
        if actor.role not in OFFICE_ROLES:
            raise ForbiddenError("Who works in an office records its outreach.")

    def check_reads(self, reader: Actor) -> None:
        """Raise ForbiddenError for who reads of no activities."""
        if reader.role not in READERS:
            raise ForbiddenError("The office, coordinator, viewers, and agencies that promised something read of it.")

    def _one(self, reader: Actor, outreach_id: str) -> Outreach:
        found = self.kept.one(reader, outreach_id)
        if found is None:
            raise NotFoundError("There is no such activity.")
        return found

    def _made(self, actor: Actor, entry: OutreachEntry, outreach_id: str) -> Outreach:
        now, zone, ladders = self.desk.office.now(), self.desk.office.timezone, self.offering.ladders
        given = tuple(promised(each, new_id(), outreach_id, now, zone, ladders) for each in entry.promises)
        return Outreach.model_validate(
            {
                **entry.model_dump(exclude={"promises"}),
                "id": outreach_id,
                "agency_id": actor.agency_id,
                "held_at": midnight(entry.held_on, zone),
                "promises": given,
                "recorded_at": now,
                "recorded_by": actor.account_id,
            }
        )

    def _known(self, actor: Actor) -> Known:
        colleagues = self.desk.accounts.of_office(actor.agency_id, None)
        return Known(
            subjects=frozenset(each.code for each in self.offering.subjects),
            subdistricts=frozenset(each.code for each in self.offering.subdistricts),
            agencies=self.agencies,
            accounts=frozenset(row["id"] for row in colleagues if not row["disabled"]),
        )

    def _with_reports(self, reader: Actor, found: Iterable[Outreach]) -> tuple[Read, ...]:
        rows = tuple(found)
        if not of_own_office(reader):
            return tuple(map(Read, rows))
        reports, now = self.effects.of_each(reader, [each.id for each in rows]), self.desk.office.now()
        return tuple(Read(each, reports[each.id], is_over(each.held_at, now)) for each in rows)

    def _settled(self, reader: Actor, query: OutreachQuery) -> bool:
        """Whether the period is one that figures are told of beyond the office, and nothing follows it any more."""
        office = self.desk.office
        try:
            period_of(reader, query.first, query.last, office.now(), office.timezone)
        except InvalidInputError:
            return False
        return is_over(midnight(query.last + DAY, office.timezone), office.now())
