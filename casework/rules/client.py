"""What is known of the client and what the client agreed to: corrected, added to, taken back."""

from datetime import datetime

from casework.commands import AddReport, AmendClient, Order, WithdrawConsent
from casework.errors import ConsentMissingError, InvalidInputError, NotFoundError
from casework.events import EventKind
from casework.models.codes import OPEN_REFERRALS, OPEN_STAGES, ConsentScope
from casework.models.parts import Consent
from casework.models.people import Actor, Role
from casework.models.state import CaseState, Referral
from casework.rules import disclosing
from casework.rules.opening import check_past, check_reporter, facts_with, problem, reporting_agency
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
    after = state.model_copy(update=update)
    if _allows(state.consent) and not _allows(after.consent):
        after, told, lift = _without_consent(after, now)
    return Step(after, EventKind.CLIENT_AMENDED, told=told, lift=lift)


@rule(WithdrawConsent, CASEWORK)
def withdraw_consent(state: CaseState, order: Order[WithdrawConsent], now: datetime) -> Step:
    """Take back consent; what stood on it ends at once: open referrals are revoked, those with their result show
    nothing any more, and every agency that held something is told."""
    if state.consent is None and not standing_on_consent(state) and not disclosing.shown_after(state, now):
        raise ConsentMissingError("No consent is recorded that could be withdrawn.")
    field = "services" if order.body.scope is ConsentScope.SERVICES else "sharing"
    left = state.consent and state.consent.model_copy(update={field: False})
    after, told, lift = _without_consent(state.model_copy(update={"consent": left}), now)
    told = (Told("consent_withdrawn", to_supervisors(state)), *told)
    return Step(after, EventKind.CONSENT_WITHDRAWN, told=told, lift=lift)


def standing_on_consent(state: CaseState) -> tuple[Referral, ...]:
    """The open referrals that were made with consent, not on a ground that does without."""
    return tuple(r for r in state.referrals.values() if r.status in OPEN_REFERRALS and r.override_ground is None)


def _without_consent(state: CaseState, now: datetime) -> tuple[CaseState, tuple[Told, ...], frozenset[str]]:
    after, told, lift = revoked(state, standing_on_consent(state))
    after, also = disclosing.ended(after, now)
    return after, (*told, *also), lift


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
