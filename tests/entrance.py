"""The way in over HTTP, on a real database, with a clock that tests move and a count of the hashes that are made."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import Engine

from casework.db.accounts import SqlAccounts
from casework.db.clients import SqlClients
from casework.db.factors import SqlFactors
from casework.db.identities import SqlIdentities
from casework.db.notices import SqlNotices
from casework.db.session import engine_for
from casework.db.throttle import SqlThrottle
from casework.db.web_sessions import SqlSessions
from casework.models.people import Account, Role
from casework.signin.entrance import SignIn
from tests.api_fakes import LEAD, MASTER, web
from tests.postgres import scratch_database
from web.app import create_app
from web.site import Site

PASSWORD = "empat kata yang jauh"
OFFICE = "203.0.113.7"
ELSEWHERE = "198.51.100.9"


@dataclass
class Time:
    """A clock that goes on when it is told to."""

    now: datetime = datetime(2026, 5, 21, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        """So much later."""
        self.now += timedelta(**by)


class Counting(PasswordHasher):
    """Quick, and counts the checks that were made."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        self.checks += 1
        return super().verify(hash, password)


@dataclass
class Entrance:
    """A web process on a database of its own."""

    engine: Engine
    time: Time = field(default_factory=Time)
    hasher: Counting = field(default_factory=Counting)

    def __post_init__(self) -> None:
        self.accounts = SqlAccounts(self.engine, hasher=self.hasher, now=self.time)
        self.clients = SqlClients(self.engine, hasher=self.hasher, now=self.time)
        self.factors = SqlFactors(self.engine, MASTER, self.time)
        self.identities = SqlIdentities(self.engine, self.time)
        self.throttle = SqlThrottle(self.engine, MASTER, self.time)
        self.notices = SqlNotices(self.engine, self.time)
        self.signin = SignIn(
            accounts=self.accounts,
            clients=self.clients,
            factors=self.factors,
            identities=self.identities,
            throttle=self.throttle,
            sessions=SqlSessions(self.engine, self.time),
            tell=self.notices.queue,
            lead_agency_id=LEAD,
            now=self.time,
        )
        memory = web().site
        self.site: Site = replace(
            memory, signin=self.signin, desk=replace(memory.desk, accounts=self.accounts), tls=True
        )
        self.app: FastAPI = create_app(self.site)

    def account(self, role: Role = Role.SUPERVISOR, agency_id: str = LEAD) -> Account:
        """An account that no other test knows."""
        return self.accounts.add(f"{role}-{secrets.token_hex(6)}", PASSWORD, role, agency_id)

    @asynccontextmanager
    async def browser(self, address: str = OFFICE, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody at an address, who keeps cookies."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="https://test", headers=named) as client:
            yield client

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, address: str = OFFICE
    ) -> httpx.Response:
        """One request, with a token where one is given."""
        async with self.browser(address, **({"Authorization": f"Bearer {token}"} if token else {})) as client:
            answer: httpx.Response = await client.request(method, path, json=body)
        return answer

    async def sign_in(
        self, username: str, password: str = PASSWORD, address: str = OFFICE, **more: str
    ) -> httpx.Response:
        """A try to sign in."""
        return await self.ask(
            "POST", "/api/v1/tokens", {"username": username, "password": password, **more}, address=address
        )

    async def token(self, account: Account) -> str:
        """A token of an account, by its password."""
        answer = await self.sign_in(account.username)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])


@contextmanager
def entrance() -> Iterator[Entrance]:
    """A way in on a scratch database."""
    with scratch_database() as scratch:
        engine = engine_for(scratch.app_url)
        try:
            yield Entrance(engine)
        finally:
            engine.dispose()
