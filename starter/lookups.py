"""What rules need to know and cannot look up: whether ids exist, who gives what, who may answer. Raises where not."""

from dataclasses import dataclass
from functools import singledispatchmethod

from casework import commands as c
from casework.errors import (
    CaseworkError,
    ConflictOfInterestError,
    ErasedError,
    InvalidInputError,
    NotFoundError,
    ServiceNotGivenError,
    UnknownAccountError,
    UnknownAgencyError,
    UnknownCaseError,
)
from casework.models.codes import Status
from casework.models.parts import Client, Reporter
from casework.models.pathway import Service
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.models.state import age_band
from casework.numbers import numbers_in
from casework.office import Office
from casework.ports import Access, Accounts, Directory, Reads
from casework.rules.opening import check_client, day_of, problem, reporting_agency, years_of
from casework.rules.retention import ERASED
from starter.asking import Asking
from starter.known import Known, numbers_of_suspects

OFFICES = frozenset({"lead_office", "province_office"})
"""Kinds of agencies that lead cases, here or elsewhere."""

Facts = dict[str, bool | int | str]


def missing(reads: Reads, actor: Actor, case_id: str) -> CaseworkError:
    """Who could see a case is told that it was erased; for anybody else there never was one."""
    if reads.skeleton(actor, case_id):
        return ErasedError(ERASED)
    return NotFoundError("There is no such case.")


@dataclass(frozen=True)
class Lookups:
    """One look-up per kind of command; a command without one needs nothing looked up."""

    reads: Reads
    accounts: Accounts
    access: Access
    directory: Directory
    office: Office
    known: Known

    def facts(self, ask: Asking, body: c.Command) -> Facts:
        """The facts an order carries; raises where an id in its body is unknown to who asks."""
        return self._of(body, ask)

    @singledispatchmethod
    def _of(self, body: c.Command, ask: Asking) -> Facts:
        return {}

    @_of.register
    def _(self, body: c.AssignCase, ask: Asking) -> Facts:
        account = self.accounts.get(body.caseworker_id)
        if account is None or account.disabled or account.role is not Role.CASEWORKER:
            raise UnknownAccountError("There is no such caseworker in your office.")
        if account.agency_id != ask.actor.agency_id:
            raise UnknownAccountError("There is no such caseworker in your office.")
        if self.access.is_excluded(ask.case_id, account.id):
            raise ConflictOfInterestError("This caseworker is excluded from the case. Name another.")
        numbers = numbers_in(*(address for _, address in self.accounts.addresses(account.id)))
        return {"conflict": bool(self.known.suspects.shared(ask.case_id, numbers))}

    @_of.register
    def _(self, body: c.ReferCase, ask: Asking) -> Facts:
        self.agency(body.agency_id)
        agency = self.directory.get(body.agency_id)
        # Left to the rule: that a service is blocked for the case matters more than who gives it.
        return {"agency_gives_service": bool(agency and body.service in agency.services), **self._age(ask)}

    @_of.register
    def _(self, body: c.RecordMilestone, ask: Asking) -> Facts:
        self.milestone(body.kind)
        self.agency(body.agency_id)
        return {}

    @_of.register
    def _(self, body: c.Notify, ask: Asking) -> Facts:
        self.agency(body.agency_id)
        agency = self.directory.get(body.agency_id or "")
        return {"receiver_kind": agency.kind} if agency else {}

    @_of.register
    def _(self, body: c.RecordService, ask: Asking) -> Facts:
        self.agency(body.agency_id)
        return {}

    @_of.register
    def _(self, body: c.RecordConference, ask: Asking) -> Facts:
        for agency_id in (body.called_by, *body.participants):
            self.agency(agency_id)
        for decision in body.decisions:
            self.somebody(decision.owner)
        return {}

    @_of.register
    def _(self, body: c.IssueLetter, ask: Asking) -> Facts:
        for agency_id in body.agencies:
            self.agency(agency_id)
        return {}

    @_of.register
    def _(self, body: c.ProposePlan, ask: Asking) -> Facts:
        for planned in body.services:
            if planned.agency_id:
                self.gives(planned.agency_id, planned.service)
        return {}

    @_of.register
    def _(self, body: c.TransferCase, ask: Asking) -> Facts:
        office = self.directory.get(body.to_agency_id)
        if office is None or not (office.leads or office.kind in OFFICES):
            raise UnknownAgencyError("A case is handed to an office that leads cases; see GET /api/v1/agencies.")
        return self._age(ask)

    @_of.register
    def _(self, body: c.WithdrawConsent, ask: Asking) -> Facts:
        self.agency(body.agency_id)
        return {}

    @_of.register
    def _(self, body: c.LinkCases, ask: Asking) -> Facts:
        self.case(ask.actor, body.case_id)
        return {}

    @_of.register
    def _(self, body: c.MarkDuplicate, ask: Asking) -> Facts:
        surviving = self.reads.case(ask.actor, body.of_case_id)
        if surviving is None or surviving["status"] != Status.OPEN:
            raise UnknownCaseError("There is no such open case; a duplicate is followed in one that is.")
        return {}

    @_of.register
    def _(self, body: c.ReportProgress, ask: Asking) -> Facts:
        self.milestone(body.kind)
        return self._receiver(ask)

    @_of.register(c.AnswerReferral)
    @_of.register(c.CompleteReferral)
    def _(self, body: c.AnswerReferral | c.CompleteReferral, ask: Asking) -> Facts:
        return self._receiver(ask)

    def _receiver(self, ask: Asking) -> Facts:
        referral = self.reads.referral(ask.actor, ask.subject_id or "")
        if referral is None:
            raise NotFoundError("There is no such referral.")
        officers = self.accounts.of_office(str(referral["agency_id"]), Role.AGENCY_OFFICER.value)
        return {"receiver_has_account": any(not officer["disabled"] for officer in officers)}

    @_of.register
    def _(self, body: c.AddReport, ask: Asking) -> Facts:
        self.agency(body.reporter.agency_id)
        return {}

    @_of.register
    def _(self, body: c.DecideTransfer, ask: Asking) -> Facts:
        case = self.reads.case(ask.actor, ask.case_id) or {}
        receiver_id = case.get("transfer_to") or ""
        receiver = self.directory.get(receiver_id)
        deciders = [a for a in self.accounts.of_office(receiver_id, None) if Role(a["role"]) in DECIDING_ROLES]
        answers = any(not decider["disabled"] for decider in deciders)
        return {"receiver_leads": bool(receiver and receiver.leads), "receiver_has_account": answers}

    @_of.register
    def _(self, body: c.AmendClient, ask: Asking) -> Facts:
        reporter = self.reporter(body.reporter) if body.reporter else {}
        age = self._age(ask) if body.consent and not body.client else {}
        shared: Facts = {"number_shared": self.known.shares_number(ask.case_id, body)}
        return {**reporter, **age, **shared, **(self._client(ask, body.client) if body.client else {})}

    def _age(self, ask: Asking) -> Facts:
        """The client's age today: who may consent depends on it."""
        today = day_of(self.office.now(), self.office.timezone)
        age = self.known.age(ask.case_id, today)
        return {} if age is None else {"age": age}

    def report(self, case_id: str, body: c.OpenCase) -> Facts:
        """What an opening carries: the kind of the reporting agency, the client's age on the day of the report, and
        whether a number of client or reporter is a suspect's."""
        age = years_of(body.client, day_of(body.reported_at, self.office.timezone))
        shared = {"number_shared": self.known.shares_number(case_id, body)}
        return {**self.reporter(body.reporter), **({} if age is None else {"age": age}), **shared}

    def related(self, body: c.Command) -> tuple[str, ...]:
        """The accounts that have a number of somebody suspected."""
        numbers = numbers_of_suspects(body)
        if not numbers:
            return ()
        found = (id_ for id_, address in self.accounts.addresses() if not numbers.isdisjoint(numbers_in(address)))
        return tuple(dict.fromkeys(found))

    def _client(self, ask: Asking, client: Client) -> Facts:
        """The age band on the day of the report; the rule does not see the birth date, which is sealed."""
        case = self.reads.case(ask.actor, ask.case_id)
        if case is None:
            raise NotFoundError("There is no such case.")
        day = day_of(case["reported_at"], self.office.timezone)
        check_client(client, day)
        years = years_of(client, day)
        band = age_band(years)
        return {"age_band": band, "age": years} if band and years is not None else {}

    @_of.register
    def _(self, body: c.RequestClosure, ask: Asking) -> Facts:
        for left in body.left_open:
            self.somebody(left.followed_by)
        return {}

    def somebody(self, name: str | None) -> None:
        """Refuse who is neither an agency, nor an account, nor a role: a name would travel in the clear."""
        known = name is None or Role.has(name) or self.directory.get(name) or self.accounts.get(name)
        if not known:
            raise UnknownAccountError("There is no such account, role or agency.")

    def reporter(self, reporter: Reporter) -> Facts:
        """The kind of the reporting agency: what the police report needs no telling to the police."""
        agency_id = reporting_agency(reporter)
        self.agency(reporter.agency_id)
        agency = self.directory.get(agency_id) if agency_id else None
        return {"reporter_kind": agency.kind} if agency else {}

    def milestone(self, kind: str) -> None:
        """Refuse a kind of milestone or progress that is not one of the contract's."""
        if kind not in self.office.milestones:
            raise InvalidInputError("There is no such kind.", errors=[problem("/kind", "unknown", "Name a milestone.")])

    def agency(self, agency_id: str | None) -> None:
        """Refuse an agency that is not in the directory."""
        if agency_id is not None and self.directory.get(agency_id) is None:
            raise UnknownAgencyError("There is no such agency; see GET /api/v1/agencies.")

    def gives(self, agency_id: str, service: Service) -> None:
        """Refuse an agency that does not give a service."""
        self.agency(agency_id)
        agency = self.directory.get(agency_id)
        if agency and service not in agency.services:
            raise ServiceNotGivenError(f"This agency does not give `{service}`; see GET /api/v1/agencies.")

    def case(self, actor: Actor, case_id: str) -> None:
        """Refuse a case that the actor cannot see."""
        if self.reads.case(actor, case_id) is None:
            raise UnknownCaseError("There is no such case.")
