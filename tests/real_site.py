"""The API on the real stack: what a person's requests do to databases and engine."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from fastapi import FastAPI

from casework.models.people import Actor
from tests.stack import Stack
from web.app import create_app


@dataclass
class RealSite:
    """Asks as somebody; each request is a connection of its own."""

    stack: Stack

    @cached_property
    def app(self) -> FastAPI:
        """The application over the stack."""
        return create_app(self.stack.site)

    async def ask(self, actor: Actor, method: str, path: str, **request: Any) -> httpx.Response:
        """One request under `/api/v1`."""
        token, _ = self.stack.outside.accounts.issue_token(actor.account_id, 600)
        headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            return await client.request(method, f"/api/v1{path}", **request)

    async def post(self, actor: Actor, path: str, **body: Any) -> httpx.Response:
        """A POST of JSON."""
        return await self.ask(actor, "POST", path, json=body)
