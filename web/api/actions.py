"""Which commands role, office and stage allow a reader on a case now, by the same table that decides them."""

import casework.rules.decide  # noqa: F401  it registers the rules
from casework.commands import Command
from casework.errors import ForbiddenError, NotAllowedInStageError
from casework.models.codes import Status
from casework.models.people import OFFICE_ROLES, Actor
from casework.rules.step import RULES
from web.api.answers import Action
from web.api.commands import COMMANDS
from web.api.texts import Row


def actions(actor: Actor, case: Row) -> tuple[Action, ...]:
    """Every command, in the order of the contract. What only the case's own state decides is not foretold."""
    return tuple(_action(name, actor, case, route.body) for route in COMMANDS for name in route.names)


def _action(name: str, actor: Actor, case: Row, body: type[Command]) -> Action:
    rule = RULES[body]
    foreign = actor.role in OFFICE_ROLES and actor.agency_id != case["agency_id"]
    if actor.role not in rule.roles or foreign:
        return Action(command=name, allowed=False, code=ForbiddenError.code, detail="Your role may not give it.")
    elsewhere = case["status"] not in (Status.OPEN, Status.CLOSED)
    if elsewhere or (rule.stages is not None and case["stage"] not in rule.stages):
        detail = f"The case is in stage `{case['stage']}`, status `{case['status']}`."
        return Action(command=name, allowed=False, code=NotAllowedInStageError.code, detail=detail)
    return Action(command=name, allowed=True)
