"""Who saw what: the access log, for the auditor, and for those who decide in an office, as far as it is theirs."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, Field

from casework.errors import ForbiddenError
from casework.models.base import Id
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.models.sight import OtherGround, SightKind
from casework.ports import SightQuery
from web.api.answers import Answer, Page
from web.api.door import Door
from web.api.lists import Pages
from web.api.routing import V1, read_list
from web.noting import note
from web.site import Site

READERS = DECIDING_ROLES | {Role.AUDITOR}


class AccessQuery(Pages):
    """From one instant up to another; both may be left out."""

    case_id: Id | None = None
    account_id: Id | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")
    kind: SightKind | None = None


class SightOf(Answer):
    """One row: who saw what of which cases, when, and on what ground. `kind` is `shown`, `listed` or `refused`."""

    id: int
    at: datetime
    by: str
    role: str
    agency_id: str
    thing: str
    kind: str
    case_ids: tuple[str, ...]
    subject_id: str | None
    ground: str | None


def routes(site: Site, door: Door) -> list[APIRoute]:
    """One."""
    actor_ = Depends(door.actor)

    def access_log(query: Annotated[AccessQuery, Query()], actor: Actor = actor_) -> Any:
        return page(site, actor, query)

    return [read_list(f"{V1}/access-log", access_log, SightOf, "Who saw what, newest first")]


def page(site: Site, actor: Actor, query: AccessQuery) -> Page[SightOf]:
    """A page of the access log; reading it is itself kept."""
    if actor.role not in READERS:
        raise ForbiddenError("The access log is read by the auditor, and by supervisor and head of an office.")
    note(actor, query.case_id, OtherGround.AUDIT, subject=query.account_id)
    rows, following = site.access_log.sights(actor, SightQuery(**query.model_dump()))
    items = tuple(SightOf.model_validate({**row, "by": row["account_id"]}) for row in rows)
    return Page[SightOf](items=items, next_cursor=following)
