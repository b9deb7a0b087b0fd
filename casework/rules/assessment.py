"""Assigning, assessing, planning and following a case."""

from datetime import datetime

from casework.commands import (
    AddReport,
    AmendClient,
    AssignCase,
    DecidePlan,
    Order,
    ProposePlan,
    RecordAssessment,
    RecordConference,
    RecordFollowUp,
    RecordMilestone,
    RecordReview,
    RecordService,
)
from casework.errors import AlreadyDecidedError, ConflictOfInterestError, FourEyesError, InvalidInputError
from casework.events import EventKind
from casework.models.codes import OPEN_STAGES, PlanDecision, PlanStatus, Stage
from casework.models.notice import Recipient
from casework.models.pathway import Category, Duty, MatrixRow, Pathway, Risk, Service
from casework.models.people import Role
from casework.models.state import CaseState, Plan
from casework.rules.opening import problem
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule, to_owner, to_supervisors


def check_past(pointer: str, at: datetime | None, now: datetime) -> None:
    """Refuse a past fact that lies in the future."""
    if at is not None and at > now:
        raise InvalidInputError(
            "A fact cannot lie in the future.", errors=[problem(pointer, "in_future", "Give the time it happened.")]
        )


@rule(AssignCase, DECIDING)
def assign(state: CaseState, order: Order[AssignCase], now: datetime) -> Step:
    """Give the case to a caseworker of the office who has no conflict of interest."""
    if order.facts.get("conflict"):
        raise ConflictOfInterestError("This caseworker has a recorded conflict of interest; choose another.")
    after = state.model_copy(update={"assigned_to": order.body.caseworker_id})
    told = (Told("case_assigned", Recipient(account_id=order.body.caseworker_id)),)
    return Step(after, EventKind.CASE_ASSIGNED, facts=(Fact("case_assigned", now),), told=told)


@rule(RecordAssessment, CASEWORK)
def assess(state: CaseState, order: Order[RecordAssessment], now: datetime) -> Step:
    """Rate risk and needs; add the categories that were found, and run their clocks from the finding."""
    body = order.body
    added = _added(state, order)
    pathways = _with_added(state, added)
    if all(pathway.category is Category.UNCLASSIFIED for pathway in pathways):
        raise InvalidInputError(
            "The first assessment must name a category.",
            errors=[problem("/categories_added", "missing", "Replace `unclassified` by the categories found.")],
        )
    if body.risk is Risk.UNASSESSED:
        raise InvalidInputError("Rate the risk.", errors=[problem("/risk", "missing", "high, medium or low")])
    after = state.model_copy(
        update={
            "stage": Stage.ASSESSMENT if state.stage is Stage.INTAKE else state.stage,
            "risk": body.risk,
            "assessed": True,
            "needs": body.needs,
            "findings": tuple(dict.fromkeys((*state.findings, *body.findings))),
            "violence_types": body.violence_types or state.violence_types,
            "place": body.place or state.place,
            "pathways": pathways,
        }
    )
    found = [Fact(f"finding:{pathway.category}", now) for pathway in added]
    if state.incident_at:
        found += [Fact(f"incident:{pathway.category}", state.incident_at) for pathway in added]
    facts = (Fact("assessment_recorded", now), Fact("first_contact", now), *found)
    return Step(after, EventKind.ASSESSMENT_RECORDED, facts=facts, rearm=True)


def _added(state: CaseState, order: Order[RecordAssessment]) -> tuple[Pathway, ...]:
    known = {finding: c for pathway in state.pathways for finding, c in pathway.findings.items()}
    for index, finding in enumerate(order.body.findings):
        if finding not in known:
            raise InvalidInputError(
                "A finding is not one of this pathway's.",
                errors=[problem(f"/findings/{index}", "unknown", "See GET /api/v1/pathways.")],
            )
    wanted = {*order.body.categories_added, *(known[f] for f in order.body.findings if known[f])}
    return tuple(p for p in order.pathways if p.category in wanted and p.category not in state.categories)


def _with_added(state: CaseState, added: tuple[Pathway, ...]) -> tuple[Pathway, ...]:
    kept = [p for p in state.pathways if not (added and p.category is Category.UNCLASSIFIED)]
    return (*kept, *added)


@rule(ProposePlan, CASEWORK, (Stage.ASSESSMENT, Stage.PLANNING, Stage.REFERRAL))
def propose_plan(state: CaseState, order: Order[ProposePlan], now: datetime) -> Step:
    """Propose goals and services; a later proposal replaces an undecided one."""
    plan = Plan(
        id=order.new_id, status=PlanStatus.PROPOSED, proposed_by=order.actor.account_id, services=order.body.services
    )
    after = state.model_copy(update={"plan": plan, "stage": Stage.PLANNING})
    told = (Told("plan_proposed", to_supervisors(state), plan.id),)
    return Step(after, EventKind.PLAN_PROPOSED, plan.id, (Fact("plan_proposed", now),), told)


@rule(DecidePlan, DECIDING, (Stage.ASSESSMENT, Stage.PLANNING, Stage.REFERRAL))
def decide_plan(state: CaseState, order: Order[DecidePlan], now: datetime) -> Step:
    """Approve or return the proposal; never by who proposed it. Missing default services must be waived."""
    plan = state.plan
    if plan is None or plan.status is not PlanStatus.PROPOSED:
        raise AlreadyDecidedError("There is no plan waiting for a decision.")
    if plan.proposed_by == order.actor.account_id:
        raise FourEyesError("Who proposed the plan cannot decide on it.")
    approved = order.body.decision is PlanDecision.APPROVE
    if approved:
        _check_waived(state, plan, order)
    decided = plan.model_copy(
        update={
            "status": PlanStatus.APPROVED if approved else PlanStatus.RETURNED,
            "waived": tuple(waived.service for waived in order.body.waived),
        }
    )
    after = state.model_copy(update={"plan": decided, "stage": Stage.REFERRAL if approved else state.stage})
    told = (Told("plan_decided", to_owner(state), plan.id),)
    if approved:
        facts = (Fact("plan_approved", now), Fact("plan_decided", now))
        return Step(after, EventKind.PLAN_APPROVED, plan.id, facts, told)
    return Step(after, EventKind.PLAN_RETURNED, plan.id, (Fact("plan_decided", now),), told)


def row_holds(row: MatrixRow, state: CaseState) -> bool:
    """Whether the condition of a matrix row holds for this case."""
    match row.when:
        case "always":
            return True
        case "child":
            return state.client.kind == "child"
        case "pupil":
            return bool(state.client.in_school)
        case "grave":
            return state.risk is Risk.HIGH
        case "sexual_act_found":
            return "sexual_act" in state.findings


def duty_of(state: CaseState, service: Service) -> Duty | None:
    """What the pathways together make of a service: of several the strongest (blocked, mandatory, ... , offer)."""
    held = {row.duty for _, row in state.pinned.rows(service) if row_holds(row, state)}
    return next((duty for duty in Duty if duty in held), None)


def default_services(state: CaseState) -> tuple[Service, ...]:
    """Services the pathways together ask for by default: planned, or waived with a reason."""
    return tuple(service for service in Service if duty_of(state, service) is Duty.DEFAULT)


def missing_services(state: CaseState, plan: Plan) -> tuple[Service, ...]:
    """Default services neither planned nor already referred."""
    there = {planned.service for planned in plan.services} | {r.service for r in state.referrals.values()}
    return tuple(service for service in default_services(state) if service not in there)


def _check_waived(state: CaseState, plan: Plan, order: Order[DecidePlan]) -> None:
    waived = {w.service: order.has_text(f"/waived/{i}/reason") for i, w in enumerate(order.body.waived)}
    errors = [
        problem("/waived", "service_missing", f"Plan `{service}` or waive it with a reason.")
        for service in missing_services(state, plan)
        if not waived.get(service)
    ]
    if errors:
        raise InvalidInputError("Services of this pathway are neither planned nor waived with a reason.", errors=errors)


@rule(RecordService, CASEWORK)
def record_service(state: CaseState, order: Order[RecordService], now: datetime) -> Step:
    """Keep what was done for the client; it counts as the first contact."""
    check_past("/at", order.body.at, now)
    return Step(state, EventKind.SERVICE_RECORDED, facts=(Fact("first_contact", order.body.at),))


@rule(RecordFollowUp, CASEWORK, None)
def record_follow_up(state: CaseState, order: Order[RecordFollowUp], now: datetime) -> Step:
    """Keep a contact or the attempt; one that reached the client ends the first-contact clock."""
    body = order.body
    check_past("/at", body.at, now)
    changed = body.risk is not None and body.risk is not state.risk
    after = state.model_copy(
        update={"risk": body.risk or state.risk, "unreached": 0 if body.reached else state.unreached + 1}
    )
    reached = (Fact("first_contact", body.at),) if body.reached else ()
    return Step(
        after,
        EventKind.FOLLOW_UP_RECORDED,
        facts=(Fact("follow_up", body.at, due_on=body.next_on), *reached),
        rearm=changed,
    )


@rule(RecordConference, CASEWORK)
def record_conference(state: CaseState, order: Order[RecordConference], now: datetime) -> Step:
    """Keep a case conference with its decisions."""
    check_past("/at", order.body.at, now)
    return Step(state, EventKind.CONFERENCE_RECORDED, facts=(Fact("conference_recorded", order.body.at),))


@rule(RecordMilestone, CASEWORK)
def record_milestone(state: CaseState, order: Order[RecordMilestone], now: datetime) -> Step:
    """Keep a fact from outside; it may start or end a clock."""
    check_past("/at", order.body.at, now)
    fact = Fact(order.body.kind, order.body.at, agency_id=order.body.agency_id)
    return Step(state, EventKind.MILESTONE_RECORDED, facts=(fact,))


@rule(RecordReview, DECIDING)
def record_review(state: CaseState, order: Order[RecordReview], now: datetime) -> Step:
    """Keep that a supervisor looked at the file; the risk may be rated anew."""
    risk = order.body.risk or state.risk
    closure = state.closure and state.closure.model_copy(update={"reviewed": True})
    after = state.model_copy(update={"risk": risk, "closure": closure})
    return Step(after, EventKind.REVIEW_RECORDED, facts=(Fact("review_recorded", now),), rearm=risk is not state.risk)


@rule(AmendClient, CASEWORK)
def amend_client(state: CaseState, order: Order[AmendClient], now: datetime) -> Step:
    """Correct what is known of the client; the earlier value stays sealed in the log."""
    update: dict[str, object] = {}
    if order.body.client:
        client = order.body.client
        band = order.facts.get("age_band")
        update["client"] = state.client.model_copy(
            update={
                "kind": client.kind,
                "sex": client.sex,
                "disability": client.disability,
                "subdistrict": client.subdistrict,
                "in_school": client.in_school,
                "age_band": band if isinstance(band, str) else state.client.age_band,
            }
        )
    if order.body.consent:
        update["consent"] = order.body.consent
    return Step(state.model_copy(update=update), EventKind.CLIENT_AMENDED)


@rule(AddReport, frozenset({*CASEWORK, Role.SYSTEM, Role.AGENCY_OFFICER}), OPEN_STAGES)
def add_report(state: CaseState, order: Order[AddReport], now: datetime) -> Step:
    """Keep a further report on an open case; a new incident is a fact of its own."""
    check_past("/reported_at", order.body.reported_at, now)
    facts = (Fact("new_incident", order.body.reported_at),) if order.body.new_incident else ()
    return Step(state, EventKind.REPORT_ADDED, facts=facts, told=(Told("report_added", to_owner(state)),))
