"""Breaking glass, reviewing why, and excluding whoever has a conflict of interest."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError
from casework.models.access import BrokenGlass, Exclude, Exclusion, Ground, OpenGlass, ReviewGlass
from casework.models.people import DECIDING_ROLES, Actor
from starter.gatekeeper import Gatekeeper
from web.api.answers import Page
from web.api.bodies import body_of
from web.api.door import Door, Key, asking, given_id
from web.api.lists import GlassQuery, Pages, cut
from web.api.routing import V1, read_list, write
from web.noting import note
from web.seen import ASKED
from web.site import Site

BODIES = (OpenGlass, ReviewGlass, Exclude)


class AccessWrites:
    """Access is not a command: it changes who sees a case, never the case, and does not wait for the engine."""

    def __init__(self, site: Site, door: Door) -> None:
        self._gate = Gatekeeper(site.desk)
        self._access = site.desk.access
        self._door = door

    def routes(self) -> list[APIRoute]:
        """Glass, then exclusions."""
        return [*self._glass(), *self._exclusions()]

    def _glass(self) -> list[APIRoute]:
        actor_ = Depends(self._door.actor)
        open_, review_ = Depends(body_of(OpenGlass)), Depends(body_of(ReviewGlass))

        def break_glass(request: Request, actor: Actor = actor_, body: OpenGlass = open_, key: Key = None) -> Any:
            setattr(request.state, ASKED, "")
            broken = self._gate.break_glass(asking(actor, key, None), body)
            note(actor, broken.case_id, Ground.BREAK_GLASS, subject=broken.id)
            return broken

        def review(glass_id: str, actor: Actor = actor_, body: ReviewGlass = review_, key: Key = None) -> Any:
            return self._gate.review(asking(actor, key, None), given_id(glass_id), body)

        def broken(query: Annotated[GlassQuery, Query()], actor: Actor = actor_) -> Any:
            return self.broken(actor, query)

        glass = f"{V1}/break-glass"
        return [
            write(glass, break_glass, BrokenGlass, "Break the glass of a case", OpenGlass, status=201),
            read_list(glass, broken, BrokenGlass, "Glass that was broken"),
            write(f"{glass}/{{glass_id}}/review", review, BrokenGlass, "Review why glass was broken", ReviewGlass),
        ]

    def _exclusions(self) -> list[APIRoute]:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(Exclude))

        def exclude(case_id: str, actor: Actor = actor_, body: Exclude = body_, key: Key = None) -> Any:
            return self._gate.exclude(asking(actor, key, None), given_id(case_id), body)

        def lift(case_id: str, exclusion_id: str, actor: Actor = actor_, key: Key = None) -> Any:
            return self._gate.lift(asking(actor, key, None), given_id(case_id), given_id(exclusion_id))

        def exclusions(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            found, following = cut(self._gate.exclusions(actor, given_id(case_id)), query)
            return Page[Exclusion](items=tuple(found), next_cursor=following)

        of_case = f"{V1}/cases/{{case_id}}/exclusions"
        return [
            write(of_case, exclude, Exclusion, "Exclude an account from a case", Exclude, status=201),
            read_list(of_case, exclusions, Exclusion, "Who is or was excluded from a case"),
            write(f"{of_case}/{{exclusion_id}}/lifting", lift, Exclusion, "Lift an exclusion"),
        ]

    def broken(self, actor: Actor, query: GlassQuery) -> Page[BrokenGlass]:
        """What the reader broke, and what waits for the review of the reader's office, newest first."""
        if actor.role not in DECIDING_ROLES:
            raise ForbiddenError("A supervisor or head reviews why glass was broken.")
        found, following = self._access.broken(actor, query.reviewed, query.limit, query.cursor)
        for each in found:
            mine = each.account_id == actor.account_id
            note(actor, each.case_id, Ground.BREAK_GLASS if mine else Ground.OWN_OFFICE)
        return Page[BrokenGlass](items=tuple(found), next_cursor=following)
