"""On whose behalf a statement runs. Row-level security shows each caller the rows it may see, and nobody none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from casework.models import people
from casework.models.people import Actor

_SAID = ("role", "account", "agency", "at")
_BY_ITSELF = "SELECT set_config('tuntas.role', %s, true)"
# With it the cases of which the caller is excluded or has broken the glass: read once, and compared with every row.
_BY_SOMEBODY = f"""
SELECT {", ".join(f"set_config('tuntas.{name}', %({name})s, true)" for name in _SAID)},
    set_config('tuntas.excluded', excluded_from(%(account)s)::text, true),
    set_config('tuntas.glass', behind_glass(%(account)s, %(at)s::timestamptz)::text, true)
"""


@dataclass(frozen=True)
class Caller:
    """Who it is, as the policies know it; `at` is the instant that ends what is given for a time."""

    role: str = ""
    account_id: str = ""
    agency_id: str = ""
    at: str = ""

    @property
    def saying(self) -> tuple[str, Mapping[str, str] | tuple[str]]:
        """The statement that names it for the transaction that is under way, and no longer."""
        if self == ENGINE:
            return _BY_ITSELF, (self.role,)
        return _BY_SOMEBODY, dict(zip(_SAID, (self.role, self.account_id, self.agency_id, self.at), strict=True))


NOBODY = Caller()
"""For what is of no case: who may sign in, which part lives. No row of a case is seen or written."""
ENGINE = Caller(role=people.ENGINE, account_id=people.ENGINE)
"""For what happens by itself: the record of a command, the outbox, watch and patrol. No account has its id."""


def acting(reader: Actor, now: datetime) -> Caller:
    """A person or system that reads, at an instant; the engine where it is the engine."""
    if reader.account_id == people.ENGINE:
        return ENGINE
    return Caller(reader.role.value, reader.account_id, reader.agency_id, now.isoformat())
