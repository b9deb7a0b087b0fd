"""The routes of pages: who asks, in which language, and what becomes of a refusal."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from casework.errors import CaseworkError, ErasedError, UnauthenticatedError
from casework.signin.ports import Session
from web.api.erasures import READERS as CERTIFIED
from web.pages.filled import Form
from web.pages.languages import Language, chosen
from web.pages.sheet import Sheet
from web.pages.visitor import Entrance, StalePageError, Visitor, check_form
from web.site import Site

SIGN_IN = "/sign-in"
SEE_OTHER = int(HTTPStatus.SEE_OTHER)


@dataclass(frozen=True)
class Visit:
    """One request for a page, and who makes it."""

    request: Request
    visitor: Visitor
    sheet: Sheet

    def named(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """A parameter of the address, empty where it is not given."""
        return self.request.query_params.get(name, "")


Shown = Callable[[Visit], Response]
Taken = Callable[[Visit, Form], Awaitable[Response]]
Again = Callable[[Visit, Form, CaseworkError], Response]
Streamed = Callable[[Visit, Session], Awaitable[Response]]


class Sheets:
    """Makes routes of what shows a page, and of what takes a form."""

    def __init__(self, site: Site, entrance: Entrance) -> None:
        self._site = site
        self._entrance = entrance
        self.zone = ZoneInfo(site.desk.office.timezone)

    def shows(self, path: str, show: Shown, *, by_itself: bool = False) -> Route:
        """A GET; it may block. What a page asks `by_itself` does not keep a session alive."""
        who = self._entrance.listening if by_itself else self._entrance.visitor

        def visit(request: Request) -> Response:
            visitor = None
            known(request, path)
            try:
                visitor = who(request)
                return show(Visit(request, visitor, self.sheet(request, visitor)))
            except CaseworkError as error:
                return self.refused(request, error, visitor)

        async def answer(request: Request) -> Response:
            return await run_in_threadpool(visit, request)

        return Route(path, answer, methods=["GET"])

    def takes(self, path: str, take: Taken, again: Again | None = None, *, files: int = 0) -> Route:
        """A POST of a form of ours. From a page of a session that has ended it is shown `again`, as it was typed.

        `files` are for what is of no person: they lie in the clear while they come in.
        """

        async def answer(request: Request) -> Response:
            visitor = None
            known(request, path)
            try:
                async with request.form(max_files=files) as form:
                    visitor, session = await run_in_threadpool(self._entrance.sending, request)
                    visit = Visit(request, visitor, self.sheet(request, visitor))
                    try:
                        check_form(session, form)
                    except StalePageError as stale:
                        if again is None:
                            raise
                        return await run_in_threadpool(again, visit, form, stale)
                    return await take(visit, form)
            except CaseworkError as error:
                return self.refused(request, error, visitor)

        return Route(path, answer, methods=["POST"])

    def streams(self, path: str, take: Streamed) -> Route:
        """A POST of a form with a file. Who takes it reads it piece by piece, and checks the token of the session."""

        async def answer(request: Request) -> Response:
            visitor = None
            known(request, path)
            try:
                visitor, session = await run_in_threadpool(self._entrance.sending, request)
                return await take(Visit(request, visitor, self.sheet(request, visitor)), session)
            except CaseworkError as error:
                return self.refused(request, error, visitor)

        return Route(path, answer, methods=["POST"])

    def sheet(self, request: Request, visitor: Visitor | None, here: str = "", language: str | None = None) -> Sheet:
        """What every page of this answer shares; in the language that was chosen, if not in another."""
        shared = {"visitor": visitor, "here": here or request.url.path}
        spoken = chosen({"language": language} if language else request.cookies)
        return Sheet(spoken, self.zone, self._site.desk.office.now(), shared)

    def refused(self, request: Request, error: CaseworkError, visitor: Visitor | None) -> Response:
        """A refusal as a page; who has not signed in is led to the door, and back from there."""
        request.state.refused = error.code
        if isinstance(error, UnauthenticatedError):
            return RedirectResponse(SIGN_IN, SEE_OTHER)
        # What was asked may be a person's name, and is not said again.
        sheet = self.sheet(request, visitor, here="/")
        said = {"code": error.code, "sentence": sentence(sheet.language, error)}
        return sheet.page("refused.html", error.status, **said, certified=certified(request, error, visitor))


async def sent(request: Request) -> Form:
    """The form that was sent. It holds no file: that would lie in the clear wherever the machine keeps what passes."""
    return await request.form(max_files=0)


def known(request: Request, path: str) -> None:
    """Tell the log which kind of page it was, never which one."""
    request.scope["route"] = SimpleNamespace(path=path)


def certified(request: Request, error: CaseworkError, visitor: Visitor | None) -> str | None:
    """The case whose certificate is shown instead, for who may read it; an id that was found names nobody."""
    may = isinstance(error, ErasedError) and visitor is not None and visitor.actor.role in CERTIFIED
    return request.path_params.get("case_id") if may else None


def sentence(language: Language, error: CaseworkError) -> str:
    """What was refused and what to do, in the reader's language; in English where a translation is wanting."""
    found = language.word("refusal", error.code)
    return error.detail if found == error.code else found
