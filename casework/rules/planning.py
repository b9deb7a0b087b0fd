"""Planning a case: goals and services, approved by somebody else, with what the pathways ask for by default."""

from datetime import datetime

from casework.commands import DecidePlan, Order, ProposePlan
from casework.errors import AlreadyDecidedError, FourEyesError, InvalidInputError
from casework.events import EventKind
from casework.models.codes import PlanDecision, PlanStatus, Stage
from casework.models.pathway import Duty, MatrixRow, Risk, Service
from casework.models.state import CaseState, Plan
from casework.rules.opening import problem
from casework.rules.referrals import check_not_blocked
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule, to_owner, to_supervisors


@rule(ProposePlan, CASEWORK, (Stage.ASSESSMENT, Stage.PLANNING, Stage.REFERRAL))
def propose_plan(state: CaseState, order: Order[ProposePlan], now: datetime) -> Step:
    """Propose goals and services; a later proposal replaces an undecided one. What is blocked is never planned."""
    for planned in order.body.services:
        check_not_blocked(state, planned.service)
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
