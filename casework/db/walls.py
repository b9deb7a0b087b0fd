"""Whether the walls stand: row-level security holds the role that a process works as."""

from contextlib import suppress

from psycopg import Connection
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from casework.errors import WallsMissingError

# A superuser, who has BYPASSRLS, and who owns a table is shown every row; whom no policy names is shown none.
_STAND = """
SELECT coalesce(bool_and(row_security_active(polrelid) AND pg_has_role(polroles[1], 'USAGE')), false)
FROM pg_policy WHERE polname = 'by_itself'
"""


def hold(connection: Connection[tuple[bool]]) -> None:
    """Raise WallsMissingError, and close the connection, where its role is held by no walls."""
    stand = connection.execute(_STAND).fetchone()
    connection.rollback()
    if stand != (True,):
        connection.close()
        raise WallsMissingError(
            "Row-level security does not hold the role of DATABASE_URL. Run `tuntas migrate`, and connect as the "
            "application's own role: no superuser, without BYPASSRLS, owner of no table."
        )


def stand(engine: Engine) -> None:
    """Raise WallsMissingError before anything is read; a database that is away is asked when it is back."""
    with suppress(OperationalError, InterfaceError):
        engine.connect().close()
