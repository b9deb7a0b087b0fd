"""Letters of a case: written here, read like any other file of it."""

from datetime import datetime

from fastapi import Depends
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from casework.commands import LetterEntry
from casework.errors import BrokenStepError
from casework.models.codes import LetterKind
from casework.models.people import Actor
from casework.models.state import Receipt
from starter.asking import Asking
from web.api.answers import Answer
from web.api.bodies import body_of
from web.api.door import Door, IfMatch, Key, asking, given_id
from web.api.routing import V1, write
from web.api.shown import reply
from web.letters.issuing import Letters
from web.site import Site


class LetterAnswer(Answer):
    """A letter that was issued; `id` is that of its document."""

    id: str
    at: datetime
    by: str
    kind: LetterKind
    number: str
    about_id: str | None
    agencies: tuple[str, ...]
    language: str


def routes(site: Site, door: Door, letters: Letters) -> list[APIRoute]:
    """One; letters are listed and opened with the other records."""
    actor_, body_ = Depends(door.actor), Depends(body_of(LetterEntry))

    async def issue_letter(
        case_id: str, actor: Actor = actor_, body: LetterEntry = body_, key: Key = None, if_match: IfMatch = None
    ) -> JSONResponse:
        ask = asking(actor, key, if_match)
        receipt = await letters.issue(Asking(actor, given_id(case_id), ask.key, ask.revision), body)
        return await run_in_threadpool(answer, site, actor, receipt)

    path, made = f"{V1}/cases/{{case_id}}/letters", ("Location",)
    return [write(path, issue_letter, LetterAnswer, "issue_letter", LetterEntry, status=201, headers=made)]


def answer(site: Site, actor: Actor, receipt: Receipt) -> JSONResponse:
    """The letter of a receipt."""
    event = site.desk.reads.event(actor, receipt.command_id)
    if event is None:
        raise BrokenStepError("The command was applied, but its record is not there yet. Repeat with the same key.")
    own = {"id": event["subject_id"], "at": event["at"], "by": event["account_id"]}
    where = f"{V1}/cases/{receipt.case_id}/documents/{receipt.subject_id}"
    return reply(LetterAnswer.model_validate({**event["body"], **own}), 201, {"Location": where})
