"""What a one-time link opens: one referral, and nothing beside it.

Who is let in acts as somebody of the agency, and that role could read its whole inbox; so no page here takes an id from
anywhere but the link. Whatever is wrong with a link or with what it opened, the answer is one and the same.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hmac import compare_digest

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from casework.commands import AnswerReferral, Command, CompleteReferral
from casework.errors import CaseworkError, NotFoundError
from casework.ids import new_id
from casework.models.codes import ReferralStatus
from casework.models.link import Link
from starter.asking import Asking
from web.api.bodies import parse
from web.api.referrals import ReferralReading
from web.limits import limited
from web.pages.choices import Choices
from web.pages.commanding import KEY
from web.pages.doorway import remember, spoken
from web.pages.fields import Field, fields_of
from web.pages.filled import body, text
from web.pages.lists import UNANSWERED
from web.pages.names import Names
from web.pages.refused import FRESH, Refused
from web.pages.sheet import Sheet
from web.pages.sheets import SEE_OTHER, Sheets, known, sent
from web.pages.typed import Typed
from web.pages.visitor import CSRF
from web.sessions import check_same_site, token_of
from web.site import Site

COOKIE = "__Host-tuntas-link"
AT = "/link"
MAY: dict[str, type[Command]] = {"answer": AnswerReferral, "complete": CompleteReferral}
"""The forms there are."""
NOT_ASKED = "recorded_from"
"""Said by an office that writes down what it heard; here the agency itself writes."""
Taking = Callable[[Request], Awaitable[Response]]


class GoneError(NotFoundError):
    """A link that opens nothing, for whatever reason."""


@dataclass(frozen=True)
class Guest:
    """Who came by a link."""

    link: Link
    secret: str

    @property
    def csrf(self) -> str:
        """What forms of this session carry."""
        return token_of(self.secret)


class BoundPages:
    """Opening a link, and the one referral behind it."""

    def __init__(self, site: Site, sheets: Sheets, choices: Choices, referrals: ReferralReading) -> None:
        self._site = site
        self._sheets = sheets
        self._choices = choices
        self._referrals = referrals
        self._agencies = {each.id: each.name for each in site.agencies}
        self._limited = limited(site.signin.throttle, "link")

    def routes(self) -> Iterator[BaseRoute]:
        """What opens a link is a button: machines that look through mails follow addresses, and press nothing."""
        yield self._route(AT, "GET", self._show)
        yield self._route(f"{AT}/done", "GET", self._done)
        yield self._route(f"{AT}/do/{{asks}}", "GET", self._form)
        yield self._route(f"{AT}/do/{{asks}}", "POST", self._take)
        yield self._route(f"{AT}/{{token}}", "GET", self._door)
        yield self._route(f"{AT}/{{token}}", "POST", self._open)

    def _route(self, path: str, method: str, take: Taking) -> Route:
        async def answer(request: Request) -> Response:
            known(request, path)
            try:
                return await take(request)
            except NotFoundError:
                return self._sheet(request).page("link_gone.html", NotFoundError.status)
            except CaseworkError as error:
                return self._sheets.refused(request, error, None)

        return Route(path, answer, methods=[method])

    def _sheet(self, request: Request, language: str | None = None) -> Sheet:
        """No page of these says where it stands: the address of a link opens it."""
        return self._sheets.sheet(request, None, here=AT, language=language)

    async def _door(self, request: Request) -> Response:
        return self._sheet(request).page("link_open.html")

    async def _open(self, request: Request) -> Response:
        check_same_site(request)
        if language := spoken(await sent(request)):
            # Not by way of `/language`, whose answer would have to lead back to where the link is.
            return remember(self._sheet(request, language).page("link_open.html"), language)
        await run_in_threadpool(self._limited, request)
        secret = await run_in_threadpool(self._site.links.open, request.path_params["token"])
        if secret is None:
            raise GoneError("This link opens nothing.")
        answer = RedirectResponse(AT, SEE_OTHER)
        answer.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def _show(self, request: Request) -> Response:
        return await run_in_threadpool(self._referral, request)

    def _referral(self, request: Request) -> Response:
        guest = self._guest(request)
        referral, _ = self._referrals.one(guest.link.actor, guest.link.referral_id)
        sheet = self._sheet(request)
        answers = ("accepted", "declined", "acknowledged")
        given = answers[:2] if referral.status is ReferralStatus.ACKNOWLEDGED else answers
        steps = [(each, f"{AT}/do/answer?answer={each}") for each in given if referral.status in UNANSWERED]
        steps.append(("complete", f"{AT}/do/complete"))
        names = Names(sheet.language, self._agencies, {})
        return sheet.page("link_referral.html", referral=referral, steps=steps, names=names, done="")

    async def _done(self, request: Request) -> Response:
        """Only led to by a receipt; it tells nothing of a case."""
        return self._sheet(request).page("link_done.html")

    async def _form(self, request: Request) -> Response:
        begins = {"answer": request.query_params.get("answer", ""), KEY: new_id()}
        return await run_in_threadpool(self._shown, request, Typed.blank(begins))

    async def _take(self, request: Request) -> Response:
        form = await sent(request)
        check_same_site(request)
        guest = await run_in_threadpool(self._guest, request, text(form, KEY))
        if not compare_digest(text(form, CSRF).encode(), guest.csrf.encode()):
            raise GoneError("The page was not made for this session.")
        asks = _asks(request)
        try:
            content = body(_fields(asks), form, self._sheets.zone)
            await getattr(self._site.cases, asks)(_asking(guest.link, text(form, KEY)), _given(asks, content))
        except CaseworkError as error:
            refused = Refused.of(error, form, self._sheet(request).language)
            return await run_in_threadpool(self._shown, request, Typed(form), refused)
        return RedirectResponse(f"{AT}/done", SEE_OTHER)

    def _shown(self, request: Request, typed: Typed, refused: Refused = FRESH) -> Response:
        guest, asks = self._guest(request), _asks(request)
        sheet, fields = self._sheet(request), _fields(asks)
        # All pathways' outcomes, as for every agency: those of the case would tell what it is about.
        choices = self._choices.of_case(sheet, guest.link.actor, {}, ())
        shown = {"asks": asks, "fields": fields, "labels": sheet.labels(fields), "typed": typed, "refused": refused}
        key = typed.one(KEY) or new_id()
        return sheet.page("link_form.html", refused.status, **shown, csrf=guest.csrf, key=key, choices=choices)

    def _guest(self, request: Request, key: str = "") -> Guest:
        """Who came by a link that is still good for something, or who sends once more what was taken before."""
        secret = request.cookies.get(COOKIE)
        found = self._site.links.of(secret) if secret else None
        if secret is None or found is None:
            raise GoneError("There is no such session.")
        link, waits = found
        request.state.actor, request.state.account_id = link.actor, link.actor.account_id
        desk = self._site.desk
        if not waits and not (key and desk.reads.receipt(link.actor, desk.command_id(_asking(link, key)))):
            raise GoneError("The referral does not wait any more.")
        return Guest(link, secret)


def _asking(link: Link, key: str) -> Asking:
    return Asking(link.actor, case_id=link.case_id, key=key or None, subject_id=link.referral_id)


def _asks(request: Request) -> str:
    asks = str(request.path_params["asks"])
    if asks not in MAY:
        raise GoneError("There is no such form.")
    return asks


def _fields(asks: str) -> tuple[Field, ...]:
    return tuple(field for field in fields_of(MAY[asks]) if field.own != NOT_ASKED)


def _given(asks: str, content: object) -> Command:
    return parse(MAY[asks], json.dumps(content).encode())
