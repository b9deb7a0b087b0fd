"""The web application: its routes, middleware, error handlers and lifespan, in one place."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from casework.errors import CaseworkError
from casework.models.outreach import OutreachEntry
from starter.outreach import KeptEntry, OutreachBook
from web import provider, sessions
from web.api import (
    absences,
    consents,
    contacts,
    factors,
    health,
    letters,
    links,
    oauth,
    outreach,
    problems,
    public_reports,
    reference,
    reports,
    sights,
    stalled,
    tokens,
)
from web.api.absences import AbsenceEntry
from web.api.access import BODIES, AccessWrites
from web.api.cases import CaseReading
from web.api.contacts import ContactEntry
from web.api.door import Door
from web.api.erasures import Erasures
from web.api.factors import BeginSecondFactor, ConfirmSecondFactor
from web.api.links import Linking, MailboxEntry
from web.api.lists import CasesSearch
from web.api.location import LocationReadings, ReadLocation
from web.api.public_reports import PublicReading
from web.api.records import RecordReading
from web.api.referrals import ReferralReading
from web.api.reporting import Reports
from web.api.routing import Api
from web.api.sent import SentLetters
from web.api.texts import Texts
from web.api.tokens import ChangePassword, SignIn
from web.api.writes import Writes, bodies
from web.codec import Decoding, EnginePages, PayloadsOf
from web.headers import headers_of
from web.letters.issuing import Letters
from web.limits import BodyLimit
from web.noting import NotingReads
from web.pages import routes as pages
from web.requests import Requests
from web.seen import SeenFirst
from web.sessions import SessionDoor
from web.site import Site

OF_ACCOUNTS = (SignIn, ChangePassword, BeginSecondFactor, ConfirmSecondFactor, AbsenceEntry, ContactEntry, MailboxEntry)
OF_OUTREACH = (OutreachEntry, KeptEntry)
OF_READING = (CasesSearch, ReadLocation, PayloadsOf)
WAITERS = 32
"""Threads that may wait for a database at once."""


def create_app(site: Site) -> FastAPI:
    """The application over a site. It holds no state of its own, so any number of them may run."""
    site = replace(site, desk=replace(site.desk, reads=NotingReads(site.desk.reads)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # The default is six threads on two cores: a database that hangs would hold up everybody behind it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WAITERS, "wait"))
        yield
        site.close()

    return Api(
        title="Tuntas",
        version="1",
        description="Multi-agency case handling. Errors are RFC 9457 problems with a stable `code`.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=routes(site),
        bodies=(*bodies(), *BODIES, *public_reports.BODIES, *OF_ACCOUNTS, *OF_OUTREACH, *OF_READING),
        middleware=[
            Middleware(Requests, headers_of(tls=site.tls)),
            Middleware(EnginePages, site.codec),
            Middleware(SeenFirst, site.access_log, site.desk.office.now),
            Middleware(BodyLimit),
        ],
        exception_handlers={
            CaseworkError: problems.on_refusal,
            RequestValidationError: problems.on_invalid,
            HTTPException: problems.on_http,
        },
        lifespan=lifespan,
    )


def routes(site: Site) -> list[BaseRoute]:
    """Every route: of the API, then of the pages, which read what the API answers."""
    desk = site.desk
    door, texts = Door(desk.accounts), Texts(desk.reads, desk.documents, desk.vault)
    cases = CaseReading(site, door, texts)
    records, erasures = RecordReading(site, door, texts, cases), Erasures(site, door, texts, cases)
    written, linking, figures = Letters(site, texts, cases), Linking(site), Reports(site)
    public = PublicReading(site)
    referrals, session_door = ReferralReading(site, door, texts, cases), SessionDoor(site.signin.sessions)
    sent = SentLetters(site, door, texts, referrals)
    book = OutreachBook(desk, site.outreach, site.effects, frozenset(each.id for each in site.agencies))
    return [
        *tokens.routes(site, door),
        *oauth.routes(site),
        *factors.routes(site, door),
        *provider.routes(site),
        *sessions.routes(site, session_door),
        *Writes(site, door, texts).routes(),
        *letters.routes(site, door, written),
        *sent.routes(),
        *cases.routes(),
        *records.routes(),
        *consents.routes(site, door, records),
        *contacts.routes(site, door),
        *links.routes(site, door, linking),
        *erasures.routes(),
        *LocationReadings(site, door, texts, cases).routes(),
        *referrals.routes(),
        *stalled.routes(site, door),
        *reports.routes(site, door, figures),
        *outreach.routes(door, book),
        *public_reports.routes(site, door, public),
        *sights.routes(site, door),
        *reference.routes(site, door),
        *absences.routes(site, door),
        *Decoding(site, door, SessionDoor(site.signin.sessions)).routes(),
        *AccessWrites(site, door).routes(),
        *health.routes(site),
        *pages.routes(
            site, session_door, cases, referrals, records, written, sent, linking, erasures, public, book, figures
        ),
    ]
