"""What is known of the client and what the client agreed to: corrected, added to, taken back."""

from datetime import datetime

from casework.commands import AddReport, AmendClient, Order, WithdrawConsent
from casework.errors import ConsentMissingError, InvalidInputError, NotFoundError
from casework.events import EventKind
from casework.models.base import Id
from casework.models.codes import OPEN_REFERRALS, OPEN_STAGES, ConsentGiver
from casework.models.parts import Consent
from casework.models.people import Actor, Role
from casework.models.state import CaseState, Referral
from casework.rules import consent, disclosing
from casework.rules.opening import (
    check_past,
    check_reporter,
    facts_with,
    problem,
    relations_of,
    reporting_agency,
    unsafe_contacts,
)
from casework.rules.referrals import revoked
from casework.rules.step import CASEWORK, Fact, Step, Told, rule, to_owner, to_supervisors


@rule(AmendClient, CASEWORK)
def amend_client(state: CaseState, order: Order[AmendClient], now: datetime) -> Step:
    """Correct what is known of the client; the earlier value stays sealed in the log.

    Each part given takes the place of the whole earlier one. Consent that no longer allows sharing revokes what
    stood on it, as its withdrawal does.
    """
    body = order.body
    if all(part is None for part in (body.client, body.reporter, body.alleged_perpetrators, body.consent)):
        raise InvalidInputError("Name what is corrected.", errors=[problem("", "missing", "client, reporter, ...")])
    update: dict[str, object] = {}
    if body.client:
        band = order.facts.get("age_band")
        update["client"] = facts_with(body.client, band if isinstance(band, str) else None)
    if body.reporter:
        check_reporter(body.reporter)
        kind = order.facts.get("reporter_kind")
        update["reported_by_agency"] = reporting_agency(body.reporter)
        update["reporter_agency_kind"] = kind if isinstance(kind, str) else None
    told: tuple[Told, ...] = ()
    lift: frozenset[str] = frozenset()
    update |= {"consent": body.consent} if body.consent else {}
    if body.alleged_perpetrators is not None:
        update["suspects"] = relations_of(body.alleged_perpetrators)
    after = state.model_copy(update=update)
    if body.consent:
        check_past("/consent/given_at", body.consent.given_at, now)
        after = consent.replaced(
            after, consent.given(after, body.consent, consent.scopes_of(body.consent), order, now), now
        )
    if _allows(state.consent) and not _allows(after.consent):
        after, told, lift = _without_consent(after, now)
    if consent.suspects_carer(after) and not consent.suspects_carer(state) and _by_carer(after):
        # What stands on it goes on: it protects. Whether it may is for a person to say.
        told = (*told, Told("consent_withdrawn", to_supervisors(after)))
    facts, also = unsafe_contacts(after, order, now)
    return Step(after, EventKind.CLIENT_AMENDED, facts=facts, told=(*told, *also), lift=lift)


@rule(WithdrawConsent, CASEWORK)
def withdraw_consent(state: CaseState, order: Order[WithdrawConsent], now: datetime) -> Step:
    """Take back consent; what stood on it ends at once: open referrals are revoked, those with their result show
    nothing any more, and every agency that held something is told."""
    body = order.body
    stands = standing_on_consent(state, body.agency_id) or disclosing.shown_after(state, now, body.agency_id)
    if state.consent is None and not stands:
        raise ConsentMissingError("No consent is recorded that could be withdrawn.")
    consent.check_withdrawn_by(state, body.by, body.giver_suspected)
    after = consent.taken_back(state, body.scope, body.agency_id, body.by, now)
    after, told, lift = _without_consent(after, now, body.agency_id)
    told = (Told("consent_withdrawn", to_supervisors(state)), *told)
    return Step(after, EventKind.CONSENT_WITHDRAWN, told=told, lift=lift)


def standing_on_consent(state: CaseState, agency_id: Id | None = None) -> tuple[Referral, ...]:
    """The open referrals, of all agencies or one, that were made with consent, not on a ground that does without."""
    own = (r for r in state.referrals.values() if agency_id in (None, r.agency_id))
    return tuple(r for r in own if r.status in OPEN_REFERRALS and r.override_ground is None)


def _without_consent(
    state: CaseState, now: datetime, agency_id: Id | None = None
) -> tuple[CaseState, tuple[Told, ...], frozenset[str]]:
    after, told, lift = revoked(state, standing_on_consent(state, agency_id))
    after, also = disclosing.closed(after, disclosing.shown_after(after, now, agency_id))
    return after, (*told, *also), lift


def _by_carer(state: CaseState) -> bool:
    """Whether a consent holds that a caregiver gave who was not said to be another than the one suspected."""
    by = (c for c in state.consents.values() if c.holds and c.giver_suspected is not False)
    return any(c.given_by is ConsentGiver.CAREGIVER for c in by)


def _opened_by(state: CaseState, actor: Actor) -> bool:
    of_agency = actor.role is Role.AGENCY_OFFICER and state.reported_by_agency == actor.agency_id
    return of_agency or state.opened_by == actor.account_id


def _allows(consent: Consent | None) -> bool:
    return consent is not None and consent.effective_services and consent.effective_sharing


@rule(AddReport, frozenset({*CASEWORK, Role.SYSTEM, Role.AGENCY_OFFICER}), OPEN_STAGES)
def add_report(state: CaseState, order: Order[AddReport], now: datetime) -> Step:
    """Keep a further report on an open case, of the office or of who opened it; a new incident is a fact of its own."""
    if order.actor.role not in CASEWORK and not _opened_by(state, order.actor):
        raise NotFoundError("There is no such case.")
    check_reporter(order.body.reporter)
    check_past("/reported_at", order.body.reported_at, now)
    facts = (Fact("new_incident", order.body.reported_at),) if order.body.new_incident else ()
    return Step(state, EventKind.REPORT_ADDED, facts=facts, told=(Told("report_added", to_owner(state)),))
