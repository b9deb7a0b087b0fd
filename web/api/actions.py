"""Which commands role, office and stage allow a reader on a case now, by the same table that decides them."""

from casework.commands import Command
from casework.errors import ForbiddenError
from casework.models.people import Actor
from casework.rules.permitted import refusal
from web.api.answers import Action
from web.api.commands import COMMANDS
from web.api.texts import Row


def actions(actor: Actor, case: Row) -> tuple[Action, ...]:
    """Every command, in the order of the contract. What only the case's own state decides is not foretold."""
    return tuple(_action(name, actor, case, route.body) for route in COMMANDS for name in route.names)


def _action(name: str, actor: Actor, case: Row, body: type[Command]) -> Action:
    refused = refusal(actor, case, body)
    if refused is None:
        return Action(command=name, allowed=True)
    detail = f"The case is in stage `{case['stage']}`, status `{case['status']}`."
    if refused is ForbiddenError:
        detail = "Your role may not give it."
    return Action(command=name, allowed=False, code=refused.code, detail=detail)
