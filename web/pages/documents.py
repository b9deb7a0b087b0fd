"""The papers of a case: its files and its letters, each to be saved, and the forms that add to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.commands import AddDocument, IssueLetter, LetterEntry
from casework.errors import CaseworkError, ForbiddenError, NotFoundError
from casework.events import EventKind
from casework.ids import new_id
from casework.models.codes import DocumentKind, LetterKind, NotificationKind
from casework.models.pathway import Category
from casework.models.people import Actor
from casework.rules.disclosing import WORKING, tells
from casework.rules.keeping import check_kind
from casework.rules.letters import COURTS
from casework.rules.permitted import refusal
from casework.signin.ports import Session
from starter.asking import Asking
from web.api.door import given_id
from web.api.files import sealer_for
from web.api.problems import invalid
from web.api.records import RecordReading
from web.api.texts import Row, may_read
from web.api.writes import check_say
from web.letters.issuing import Letters
from web.pages.commanding import KEY
from web.pages.filled import Form
from web.pages.naming import Naming
from web.pages.sheets import SEE_OTHER, Sheets, Visit, sentence
from web.pages.visitor import CSRF, check_form
from web.site import Site
from web.uploads import Upload

AROUND = frozenset({CSRF, KEY})
"""What a form of ours sends before its file."""
KINDS = tuple(kind for kind in DocumentKind if kind is not DocumentKind.VISUM)
PATH = "/cases/{case_id}/documents"


class Documents:
    """Files and letters of one case."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming, records: RecordReading, letters: Letters) -> None:
        self._site = site
        self._desk = site.desk
        self._sheets = sheets
        self._naming = naming
        self._records = records
        self._letters = letters

    def routes(self) -> Iterator[BaseRoute]:
        """The list with its forms, and each paper by itself."""
        yield self._sheets.shows(PATH, self._show)
        yield self._sheets.streams(PATH, self._keep)
        yield self._sheets.takes("/cases/{case_id}/letters", self._write, self._unwritten)
        yield self._sheets.shows(f"{PATH}/{{document_id}}", self._file)

    def _file(self, visit: Visit) -> Response:
        ids = (given_id(visit.named(name)) for name in ("case_id", "document_id"))
        return self._records.file(visit.visitor.actor, *ids)

    def _show(self, visit: Visit) -> Response:
        return self._page(visit)

    def _page(
        self, visit: Visit, refused: str = "", status: int = 200, typed: Mapping[str, str] | None = None
    ) -> Response:
        actor, case = visit.visitor.actor, self._case(visit)
        if not may_read(actor, case):
            raise ForbiddenError("Your role sees this case, but not its content.")
        return visit.sheet.page(
            "documents.html",
            status,
            case=case,
            done=visit.asked("done") if visit.asked("done") in ("add_document", "issue_letter") else "",
            refusal=refused,
            typed=typed or {},
            key=new_id(),
            names=self._naming.of(visit),
            files=self._records.recorded(actor, case["id"], EventKind.DOCUMENT_ADDED),
            letters=self._records.recorded(actor, case["id"], EventKind.LETTER_ISSUED),
            kinds=KINDS if refusal(actor, case, AddDocument) is None else (),
            subjects=tuple(self._subjects(actor, case)) if refusal(actor, case, IssueLetter) is None else (),
            agencies=self._site.agencies if refusal(actor, case, IssueLetter) is None else (),
        )

    def _subjects(self, actor: Actor, case: Row) -> Iterator[tuple[LetterKind, Row]]:
        """What a letter may be written about now, and which."""
        for row in self._desk.reads.referrals(actor, case["id"]):
            if row["status"] in WORKING:
                yield LetterKind.REFERRAL, row
                if row["service"] in COURTS and Category.CHILD_MARRIAGE in case["categories"]:
                    yield LetterKind.COURT_RECOMMENDATION, row
        now = self._desk.office.now()
        for row in self._desk.reads.notifications(actor, case["id"]):
            if row["kind"] == NotificationKind.POLICE and tells(row, now):
                yield LetterKind.POLICE_NOTIFICATION, row

    # ---- a letter

    async def _write(self, visit: Visit, form: Form) -> Response:
        case_id, key = given_id(visit.named("case_id")), form.get(KEY)
        given = {name: form.get(name) for name in ("kind", "about_id", "language") if form.get(name)}
        try:
            asked = _entry({**given, "agencies": form.getlist("agencies")})
            ask = Asking(visit.visitor.actor, case_id, key=key if isinstance(key, str) and key else None)
            await self._letters.issue(ask, asked)
        except NotFoundError:
            raise
        except CaseworkError as error:
            return await run_in_threadpool(self._unwritten, visit, form, error)
        return RedirectResponse(f"/cases/{case_id}/documents?done=issue_letter", SEE_OTHER)

    def _unwritten(self, visit: Visit, _: Form, error: CaseworkError) -> Response:
        return self._page(visit, sentence(visit.sheet.language, error), error.status)

    # ---- a file

    async def _keep(self, visit: Visit, session: Session) -> Response:
        case = await run_in_threadpool(self._case, visit)
        upload = None
        try:
            why = refusal(visit.visitor.actor, case, AddDocument)
            if why:
                raise why("Your role may not give this command.")
            with await run_in_threadpool(self._upload, visit, case["id"]) as upload:
                await self._taken(visit, session, case["id"], upload)
        except NotFoundError:
            raise
        except CaseworkError as error:
            typed = {name: upload.given(name) for name in ("kind", "title")} if upload else {}
            told = sentence(visit.sheet.language, error)
            return await run_in_threadpool(self._page, visit, told, error.status, typed)
        return RedirectResponse(f"/cases/{case['id']}/documents?done=add_document", SEE_OTHER)

    async def _taken(self, visit: Visit, session: Session, case_id: str, upload: Upload) -> None:
        async for piece in visit.request.stream():
            await run_in_threadpool(upload.feed, piece)
        check_form(session, {CSRF: upload.given(CSRF)})
        body, file = await run_in_threadpool(upload.end)
        check_kind(body.kind)
        ask = Asking(visit.visitor.actor, case_id, key=upload.given(KEY) or None)
        await self._site.cases.add_document(ask, body, file)

    def _upload(self, visit: Visit, case_id: str) -> Upload:
        kind = visit.request.headers.get("content-type", "")
        return Upload(sealer_for(self._desk, case_id), kind, AROUND)

    def _case(self, visit: Visit) -> Row:
        actor, case_id = visit.visitor.actor, given_id(visit.named("case_id"))
        case = self._desk.reads.case(actor, case_id)
        if case is None:
            raise NotFoundError("There is no such case.")
        if visit.request.method == "POST":
            check_say(actor, case, AddDocument)
        return case


def _entry(given: Mapping[str, Any]) -> LetterEntry:
    try:
        return LetterEntry.model_validate(given)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
