"""Who sees which case, and how much of it. `casework.db.visible` says the same in SQL; a test holds both equal."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from casework.models.codes import ReferralStatus
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import CaseRow, Deadline, Referral

Row = Mapping[str, Any]

NUMBERS = frozenset(
    {"id", "number", "status", "stage", "revision", "agency_id", "opened_at", "reported_at", "closed_at"}
)
"""What is shown of a case to who may know that it exists, and no more."""

CLOCKS = NUMBERS | {"risk", "due_at", "stalls_at"}
"""What the coordinator is shown: enough to see what is stuck and how badly."""

REFERRAL_CONTENT = frozenset({"disclose", "override_ground", "outcome", "reference"})
"""What of a referral is content: for the case's office and for the receiver only."""


def may_see(reader: Actor, case: CaseRow | Row, referrals: Iterable[Referral | Row]) -> bool:
    """Whether a reader may know of a case, given the case's referrals; `shown` says what of it."""
    row = case.model_dump() if isinstance(case, CaseRow) else case
    own_office = bool(row["agency_id"] == reader.agency_id)
    match reader.role:
        case Role.CASEWORKER:
            unassigned_and_mine = row["assigned_to"] is None and row["opened_by"] == reader.account_id
            return own_office and (row["assigned_to"] == reader.account_id or unassigned_and_mine)
        case Role.SUPERVISOR | Role.HEAD:
            return own_office
        case Role.AGENCY_OFFICER:
            return row["reported_by_agency"] == reader.agency_id or any(_asks(reader, each) for each in referrals)
        case Role.SYSTEM:
            return bool(row["opened_by"] == reader.account_id)
        case Role.COORDINATOR:
            return True
    return False


def columns_shown(role: Role) -> frozenset[str] | None:
    """The columns of a case's row that a role is shown of a case it may see; None for all of them."""
    if role in OFFICE_ROLES:
        return None
    return CLOCKS if role is Role.COORDINATOR else NUMBERS


def shown(reader: Actor, case: Row) -> dict[str, Any]:
    """A row of a case that the reader may see, with content the reader has no ground for blanked."""
    columns = columns_shown(reader.role)
    return dict(case) if columns is None else _blanked(case, case.keys() - columns)


def clocks_shown(reader: Actor, clocks: Iterable[Deadline], asked: Collection[str] = ()) -> tuple[Deadline, ...]:
    """The running clocks of a case that the reader may see, given which of its referrals the own agency was sent.

    The coordinator is shown the local ones, which tell nothing of what the case is about; agencies those of their own
    referrals.
    """
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
