"""The board: what stands still, why and on whom, and what its reader may do about it now."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError
from casework.models.codes import Status
from casework.models.people import Actor
from casework.ports import BoardQuery, Standing
from casework.rules.board import READERS, complete, remedies
from casework.rules.outlook import holder, reasons, since
from web.api.answers import CaseSummary, OwnerOf, RemedyOf, StalledCase, StalledCases, summary
from web.api.door import Door
from web.api.lists import StalledQuery
from web.api.outlook import outlook_of, outlook_of_report
from web.api.routing import V1, read
from web.api.shown import queued_of
from web.site import Site


def routes(site: Site, door: Door) -> list[APIRoute]:
    """One, for the office and the coordinator."""
    actor_ = Depends(door.actor)

    def list_stalled(query: Annotated[StalledQuery, Query()], actor: Actor = actor_) -> Any:
        return page(site, actor, query)

    return [read(f"{V1}/stalled", list_stalled, StalledCases, "What stands still, most urgent first", query=True)]


def page(site: Site, actor: Actor, query: StalledQuery) -> StalledCases:
    """A page of the board, as its reader sees it; raises ForbiddenError for who does not read it."""
    if actor.role not in READERS:
        raise ForbiddenError("The board is read by the office and the coordinator.")
    now = site.desk.office.now()
    board = site.desk.reads.board(actor, BoardQuery(now=now, **query.model_dump()))
    return StalledCases(
        items=tuple(_item(actor, standing, now) for standing in board.items),
        next_cursor=board.next_cursor,
        checked_at=now,
        complete=complete(board, now),
    )


def _item(actor: Actor, standing: Standing, now: datetime) -> StalledCase:
    if standing.case["status"] == Status.QUEUED:
        return _queued(actor, standing, now)
    owner = holder(standing, now)
    return StalledCase(
        case=CaseSummary.model_validate({**summary(standing.case, now), "stalled": True}),
        reasons=reasons(standing, now),
        holder=OwnerOf.model_validate(owner.model_dump()) if owner else None,
        since=since(standing, now),
        outlook=outlook_of(standing, now),
        remedies=tuple(RemedyOf.model_validate(vars(remedy)) for remedy in remedies(actor, standing, now)),
    )


def _queued(actor: Actor, standing: Standing, now: datetime) -> StalledCase:
    """A report that waits for the engine: it starts by itself, and nobody holds it."""
    outlook = outlook_of_report(actor, standing.case, now)
    case = queued_of(actor, standing.case).model_dump() | {"stalled": True}
    return StalledCase(
        case=CaseSummary.model_validate(case),
        reasons=outlook.reasons,
        holder=None,
        since=standing.case["reserved_at"],
        outlook=outlook,
        remedies=(),
    )
