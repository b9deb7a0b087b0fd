"""Lives of cases: random commands by random actors never break what holds for every case.

`make storm` lives a thousand of them.
"""

import os
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from casework import commands as c
from casework.errors import BY_CODE, CaseworkError, ClosureBlockedError
from casework.events import EventKind, Recording
from casework.models.codes import (
    OPEN_REFERRALS,
    Answer,
    ClosureReason,
    ConsentScope,
    PlanDecision,
    ReferralStatus,
    Stage,
    Status,
    Urgency,
)
from casework.models.pathway import Category, Risk, Service
from casework.models.people import Actor, Role
from casework.models.state import CaseState
from tests import play as p
from tests.play import Play, opened

S = ReferralStatus
MOVES: dict[ReferralStatus, set[ReferralStatus]] = {
    S.PENDING: {S.SENT, S.REVOKED},
    S.SENT: {S.ACKNOWLEDGED, S.ACCEPTED, S.DECLINED, S.COMPLETED, S.REVOKED},
    S.ACKNOWLEDGED: {S.ACCEPTED, S.DECLINED, S.COMPLETED, S.REVOKED},
    S.ACCEPTED: {S.COMPLETED, S.REVOKED},
    S.DECLINED: set(),
    S.COMPLETED: set(),
    S.REVOKED: set(),
}
K = EventKind
STAYS = {K.CASE_ASSIGNED, K.PLAN_RETURNED, K.FOLLOW_UP_RECORDED, K.REFERRAL_SENT, K.TRANSFER_ASKED, K.CASES_LINKED}
TO = {
    K.PLAN_PROPOSED: Stage.PLANNING,
    K.PLAN_APPROVED: Stage.REFERRAL,
    K.CLOSURE_REQUESTED: Stage.CLOSURE,
    K.CASE_CLOSED: Stage.CLOSED,
    K.CASE_REOPENED: Stage.ASSESSMENT,
    K.DUPLICATE_MARKED: Stage.CLOSED,
}
WHEN_CLOSED = {K.FOLLOW_UP_RECORDED, K.CASE_REOPENED, K.NOTIFICATION_RECEIVED}
OTHERS = tuple(p.actor(f"other-{role}", role) for role in (Role.VIEWER, Role.ADMINISTRATOR, Role.AUDITOR))
SECOND = p.actor("supervisor1b", Role.SUPERVISOR)
AGENCIES = {"health": "rsud-muaradua", "police": "unit-ppa-polres", "mediation": "dinas-sosial"}
OFFICERS = {each.agency_id: each for each in (p.HOSPITAL, p.POLICE, p.SOCIAL)}

office = st.sampled_from((p.CASEWORKER, p.CASEWORKER, p.SUPERVISOR, SECOND, p.HEAD))
deciders = st.sampled_from((p.SUPERVISOR, SECOND, p.HEAD))
strangers = st.sampled_from((*OTHERS, p.COORDINATOR, p.PROVINCIAL, p.HOTLINE, p.HOSPITAL))
anyone = st.one_of(office, office, office, strangers)
risks = st.sampled_from(list(Risk))
booleans = st.booleans()
spans = st.integers(0, 60 * 24 * 9).map(lambda minutes: timedelta(minutes=minutes))
ago = st.integers(-1, 60 * 30).map(lambda minutes: timedelta(minutes=minutes))
findings = st.lists(st.sampled_from(["sexual_act", "injury", "violence_at_home", "incest"]), max_size=2)
categories = st.lists(st.sampled_from(list(Category)), max_size=1)
OVERRIDE = {"override_ground": "vital_interests", "override_reason": "Terancam."}
consents = st.sampled_from([{"given_by": "self"}, OVERRIDE, None, OVERRIDE, {"given_by": "none"}])
LETTER = {"medium": "letter", "reference": "B/12"}


class Life(RuleBasedStateMachine):
    """One case; every command it takes or refuses is looked at."""

    play: Play

    @initialize(
        category=st.sampled_from(list(Category)),
        risk=risks,
        by=st.sampled_from((p.CASEWORKER, p.HOTLINE)),
        known=booleans,
        consent=st.sampled_from([None, p.CONSENT]),
        far=st.integers(0, 5),
    )
    def open(self, category: Category, risk: Risk, by: Actor, known: bool, consent: Any, far: int) -> None:
        """A case from its report, some of them already some way along."""
        incident = p.START - timedelta(hours=9) if known else None
        self.play = opened(by, categories=[category], risk=risk, incident_at=incident, consent=consent)
        added = [Category.DOMESTIC_VIOLENCE] if category is Category.UNCLASSIFIED else []
        if far == 1:
            self.play.assessed(categories_added=added)
        elif far in (2, 3, 4):
            self.play.planned(categories_added=added)
        if far in (3, 4):
            self.play.referred(consent={"given_by": "self"})
        if far == 4:
            self.play.referred("unit-ppa-polres", "police", consent={"given_by": "none", **OVERRIDE})
        if far == 5:
            self.play.assessed(categories_added=added)
            with suppress(ClosureBlockedError):  # the police are owed
                self.play.do(c.RequestClosure, reason="client_request", client_informed=True)
        self.sequence = self.play.state.revision

    # ---- what may be asked

    @rule(by=anyone, risk=risks, findings=findings, added=categories, span=spans)
    def assess(self, by: Actor, risk: Risk, findings: list[str], added: list[Category], span: timedelta) -> None:
        self.play.now += span
        self.give(c.RecordAssessment, by, risk=risk, findings=findings, categories_added=added)

    @rule(by=anyone, service=st.sampled_from(["health", "mediation", "police"]))
    def propose_plan(self, by: Actor, service: str) -> None:
        self.give(c.ProposePlan, by, goals=["Aman"], services=[{"service": service}])

    @precondition(lambda self: self.play.state.plan)
    @rule(by=st.one_of(deciders, anyone), decision=st.sampled_from(list(PlanDecision)), waives=booleans)
    def decide_plan(self, by: Actor, decision: PlanDecision, waives: bool) -> None:
        waived = [{"service": service, "reason": "Tidak."} for service in Service] if waives else []
        self.give(c.DecidePlan, by, decision=decision, waived=waived)

    @rule(
        by=office,
        service=st.sampled_from(sorted(AGENCIES)),
        urgency=st.sampled_from(list(Urgency)),
        consent=consents,
    )
    def refer(self, by: Actor, service: str, urgency: Urgency, consent: Any) -> None:
        facts = {"agency_gives_service": True}
        body = {"agency_id": AGENCIES[service], "service": service, "urgency": urgency, "consent": consent}
        self.give(c.ReferCase, by, facts=facts, **body)

    @precondition(lambda self: self.play.state.referrals)
    @rule(by=deciders, decision=st.sampled_from(["confirm", "revoke"]), data=st.data())
    def decide_override(self, by: Actor, decision: str, data: st.DataObject) -> None:
        self.give(c.DecideOverride, by, data, decision=decision)

    @precondition(lambda self: self.play.state.referrals)
    @rule(answer=st.sampled_from(list(Answer)), data=st.data(), recorded=booleans)
    def answer(self, answer: Answer, data: st.DataObject, recorded: bool) -> None:
        self.of_receiver(c.AnswerReferral, data, recorded, answer=answer, reason="Penuh.")

    @precondition(lambda self: self.play.state.referrals)
    @rule(data=st.data(), span=ago, recorded=booleans)
    def report_progress(self, data: st.DataObject, span: timedelta, recorded: bool) -> None:
        body = {"kind": "protection_given_tpks", "at": self.play.now - span}
        self.of_receiver(c.ReportProgress, data, recorded, **body)

    @precondition(lambda self: self.play.state.referrals)
    @rule(outcome=st.sampled_from(["service_provided", "sembuh"]), data=st.data(), recorded=booleans)
    def complete(self, outcome: str, data: st.DataObject, recorded: bool) -> None:
        self.of_receiver(c.CompleteReferral, data, recorded, outcome=outcome)

    @precondition(lambda self: self.play.state.referrals)
    @rule(by=anyone, data=st.data())
    def revoke(self, by: Actor, data: st.DataObject) -> None:
        self.give(c.RevokeReferral, by, data)

    @rule(by=anyone, reached=booleans, span=ago, risk=st.one_of(st.none(), risks))
    def follow_up(self, by: Actor, reached: bool, span: timedelta, risk: Risk | None) -> None:
        self.give(c.RecordFollowUp, by, at=self.play.now - span, reached=reached, risk=risk)

    @rule(by=office, agency=st.sampled_from(["unit-ppa-polres", "dinas-pendidikan", None]))
    def notify(self, by: Actor, agency: str | None) -> None:
        self.give(c.Notify, by, kind="police", agency_id=agency, explained_to_client=True)

    @precondition(lambda self: self.play.state.notifications)
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        ids = [*self.play.state.notifications, "none"]
        self.give(c.ReceiveNotification, p.POLICE, subject_id=data.draw(st.sampled_from(ids)))

    @rule(by=office, reason=st.sampled_from(list(ClosureReason)), informed=booleans, names=booleans)
    def request_closure(self, by: Actor, reason: ClosureReason, informed: bool, names: bool) -> None:
        left = [{"deadline_id": id_, "followed_by": "supervisor"} for id_ in self.play.state.deadlines] if names else []
        self.give(c.RequestClosure, by, reason=reason, client_informed=informed, left_open=left)

    @precondition(lambda self: self.play.state.stage is Stage.CLOSURE)
    @rule(by=deciders, approver=deciders)
    def approve_after_a_late_referral(self, by: Actor, approver: Actor) -> None:
        """What comes up between request and approval."""
        body = {"agency_id": "rsud-muaradua", "service": "health", "urgency": "emergency"}
        self.give(c.ReferCase, by, facts={"agency_gives_service": True}, consent={"given_by": "self"}, **body)
        self.give(c.DecideClosure, approver, decision="approve")

    @precondition(lambda self: self.play.state.stage is Stage.CLOSURE)
    @rule(by=st.one_of(deciders, anyone), decision=st.sampled_from(list(PlanDecision)))
    def decide_closure(self, by: Actor, decision: PlanDecision) -> None:
        self.give(c.DecideClosure, by, decision=decision)

    @precondition(lambda self: not self.play.state.open)
    @rule(by=anyone)
    def reopen(self, by: Actor) -> None:
        self.give(c.ReopenCase, by)

    @rule(by=anyone, span=ago, risk=st.one_of(st.none(), risks), which=st.integers(0, 9), other=st.integers(1, 3))
    def aside(self, by: Actor, span: timedelta, risk: Risk | None, which: int, other: int) -> None:
        """What stands beside the walk; one rule, so that the walk gets its turn."""
        at, to = self.play.now - span, p.PROVINCE if span.seconds % 2 else p.ELSEWHERE
        kind = ("protection_given_tpks", "lpsk_asked", "medical_care_given")[other - 1]
        scope = ConsentScope.SERVICES if other == 1 else ConsentScope.SHARING
        consent = {"given_by": "self", "services": other > 1, "sharing": True}
        asides: list[tuple[type[c.Command], dict[str, Any]]] = [
            (c.AssignCase, {"caseworker_id": "caseworker"}),
            (c.RecordService, {"service": "psychosocial", "at": at}),
            (c.RecordMilestone, {"kind": kind, "at": at}),
            (c.RecordReview, {"risk": risk}),
            (c.WithdrawConsent, {"scope": scope, "by": "self"}),
            (c.AmendClient, {"consent": consent}),
            (c.AddReport, {"channel": "phone", "reported_at": at, "reporter": {"kind": "self"}}),
            (c.LinkCases, {"case_id": f"case-{other}", "relation": "sibling"}),
            (c.TransferCase, {"to_agency_id": to, "consent": (True, None, False)[other - 1]}),
            (c.RecordConference, {"at": at, "decisions": [{"what": "Lanjut."}]}),
        ]
        command, body = asides[which]
        self.give(command, by, **body)

    @precondition(lambda self: self.play.state.transfer_to)
    @rule(by=st.one_of(deciders, st.just(p.PROVINCIAL)), accepts=booleans, letter=booleans)
    def decide_transfer(self, by: Actor, accepts: bool, letter: bool) -> None:
        source = {**LETTER, "at": self.play.now} if letter else None
        facts = {"receiver_leads": self.play.state.transfer_to == p.PROVINCE}
        decision = "accept" if accepts else "decline"
        self.give(c.DecideTransfer, by, facts=facts, decision=decision, recorded_from=source)

    @rule(by=st.one_of(deciders, strangers), other=st.sampled_from(["case-1", "case-2"]))
    @precondition(lambda self: self.sequence > 5)
    def duplicate(self, by: Actor, other: str) -> None:
        self.give(c.MarkDuplicate, by, of_case_id=other)

    # ---- asking it

    def of_receiver(self, kind: type[c.Command], data: st.DataObject, recorded: bool, /, **body: Any) -> None:
        """By its agency's officer, or by the office with a letter; now and then by another agency."""
        if recorded:
            self.give(kind, p.CASEWORKER, data, recorded_from={**LETTER, "at": self.play.now}, **body)
        else:
            subject = data.draw(self.referrals())
            referral = self.play.state.referrals[subject]
            own = OFFICERS[referral.agency_id]
            officer = data.draw(st.sampled_from([own, own, own, *OFFICERS.values()]))
            self.give(kind, officer, subject_id=subject, **body)

    def referrals(self) -> st.SearchStrategy[str]:
        """One of the case's referrals, more often an open one."""
        all_ = self.play.state.referrals
        open_ = [id_ for id_, referral in all_.items() if referral.status in OPEN_REFERRALS]
        return st.sampled_from([*open_, *open_, *open_, *all_])

    def give(self, kind: type[c.Command], who: Actor, data: st.DataObject | None = None, /, **body: Any) -> None:
        """Give a command, and look at what it did: all of it, or nothing."""
        before, frozen = self.play.state, copy(self.play.state)
        more: dict[str, Any] = {"facts": body.pop("facts", {})}
        subject = body.pop("subject_id", None)
        if data is not None:
            subject = data.draw(self.referrals())
        order = kind.model_validate(body)
        try:
            recording = self.play.give(order, who, subject_id=subject, **more)
        except CaseworkError as error:
            self.refused(error)
        else:
            self.accepted(before, recording, who)
        assert before == frozen
        assert self.play.state is before or self.play.state.revision == before.revision + 1

    def refused(self, error: CaseworkError) -> None:
        """A refusal has a code that can cross the engine; whether the state stayed is looked at in `give`."""
        assert BY_CODE[error.code] is type(error)

    def accepted(self, before: CaseState, recording: Recording, by: Actor) -> None:
        """What holds for every accepted command."""
        after = self.play.state
        self.sequence += 1
        assert after.revision == before.revision + 1 == self.sequence
        assert recording.event.sequence == recording.case.revision == after.revision
        assert after.receipts[-1].sequence == self.sequence
        assert before.open or recording.event.kind in WHEN_CLOSED
        assert by.role not in {Role.VIEWER, Role.ADMINISTRATOR, Role.AUDITOR, Role.COORDINATOR}
        assert CaseState.model_validate_json(after.model_dump_json()) == after
        self.stages(before, after, recording.event.kind)
        self.eyes(before, recording.event.kind, recording.event.subject_id, by)
        for id_, referral in after.referrals.items():
            if id_ in before.referrals:
                old = before.referrals[id_].status
                assert referral.status is old or referral.status in MOVES[old]
            else:
                assert referral.status in {S.PENDING, S.SENT}
                assert not before.pinned.blocked(referral.service)
        for id_, deadline in before.deadlines.items():
            assert deadline.running or after.deadlines[id_] == deadline
        if after.risk is not before.risk:
            assert before.open or recording.event.kind is K.CASE_REOPENED

    def stages(self, before: CaseState, after: CaseState, kind: EventKind) -> None:
        """Stage moves of design.md, section 4, and no other."""
        if kind in TO:
            expected = TO[kind]
        elif kind is K.ASSESSMENT_RECORDED:
            expected = Stage.ASSESSMENT if before.stage is Stage.INTAKE else before.stage
        elif kind is K.CLOSURE_RETURNED:
            assert before.closure is not None
            expected = before.closure.from_stage
        elif kind is K.TRANSFER_ACCEPTED:
            expected = before.stage if after.open else Stage.CLOSED
        else:
            expected = before.stage
        assert after.stage is expected
        assert kind not in STAYS or after.stage is before.stage

    def eyes(self, before: CaseState, kind: EventKind, subject: str | None, by: Actor) -> None:
        """Nobody decides on what they asked for."""
        if kind in {K.PLAN_APPROVED, K.PLAN_RETURNED}:
            assert before.plan is not None
            assert before.plan.proposed_by != by.account_id
        if kind in {K.CASE_CLOSED, K.CLOSURE_RETURNED}:
            assert before.closure is not None
            assert before.closure.requested_by != by.account_id
        if kind in {K.OVERRIDE_CONFIRMED, K.OVERRIDE_REVOKED}:
            assert before.referrals[str(subject)].asked_by != by.account_id

    # ---- what always holds

    @invariant()
    def nothing_waits_twice(self) -> None:
        running = [d for d in self.play.state.deadlines.values() if d.running]
        assert not [key for key, n in Counter((d.kind, d.category, d.referral_id) for d in running).items() if n > 1]

    @invariant()
    def an_ended_referral_waits_for_nothing(self) -> None:
        state = self.play.state
        for deadline in state.deadlines.values():
            if deadline.running and deadline.referral_id and deadline.kind != "override_decision":
                assert state.referrals[deadline.referral_id].status in OPEN_REFERRALS

    @invariant()
    def what_went_without_consent_is_looked_at(self) -> None:
        state = self.play.state
        due = {d.referral_id for d in state.deadlines.values() if d.running and d.kind == "override_decision"}
        waiting = {r.id for r in state.referrals.values() if r.unreviewed or r.status is S.PENDING}
        assert due == waiting

    @invariant()
    def every_referral_stands_on_a_consent_or_a_ground(self) -> None:
        state = self.play.state
        for referral in state.referrals.values():
            assert (referral.consent_id is None) == (referral.override_ground is not None)
            given = state.consents.get(referral.consent_id or "")
            if given and referral.status in OPEN_REFERRALS:
                # One that was given anew stands in the place of the one it was sent on.
                assert any(each.holds and each.scope is given.scope for each in state.consents.values())

    @invariant()
    def no_open_referral_is_blocked(self) -> None:
        state = self.play.state
        assert not [
            r for r in state.referrals.values() if r.status in OPEN_REFERRALS and state.pinned.blocked(r.service)
        ]

    @invariant()
    def an_ended_case_is_at_rest(self) -> None:
        state = self.play.state
        assert (state.status is Status.OPEN) == (state.stage is not Stage.CLOSED) == (state.closed_at is None)
        if not state.open:
            assert not [r for r in state.referrals.values() if r.status in OPEN_REFERRALS]
            assert (state.closure, state.transfer_to) == (None, None)
            running = [d for d in state.deadlines.values() if d.running]
            assert all(d.class_ == "statutory" or d.kind == "post_closure_check" for d in running)

    @invariant()
    def a_closure_waits_in_its_stage(self) -> None:
        state = self.play.state
        assert (state.stage is Stage.CLOSURE) == (state.closure is not None)

    @invariant()
    def clocks_end_after_they_begin(self) -> None:
        for deadline in self.play.state.deadlines.values():
            assert deadline.since <= deadline.due_at
            assert deadline.ended_at is None or deadline.ended_at >= deadline.since


def copy(state: CaseState) -> CaseState:
    """The state with dictionaries of its own, so that a change in place would show; all else in it is frozen."""
    own = {name: dict(value) for name in type(state).model_fields if isinstance(value := getattr(state, name), dict)}
    return state.model_copy(update=own)


Life.TestCase.settings = settings(
    max_examples=int(os.environ.get("TUNTAS_LIVES", "60")),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLife = pytest.mark.timeout(3600)(Life.TestCase)
