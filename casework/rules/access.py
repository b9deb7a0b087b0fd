"""Who sees which case, and how much of it. `casework.db.visible` says the same in SQL; a test holds both equal."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.models.access import Glass, Ground
from casework.models.codes import ReferralStatus
from casework.models.people import DECIDING_ROLES, OFFICE_ROLES, Actor, Role
from casework.models.state import CaseRow, Deadline, Referral

Row = Mapping[str, Any]

NUMBERS = frozenset(
    {"id", "number", "status", "stage", "revision", "agency_id", "opened_at", "reported_at", "closed_at"}
)
"""What is shown of a case to who may know that it exists, and no more."""

CLOCKS = NUMBERS | {"risk", "due_at", "stalls_at"}
"""What the coordinator is shown: enough to see what is stuck and how badly."""

OFFERED = CLOCKS | {"categories", "transfer_to"}
"""What an office is shown of a case that it may take over."""

REFERRAL_CONTENT = frozenset({"disclose", "override_ground", "outcome", "reference"})
"""What of a referral is content: for the case's office and for the receiver only."""

CONTENT = frozenset({Ground.ASSIGNMENT, Ground.OPENED_BY, Ground.OWN_OFFICE, Ground.BREAK_GLASS})
"""The grounds on which somebody of an office reads what was sealed."""


@dataclass(frozen=True)
class Grants:
    """What besides its row decides who sees a case."""

    referrals: Iterable[Referral | Row] = ()
    glass: Iterable[Glass] = ()
    excluded: Collection[str] = ()
    """The accounts that have a conflict of interest: an exclusion beats every ground."""


def ground(reader: Actor, case: CaseRow | Row, grants: Grants, now: datetime) -> Ground | None:
    """On what ground a reader may know of a case, the one that shows most; None where there is none."""
    if reader.account_id in grants.excluded:
        return None
    row = case.model_dump() if isinstance(case, CaseRow) else case
    of_role = _of_role(reader, row, grants.referrals)
    if of_role in (None, Ground.TRANSFER_OFFER):
        return _broken(reader, grants.glass, now) or of_role
    return of_role


def may_see(reader: Actor, case: CaseRow | Row, grants: Grants, now: datetime) -> bool:
    """Whether a reader may know of a case; `shown` says what of it."""
    return ground(reader, case, grants, now) is not None


def _of_role(reader: Actor, row: Row, referrals: Iterable[Referral | Row]) -> Ground | None:
    own_office = bool(row["agency_id"] == reader.agency_id)
    match reader.role:
        case Role.CASEWORKER if own_office:
            return _of_caseworker(reader, row)
        case Role.SUPERVISOR | Role.HEAD if own_office:
            return Ground.OWN_OFFICE
        case Role.SUPERVISOR | Role.HEAD if row["transfer_to"] == reader.agency_id:
            return Ground.TRANSFER_OFFER
        case Role.AGENCY_OFFICER if row["reported_by_agency"] == reader.agency_id:
            return Ground.REPORTED_BY
        case Role.AGENCY_OFFICER if any(_asks(reader, each) for each in referrals):
            return Ground.REFERRAL
        case Role.SYSTEM if row["opened_by"] == reader.account_id:
            return Ground.OPENED_BY
        case Role.COORDINATOR:
            return Ground.COORDINATION
    return None


def _of_caseworker(reader: Actor, row: Row) -> Ground | None:
    if row["assigned_to"] == reader.account_id:
        return Ground.ASSIGNMENT
    unassigned_and_mine = row["assigned_to"] is None and row["opened_by"] == reader.account_id
    return Ground.OPENED_BY if unassigned_and_mine else None


def _broken(reader: Actor, glass: Iterable[Glass], now: datetime) -> Ground | None:
    runs = any(each.account_id == reader.account_id and now < each.until for each in glass)
    return Ground.BREAK_GLASS if runs and reader.role in DECIDING_ROLES else None


def columns_shown(role: Role, why: Ground | None = None) -> frozenset[str] | None:
    """The columns of a case's row that a role is shown of a case it sees on a ground; None for all of them."""
    if why == Ground.TRANSFER_OFFER:
        return OFFERED
    if role in OFFICE_ROLES:
        return None
    return CLOCKS if role is Role.COORDINATOR else NUMBERS


def shown(reader: Actor, case: Row) -> dict[str, Any]:
    """A row of a case that the reader sees on its `ground`, with content that this is no ground for blanked.

    The ground itself stays.
    """
    columns = columns_shown(reader.role, case.get("ground"))
    return dict(case) if columns is None else _blanked(case, case.keys() - columns - {"ground"})


def clocks_shown(
    reader: Actor, clocks: Iterable[Deadline], asked: Collection[str] = (), why: Ground | None = None
) -> tuple[Deadline, ...]:
    """The running clocks of a case that the reader may see, given which of its referrals the own agency was sent.

    The coordinator is shown the local ones, which tell nothing of what the case is about; agencies those of their own
    referrals; an office that a case is offered to the one that waits for its answer.
    """
    if why == Ground.TRANSFER_OFFER:
        return tuple(clock for clock in clocks if clock.kind == "transfer_decision")
    if reader.role in OFFICE_ROLES:
        return tuple(clocks)
    if reader.role is Role.COORDINATOR:
        return tuple(clock.model_copy(update={"category": None}) for clock in clocks if clock.class_ == "local")
    return tuple(clock for clock in clocks if clock.referral_id in asked)


def referral_shown(reader: Actor, referral: Row) -> dict[str, Any]:
    """A row of a referral that the reader may see; the coordinator is shown agency, status and clocks."""
    if reader.role is not Role.COORDINATOR:
        return dict(referral)
    return _blanked(referral, REFERRAL_CONTENT)


def _asks(reader: Actor, referral: Referral | Row) -> bool:
    row = referral.model_dump() if isinstance(referral, Referral) else referral
    unseen = (ReferralStatus.PENDING, ReferralStatus.REVOKED)
    return row["agency_id"] == reader.agency_id and row["status"] not in unseen


def _blanked(row: Row, hidden: Collection[str]) -> dict[str, Any]:
    return {name: _blank(value) if name in hidden else value for name, value in row.items()}


def _blank(value: Any) -> Any:
    return [] if isinstance(value, list) else None
