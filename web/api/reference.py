"""Reference data for who is signed in: agencies, pathways, and the accounts of the own office."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError, NotFoundError
from casework.models.pathway import Category, Pathway
from casework.models.people import DECIDING_ROLES, Actor, Role
from web.api.answers import AccountOf, AgencyOf, Page, PathwaySummary
from web.api.door import Door
from web.api.lists import AccountsQuery, Pages, cut
from web.api.routing import V1, read, read_list
from web.site import Site

KEEPERS = DECIDING_ROLES | {Role.ADMINISTRATOR}
"""Who keeps the accounts of an office."""


def routes(site: Site, door: Door) -> list[APIRoute]:
    """Nothing here is of a case."""
    actor_ = Depends(door.actor)
    office = site.desk.office

    def agencies(query: Annotated[Pages, Query()], _: Actor = actor_) -> Any:
        found, following = cut(site.agencies, query)
        items = tuple(AgencyOf.model_validate(each.model_dump()) for each in found)
        return Page[AgencyOf](items=items, next_cursor=following)

    def list_pathways(query: Annotated[Pages, Query()], _: Actor = actor_) -> Any:
        found, following = cut(tuple(office.pathways.values()), query)
        items = tuple(PathwaySummary.model_validate(each.model_dump()) for each in found)
        return Page[PathwaySummary](items=items, next_cursor=following)

    def show_pathway(category: str, _: Actor = actor_) -> Any:
        if not Category.has(category):
            raise NotFoundError("There is no such pathway.")
        return office.pathways[Category(category)]

    def accounts(query: Annotated[AccountsQuery, Query()], actor: Actor = actor_) -> Any:
        if actor.role not in KEEPERS:
            raise ForbiddenError("A supervisor or administrator sees the office's accounts.")
        rows, following = cut(site.desk.accounts.of_office(actor.agency_id, query.role), query)
        return Page[AccountOf](items=tuple(AccountOf.model_validate(row) for row in rows), next_cursor=following)

    return [
        read_list(f"{V1}/agencies", agencies, AgencyOf, "Agencies and what they give"),
        read_list(f"{V1}/pathways", list_pathways, PathwaySummary, "Pathways"),
        read(f"{V1}/pathways/{{category}}", show_pathway, Pathway, "The rules of a category"),
        read_list(f"{V1}/accounts", accounts, AccountOf, "The own office's accounts"),
    ]
