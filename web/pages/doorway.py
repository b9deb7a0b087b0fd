"""Signing in and out on pages, the choice of language, and the files that pages load."""

from collections.abc import Iterator

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from casework.errors import CaseworkError, NotFoundError, UnauthenticatedError
from casework.signin.ports import Session
from web.api.door import address_of
from web.api.tokens import SignIn, hashing
from web.pages import sheet as files
from web.pages.filled import Form, text
from web.pages.languages import CODES
from web.pages.sheets import SEE_OTHER, SIGN_IN, Sheets, Visit, sent, sentence
from web.sessions import COOKIE, begin, check_same_site, forget, keep
from web.site import Site

A_YEAR = 365 * 24 * 3600
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


class Doorway:
    """In, out, and what needs nobody to be signed in."""

    def __init__(self, site: Site, sheets: Sheets) -> None:
        self._site = site
        self._sheets = sheets

    def routes(self) -> Iterator[BaseRoute]:
        """None of them shows anything of a case."""
        yield Route(SIGN_IN, self._show, methods=["GET"])
        yield Route(SIGN_IN, self._sign_in, methods=["POST"])
        yield self._sheets.takes("/sign-out", self._sign_out)
        yield Route("/language", self._choose, methods=["POST"])
        yield Route(f"{files.STATIC}/{{digest}}/{{name}}", self._file, methods=["GET"])

    async def _show(self, request: Request) -> Response:
        return self._sheets.sheet(request, None).page("sign_in.html", refusal="", username="", code="")

    async def _sign_in(self, request: Request) -> Response:
        sheet = self._sheets.sheet(request, None)
        form = await sent(request)
        try:
            check_same_site(request)
            session = await self._session(request, form)
        except CaseworkError as error:
            username = text(form, "username")
            refusal = sentence(sheet.language, error)
            return sheet.page("sign_in.html", error.status, refusal=refusal, username=username, code=error.code)
        answer = RedirectResponse("/", SEE_OTHER)
        keep(answer, session)
        return answer

    async def _session(self, request: Request, form: Form) -> Session:
        try:
            typed = {name: form.get(name) or None for name in ("username", "password", "otp")}
            given = SignIn.model_validate(typed)
        except ValidationError:
            raise UnauthenticatedError("Unknown user name or wrong password.") from None
        person = self._site.signin.person
        shown = (given.username, given.password, address_of(request), given.otp)
        account = await hashing(self._site, person, *shown)
        return await run_in_threadpool(begin, self._site.signin.sessions, account, request.cookies.get(COOKIE))

    async def _sign_out(self, visit: Visit, form: Form) -> Response:
        secret = visit.request.cookies.get(COOKIE, "")
        await run_in_threadpool(self._site.signin.sessions.end, secret)
        answer = RedirectResponse(SIGN_IN, SEE_OTHER)
        forget(answer)
        # What a page kept in the browser for its form goes with the session.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def _choose(self, request: Request) -> Response:
        form = await sent(request)
        language, back = spoken(form), form.get("back")
        where = back if isinstance(back, str) and back.startswith("/") and not back.startswith("//") else "/"
        answer = RedirectResponse(where.replace("\\", "/"), SEE_OTHER)
        return remember(answer, language) if language else answer

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            if files.address(name) != request.url.path:
                raise FileNotFoundError
            content = files.file(name)
        except (FileNotFoundError, IsADirectoryError, ValueError):
            error = NotFoundError("There is nothing at this address.")
            return self._sheets.refused(request, error, None)
        kind = KINDS[name.rpartition(".")[2]]
        return Response(content, media_type=kind, headers={"Cache-Control": f"public, max-age={A_YEAR}, immutable"})


def spoken(form: Form) -> str | None:
    """The language that a form asks for, if it is one of ours."""
    return next((code for code in CODES if code == form.get("language")), None)


def remember(answer: Response, language: str) -> Response:
    """Keep a choice of language in the browser."""
    answer.set_cookie("language", language, max_age=A_YEAR, path="/", samesite="lax", httponly=True)
    return answer
