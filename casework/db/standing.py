"""How a case stands, read with its row: the clocks that run, and what else holds it up."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Label, exists, func, or_, select, text

from casework.db.tables import accounts, cases, deadlines, exclusions, findings, notices, referrals
from casework.db.visible import Now, ground_of, referral_visible_to
from casework.models.access import Ground
from casework.models.codes import Status
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import Deadline
from casework.ports import Standing, Troubles
from casework.rules.access import clocks_shown, shown

OPEN = cases.c.status == Status.OPEN.value
EXCLUDED = exists().where(
    exclusions.c.case_id == cases.c.id, exclusions.c.account_id == accounts.c.id, exclusions.c.lifted_at.is_(None)
)
GONE = or_(accounts.c.disabled, EXCLUDED.correlate(cases, accounts))
"""Whether an account can do nothing for a case: it is disabled, or excluded from it."""
LEFT = exists().where(accounts.c.id == cases.c.assigned_to, GONE, OPEN).correlate(cases)
"""Whether a case is assigned to such an account."""
# Written out, as the partial indexes have it: with parameters PostgreSQL might not see that they serve.
LOST = text("notices.state IN ('failed', 'skipped')")
FAILING = text("findings.ended_at IS NULL")
TOLD_OF = frozenset({*OFFICE_ROLES, Role.COORDINATOR})
"""Who is told what holds up a case besides its clocks."""

_waiting = select(func.jsonb_agg(func.to_jsonb(deadlines.table_valued()))).where(
    deadlines.c.case_id == cases.c.id, deadlines.c.ended_at.is_(None)
)
_undelivered = select(func.min(notices.c.created_at)).where(notices.c.case_id == cases.c.id, LOST, OPEN)
_failing = select(func.min(findings.c.found_at)).where(findings.c.case_id == cases.c.id, FAILING, OPEN)


def columns(reader: Actor, now: Now) -> tuple[Label[Any], ...]:
    """What is selected with a row of `cases` for `standing_of`."""
    seen = referral_visible_to(reader, now)
    asked = select(func.array_agg(referrals.c.id)).where(referrals.c.case_id == cases.c.id, seen)
    own = (asked.correlate(cases).scalar_subquery().label("asked"),) if reader.role is Role.AGENCY_OFFICER else ()
    return (
        ground_of(reader, now),
        _waiting.correlate(cases).scalar_subquery().label("waiting"),
        LEFT.label("caseworker_gone"),
        _undelivered.correlate(cases).scalar_subquery().label("undelivered_at"),
        _failing.correlate(cases).scalar_subquery().label("failing_at"),
        *own,
    )


def standing_of(reader: Actor, row: Mapping[str, Any]) -> Standing:
    """How the case of a row stands, as far as the reader may see it."""
    troubles = Troubles(**{name: row[name] for name in Troubles.model_fields})
    clocks = (deadline_of(each) for each in row["waiting"] or ())
    offered = row["ground"] == Ground.TRANSFER_OFFER
    return Standing(
        case=shown(reader, {name: row[name] for name in (*cases.c.keys(), "ground")}),
        deadlines=clocks_shown(reader, clocks, row.get("asked") or (), row["ground"]),
        troubles=troubles if reader.role in TOLD_OF and not offered else Troubles(),
    )


def deadline_of(row: Mapping[Any, Any]) -> Deadline:
    """A row of `deadlines` as the deadline that was written."""
    return Deadline.model_validate({name: value for name, value in row.items() if name != "case_id"})
