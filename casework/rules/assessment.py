"""Assigning and assessing a case."""

from datetime import datetime

from casework.commands import AssignCase, Order, RecordAssessment
from casework.errors import ConflictOfInterestError, InvalidInputError
from casework.events import EventKind
from casework.models.codes import Stage
from casework.models.notice import Recipient
from casework.models.pathway import Category, Pathway, Risk
from casework.models.state import CaseState, Closure
from casework.rules.opening import problem
from casework.rules.planning import missing_services
from casework.rules.referrals import now_blocked, revoked
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule

__all__ = ["assess", "assign", "missing_services"]

CLASSIFIED = frozenset(Category) - {Category.UNCLASSIFIED}


@rule(AssignCase, DECIDING)
def assign(state: CaseState, order: Order[AssignCase], now: datetime) -> Step:
    """Give the case to a caseworker of the office who has no conflict of interest."""
    if order.facts.get("conflict"):
        raise ConflictOfInterestError("This caseworker has a conflict of interest in the case; choose another.")
    after = state.model_copy(update={"assigned_to": order.body.caseworker_id})
    told = (Told("case_assigned", Recipient(account_id=order.body.caseworker_id)),)
    return Step(after, EventKind.CASE_ASSIGNED, facts=(Fact("case_assigned", now),), told=told)


@rule(RecordAssessment, CASEWORK)
def assess(state: CaseState, order: Order[RecordAssessment], now: datetime) -> Step:
    """Rate risk and needs; add the categories that were found, and run their clocks from the finding.

    An open referral for a service that a category found now blocks is revoked: the law goes before the plan.
    """
    body = order.body
    added = _added(state, order)
    pathways = _with_added(state, added)
    _check_rated(body, pathways)
    after = state.model_copy(
        update={
            "stage": Stage.ASSESSMENT if state.stage is Stage.INTAKE else state.stage,
            "closure": _from_assessment(state),
            "risk": body.risk,
            "assessed": True,
            "needs": body.needs,
            "findings": tuple(dict.fromkeys((*state.findings, *body.findings))),
            "violence_types": body.violence_types or state.violence_types,
            "place": body.place or state.place,
            "pathways": pathways,
        }
    )
    after, told, lift = revoked(after, now_blocked(after))
    facts = (Fact("assessment_recorded", now), Fact("first_contact", now), *_found(state, added, now))
    changed = body.risk is not state.risk
    return Step(after, EventKind.ASSESSMENT_RECORDED, facts=facts, told=told, rearm=changed, lift=lift)


def _check_rated(body: RecordAssessment, pathways: tuple[Pathway, ...]) -> None:
    if Category.UNCLASSIFIED in body.categories_added or not any(p.category in CLASSIFIED for p in pathways):
        raise InvalidInputError(
            "An assessment must name a category.",
            errors=[problem("/categories_added", "missing", "Replace `unclassified` by the categories found.")],
        )
    if body.risk is Risk.UNASSESSED:
        raise InvalidInputError("Rate the risk.", errors=[problem("/risk", "missing", "high, medium or low")])


def _from_assessment(state: CaseState) -> Closure | None:
    """A closure asked for at intake and returned later leads back to an assessed case."""
    if state.closure and state.closure.from_stage is Stage.INTAKE:
        return state.closure.model_copy(update={"from_stage": Stage.ASSESSMENT})
    return state.closure


def _found(state: CaseState, added: tuple[Pathway, ...], now: datetime) -> tuple[Fact, ...]:
    found = [Fact(f"finding:{pathway.category}", now) for pathway in added]
    if state.incident_at:
        found += [Fact(f"incident:{pathway.category}", state.incident_at) for pathway in added]
    return tuple(found)


def _added(state: CaseState, order: Order[RecordAssessment]) -> tuple[Pathway, ...]:
    """The pathways of the categories named, and of those that the findings of these or of the case's lead to."""
    named = (p for p in order.pathways if p.category in order.body.categories_added)
    known = {finding: c for pathway in (*state.pathways, *named) for finding, c in pathway.findings.items()}
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
