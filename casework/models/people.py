"""Who acts: accounts, roles and the actor of a command."""

from casework.models.base import Codes, Id, Model


class Role(Codes):
    """The roles of the public contract."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    HEAD = "head"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"
    AGENCY_OFFICER = "agency_officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SYSTEM = "system"


OFFICE_ROLES = frozenset({Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD})
DECIDING_ROLES = frozenset({Role.SUPERVISOR, Role.HEAD})


class Actor(Model):
    """Who gives a command, as authenticated at the edge."""

    account_id: Id
    role: Role
    agency_id: Id


ENGINE = "engine"
"""The account of what happens by itself."""


def engine_of(agency_id: str) -> Actor:
    """The engine as it acts on a case of an office."""
    return Actor(account_id=ENGINE, role=Role.SYSTEM, agency_id=agency_id)


ITSELF = engine_of("tuntas")
"""What reads of every office for the machine's own sake."""


class Account(Model):
    """A person or system that may sign in."""

    id: Id
    username: str
    role: Role
    agency_id: Id
    disabled: bool = False
    scopes: tuple[str, ...] | None = None
    """What the token it came with is good for; None where that is all the role may do."""

    @property
    def actor(self) -> Actor:
        """The actor this account is."""
        return Actor(account_id=self.id, role=self.role, agency_id=self.agency_id)


class Scope(Codes):
    """What a token may be limited to. Each allows its routes, to a role that may use them, and no other."""

    CASES_OPEN = "cases:open"
    CASES_READ = "cases:read"
    REPORTS_ADD = "reports:add"
    REFERENCE_READ = "reference:read"
    SECOND_FACTOR = "second_factor"


CLIENT_SCOPES = (Scope.CASES_OPEN, Scope.CASES_READ, Scope.REPORTS_ADD, Scope.REFERENCE_READ)
"""What a system may be given."""
