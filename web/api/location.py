"""Where the client is now: read by who has a ground to, on a reason each time, and kept before it is shown."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from casework.errors import ForbiddenError, InvalidInputError, NotFoundError
from casework.ids import new_id
from casework.models.access import Ground
from casework.models.base import Text
from casework.models.people import DECIDING_ROLES, Actor
from casework.ports import Location, LocationReading
from web.api.answers import LocationAnswer, Page, ReadingOf
from web.api.bodies import body_of
from web.api.cases import CaseReading
from web.api.door import Door, given_id
from web.api.lists import Pages, cut
from web.api.problems import entry
from web.api.routing import V1, read_list, write
from web.api.texts import Row, Texts, may_read
from web.noting import note
from web.site import Site

LEAST_LETTERS = 5


def may_know_where(reader: Actor, case: Row) -> bool:
    """Whether a reader has a ground to know where the client is: whoever reads the case, but not through broken glass.

    Somebody of the office knows it, day and night; whoever cannot wait for them is told by them.
    """
    return may_read(reader, case) and case["ground"] != Ground.BREAK_GLASS


class ReadLocation(BaseModel):
    """Why it must be known now."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class LocationReadings:
    """The only way to where a client is."""

    def __init__(self, site: Site, door: Door, texts: Texts, cases: CaseReading) -> None:
        self._desk = site.desk
        self._door = door
        self._texts = texts
        self._cases = cases

    def routes(self) -> list[APIRoute]:
        """Reading it, and who has read it."""
        actor_, body_ = Depends(self._door.actor), Depends(body_of(ReadLocation))
        path = f"{V1}/cases/{{case_id}}/location/readings"

        def read_location(case_id: str, actor: Actor = actor_, body: ReadLocation = body_) -> Any:
            return self.reading(actor, given_id(case_id), body.reason)

        def list_readings(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            items, following = cut(self.readings(actor, given_id(case_id)), query)
            return Page[ReadingOf](items=tuple(items), next_cursor=following)

        return [
            write(path, read_location, LocationAnswer, "Where the client is now", ReadLocation),
            read_list(path, list_readings, ReadingOf, "Who has read where the client is"),
        ]

    def reading(self, actor: Actor, case_id: str, reason: str) -> LocationAnswer:
        """Where the client is; that it is read, by whom and why, is durable before it is opened."""
        row = self._cases.visible(actor, case_id)
        if not may_know_where(actor, row):
            raise ForbiddenError("Your role sees this case, but not where its client is.")
        if sum(letter.isalpha() for letter in reason) < LEAST_LETTERS:
            short = entry("/reason", "too_short", "Say why it must be known now.")
            raise InvalidInputError("Reading where a client is takes a reason.", errors=[short])
        location = self._desk.locations.latest(actor, case_id)
        if location is None:
            raise NotFoundError("Nobody has said where the client is.")
        reading = self._noted(actor, case_id, location, reason)
        note(actor, case_id, str(row["ground"]), reading.id)
        where = self._texts.of_location(case_id, location)
        return LocationAnswer.model_validate(
            {**where, "reading_id": reading.id, "set_at": location.set_at, "set_by": location.set_by}
        )

    def readings(self, actor: Actor, case_id: str) -> list[ReadingOf]:
        """Who has read it and why, oldest first, for who decides on the case; never what was read."""
        row = self._cases.visible(actor, case_id)
        if actor.role not in DECIDING_ROLES or not may_know_where(actor, row):
            raise ForbiddenError("Your role does not see who has read it.")
        kept = self._desk.locations.readings(actor, case_id)
        return [
            ReadingOf(id=each.id, at=each.at, by=each.account_id, reason=self._texts.of_reading(each)) for each in kept
        ]

    def _noted(self, actor: Actor, case_id: str, location: Location, reason: str) -> LocationReading:
        desk, reading_id = self._desk, new_id()
        reading = LocationReading(
            id=reading_id,
            case_id=case_id,
            location_id=location.id,
            at=desk.office.now(),
            account_id=actor.account_id,
            role=actor.role.value,
            agency_id=actor.agency_id,
            reason=desk.vault.seal(case_id, reading_id, reason.encode())[1],
        )
        desk.locations.note_reading(reading)
        return reading
