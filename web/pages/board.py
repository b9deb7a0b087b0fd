"""The board: what stands still, with what may be done about it at once, kept up to date while it is looked at."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import get_args
from urllib.parse import urlencode

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from casework import commands as c
from casework.errors import CaseworkError, InvalidInputError, NotFoundError
from casework.ids import new_id
from casework.models.pathway import Risk
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.rules.outlook import BoardReason
from starter.asking import Asking
from starter.outreach import OutreachBook
from web.api import stalled
from web.api.answers import Outlook, RemedyOf, StalledCases, Waiting
from web.api.lists import StalledQuery
from web.api.public_reports import PublicReading
from web.api.writes import check_say
from web.noting import unnoted
from web.pages.commanding import ASKS
from web.pages.filled import Form
from web.pages.lists import asked, done_of, query_of
from web.pages.live import Live
from web.pages.naming import Naming
from web.pages.sheets import SEE_OTHER, Sheets, Visit, known, sentence
from web.site import Site

REASONS: tuple[str, ...] = tuple(chain.from_iterable(get_args(each) or (each,) for each in get_args(BoardReason)))
AT_ONCE: Mapping[str, tuple[str, type[c.SendReminder | c.EscalateCase]]] = {
    "send_reminder": ("send_reminder", c.SendReminder),
    "escalate_case": ("escalate", c.EscalateCase),
}
"""Remedies that need nothing to be filled in: a button in the row. The others lead to their forms."""
A_PAGE = 12
"""Cases at once: what a thin network carries, and a person takes in."""
CLOCKS = 2
"""Of each case the clocks that have stood still longest; the others are on its page."""
BOARD = "/stalled"
WHOLE = "stalled.html"
EVENTS = f"{BOARD}/events"

WHOLE = "stalled.html"


class Board:
    """The page, its rows by themselves, the events that tell of a change, and the remedies that are one click."""

    def __init__(
        self, site: Site, sheets: Sheets, naming: Naming, live: Live, book: OutreachBook, public: PublicReading
    ) -> None:
        self._book = book
        self._site = site
        self._sheets = sheets
        self._naming = naming
        self._live = live
        self._public = public

    def routes(self) -> Iterator[BaseRoute]:
        """All under one address, with the same filters."""
        yield self._sheets.shows(BOARD, self._show)
        yield self._sheets.takes(BOARD, self._take, self._again)
        yield self._sheets.shows(f"{BOARD}/rows", self._rows, by_itself=True)
        yield Route(EVENTS, self._listen, methods=["GET"])

    def _show(self, visit: Visit) -> Response:
        return self._page(visit, WHOLE, "")

    def _rows(self, visit: Visit) -> Response:
        return self._page(visit, "stalled_rows.html", "")

    async def _listen(self, request: Request) -> Response:
        known(request, EVENTS)
        try:
            query, seen = query_of(StalledQuery, request.query_params), request.query_params.get("seen", "")
            return await self._live.answer(request, lambda actor: self._mark(actor, query), seen)
        except CaseworkError as error:
            return self._sheets.refused(request, error, None)

    def _mark(self, actor: Actor, query: StalledQuery) -> str:
        with unnoted():
            return mark_of(self._board(actor, query))

    async def _take(self, visit: Visit, form: Form) -> Response:
        try:
            name = await self._remedy(visit, form)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        filters = {name: value for name, value in visit.request.query_params.items() if name != "done"}
        return RedirectResponse(f"{BOARD}?{urlencode({**filters, 'done': name})}", SEE_OTHER)

    def _again(self, visit: Visit, _: Form, error: CaseworkError) -> Response:
        return self._page(visit, WHOLE, sentence(visit.sheet.language, error), error.status)

    async def _remedy(self, visit: Visit, form: Form) -> str:
        """Do what a button says; raises NotFoundError where it is none of ours, or of a case that is not seen."""
        said, key = form.get("remedy"), form.get("key")
        command, case_id, deadline_id, *_ = [*str(said).split(" "), "", "", ""]
        if command not in AT_ONCE:
            raise InvalidInputError("There is no such remedy.")
        asks, body = AT_ONCE[command]
        actor = visit.visitor.actor
        case = await run_in_threadpool(self._site.desk.reads.case, actor, case_id)
        if case is None:
            raise NotFoundError("There is no such case.")
        check_say(actor, case, body)
        # One key a page: each of its buttons is recorded once, however often it is pressed.
        ask = Asking(actor, case_id=case_id, key=f"{key} {said}" if isinstance(key, str) and key else None)
        await getattr(self._site.cases, asks)(ask, body(deadline_id=deadline_id))
        return asks

    def _board(self, actor: Actor, query: StalledQuery) -> StalledCases:
        return stalled.page(self._site, actor, query.model_copy(update={"limit": A_PAGE}))

    def _page(self, visit: Visit, template: str, refusal: str, status: int = 200) -> Response:
        query, actor = asked(StalledQuery, visit), visit.visitor.actor
        board = self._board(actor, query)
        names = self._naming.of(visit)
        filters = query.model_dump(mode="json", exclude={"limit"}, exclude_none=True)
        return visit.sheet.page(
            template,
            status,
            owed=self._book.owed(actor, visit.sheet.now) if template == WHOLE else (),
            board=board,
            public=self._public.counts(actor) if template == WHOLE else (0, 0),
            query=query,
            refusal=refusal,
            done=done_of(visit),
            names=names,
            rows=tuple((one, clocks(one.outlook, one.remedies), others(one.remedies)) for one in board.items),
            at_once=AT_ONCE,
            key=new_id(),
            reasons=REASONS,
            risks=tuple(Risk),
            agencies=()
            if actor.role is Role.CASEWORKER
            else tuple((each.id, each.name) for each in self._site.agencies),
            colleagues=names.accounts if actor.role in DECIDING_ROLES else {},
            remedy_address=remedy_address,
            filters=urlencode(filters),
            mark=mark_of(board),
            following=f"{BOARD}?{urlencode({**filters, 'cursor': board.next_cursor})}" if board.next_cursor else "",
        )


def mark_of(board: StalledCases) -> str:
    """What changes with the board, and tells nothing of it."""
    return sha256(board.model_dump_json(exclude={"checked_at"}).encode()).hexdigest()[:16]


def clocks(outlook: Outlook, remedies: tuple[RemedyOf, ...]) -> tuple[tuple[Waiting, tuple[RemedyOf, ...]], ...]:
    """The clocks that stand still longest, each with its own remedies."""
    named = {remedy.deadline_id for remedy in remedies}
    mine = [one for one in outlook.waiting_on if one.overdue or one.id in named][:CLOCKS]
    return tuple((one, tuple(each for each in remedies if each.deadline_id == one.id)) for one in mine)


def others(remedies: tuple[RemedyOf, ...]) -> tuple[RemedyOf, ...]:
    """Remedies of the case as such."""
    return tuple({each.command: each for each in remedies if each.deadline_id is None}.values())


def remedy_address(case_id: str, remedy: RemedyOf) -> str:
    """The form of a remedy, with what it would be about."""
    if remedy.command == "revoke_referral":
        return f"/referrals/{remedy.referral_id}/do/revoke"
    about = "deadline_ids" if remedy.command == "hold_clock" else "deadline_id"
    query = urlencode({about: remedy.deadline_id}) if remedy.deadline_id else ""
    return f"/cases/{case_id}/do/{ASKS[remedy.command]}" + (f"?{query}" if query else "")
