"""The shape of a rule: state and order in, step out. Rules register themselves by the command they decide."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, TypeVar

from casework.commands import Command, Order
from casework.events import EventKind
from casework.models.codes import OPEN_STAGES, Stage
from casework.models.notice import Notice, Recipient
from casework.models.people import Role
from casework.models.state import CaseState


@dataclass(frozen=True)
class Fact:
    """Something that happened and may start or end a clock."""

    code: str
    at: datetime
    referral_id: str | None = None
    agency_id: str | None = None
    """Whose turn it is after this fact, where a policy says `agency` and there is no referral."""
    due_on: date | None = None
    """A day that was agreed; it goes before the length of the policy."""
    reason: str | None = None
    """What the board is to call the clock it starts; else what the policy says."""


@dataclass(frozen=True)
class Told:
    """Somebody to tell, with a template's code."""

    kind: str
    to: Recipient
    about_id: str | None = None
    about_kind: str | None = None
    due_at: datetime | None = None

    def notice(self, stem: str, case_id: str, case_number: str, now: datetime) -> Notice:
        """The notice of it. Its id says what is told and to whom: who tells the same later tells nobody twice, and
        leaves nobody out where others are to be told by then."""
        told = "|".join((self.kind, self.about_id or "", self.to.model_dump_json()))
        return Notice(
            id=f"{stem}.{sha256(told.encode()).hexdigest()[:16]}",
            case_id=case_id,
            case_number=case_number,
            kind=self.kind,
            recipient=self.to,
            about_id=self.about_id,
            about_kind=self.about_kind,
            due_at=self.due_at,
            created_at=now,
        )


@dataclass(frozen=True)
class Step:
    """What a command comes to: the state after it, the fact for the log, the clocks it touches, whom to tell."""

    state: CaseState
    kind: EventKind
    subject_id: str | None = None
    facts: tuple[Fact, ...] = ()
    told: tuple[Told, ...] = ()
    rearm: bool = False
    """Whether risk changed, so that running local clocks take their new length."""
    lift: frozenset[str] = field(default_factory=frozenset)
    """Referrals whose clocks end without having been met."""


C = TypeVar("C", bound=Command)


Decides = Callable[[CaseState, Order[C], datetime], "Step"]


@dataclass(frozen=True)
class Rule:
    """Who may give a command, in which stages (None: any, closed ones included), and what it does."""

    roles: frozenset[Role]
    stages: tuple[Stage, ...] | None
    decide: Callable[[CaseState, Order[Any], datetime], Step]


RULES: dict[type[Command], Rule] = {}


def rule(
    command: type[C], roles: frozenset[Role], stages: tuple[Stage, ...] | None = OPEN_STAGES
) -> "Callable[[Decides[C]], Decides[C]]":
    """Register the rule of a command."""

    def register(decide: "Decides[C]") -> "Decides[C]":
        RULES[command] = Rule(roles, stages, decide)
        return decide

    return register


CASEWORK = frozenset({Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD})
DECIDING = frozenset({Role.SUPERVISOR, Role.HEAD})
RECEIVING = frozenset({Role.AGENCY_OFFICER, Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD})


def to_owner(state: CaseState) -> Recipient:
    """The caseworker of the case, or its supervisors while it has none."""
    if state.assigned_to:
        return Recipient(account_id=state.assigned_to)
    return to_supervisors(state)


def to_supervisors(state: CaseState) -> Recipient:
    """The supervisors of the case's office."""
    return Recipient(role=Role.SUPERVISOR.value, agency_id=state.agency_id)
