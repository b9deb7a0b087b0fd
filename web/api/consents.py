"""Reading what the client agreed to: by scope, for whom, who gave it and when, and until when it held."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute

from casework.models.codes import Assent, ConsentGiver, ConsentScope
from casework.models.people import Actor
from web.api.answers import Answer, Page
from web.api.door import Door, given_id
from web.api.lists import Pages, cut
from web.api.records import RecordReading
from web.api.routing import V1, read_list
from web.api.texts import Row
from web.site import Site


class ConsentOf(Answer):
    """One consent in one scope. `agency_id` and `referral_id` are null where it is for whichever agency.

    `assent_wanted` is what the pathway asks of a child at that age, beside the consent.
    """

    id: str
    scope: ConsentScope
    given_by: ConsentGiver
    giver_suspected: bool | None
    assent: Assent | None
    assent_wanted: Assent | None
    agency_id: str | None
    referral_id: str | None
    given_at: datetime
    by: str
    holds: bool
    ended_at: datetime | None
    ended_by: ConsentGiver | None


def consent_of(row: Row) -> ConsentOf:
    """A row of `consents` as it is answered."""
    return ConsentOf.model_validate({**row, "by": row["recorded_by"], "holds": row["ended_at"] is None})


def routes(site: Site, door: Door, records: RecordReading) -> list[APIRoute]:
    """One list, for who may read the case's content."""
    actor_ = Depends(door.actor)

    def list_consents(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
        records.check_ground(actor, given_id(case_id))
        rows, following = cut(site.desk.reads.consents(actor, case_id), query)
        return Page[ConsentOf](items=tuple(map(consent_of, rows)), next_cursor=following)

    return [read_list(f"{V1}/cases/{{case_id}}/consents", list_consents, ConsentOf, "Consents, oldest first")]
