"""The API on the real stack: what a person's requests do to databases and engine."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
from fastapi import FastAPI

from casework.models.people import Actor
from tests.stack import Stack


@dataclass
class RealSite:
    """Asks as somebody."""

    stack: Stack
    tokens: dict[str, str] = field(default_factory=dict)

    @cached_property
    def app(self) -> FastAPI:
        """The application over the stack."""
        return self.stack.web()

    @cached_property
    def client(self) -> httpx.AsyncClient:
        """One client for everybody; it holds no connection that would have to be closed."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test", trust_env=False)

    def token(self, actor: Actor) -> str:
        """A token of an account, made once."""
        if actor.account_id not in self.tokens:
            self.tokens[actor.account_id], _ = self.stack.outside.accounts.issue_token(actor.account_id, 600)
        return self.tokens[actor.account_id]

    async def ask(self, actor: Actor, method: str, path: str, **request: Any) -> httpx.Response:
        """One request under `/api/v1`, or at an address that begins otherwise."""
        headers = {"Authorization": f"Bearer {self.token(actor)}", **request.pop("headers", {})}
        address = path if path.startswith(("/api", "/health", "/session")) else f"/api/v1{path}"
        return await self.client.request(method, address, headers=headers, **request)

    async def post(self, actor: Actor, path: str, **body: Any) -> httpx.Response:
        """A POST of JSON."""
        return await self.ask(actor, "POST", path, json=body)
