"""Commands that are of no case: the first of a key does something, its repeats do nothing."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.tables import given
from casework.errors import IdempotencyKeyReusedError
from casework.ports import Keyed


def first(connection: Connection, command: Keyed, now: datetime) -> bool:
    """Whether a command is given for the first time, kept with what it does; a repeat in flight waits for that.

    Raises IdempotencyKeyReusedError where its key was used for something else.
    """
    values = {"command_id": command.command_id, "body_digest": command.body_digest, "at": now}
    if connection.scalar(insert(given).on_conflict_do_nothing().returning(given.c.command_id), values):
        return True
    before = connection.scalar(select(given.c.body_digest).where(given.c.command_id == command.command_id))
    if before != command.body_digest:
        raise IdempotencyKeyReusedError("This key was used for another request.")
    return False
