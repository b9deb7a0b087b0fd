"""The whole of Tuntas in one process, on real servers: for tests that need all of it."""

import shutil
import sys
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.worker import Worker

from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters, entrance, office
from casework.db.accounts import SqlAccounts
from casework.db.reads import SqlReads
from casework.ids import new_id
from casework.models.outreach import Attendance, OutreachEntry, PromiseEntry, PromiseOwner
from casework.models.people import ITSELF, Actor, Role
from casework.office import Office
from casework.pathways.in_force import InForce
from casework.ports import Keyed
from casework.settings import Settings
from casework.temporal.connect import connect
from casework.temporal.interceptors import interceptors
from casework.temporal.names import CASES
from casework.temporal.sandbox import workflow_runner
from casework.vault.payloads import PayloadKeys
from starter.asking import Asking
from starter.cases import Cases
from starter.desk import Desk
from starter.outreach import OutreachBook
from starter.rulebook import Rulebook
from web.app import create_app
from web.assemble import codec_of, past_cases
from web.site import Site
from workflows.case import CaseWorkflow

LEAD = "dinas-pppappkb"
PASSWORD = "kata-sandi-uji-coba"
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
"""A hash says how it is checked, so whoever signs in is quick too."""


def temporal_binary() -> str:
    """The development server that comes with the dependencies."""
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent))
    assert binary is not None
    return binary


@dataclass
class Stack:
    """Adapters, client and the asking side, with accounts made on demand."""

    settings: Settings
    outside: Adapters
    client: Client
    office: Office
    cases: Cases
    desk: Desk
    actors: dict[str, Actor] = field(default_factory=dict)
    webs: dict[timedelta, FastAPI] = field(default_factory=dict)

    def actor(self, username: str, role: Role, agency_id: str = LEAD) -> Actor:
        """An account of that name, made once."""
        if username not in self.actors:
            account = SqlAccounts(self.outside.engine, hasher=QUICK).add(username, PASSWORD, role, agency_id)
            self.actors[username] = account.actor
        return self.actors[username]

    @property
    def caseworker(self) -> Actor:
        return self.actor("caseworker", Role.CASEWORKER)

    @property
    def supervisor(self) -> Actor:
        return self.actor("supervisor", Role.SUPERVISOR)

    @property
    def head(self) -> Actor:
        return self.actor("head", Role.HEAD)

    @property
    def police(self) -> Actor:
        return self.actor("police", Role.AGENCY_OFFICER, "unit-ppa-polres")

    @property
    def hospital(self) -> Actor:
        return self.actor("hospital", Role.AGENCY_OFFICER, "rsud-muaradua")

    @property
    def site(self) -> Site:
        """What a web process stands on."""
        return Site(
            cases=self.cases,
            desk=self.desk,
            signin=entrance(self.outside, self.office),
            agencies=tuple(self.outside.directory),
            access_log=self.outside.access_log,
            links=self.outside.links,
            codec=codec_of(self.settings, PayloadKeys(self.outside.keys, self.outside.root)),
            rulebook=rulebook(self.outside, self.office),
            outreach=self.outside.outreach,
            effects=self.outside.outreach_effects,
        )

    def web(self, later: timedelta = timedelta()) -> FastAPI:
        """The application of a web process whose clock shows a later time, made once: its routes are many."""

        def now() -> datetime:
            return datetime.now(UTC) + later

        if later not in self.webs:
            desk = replace(self.desk, office=replace(self.office, now=now), reads=SqlReads(self.outside.engine, now))
            self.webs[later] = create_app(replace(self.site, desk=desk))
        return self.webs[later]

    def log(self, case_id: str, kinds: Collection[str] = ()) -> list[Mapping[str, Any]]:
        """A case's log, all of it."""
        return self.outside.reads.log(ITSELF, case_id, kinds)

    def ask(self, actor: Actor, case_id: str = "", **more: Any) -> Asking:
        """The circumstances of a command, under a key of its own unless one is given."""
        return Asking(actor=actor, case_id=case_id, **{"key": new_id(), **more})

    def asking(self, **changes: Any) -> Cases:
        """The asking side with other settings, `rollover_events` or `clock_shift` say."""
        return Cases(self.client, self.desk, **{"wait": 20.0, **changes})

    def worker(self, **options: Any) -> Worker:
        """A worker for cases; options override."""
        return case_worker(self.client, self.outside, **options)


def waiting(app: Stack, keeper: Actor, name: str = "child_marriage.toml", above: int = 1) -> str:
    """A version of a pathway that somebody uploaded: what is in force, with another number."""
    book = app.site.rulebook
    number = book.files()[name]
    text = book.in_force.texts()[name].decode().replace(f"version = {number}", f"version = {number + above}", 1)
    return book.propose(keeper, name, text.encode(), Keyed(new_id(), "digest"))


def book_of(app: Stack) -> OutreachBook:
    """Outreach as it is asked for."""
    outside = app.outside
    return OutreachBook(
        app.desk, outside.outreach, outside.outreach_effects, frozenset(e.id for e in outside.directory)
    )


def talk(app: Stack, by: Actor, agency_id: str) -> dict[str, str]:
    """An outreach activity that somebody recorded, with something that an agency promised."""
    book = book_of(app)
    today = book.today
    promise = {"what": "Poster", "owner": PromiseOwner(agency_id=agency_id), "due_on": today + timedelta(days=9)}
    entry = OutreachEntry(
        held_on=today,
        subjects=("parenting",),
        subdistrict="simpang",
        place="Balai desa",
        organiser=LEAD,
        participants=(Attendance(count=20),),
        promises=(PromiseEntry(**promise),),
    )
    made = book.record(by, entry, None)
    return {"outreach_id": made.id, "promise_id": made.promises[0].id}


def rulebook(outside: Adapters, office: Office) -> Rulebook:
    """The pathway files, with what was activated of them."""
    in_force = InForce(outside.settings.pathways_dir, outside.pathways)
    return Rulebook(office.lead_agency_id, in_force, outside.pathways, office.now, past_cases(outside, office))


def case_worker(client: Client, outside: Adapters, **options: Any) -> Worker:
    """A worker like the product's own, with threads for its activities."""
    return Worker(
        client,
        **{
            "task_queue": CASES,
            "workflows": [CaseWorkflow],
            "activities": [RecordsActivities(outside.store).record],
            "activity_executor": ThreadPoolExecutor(10),
            "max_concurrent_activities": 10,
            "interceptors": interceptors(),
            "workflow_runner": workflow_runner(),
            # Else each process reads every module that it has loaded to name its build by them.
            "build_id": "tests",
            **options,
        },
    )


async def stack(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Stack:
    """The stack on the servers of the settings."""
    outside = adapters(settings, now)
    client = await connect(settings, outside.keys, outside.root)
    own = office(settings, now, InForce(settings.pathways_dir, outside.pathways))
    desk = Desk(own, *outside.for_desk())
    return Stack(settings, outside, client, own, Cases(client, desk, wait=20.0), desk)


@asynccontextmanager
async def running(one: Stack, **options: Any) -> AsyncIterator[Stack]:
    """A stack whose worker runs."""
    async with one.worker(**options):
        yield one
