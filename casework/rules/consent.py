"""Who may consent for whom, what the client agreed to and until when, and what no consent stands behind any more.

Who may consent at which age is pathway data; a caregiver among those suspected may not. A consent is never deleted: it
is taken back, or another takes its place.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from casework.commands import Order
from casework.errors import ConflictOfInterestError, ConsentMissingError
from casework.models.base import Id
from casework.models.codes import ClientKind, ConsentGiver, ConsentScope, Relation
from casework.models.parts import Agreed, Consent
from casework.models.pathway import ConsentBand
from casework.models.state import CaseState, GivenConsent

CARERS = frozenset({Relation.PARENT, Relation.CAREGIVER})
"""Who of those suspected may be the caregiver that consents."""


def age_in(order: Order[Any]) -> int | None:
    """The client's age today, as far as the desk could look it up: the birth date is sealed."""
    age = order.facts.get("age")
    return age if isinstance(age, int) else None


def weigh(state: CaseState, agreed: Agreed, age: int | None) -> None:
    """Raise ConsentMissingError, saying why, where a consent does not count: nobody gave it, or who may not."""
    reason = _why_not(state, agreed, age)
    if reason:
        raise ConsentMissingError(reason)


def _why_not(state: CaseState, agreed: Agreed, age: int | None) -> str | None:
    if agreed.given_by is ConsentGiver.NONE:
        return "Record the client's consent to this, or an override with ground and reason."
    bands = tuple(bands_of(state, age))
    if bands and not any(agreed.given_by in band.by for band in bands):
        return f"At the client's age consent by `{agreed.given_by}` does not stand by itself; see the pathway."
    if agreed.given_by is ConsentGiver.CAREGIVER and agreed.giver_suspected is not False and suspects_carer(state):
        return (
            "A parent or caregiver is among those suspected. Record with `giver_suspected` false that another one "
            "consents, or refer with the ground `caregiver_is_suspect`."
        )
    return None


def bands_of(state: CaseState, age: int | None) -> Iterable[ConsentBand]:
    """What the pathways say of a client of this age. Of a child whose age is not known, every band of a child."""
    adult = state.client.kind is ClientKind.ADULT
    for pathway in state.pathways:
        bands = [band for band in pathway.consents if (band.up_to is None) is adult]
        if age is None or adult:
            yield from bands
        else:
            fitting = [band for band in bands if band.up_to is not None and age <= band.up_to]
            yield from sorted(fitting, key=lambda band: band.up_to or 0)[:1]


def suspects_carer(state: CaseState) -> bool:
    """Whether a parent or caregiver is among those suspected."""
    return not CARERS.isdisjoint(state.suspects)


def check_withdrawn_by(state: CaseState, by: ConsentGiver | None, giver_suspected: bool | None) -> None:
    """Refuse a caregiver who may be the one suspected: help is not called back by who it protects from."""
    if by is ConsentGiver.CAREGIVER and giver_suspected is not False and suspects_carer(state):
        raise ConflictOfInterestError(
            "A parent or caregiver is among those suspected; record with `giver_suspected` false that another one "
            "takes consent back."
        )


def scopes_of(consent: Consent) -> tuple[ConsentScope, ...]:
    """What a consent agrees to."""
    agreed = ((ConsentScope.SERVICES, consent.effective_services), (ConsentScope.SHARING, consent.effective_sharing))
    return tuple(scope for scope, given_ in agreed if given_)


def given(
    state: CaseState, agreed: Agreed, scopes: Iterable[ConsentScope], order: Order[Any], now: datetime, **about: Id
) -> tuple[GivenConsent, ...]:
    """The entries of a consent, one a scope."""
    own = agreed.model_dump(include={"given_by", "giver_suspected", "assent"})
    wanted = next((band.assent for band in bands_of(state, age_in(order)) if band.assent), None)
    return tuple(
        GivenConsent(
            id=f"{state.case_id}.{state.revision + 1}.{scope}",
            scope=scope,
            given_at=agreed.given_at or now,
            recorded_by=order.actor.account_id,
            assent_wanted=wanted,
            **own,
            **about,
        )
        for scope in scopes
    )


def with_consents(state: CaseState, *consents: GivenConsent) -> CaseState:
    """The state with these put in."""
    return state.model_copy(update={"consents": {**state.consents, **{each.id: each for each in consents}}})


def held(state: CaseState, agency_id: Id | None = None) -> tuple[GivenConsent, ...]:
    """What still holds: for every agency, or for one as well."""
    return tuple(c for c in state.consents.values() if c.holds and c.agency_id in (None, agency_id))


def taken_back(
    state: CaseState, scope: ConsentScope, agency_id: Id | None, by: ConsentGiver | None, now: datetime
) -> CaseState:
    """The state in which a scope is agreed to no longer: by no agency, or by one."""
    ends = {"ended_at": now, "ended_by": by}
    own = (c for c in state.consents.values() if c.holds and (c.scope is scope or agency_id is not None))
    ended = [c.model_copy(update=ends) for c in own if agency_id in (None, c.agency_id)]
    after = with_consents(state, *ended)
    if agency_id is not None:
        return after.model_copy(update={"withheld": tuple(dict.fromkeys((*after.withheld, agency_id)))})
    return after.model_copy(update={"consent": state.consent and state.consent.model_copy(update={scope.value: False})})


def replaced(state: CaseState, entries: Iterable[GivenConsent], now: datetime) -> CaseState:
    """The state in which a new consent stands instead of the earlier one for every agency."""
    ended = [c.model_copy(update={"ended_at": now}) for c in held(state)]
    return with_consents(with_consents(state, *ended), *entries)
