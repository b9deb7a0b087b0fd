"""Who watches over the logs, and over whom."""

from sqlalchemy import Connection, Engine, or_, select

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import accounts
from casework.models.people import Actor, Role
from casework.rules.snooping import OTHERS, TOLD


def auditors(engine: Engine) -> tuple[str, ...]:
    """The enabled accounts of auditors."""
    found = select(accounts.c.id).where(accounts.c.role == Role.AUDITOR.value, ~accounts.c.disabled)
    with reading(engine, ENGINE) as connection:
        return tuple(connection.scalars(found.order_by(accounts.c.id)))


def overseers_of(connection: Connection, actor: Actor) -> tuple[str, ...]:
    """The enabled accounts that hear of what somebody does: of the same office, or auditors; never the person."""
    roles = TOLD.get(actor.role, OTHERS)
    near = or_(accounts.c.agency_id == actor.agency_id, accounts.c.role == Role.AUDITOR.value)
    known = (accounts.c.id != actor.account_id) & ~accounts.c.disabled
    found = select(accounts.c.id, accounts.c.role).where(known, near, accounts.c.role.in_(roles))
    rows = connection.execute(found.order_by(accounts.c.id)).all()
    by_role = (tuple(row.id for row in rows if row.role == role) for role in roles)
    return next((ids for ids in by_role if ids), ())
