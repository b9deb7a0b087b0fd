"""Asking an agency for a service, and what the agency answers. Silence never counts as yes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from casework.commands import (
    AnswerReferral,
    CompleteReferral,
    DecideOverride,
    Order,
    ReferCase,
    ReportProgress,
    RevokeReferral,
)
from casework.errors import (
    AlreadyDecidedError,
    ConsentMissingError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
    NotFoundError,
    ReferralBlockedError,
    ServiceNotGivenError,
)
from casework.events import EventKind
from casework.models.codes import (
    COMMON_OUTCOMES,
    OPEN_REFERRALS,
    OPEN_STAGES,
    Answer,
    ConsentScope,
    OverrideDecision,
    ReferralStatus,
    Stage,
    Urgency,
)
from casework.models.notice import Recipient
from casework.models.parts import RecordedFrom, ReferralConsent
from casework.models.pathway import Service
from casework.models.people import Role
from casework.models.state import CaseState, Referral
from casework.rules import consent
from casework.rules.disclosing import closed, shown_until, shows_after
from casework.rules.opening import check_agreed, check_past, problem
from casework.rules.step import CASEWORK, DECIDING, RECEIVING, Fact, Step, Told, rule, to_owner, to_supervisors

CARE_GIVEN = frozenset({"service_provided", "partly_provided", "already_received"})
"""Outcomes of a health referral after which the clinical windows no longer wait."""
ASK_FOR_CONSENT = "Record the client's consent to this referral, or an override with ground and reason."
KEPT = "kept"
"""What a referral stands on where the consent was recorded before consents had ids."""


@rule(ReferCase, CASEWORK)
def refer(state: CaseState, order: Order[ReferCase], now: datetime) -> Step:
    """Ask an agency for a service, on consent or on a recorded ground.

    Before the first assessment only an emergency may be referred. An override acts at once in an emergency and
    waits for a supervisor otherwise.
    """
    body = order.body
    check_not_blocked(state, body.service)
    if not order.facts.get("agency_gives_service"):
        raise ServiceNotGivenError(f"This agency does not give `{body.service}`; see GET /api/v1/agencies.")
    if not state.assessed and body.urgency is not Urgency.EMERGENCY:
        raise NotAllowedInStageError(
            "Record an assessment first, or refer with urgency `emergency`.", allowed=list(OPEN_STAGES[1:])
        )
    state, consent_id = _agreed(state, order, now)
    overridden = consent_id is None
    referral = _asked(order, now, consent_id)
    facts, told = [], []
    if overridden:
        facts.append(Fact("override_asked", now, referral.id))
        told.append(Told("override_asked", to_supervisors(state), referral.id))
    if referral.status is ReferralStatus.PENDING:
        kind = EventKind.REFERRAL_PENDING
    else:
        kind = EventKind.REFERRAL_SENT
        facts.append(Fact("referral_sent", now, referral.id))
        told.append(Told("referral_sent", Recipient(agency_id=referral.agency_id), referral.id))
    return Step(with_referral(state, referral), kind, referral.id, tuple(facts), tuple(told))


def _asked(order: Order[ReferCase], now: datetime, consent_id: str | None) -> Referral:
    """The referral: sent, or pending where an override waits for its supervisor."""
    body = order.body
    overridden = consent_id is None
    pending = overridden and body.urgency is not Urgency.EMERGENCY
    return Referral(
        id=order.new_id,
        agency_id=body.agency_id,
        service=body.service,
        urgency=body.urgency,
        status=ReferralStatus.PENDING if pending else ReferralStatus.SENT,
        disclose=body.disclose,
        consent_id=consent_id,
        override_ground=body.consent.override_ground if body.consent and overridden else None,
        asked_by=order.actor.account_id,
        sent_at=None if pending else now,
        revision=1,
    )


def _agreed(state: CaseState, order: Order[ReferCase], now: datetime) -> tuple[CaseState, str | None]:
    """The state with the consent given to this referral, and the consent it stands on; None where it goes on a ground
    that does without. Refuses where there is neither."""
    body = order.body
    if body.consent and body.consent.override_ground:
        if not order.has_text("/consent/override_reason"):
            raise ConsentMissingError("An override needs its reason beside its ground.")
        return state, None
    if body.consent:
        check_past("/consent/given_at", body.consent.given_at, now)
        consent.weigh(state, body.consent, consent.age_in(order))
        return _with_own(state, order, body.consent, now)
    kept = state.consent
    if kept is None or not (kept.effective_services and kept.effective_sharing):
        raise ConsentMissingError(ASK_FOR_CONSENT)
    if body.agency_id in state.withheld:
        raise ConsentMissingError("The client wants nothing shared with this agency; ask for consent to this referral.")
    consent.weigh(state, kept, consent.age_in(order))
    sharing = [c.id for c in consent.held(state) if c.scope is ConsentScope.SHARING]
    return state, sharing[-1] if sharing else KEPT


def _with_own(
    state: CaseState, order: Order[ReferCase], given: ReferralConsent, now: datetime
) -> tuple[CaseState, str | None]:
    """With a consent of this referral's own: what was withheld from its agency no longer is."""
    about = {"agency_id": order.body.agency_id, "referral_id": order.new_id}
    entries = consent.given(state, given, ConsentScope, order, now, **about)
    left = tuple(agency_id for agency_id in state.withheld if agency_id != order.body.agency_id)
    after = consent.with_consents(state.model_copy(update={"withheld": left}), *entries)
    return after, next(entry.id for entry in entries if entry.scope is ConsentScope.SHARING)


@rule(DecideOverride, DECIDING)
def decide_override(state: CaseState, order: Order[DecideOverride], now: datetime) -> Step:
    """Confirm or revoke a referral made without consent, never by who made it."""
    referral = _overridden(state, order)
    facts = [Fact("override_decided", now, referral.id)]
    told = [Told("override_decided", to_owner(state), referral.id)]
    confirmed = order.body.decision is OverrideDecision.CONFIRM
    decided = referral.model_copy(update={"override_confirmed": confirmed})
    if not confirmed:
        after, also, lift = _undone(state, decided, now)
        return Step(after, EventKind.OVERRIDE_REVOKED, referral.id, tuple(facts), (*told, *also), lift=lift)
    update: dict[str, object] = {}
    if referral.status is ReferralStatus.PENDING:
        check_not_blocked(state, referral.service)
        update = {"status": ReferralStatus.SENT, "sent_at": now}
        facts.append(Fact("referral_sent", now, referral.id))
        told.append(Told("referral_sent", Recipient(agency_id=referral.agency_id), referral.id))
    after = with_referral(state, _changed(decided, update))
    return Step(after, EventKind.OVERRIDE_CONFIRMED, referral.id, tuple(facts), tuple(told))


def _undone(state: CaseState, decided: Referral, now: datetime) -> tuple[CaseState, tuple[Told, ...], frozenset[str]]:
    """A referral whose ground was not good enough: revoked where it is open; what it showed after its end is closed."""
    if decided.status in OPEN_REFERRALS:
        return revoked(state, (decided,))
    if shows_after(decided, now):
        return *closed(state, (decided,)), frozenset()
    return with_referral(state, _changed(decided, {})), (), frozenset()


def _overridden(state: CaseState, order: Order[DecideOverride]) -> Referral:
    """The referral whose override waits, for who may decide on it. One that went out is looked at after its end too."""
    referral = _referral(state, order)
    if referral.override_ground is None or referral.override_confirmed is not None:
        raise AlreadyDecidedError("There is no override waiting for a decision.")
    if referral.status is not ReferralStatus.PENDING and not referral.unreviewed:
        raise AlreadyDecidedError("The referral has ended before it went out.")
    if referral.asked_by == order.actor.account_id:
        raise FourEyesError("Who referred without consent cannot decide on it.")
    return referral


@rule(AnswerReferral, RECEIVING, None)
def answer(state: CaseState, order: Order[AnswerReferral], now: datetime) -> Step:
    """The agency acknowledges, accepts or declines; accepting skips acknowledging."""
    referral = _receivers(state, order, order.body.recorded_from, now)
    wanted = ReferralStatus(order.body.answer.value)
    if referral.status not in (ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED) or referral.status is wanted:
        raise AlreadyDecidedError(f"The referral is already `{referral.status}`.")
    if order.body.answer is Answer.DECLINED and not order.has_text("/reason"):
        raise InvalidInputError("Say why.", errors=[problem("/reason", "missing", "Declining needs a reason.")])
    update: dict[str, object] = {"status": wanted, "reference": order.body.reference or referral.reference}
    facts: tuple[Fact, ...] = ()
    if order.body.answer is not Answer.ACKNOWLEDGED:
        update["answered_at"] = now
        facts = (Fact(f"referral_{wanted}", now, referral.id),)
    after = with_referral(state, _changed(referral, update))
    kinds = {
        Answer.ACKNOWLEDGED: EventKind.REFERRAL_ACKNOWLEDGED,
        Answer.ACCEPTED: EventKind.REFERRAL_ACCEPTED,
        Answer.DECLINED: EventKind.REFERRAL_DECLINED,
    }
    told = (Told("referral_answered", to_owner(state), referral.id),)
    lift = frozenset({referral.id}) if order.body.answer is Answer.DECLINED else frozenset()
    return Step(after, kinds[order.body.answer], referral.id, facts, told, lift=lift)


@rule(ReportProgress, RECEIVING, None)
def report_progress(state: CaseState, order: Order[ReportProgress], now: datetime) -> Step:
    """A milestone from the receiver; the next report falls due anew."""
    referral = _receivers(state, order, order.body.recorded_from, now)
    check_past("/at", order.body.at, now)
    check_agreed("/next_on", order.body.next_on, order.body.at, now, state.calendar.zone)
    if referral.status is not ReferralStatus.ACCEPTED:
        raise AlreadyDecidedError(f"Progress is reported on an accepted referral; this one is `{referral.status}`.")
    reported = Fact("progress_reported", now, referral.id, due_on=order.body.next_on)
    # The milestone is the case's own: a clock it starts may end by a fact from elsewhere.
    facts = (reported, Fact(order.body.kind, order.body.at, agency_id=referral.agency_id))
    told = (Told("referral_progress", to_owner(state), referral.id),)
    after = with_referral(state, _changed(referral, {}))
    return Step(after, EventKind.PROGRESS_REPORTED, referral.id, facts, told)


@rule(CompleteReferral, RECEIVING, None)
def complete(state: CaseState, order: Order[CompleteReferral], now: datetime) -> Step:
    """The result; on an unanswered referral it accepts in the same step."""
    referral = _receivers(state, order, order.body.recorded_from, now)
    own = {outcome for pathway in state.pathways for outcome in pathway.outcomes}
    if order.body.outcome not in COMMON_OUTCOMES | own:
        raise InvalidInputError(
            "Unknown outcome.", errors=[problem("/outcome", "unknown", "See the pathways of this case.")]
        )
    if referral.status not in (ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED, ReferralStatus.ACCEPTED):
        raise AlreadyDecidedError(f"The referral is already `{referral.status}`.")
    accepted = referral.status is ReferralStatus.ACCEPTED
    update: dict[str, object] = {
        "status": ReferralStatus.COMPLETED,
        "outcome": order.body.outcome,
        "reference": order.body.reference or referral.reference,
        "answered_at": referral.answered_at or now,
        "completed_at": now,
        "disclosed_until": shown_until(state, referral, now),
    }
    facts: tuple[Fact, ...] = () if accepted else (Fact("referral_accepted", now, referral.id),)
    if referral.service is Service.HEALTH and order.body.outcome in CARE_GIVEN:
        facts = (*facts, Fact("medical_care_given", now))
    after = with_referral(state, _changed(referral, update))
    told = (Told("referral_completed", to_owner(state), referral.id),)
    facts = (*facts, Fact("referral_completed", now, referral.id))
    return Step(after, EventKind.REFERRAL_COMPLETED, referral.id, facts, told, lift=frozenset({referral.id}))


@rule(RevokeReferral, CASEWORK, None)
def revoke(state: CaseState, order: Order[RevokeReferral], now: datetime) -> Step:
    """Withdraw a referral that is still open."""
    referral = _referral(state, order)
    if referral.status not in OPEN_REFERRALS:
        raise AlreadyDecidedError(f"The referral is already `{referral.status}`.")
    after, told, lift = revoked(state, (referral,))
    return Step(after, EventKind.REFERRAL_REVOKED, referral.id, told=told, lift=lift)


def check_not_blocked(state: CaseState, service: Service) -> None:
    """Refuse a service that a pathway of the case blocks."""
    blocking = state.pinned.blocked(service)
    if blocking:
        raise ReferralBlockedError(f"`{service}` is blocked for `{blocking}`; see the pathway for the law.")


def now_blocked(state: CaseState) -> tuple[Referral, ...]:
    """Open referrals for services that the case's pathways block."""
    open_ = (r for r in state.referrals.values() if r.status in OPEN_REFERRALS)
    return tuple(referral for referral in open_ if state.pinned.blocked(referral.service))


def revoked(state: CaseState, referrals: Iterable[Referral]) -> tuple[CaseState, tuple[Told, ...], frozenset[str]]:
    """The state with referrals revoked, whom to tell (an agency that has not seen one is not), and their ids."""
    told: list[Told] = []
    ended: set[str] = set()
    for referral in referrals:
        state = with_referral(state, _changed(referral, {"status": ReferralStatus.REVOKED}))
        ended.add(referral.id)
        if referral.status is not ReferralStatus.PENDING:
            told.append(Told("referral_revoked", Recipient(agency_id=referral.agency_id), referral.id))
    return state, tuple(told), frozenset(ended)


def with_referral(state: CaseState, referral: Referral) -> CaseState:
    """The state with one referral put in."""
    return state.model_copy(update={"referrals": {**state.referrals, referral.id: referral}})


def _changed(referral: Referral, update: dict[str, object]) -> Referral:
    return referral.model_copy(update={**update, "revision": referral.revision + 1})


def _referral(state: CaseState, order: Order[Any]) -> Referral:
    referral = state.referrals.get(order.subject_id or "")
    if referral is None:
        raise NotFoundError("There is no such referral.")
    return referral


def _receivers(state: CaseState, order: Order[Any], source: RecordedFrom | None, now: datetime) -> Referral:
    """The referral, if the actor may speak for its receiver: its officer, or the office naming letter or call."""
    referral = _referral(state, order)
    if order.actor.role is Role.AGENCY_OFFICER:
        if referral.agency_id != order.actor.agency_id or referral.status is ReferralStatus.PENDING:
            raise NotFoundError("There is no such referral.")
        return referral
    if order.facts.get("receiver_has_account"):
        raise ForbiddenError("This agency has an account of its own and answers itself.")
    if source is None:
        raise ForbiddenError("Only the receiver moves a referral; name the letter or call in `recorded_from`.")
    check_past("/recorded_from/at", source.at, now)
    if referral.status is ReferralStatus.PENDING:
        raise NotAllowedInStageError("The referral waits for its override.", allowed=[Stage.REFERRAL])
    return referral
