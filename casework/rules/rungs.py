"""Which ladder a deadline climbs: by who owes it, and whether the case crosses provinces."""

from casework.models.pathway import Ladder
from casework.models.state import CaseState, Deadline

OFFICE, AGENCY, CROSS_PROVINCE, COORDINATOR = "office", "agency", "cross_province", "coordinator"


def ladder_of(state: CaseState, deadline: Deadline) -> Ladder:
    """The ladder it climbs: an agency's own where an agency owes it; it goes on where provinces are crossed."""
    name = deadline.ladder
    if name == AGENCY and deadline.owner.agency_id:
        name = state.surroundings.ladders.get(deadline.owner.agency_id, AGENCY)
    elif name == OFFICE and crosses_provinces(state):
        name = CROSS_PROVINCE
    ladders = {ladder.name: ladder for pathway in state.pathways for ladder in pathway.ladders}
    ladder = ladders[name]
    return lengthened(ladder, ladders[CROSS_PROVINCE]) if crosses_provinces(state) else ladder


def lengthened(ladder: Ladder, longer: Ladder) -> Ladder:
    """A ladder that ends with the coordinator, with the rungs that another has above the coordinator."""
    names = [rung.to for rung in longer.rungs]
    if ladder.rungs[-1].to != COORDINATOR or COORDINATOR not in names:
        return ladder
    beyond = longer.rungs[names.index(COORDINATOR) + 1 :]
    return ladder.model_copy(update={"rungs": (*ladder.rungs, *beyond)})


def crosses_provinces(state: CaseState) -> bool:
    """Whether an agency of another province reported the case or was asked in it."""
    agencies = {state.reported_by_agency, *(referral.agency_id for referral in state.referrals.values())}
    return any(state.surroundings.ladders.get(agency or "") == CROSS_PROVINCE for agency in agencies)
