"""An office with cases by the thousand, whose pages are asked in this process: no engine runs, for pages only read."""

import base64
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from sqlalchemy import text

from casework.assembly import adapters, office
from casework.db.accounts import SqlAccounts
from casework.db.session import engine_for
from casework.models.people import Actor, Role
from casework.pathways.in_force import InForce
from casework.settings import Settings
from casework.temporal.connect import connect
from starter.cases import Cases
from starter.cli.demonstration import accounts_of
from starter.desk import Desk
from tests.many_cases import fill, fill_around
from tests.postgres import Scratch, scratch_database
from tests.reported import reported
from tests.stack import LEAD, PASSWORD, Stack, talk, waiting
from web.sessions import COOKIE

HOSPITAL, POLICE = "rsud-muaradua", "unit-ppa-polres"
BUSY = {"case_id": "case-60", "referral_id": "referral-60", "notification_id": "notification-60"}
"""What stands still, and is open."""
CERTIFIED = """
INSERT INTO erasures (case_id, number, decided_at, decided_by, destroyed_at, copies_until, documents, log_rows,
    log_digest) SELECT id, number, now(), 'engine', now(), now(), 1, 1, '0' FROM cases WHERE id = :case_id
"""
"""A certificate as of a case that was erased: its page is opened too, and the case's own as well."""


@dataclass
class Crowd:
    """The application, and everybody of the demonstration with a session."""

    app: Stack
    client: httpx.AsyncClient
    cookies: dict[str, dict[str, str]]

    @cached_property
    def known(self) -> dict[str, str]:
        """What the names in addresses stand for."""
        version = waiting(self.app, self.app.actors["administrator"])
        of_outreach = talk(self.app, self.app.actors["supervisor"], HOSPITAL)
        of_office = {"account_id": self.app.actors["caseworker2"].account_id, "file": "common", "version_id": version}
        of_nobody = {"category": "sexual_violence", "hold_id": "none", "report_id": reported(self.app)}
        today = datetime.now(UTC).date()
        figures = {"chapter": "about", "figure_id": "by_category", "from": f"{today - timedelta(days=30)}"}
        return {**BUSY, **of_office, **of_outreach, **of_nobody, **figures, "to": f"{today}"}

    async def opens(self, username: str, path: str) -> httpx.Response:
        """A page, as somebody sees it."""
        return await self.client.get(path, headers=self.cookies[username])


@asynccontextmanager
async def crowd(count: int) -> AsyncIterator[Crowd]:
    """So many cases of the lead office, with all that hangs on them."""
    with scratch_database() as scratch, tempfile.TemporaryDirectory() as directory:
        app = await _stack(scratch, Path(directory))
        people = _people(app)
        _fill(scratch, count, people)
        transport = httpx.ASGITransport(app.web())
        async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
            yield Crowd(app, client, {name: _cookie(app, who) for name, who in people.items()})
        app.outside.close()


async def _stack(scratch: Scratch, directory: Path) -> Stack:
    key = directory / "master.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    named = {"DATABASE_URL": scratch.app_url, "KEYSTORE_URL": scratch.keystore_url, "TUNTAS_MASTER_KEY_FILE": key}
    settings = Settings.model_validate(named)
    outside = adapters(settings)
    own = office(settings, in_force=InForce(settings.pathways_dir, outside.pathways))
    client = await connect(settings, outside.keys, outside.root, lazy=True)
    desk = Desk(own, *outside.for_desk())
    return Stack(settings, outside, client, own, Cases(client, desk), desk)


def _people(app: Stack) -> dict[str, Actor]:
    accounts = SqlAccounts(app.outside.engine, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name, (role, agency_id) in accounts_of(LEAD).items():
        if role is not Role.SYSTEM:
            app.actors[name] = accounts.add(name, PASSWORD, role, agency_id).actor
    return app.actors


def _fill(scratch: Scratch, count: int, people: dict[str, Actor]) -> None:
    owner = engine_for(scratch.owner_url, statement_seconds=0)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        fill(connection, count, datetime.now(UTC))
        connection.execute(text("UPDATE cases SET agency_id = :lead"), {"lead": LEAD})
        fill_around(connection, people["caseworker"].account_id, HOSPITAL, POLICE)
        connection.execute(text(CERTIFIED), BUSY)
    owner.dispose()


def _cookie(app: Stack, who: Actor) -> dict[str, str]:
    account = app.outside.accounts.get(who.account_id)
    assert account is not None
    return {"cookie": f"{COOKIE}={app.site.signin.sessions.begin(account, None).secret}"}
