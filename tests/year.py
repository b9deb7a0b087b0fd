"""A year of one case by the pure rules: what people do on which day, and how often its one timer wakes it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from casework import commands as c
from casework.models.people import Actor
from casework.models.state import CaseState
from casework.rules.lapses import lapse
from casework.rules.waking import Ring, ring, stands
from tests import play as p
from tests.play import Play, opened
from workflows.attributes import attributes


@dataclass
class Reckoned:
    """A case and its one timer. Counts what happens, by kind."""

    play: Play
    ring: Ring
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, play: Play) -> "Reckoned":
        """From its opening on."""
        return cls(play, ring(play.state.next_at, play.now))

    def give(self, command: type[c.Command], by: Actor, **body: Any) -> str:
        """One step of somebody: with new attributes or not, with the timer set anew or not."""
        before = self.play.state
        subject = self.play.do(command, by, **body)
        self.counts["step"] += 1
        self._shown(before)
        if not stands(self.ring, self.play.state.next_at, self.play.now):
            self.counts["set anew"] += 1
            self._set()
        return subject

    def until(self, moment: datetime) -> None:
        """Let time pass, with every ring in it."""
        while self.ring.rings_at <= moment:
            self.play.now = self.ring.rings_at
            told = self.counts["rung"]
            while step := lapse(self.play.state, self.play.now):
                before, (self.play.state, recording) = self.play.state, step
                self.play.keep(recording)
                self.counts["rung"] += 1
                self._shown(before)
            self.counts["wake" if self.counts["rung"] > told else "vain wake"] += 1
            self._set()
        self.play.now = moment

    def _set(self) -> None:
        self.ring = ring(self.play.state.next_at, self.play.now)

    def _shown(self, before: CaseState) -> None:
        old = attributes(before)
        self.counts["attributes"] += any(update not in old for update in attributes(self.play.state))


@dataclass(frozen=True)
class On:
    """One step: so many days after the opening, by whom, and of which agency's referral where it is of one."""

    day: float
    command: type[c.Command]
    by: Actor = p.CASEWORKER
    body: dict[str, Any] = field(default_factory=dict)
    of: str | None = None


def milestone(day: float, kind: str) -> On:
    """Something became known."""
    return On(day, c.RecordMilestone, body={"kind": kind})


def follow_up(day: float, **more: Any) -> On:
    """The client was visited."""
    return On(day, c.RecordFollowUp, body={"reached": True, "method": "visit", **more})


def refer(day: float, agency_id: str, service: str, urgency: str = "routine") -> On:
    """An agency is asked."""
    consent = {"given_by": "caregiver"}
    body = {"agency_id": agency_id, "service": service, "urgency": urgency, "consent": consent}
    return On(day, c.ReferCase, body=body, of=agency_id)


def accept(day: float, by: Actor) -> On:
    """The agency takes it on."""
    return On(day, c.AnswerReferral, by, {"answer": "accepted"}, by.agency_id)


def report(day: float, by: Actor, kind: str, next_day: int) -> On:
    """The agency says how it goes, and when it will say more."""
    next_on = (p.START + timedelta(days=next_day)).date()
    return On(day, c.ReportProgress, by, {"kind": kind, "next_on": next_on}, by.agency_id)


def complete(day: float, by: Actor) -> On:
    """The agency has done it."""
    return On(day, c.CompleteReferral, by, {"outcome": "service_provided"}, by.agency_id)


def visits(pace: float) -> Iterator[On]:
    """Follow-ups after that share of each clock: at high risk, at medium from the third on, at low from the seventh."""
    day = 4.0
    for number in range(1, 100):
        day += pace * (7 if number <= 3 else 14 if number <= 7 else 30)
        if day > CLOSING:
            return
        yield follow_up(day, **{3: {"risk": "medium"}, 7: {"risk": "low"}}.get(number, {}))


def reviews(pace: float) -> Iterator[On]:
    """Reviews after that share of each clock."""
    day = 0.0
    for length in (30, 60, 60, 90, 90, 90):
        day += pace * length
        if day < CLOSING:
            yield On(day, c.RecordReview, p.SUPERVISOR)


CLOSING = 350.0
WAIVED = [{"service": service, "reason": "Tidak perlu."} for service in sorted(p.SERVICES)]
STEPS = (
    On(0.03, c.AssignCase, p.SUPERVISOR, {"caseworker_id": p.CASEWORKER.account_id}),
    On(0.1, c.RecordService, body={"service": "psychosocial"}),
    refer(0.2, "rsud-muaradua", "health", "emergency"),
    accept(0.25, p.HOSPITAL),
    On(0.9, c.Notify, body={"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}),
    complete(1.2, p.HOSPITAL),
    milestone(1.7, "protection_given"),
    On(2, c.RecordAssessment, body={"risk": "high", "findings": ["sexual_act"]}),
    milestone(2.2, "national_register_entry"),
    milestone(2.6, "lpsk_asked"),
    On(3, c.ProposePlan, body={"goals": ["Aman"]}),
    On(4, c.DecidePlan, p.SUPERVISOR, {"decision": "approve", "waived": WAIVED}),
    refer(4.2, "unit-ppa-polres", "police"),
    refer(4.3, "dinas-sosial", "psychosocial"),
    accept(5, p.SOCIAL),
    accept(6.5, p.POLICE),  # a day late, up to its head
    report(7.5, p.SOCIAL, "social_report_received", 30),
    milestone(9, "lpsk_decided"),
    report(9.1, p.POLICE, "investigator_news", 36),
    milestone(13, "medical_review_2w"),
    milestone(15, "protection_ended"),
    report(29.9, p.SOCIAL, "social_report_received", 118),
    report(36, p.POLICE, "investigator_news", 64),
    report(63.9, p.POLICE, "investigator_news", 92),
    milestone(88, "medical_review_3m"),
    report(96, p.POLICE, "investigator_news", 125),  # four days late, up to its head
    complete(119, p.SOCIAL),
    milestone(124, "hearing_set"),
    complete(124.9, p.POLICE),
    milestone(180, "medical_review_6m"),
    milestone(231, "judgment_known"),
    milestone(310, "restitution_asked"),
    On(CLOSING, c.RequestClosure, body={"reason": "goals_met", "client_informed": True}),
    On(CLOSING + 5, c.DecideClosure, p.SUPERVISOR, {"decision": "approve"}),
)


def year(pace: float) -> Reckoned:
    """A case of sexual violence against a child: opened, referred, visited and reviewed at a pace, closed.

    An agency is late twice. The pace is the share of its clock after which each visit and each review comes.
    """
    incident_at = p.START - timedelta(hours=9)
    case = Reckoned.of(opened(categories=["sexual_violence", "child_violence"], incident_at=incident_at))
    referrals: dict[str | None, str] = {}
    for step in sorted((*STEPS, *visits(pace), *reviews(pace)), key=lambda step: step.day):
        at = p.START + timedelta(days=step.day)
        case.until(at)
        timed = {"at": at} if "at" in step.command.model_fields else {}
        of = {"subject_id": referrals[step.of]} if step.of in referrals else {}
        referrals.setdefault(step.of, case.give(step.command, step.by, **step.body, **timed, **of))
    case.until(p.START + timedelta(days=365))
    return case
