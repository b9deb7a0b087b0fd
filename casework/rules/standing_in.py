"""Who is told in whose place: a notice to somebody who cannot act reaches somebody who can, at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from casework.models.notice import Recipient
from casework.models.people import DECIDING_ROLES, Account, Role

CHAIN = (Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD, Role.COORDINATOR)
"""Who decides when those before cannot. The coordinator stands above every agency."""


@dataclass(frozen=True)
class Person:
    """An account as it stands now; `deputy_id` is that of the absence that is on."""

    id: str
    role: Role
    agency_id: str
    disabled: bool = False
    absent: bool = False
    excluded: bool = False
    """From the case that something is to be told of."""
    deputy_id: str | None = None

    @property
    def there(self) -> bool:
        """Whether the person can act."""
        return not self.disabled and not self.absent and not self.excluded


def reached(to: Recipient, people: Iterable[Person]) -> tuple[str, ...]:
    """The accounts a notice reaches, in order of their ids: none of them disabled, absent or excluded.

    Who is absent is stood in for by the deputy, or by the deputy's own; where nobody of the recipient is left, by the
    next of the chain. Empty only where nobody at all is left, where a whole agency has nobody, or where the account is
    not known.
    """
    known = {person.id: person for person in people}
    for group in _groups(to, known):
        acting = {found.id for person in group if (found := _acting(person, known))}
        if acting:
            return tuple(sorted(acting))
    return ()


def may_stand_in(deputy: Account, absent: Account) -> bool:
    """Whether an account may be named the deputy of another: a colleague of the same role, or who decides there."""
    colleague = deputy.agency_id == absent.agency_id and deputy.id != absent.id
    return colleague and not deputy.disabled and (deputy.role is absent.role or deputy.role in DECIDING_ROLES)


def _acting(person: Person, known: Mapping[str, Person]) -> Person | None:
    passed: set[str] = set()
    at: Person | None = person
    while at is not None and at.id not in passed:
        if at.there:
            return at
        passed.add(at.id)
        at = known.get(at.deputy_id) if at.absent and at.deputy_id else None
    return None


def _groups(to: Recipient, known: Mapping[str, Person]) -> Iterator[list[Person]]:
    """Groups to be asked one after the other, until one has somebody who can act."""
    members = [person for person in known.values() if not person.disabled]
    if to.account_id is not None:
        named = known.get(to.account_id)
        if named is not None:
            yield [named]
            yield from _chain(CHAIN[1:], named.agency_id, members)
        return
    of_agency = [person for person in members if person.agency_id == to.agency_id]
    if to.role is not None:
        yield [person for person in of_agency if person.role is to.role]
    if to.role in CHAIN:
        yield from _chain(CHAIN[CHAIN.index(to.role) :], str(to.agency_id), members)
    elif to.role in (None, Role.AGENCY_OFFICER):
        yield of_agency


def _chain(roles: Iterable[Role], agency_id: str, members: Iterable[Person]) -> Iterator[list[Person]]:
    everybody = list(members)
    for role in roles:
        own = (person for person in everybody if person.agency_id == agency_id or role is Role.COORDINATOR)
        yield [person for person in own if person.role is role]
