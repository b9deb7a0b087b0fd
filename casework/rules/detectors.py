"""What a case notices of itself with each step: activity, risk raised, news of the law, and what calls a conference."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from casework.events import EventKind
from casework.models.codes import ClientKind, ClosureReason, ReferralStatus
from casework.models.notice import NoticeKind
from casework.models.pathway import Service
from casework.models.people import ENGINE, Actor
from casework.models.state import CaseState, Deadline, Referral
from casework.rules.step import Fact, Step, Told, to_supervisors

LEGAL = frozenset({Service.POLICE, Service.PROSECUTION, Service.COURT, Service.RELIGIOUS_COURT})
AT_WORK = frozenset({ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED, ReferralStatus.ACCEPTED})
NEWS = frozenset({EventKind.REFERRAL_ACCEPTED, EventKind.PROGRESS_REPORTED})
RATED = frozenset({EventKind.ASSESSMENT_RECORDED, EventKind.FOLLOW_UP_RECORDED})
BOUNCES = 2
MANY_AGENCIES = 3
BREACHES = 2


def noticed(before: CaseState, step: Step, actor: Actor, now: datetime) -> Step:
    """The step with what it means beyond itself: facts that start or end clocks, and whom to tell."""
    if not step.state.open:
        return step
    facts = [*step.facts, *_news(step, now)]
    told = list(step.told)
    if actor.account_id != ENGINE:
        facts.append(Fact("activity", now))
    if _risk_raised(before, step):
        facts.append(Fact("risk_raised", now))
        told.append(Told(NoticeKind.ESCALATION, to_supervisors(step.state), about_kind="supervisor_review"))
    return _with_conference(before, replace(step, facts=tuple(facts), told=tuple(told)), now)


def _risk_raised(before: CaseState, step: Step) -> bool:
    """Whether the danger is greater than it was thought; a review that finds so is itself the review it calls for."""
    if any(fact.code == "new_incident" for fact in step.facts):
        return True
    return step.kind in RATED and step.state.urgency < before.urgency


def _news(step: Step, now: datetime) -> Iterator[Fact]:
    """Word from the police, the prosecution or a court; after the last of them nobody is waited for."""
    referral = step.state.referrals.get(step.subject_id or "")
    if referral is None or referral.service not in LEGAL:
        return
    if step.kind in NEWS:
        yield Fact("legal_progress", now)
    others = (r for r in step.state.referrals.values() if r.id != referral.id and r.service in LEGAL)
    if step.kind is EventKind.REFERRAL_COMPLETED and not any(r.status in AT_WORK for r in others):
        yield Fact("legal_ended", now)


def _with_conference(before: CaseState, step: Step, now: datetime) -> Step:
    """The step with a case conference called, once for each thing that calls for one."""
    calls = tuple(call for call in _calls(step.state, now) if call not in before.conferences_called)
    if not calls:
        return step
    state = step.state.model_copy(update={"conferences_called": (*before.conferences_called, *calls)})
    bounced = any(call.startswith("ref_bounced") for call in calls)
    fact = Fact("conference_due", now, reason="ref_bounced" if bounced else "overdue")
    told = Told(NoticeKind.CONFERENCE_CALLED, to_supervisors(state))
    return replace(step, state=state, facts=(*step.facts, fact), told=(*step.told, told))


def _calls(state: CaseState, now: datetime) -> Iterator[str]:
    """What calls for a case conference (domain: the strongest remedy); counted things call again when they double."""
    referrals = tuple(state.referrals.values())
    bounced = sum(r.status is ReferralStatus.DECLINED for r in referrals)
    unavailable = sum(r.outcome == "unavailable" for r in referrals)
    yield from (f"ref_bounced_{count}" for count in range(1, bounced // BOUNCES + 1))
    yield from (f"ref_bounced_unavailable_{count}" for count in range(1, unavailable + 1))
    if len({r.agency_id for r in referrals if r.status in AT_WORK}) >= MANY_AGENCIES:
        yield "many_agencies"
    if state.client.kind is ClientKind.CHILD and any(_removed(r) for r in referrals):
        yield "child_removed"
    breaches = sum(d.class_ == "statutory" and _breached(d, now) for d in state.deadlines.values())
    yield from (f"statutory_breaches_{count}" for count in range(1, breaches // BREACHES + 1))
    if state.closure and state.closure.reason is ClosureReason.WITHDRAWN_UNDER_PRESSURE:
        yield "closure_under_pressure"


def _breached(deadline: Deadline, now: datetime) -> bool:
    """Whether it ran out and somebody was told of it; one that was escalated before its time did not yet."""
    late = deadline.due_at < deadline.ended_at if deadline.ended_at else deadline.due_at <= now
    return late and deadline.rung > 0


def _removed(referral: Referral) -> bool:
    accepted = (ReferralStatus.ACCEPTED, ReferralStatus.COMPLETED)
    return referral.service is Service.SHELTER and referral.status in accepted
