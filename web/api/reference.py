"""Reference data for who is signed in: agencies, pathways, and the accounts of the own office."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError, NotFoundError
from casework.models.pathway import Category, Pathway
from casework.models.people import DECIDING_ROLES, Actor, Role
from web.api.answers import AccountOf, AgencyOf, Page, PathwaySummary
from web.api.door import Door
from web.api.lists import AccountsQuery
from web.api.routing import V1, read
from web.site import Site

KEEPERS = DECIDING_ROLES | {Role.ADMINISTRATOR}


def routes(site: Site, door: Door) -> list[APIRoute]:
    """Nothing here is of a case."""
    actor_ = Depends(door.actor)
    pathways = site.desk.office.pathways

    def agencies(_: Actor = actor_) -> Any:
        return Page[AgencyOf](items=tuple(AgencyOf.model_validate(each.model_dump()) for each in site.agencies))

    def list_pathways(_: Actor = actor_) -> Any:
        items = tuple(PathwaySummary.model_validate(each.model_dump()) for each in pathways.values())
        return Page[PathwaySummary](items=items)

    def show_pathway(category: str, _: Actor = actor_) -> Any:
        if not Category.has(category) or Category(category) not in pathways:
            raise NotFoundError("There is no such pathway.")
        return pathways[Category(category)]

    def accounts(query: Annotated[AccountsQuery, Query()], actor: Actor = actor_) -> Any:
        if actor.role not in KEEPERS:
            raise ForbiddenError("A supervisor or administrator sees the office's accounts.")
        rows = site.desk.accounts.of_office(actor.agency_id, query.role)
        return Page[AccountOf](items=tuple(AccountOf.model_validate(row) for row in rows))

    return [
        read(f"{V1}/agencies", agencies, Page[AgencyOf], "Agencies and what they give"),
        read(f"{V1}/pathways", list_pathways, Page[PathwaySummary], "Pathways"),
        read(f"{V1}/pathways/{{category}}", show_pathway, Pathway, "The rules of a category"),
        read(f"{V1}/accounts", accounts, Page[AccountOf], "The own office's accounts", query=True),
    ]
