"""Whether role, office and stage permit a command, by the table that decides it. The case itself may still refuse."""

from collections.abc import Mapping
from typing import Any

import casework.rules.decide  # noqa: F401  it registers the rules
from casework.commands import OF_RECORDS, AddReport, Command, DecideTransfer
from casework.errors import CaseworkError, ForbiddenError, NotAllowedInStageError
from casework.models.access import Ground
from casework.models.codes import Status
from casework.models.people import OFFICE_ROLES, Actor
from casework.rules.step import RULES

WORKED_ON = (Status.OPEN, Status.CLOSED)
"""A case of another status is worked on elsewhere."""


def check_role(actor: Actor, body: type[Command]) -> None:
    """Raise ForbiddenError for a role that never gives a command, whatever the case and whatever the body says."""
    if actor.role not in RULES[body].roles:
        raise ForbiddenError("Your role may not give this command.")


def refusal(actor: Actor, case: Mapping[str, Any], body: type[Command]) -> type[CaseworkError] | None:
    """What refuses a command on a row of a case by role, office or stage; None where nothing does."""
    rule = RULES[body]
    receiving = body is DecideTransfer and actor.agency_id == case["transfer_to"]
    foreign = actor.role in OFFICE_ROLES and actor.agency_id != case["agency_id"] and not receiving
    asked = body is AddReport and case.get("ground") == Ground.REFERRAL
    if actor.role not in rule.roles or foreign or asked:
        return ForbiddenError
    if case["status"] not in WORKED_ON and body not in OF_RECORDS:
        return NotAllowedInStageError
    if rule.stages is not None and case["stage"] not in rule.stages:
        return NotAllowedInStageError
    return None
