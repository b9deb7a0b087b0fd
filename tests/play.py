"""One case played by the pure rules: begin and decide, as the desk would ask them, without servers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from casework import commands as c
from casework.assembly import surroundings
from casework.directory.agencies import StaticAgencyDirectory, load_agencies
from casework.directory.calendar import working_calendar
from casework.events import EventKind, Recording
from casework.models.codes import ReporterKind
from casework.models.pathway import Category, Pathway
from casework.models.people import Actor, Role
from casework.models.sealing import blank, given, split
from casework.models.state import CaseState, Deadline, Referral
from casework.opening import Opening
from casework.pathways import load
from casework.rules.decide import begin, decide
from casework.rules.lapses import lapse
from casework.rules.opening import day_of, facts_of

LEAD, PROVINCE = "dinas-pppappkb", "uptd-ppa-sumatera-selatan"
ELSEWHERE = "uptd-ppa-jawa-timur"
ZONE = "Asia/Jakarta"
PATHWAYS = load()
CALENDAR = working_calendar(range(2025, 2029), ZONE)
DIRECTORY = StaticAgencyDirectory(load_agencies())
SURROUNDINGS = surroundings(DIRECTORY, LEAD)
START = datetime(2026, 3, 9, 2, tzinfo=UTC)
C = TypeVar("C", bound=c.Command)


def actor(name: str, role: Role, agency_id: str = LEAD) -> Actor:
    """Somebody who acts."""
    return Actor(account_id=name, role=role, agency_id=agency_id)


CASEWORKER = actor("caseworker", Role.CASEWORKER)
SUPERVISOR = actor("supervisor", Role.SUPERVISOR)
HEAD = actor("head", Role.HEAD)
HOSPITAL = actor("hospital", Role.AGENCY_OFFICER, "rsud-muaradua")
POLICE = actor("police", Role.AGENCY_OFFICER, "unit-ppa-polres")
SOCIAL = actor("social", Role.AGENCY_OFFICER, "dinas-sosial")
HOTLINE = actor("hotline", Role.SYSTEM, "sapa-129")
PROVINCIAL = actor("supervisor2", Role.SUPERVISOR, PROVINCE)
COORDINATOR = actor("coordinator", Role.COORDINATOR, "setda-asisten-1")
CONSENT = {"given_by": "caregiver", "services": True, "sharing": True}


def report(**changes: Any) -> c.OpenCase:
    """A report that is taken."""
    body = {
        "channel": "walk_in",
        "reported_at": START - timedelta(hours=1),
        "categories": ["child_violence"],
        "risk": "high",
        "reporter": {"kind": "family"},
        "client": {"kind": "child", "age_years": 12},
        "consent": CONSENT,
    }
    return c.OpenCase.model_validate({**body, **changes})


def pathways_of(body: c.Command) -> tuple[Pathway, ...]:
    """The pathways the desk would send along."""
    if not isinstance(body, c.RecordAssessment):
        return ()
    found = {p.findings.get(f) for p in PATHWAYS.values() for f in body.findings}
    return tuple(p for category, p in PATHWAYS.items() if category in {*found, *body.categories_added})


def facts_for(body: c.Command) -> dict[str, bool | int | str]:
    """What the desk would look up."""
    if isinstance(body, c.ReferCase):
        agency = DIRECTORY.get(body.agency_id)
        return {"agency_gives_service": bool(agency and body.service in agency.services)}
    if isinstance(body, c.Notify):
        agency = DIRECTORY.get(body.agency_id or "")
        return {"receiver_kind": agency.kind} if agency else {}
    if isinstance(body, c.OpenCase):
        return {**_reporter(body), **({} if body.client.age_years is None else {"age": body.client.age_years})}
    return {}


def _reporter(body: c.OpenCase) -> dict[str, bool | int | str]:
    agency = DIRECTORY.get(body.reporter.agency_id or "")
    return {"reporter_kind": agency.kind} if agency and body.reporter.kind is ReporterKind.AGENCY else {}


@dataclass
class Play:
    """A case and its clock; `give` takes a command as the workflow would."""

    state: CaseState
    now: datetime
    events: list[EventKind] = field(default_factory=list)
    told: list[tuple[str, str | None]] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    states: list[CaseState] = field(default_factory=list)
    """The state after each recording."""
    count: int = 0

    def order(self, body: C, by: Actor, **more: Any) -> c.Order[C]:
        """The order that the desk would make of it."""
        self.count += 1
        facts = {**facts_for(body), **more.pop("facts", {})}
        texts = given(split(body)[1])
        return c.Order[C](
            command_id=f"command-{self.count}",
            body_digest="d",
            actor=by,
            body=blank(body),
            new_id=f"new-{self.count}",
            texts=texts,
            pathways=pathways_of(body),
            facts=facts,
            **more,
        )

    def give(self, body: c.Command, by: Actor = CASEWORKER, **more: Any) -> Recording:
        """Apply it; raises the refusal."""
        self.state, recording = decide(self.state, self.order(body, by, **more), self.now)
        self.keep(recording)
        return recording

    def do(self, command: type[c.Command], by: Actor = CASEWORKER, /, **body: Any) -> str:
        """Apply a command from the fields of its body, and give the id it made or spoke of."""
        more = {name: body.pop(name) for name in ("subject_id", "facts") if name in body}
        recording = self.give(command.model_validate(body), by, **more)
        return str(recording.event.subject_id)

    def keep(self, recording: Recording) -> None:
        """Remember what was written."""
        self.recordings.append(recording)
        self.states.append(self.state)
        self.events.append(recording.event.kind)
        self.told += [(n.kind.value, n.recipient.agency_id or n.recipient.account_id) for n in recording.notices]

    def later(self, **span: float) -> "Play":
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def wait(self, until: datetime) -> list[Recording]:
        """Let time pass; what the case does by itself happens at its time, and is given."""
        written: list[Recording] = []
        while (at := self.state.next_at) and at <= until:
            self.now = max(self.now, at)
            written += self.wake()
        self.now = max(self.now, until)
        return written

    def wake(self) -> list[Recording]:
        """What is due by now happens now, step by step, as after a time without the engine."""
        written: list[Recording] = []
        while step := lapse(self.state, self.now):
            self.state, recording = step
            self.keep(recording)
            written.append(recording)
        return written

    def running(self, kind: str) -> list[Deadline]:
        """The running clocks of a kind."""
        return [d for d in self.state.deadlines.values() if d.running and d.kind == kind]

    def referral(self, id_: str) -> Referral:
        """A referral as it stands."""
        return self.state.referrals[id_]

    # ---- steps that many tests start from

    def assessed(self, **changes: Any) -> "Play":
        """Assigned and assessed."""
        self.do(c.AssignCase, SUPERVISOR, caseworker_id=CASEWORKER.account_id)
        self.do(c.RecordAssessment, **{"risk": "high", **changes})
        return self

    def planned(self, **changes: Any) -> "Play":
        """With an approved plan that waives every default service."""
        self.assessed(**changes)
        self.do(c.ProposePlan, goals=["Aman"])
        waived = [{"service": service, "reason": "Tidak perlu."} for service in sorted(SERVICES)]
        self.do(c.DecidePlan, SUPERVISOR, decision="approve", waived=waived)
        return self

    def referred(self, agency_id: str = "rsud-muaradua", service: str = "health", **changes: Any) -> str:
        """A referral by the caseworker; its id."""
        return self.do(c.ReferCase, agency_id=agency_id, service=service, **changes)

    def closed(self, reason: str = "client_request") -> "Play":
        """Asked for by the caseworker, approved by the supervisor."""
        self.do(c.RequestClosure, reason=reason, client_informed=True)
        self.do(c.DecideClosure, SUPERVISOR, decision="approve")
        return self


SERVICES = frozenset(row.service for pathway in PATHWAYS.values() for row in pathway.matrix)


def opened(by: Actor = CASEWORKER, now: datetime = START, **changes: Any) -> Play:
    """A case from its report, as the desk would open it."""
    facts = changes.pop("facts", {})
    body = report(**changes)
    order = c.Order[c.OpenCase](
        command_id="command-0",
        body_digest="d",
        actor=by,
        body=blank(body),
        new_id="case-1",
        texts=given(split(body)[1]),
        facts={**facts_for(body), **facts},
    )
    state, recording = begin(
        Opening(
            case_id="case-1",
            number="OKUS-2026-00001-0",
            agency_id=LEAD,
            order=order,
            pathways=tuple(PATHWAYS[Category(category)] for category in body.categories),
            calendar=CALENDAR,
            surroundings=SURROUNDINGS,
            client=facts_of(body.client, day_of(body.reported_at, ZONE)),
        ),
        now,
    )
    play = Play(state, now)
    play.keep(recording)
    return play
