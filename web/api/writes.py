"""Writing: every command, by the table of `commands`. A repeat with the same key gets the first answer again.

What is answered is built from the log row of the command, not from the present: `case_after` and `referral_after`
are what it left behind.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from casework.commands import AddReport, Command, DecideTransfer, GiveAccess, OpenCase
from casework.errors import BrokenStepError, ForbiddenError, NotFoundError
from casework.models.access import Ground
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import Receipt
from casework.rules.disclosing import discloses
from casework.rules.keeping import check_kind
from casework.rules.permitted import check_role
from starter.asking import Asking
from starter.cases import Queued
from starter.lookups import missing
from web.api.answers import CaseAnswer, NotificationAnswer, QueuedAnswer, ReferralAnswer
from web.api.bodies import body_of
from web.api.commands import COMMANDS, Route
from web.api.door import Door, IfMatch, Key, asking, given_id
from web.api.files import FORM, sealer_for
from web.api.routing import V1, Endpoint, Responses, sent, write
from web.api.shown import case_of, etag, referral_of, reply
from web.api.texts import Row, Texts
from web.site import Site
from web.uploads import Upload

OPENING = OFFICE_ROLES | {Role.AGENCY_OFFICER, Role.SYSTEM}
BY_CASE = ("case", "hold")
"""Subjects whose address names the case."""
ANSWERS = {"case": CaseAnswer, "referral": ReferralAnswer, "notification": NotificationAnswer}


class Writes:
    """Gives commands and answers with what they left."""

    def __init__(self, site: Site, door: Door, texts: Texts) -> None:
        self._site = site
        self._door = door
        self._texts = texts

    def routes(self) -> list[APIRoute]:
        """`POST /cases`, then a route for each row of the table."""
        taken = {"model": QueuedAnswer, "description": "Taken; it starts when the engine is back"}
        queued: Responses = {202: {**taken, **sent(202, ("Location",))[202]}}
        made = ("ETag", "Location")
        opening = write(
            f"{V1}/cases", self._opening(), CaseAnswer, "open_case", OpenCase, status=201, also=queued, headers=made
        )
        return [opening, *(self._route(row) for row in COMMANDS if row.takes != "letter")]

    def _route(self, row: Route) -> APIRoute:
        endpoints = {
            "case": self._of_case,
            "referral": self._of_referral,
            "notification": self._of_notification,
            "hold": self._of_hold,
        }
        endpoint = endpoints[row.subject](row)
        names = ", ".join(row.names)
        answer, headers = ANSWERS[row.answers], _headers(row)
        options: dict[str, Any] = {"status": row.status, "headers": headers, "method": row.method}
        if row.takes == "form":
            return write(f"{V1}{row.path}", self._of_file(row), answer, names, extra=FORM, **options)
        return write(f"{V1}{row.path}", endpoint, answer, names, row.body, **options)

    def _opening(self) -> Endpoint:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(OpenCase))

        async def open_case(actor: Actor = actor_, body: OpenCase = body_, key: Key = None) -> JSONResponse:
            if actor.role not in OPENING:
                raise ForbiddenError("Your role opens no cases.")
            try:
                receipt = await self._site.cases.open(asking(actor, key, None), body)
            except Queued as queued:
                answer = QueuedAnswer(id=queued.case_id, number=queued.number)
                return reply(answer, 202, {"Location": f"{V1}/cases/{queued.case_id}"})
            return await run_in_threadpool(self._answer, OPEN, actor, receipt)

        return open_case

    def _of_case(self, row: Route) -> Endpoint:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(row.body))

        async def give(
            case_id: str, actor: Actor = actor_, body: Command = body_, key: Key = None, if_match: IfMatch = None
        ) -> JSONResponse:
            return await self._give(row, asking(actor, key, if_match), body, given_id(case_id))

        return give

    def _of_file(self, row: Route) -> Endpoint:
        actor_ = Depends(self._door.actor)

        async def give(
            request: Request, case_id: str, actor: Actor = actor_, key: Key = None, if_match: IfMatch = None
        ) -> JSONResponse:
            ask = asking(actor, key, if_match)
            case_id = await run_in_threadpool(self._case_id, row, ask, row.body, given_id(case_id))
            check_role(actor, row.body)  # before anything of a file is read
            ask = Asking(actor, case_id, ask.key, ask.revision)
            with await run_in_threadpool(self._upload, request, case_id) as upload:
                async for piece in request.stream():
                    await run_in_threadpool(upload.feed, piece)
                body, file = await run_in_threadpool(upload.end)
                check_kind(body.kind)
                receipt = await self._site.cases.add_document(ask, body, file)
            return await run_in_threadpool(self._answer, row, actor, receipt)

        return give

    def _upload(self, request: Request, case_id: str) -> Upload:
        return Upload(sealer_for(self._site.desk, case_id), request.headers.get("content-type", ""))

    def _of_referral(self, row: Route) -> Endpoint:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(row.body))

        async def give(
            referral_id: str, actor: Actor = actor_, body: Command = body_, key: Key = None, if_match: IfMatch = None
        ) -> JSONResponse:
            return await self._give(row, asking(actor, key, if_match), body, given_id(referral_id))

        return give

    def _of_notification(self, row: Route) -> Endpoint:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(row.body))

        async def give(
            notification_id: str,
            actor: Actor = actor_,
            body: Command = body_,
            key: Key = None,
            if_match: IfMatch = None,
        ) -> JSONResponse:
            return await self._give(row, asking(actor, key, if_match), body, given_id(notification_id))

        return give

    def _of_hold(self, row: Route) -> Endpoint:
        actor_, body_ = Depends(self._door.actor), Depends(body_of(row.body))

        async def give(
            case_id: str,
            hold_id: str,
            actor: Actor = actor_,
            body: Command = body_,
            key: Key = None,
            if_match: IfMatch = None,
        ) -> JSONResponse:
            of_case = given_id(case_id)
            return await self._give(row, asking(actor, key, if_match), body, given_id(hold_id), of_case)

        return give

    async def _give(
        self, row: Route, ask: Asking, body: Command, named: str, of_case: str | None = None
    ) -> JSONResponse:
        """Find the case, give the command, and answer with what it left."""
        case_id = await run_in_threadpool(self._case_id, row, ask, body, of_case or named)
        subject_id = None if row.subject == "case" else named
        ask = Asking(ask.actor, case_id, ask.key, ask.revision, subject_id)
        receipt: Receipt = await getattr(self._site.cases, row.asks)(ask, body)
        return await run_in_threadpool(self._answer, row, ask.actor, receipt)

    def _case_id(self, row: Route, ask: Asking, body: Command | type[Command], named: str) -> str:
        """The case that the address speaks of, by its own id or its part's; raises NotFoundError for one not seen.

        A command that was applied is let through to its first answer, also where the asker has lost sight of the case,
        but not where the asker is excluded from it.
        """
        reads = self._site.desk.reads
        if row.subject in BY_CASE:
            if self._seen(ask.actor, body, named):
                return named
        else:
            find = reads.referral if row.subject == "referral" else reads.notification
            found = find(ask.actor, named)
            if found:
                check_say(ask.actor, found, body)
                return str(found["case_id"])
        desk = self._site.desk
        before = reads.receipt(ask.actor, desk.command_id(ask)) if ask.key else None
        if before is None or desk.access.is_excluded(before.case_id, ask.actor.account_id):
            if row.subject in BY_CASE:
                raise missing(reads, ask.actor, named)
            raise NotFoundError(f"There is no such {row.subject}.")
        return named if row.subject in BY_CASE else before.case_id

    def _seen(self, actor: Actor, body: Command | type[Command], case_id: str) -> bool:
        reads = self._site.desk.reads
        row = reads.case(actor, case_id)
        if row is None:
            return reads.queued(actor, case_id) is not None
        check_say(actor, row, body)
        return True

    def _answer(self, row: Route, actor: Actor, receipt: Receipt) -> JSONResponse:
        reads = self._site.desk.reads
        event = reads.event(actor, receipt.command_id)
        if event is None:
            raise BrokenStepError("The command was applied, but its record is not there yet. Repeat with the same key.")
        case, step = event["case_after"], receipt.sequence
        if row.answers == "notification":
            told = reads.notification(actor, str(receipt.subject_id))
            if told is None:
                raise NotFoundError("There is no such notification.")
            return reply(NotificationAnswer.model_validate(told), row.status)
        if row.answers == "referral":
            return self._answer_referral(row, actor, event, step)
        made = f"/documents/{receipt.subject_id}" if row.takes == "form" else ""
        where = {"Location": f"{V1}/cases/{case['id']}{made}"} if row.status == 201 else {}
        return reply(case_of(self._texts, actor, case, event["at"], step), row.status, {**etag(step), **where})

    def _answer_referral(self, row: Route, actor: Actor, event: Mapping[str, Any], step: int) -> JSONResponse:
        """The referral as the command left it; its parts only where the actor sees them still."""
        case = event["case_after"]
        referral = {**event["referral_after"], "case_id": case["id"], "case_number": case["number"]}
        present = self._site.desk.reads.referral(actor, referral["id"])
        open_ = present is not None and discloses(present, self._site.desk.office.now())
        where = {"Location": f"{V1}/referrals/{referral['id']}"} if row.status == 201 else {}
        answer = referral_of(self._texts, actor, referral, case, open_=open_, upto=step)
        return reply(answer, row.status, {**etag(step), **where})


def check_say(actor: Actor, row: Row, body: Command | type[Command]) -> None:
    """Raise ForbiddenError where a case is only looked at: through broken glass, or offered and not yet taken over.

    `row` is the case's, or that of a part of it.
    """
    decides = body is DecideTransfer or isinstance(body, DecideTransfer)
    if decides and row.get("transfer_to") == actor.agency_id:
        return
    if row["ground"] == Ground.BREAK_GLASS:
        raise ForbiddenError("Broken glass gives sight of a case, and no say in it.")
    if row["ground"] == Ground.REFERRAL and (body is AddReport or isinstance(body, AddReport)):
        raise ForbiddenError("Further reports come from the office, and from who reported the case.")
    if row["ground"] == Ground.TRANSFER_OFFER:
        raise ForbiddenError("Until your office has taken the case over, it can only accept or decline it.")


OPEN = Route("/cases", ("open_case",), OpenCase, "open", status=201)


def _headers(row: Route) -> tuple[str, ...]:
    """What is sent beside an answer: a notification has no revision of its own."""
    if row.answers == "notification":
        return ()
    return ("ETag", "Location") if row.status == 201 else ("ETag",)


def bodies() -> list[type[Any]]:
    """Every body that a command takes."""
    return [OpenCase, GiveAccess, *dict.fromkeys(row.taken for row in COMMANDS)]
