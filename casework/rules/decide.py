"""From an order to what it comes to: checked against role, office, stage and revision, then decided by its rule."""

from datetime import datetime
from typing import Any

import casework.rules.assessment
import casework.rules.client
import casework.rules.closure
import casework.rules.following
import casework.rules.holds
import casework.rules.keeping
import casework.rules.letters
import casework.rules.moving
import casework.rules.notifications
import casework.rules.planning
import casework.rules.referrals
import casework.rules.remedies  # noqa: F401  each module registers its rules
from casework.commands import OF_RECORDS, DecideTransfer, Order
from casework.errors import ForbiddenError, NotAllowedInStageError, NotFoundError, RevisionConflictError
from casework.events import CaseEvent, Recording
from casework.models.access import Exclusion, Interest
from casework.models.people import OFFICE_ROLES
from casework.models.state import CaseRow, CaseState, Receipt
from casework.opening import Opening
from casework.rules.deadlines import advance
from casework.rules.detectors import noticed
from casework.rules.opening import open_case
from casework.rules.retention import check_not_erased
from casework.rules.step import RULES, Rule, Step

KEPT_RECEIPTS = 60
"""Receipts a case carries over continue-as-new: more than can be in flight, fewer than would weigh."""


def decide(state: CaseState, order: Order[Any], now: datetime) -> tuple[CaseState, Recording]:
    """The state after an order and what it writes; raises the CaseworkError that refuses it. Pure."""
    rule = RULES[type(order.body)]
    check(state, order, rule)
    return conclude(state, rule.decide(state, order, now), order, now)


def begin(opening: Opening, now: datetime) -> tuple[CaseState, Recording]:
    """The first state of a case and what it writes."""
    step = open_case(opening, now)
    # Before it there was nothing: what the report says of consent is new.
    state, recording = conclude(step.state.model_copy(update={"consents": {}}), step, opening.order, now)
    return state.model_copy(update={"opening": state.receipts[0]}), recording


def check(state: CaseState, order: Order[Any], rule: Rule) -> None:
    """Refuse by role, office, revision and stage, in that order."""
    if order.actor.role not in rule.roles:
        raise ForbiddenError("Your role may not give this command.")
    foreign = order.actor.role in OFFICE_ROLES and order.actor.agency_id != state.agency_id
    receiving = isinstance(order.body, DecideTransfer) and order.actor.agency_id == state.transfer_to
    if foreign and not receiving:
        raise NotFoundError("There is no such case.")
    if order.revision is not None and order.revision != state.revision:
        raise RevisionConflictError("The case has changed since you read it; read it again.", revision=state.revision)
    check_not_erased(state)
    if rule.stages is not None and state.stage not in rule.stages:
        raise NotAllowedInStageError(
            f"The case is in stage `{state.stage}`; this step is possible in the stages named.",
            allowed=[stage.value for stage in rule.stages],
        )
    ended_elsewhere = not state.open and state.status != "closed"
    if ended_elsewhere and not isinstance(order.body, OF_RECORDS):
        raise NotAllowedInStageError(f"The case is `{state.status}`; work goes on elsewhere.", allowed=[])


def conclude(before: CaseState, step: Step, order: Order[Any], now: datetime) -> tuple[CaseState, Recording]:
    """Number the step, move its clocks, and gather what changed into one recording."""
    sequence = before.revision + 1
    step = noticed(before, step, order.actor, now)
    receipt = Receipt(
        command_id=order.command_id,
        body_digest=order.body_digest,
        case_id=before.case_id,
        sequence=sequence,
        subject_id=step.subject_id,
    )
    after = advance(step, sequence, now).model_copy(
        update={"revision": sequence, "receipts": (*before.receipts, receipt)[-KEPT_RECEIPTS:]}
    )
    return after, Recording(
        case=CaseRow.of(after),
        event=_event(after, step, order, now),
        referrals=tuple(r for id_, r in after.referrals.items() if before.referrals.get(id_) != r),
        notifications=tuple(n for id_, n in after.notifications.items() if before.notifications.get(id_) != n),
        consents=tuple(c for id_, c in after.consents.items() if before.consents.get(id_) != c),
        exclusions=_related(after, order, now),
        deadlines=tuple(d for id_, d in after.deadlines.items() if before.deadlines.get(id_) != d),
        notices=tuple(told.notice(order.command_id, after.case_id, after.number, now) for told in step.told),
    )


def _related(after: CaseState, order: Order[Any], now: datetime) -> tuple[Exclusion, ...]:
    """Who has a number of somebody suspected sees nothing of the case, until a person says otherwise."""
    same = {"case_id": after.case_id, "ground": Interest.RELATED_TO_SUSPECT, "excluded_by": order.actor.account_id}
    return tuple(
        Exclusion(id=f"{after.case_id}.{after.revision}.{index}", account_id=account_id, excluded_at=now, **same)
        for index, account_id in enumerate(order.related)
    )


def _event(after: CaseState, step: Step, order: Order[Any], now: datetime) -> CaseEvent:
    return CaseEvent(
        case_id=after.case_id,
        sequence=after.revision,
        kind=step.kind,
        at=now,
        actor=order.actor,
        command_id=order.command_id,
        body_digest=order.body_digest,
        subject_id=step.subject_id,
        document=order.document,
        body=order.body.model_dump(mode="json"),
    )
