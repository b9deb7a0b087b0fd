"""Numbers for letters, given out before a letter is made: each is on its paper. Gaps are allowed."""

from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import deciding
from casework.db.tables import letter_numbers, letters
from casework.ports import LetterNumber

_GIVEN = (letters.c.sequence, letters.c.at)


class SqlLetters:
    """Keeps the promises of `ports.Letters`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def number(self, command_id: str, agency_id: str, year: int, at: datetime) -> LetterNumber:
        """The next number of an office in a year, once for a command: a repeat gets the first, with its time."""
        with deciding(self._engine, NOBODY) as connection:
            if given := _find(connection, command_id):
                return given
            row = {"command_id": command_id, "agency_id": agency_id, "year": year, "at": at}
            numbered = {**row, "sequence": _next(connection, agency_id, year)}
            made = insert(letters).on_conflict_do_nothing(index_elements=[letters.c.command_id]).returning(*_GIVEN)
            if new := connection.execute(made, numbered).one_or_none():
                connection.commit()
                return LetterNumber(**new._mapping)
        # A repeat in flight was first; this number went back with the transaction.
        return self.number(command_id, agency_id, year, at)


def _find(connection: Connection, command_id: str) -> LetterNumber | None:
    row = connection.execute(select(*_GIVEN).where(letters.c.command_id == command_id)).one_or_none()
    return LetterNumber(**row._mapping) if row else None


def _next(connection: Connection, agency_id: str, year: int) -> int:
    counter = insert(letter_numbers).values(agency_id=agency_id, year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=list(letter_numbers.primary_key), set_={"last": letter_numbers.c.last + 1}
    )
    return int(connection.execute(counter.returning(letter_numbers.c.last)).scalar_one())
