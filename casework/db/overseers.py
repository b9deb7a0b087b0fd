"""Who watches over the logs."""

from sqlalchemy import Engine, select

from casework.db.session import reading
from casework.db.tables import accounts
from casework.models.people import Role


def auditors(engine: Engine) -> tuple[str, ...]:
    """The enabled accounts of auditors."""
    found = select(accounts.c.id).where(accounts.c.role == Role.AUDITOR.value, ~accounts.c.disabled)
    with reading(engine) as connection:
        return tuple(connection.scalars(found.order_by(accounts.c.id)))
