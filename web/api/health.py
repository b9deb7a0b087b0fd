"""Whether the process lives, and whether it can work: outside `/api/v1`, without sign-in."""

import asyncio
from typing import Any, Literal

from fastapi.routing import APIRoute

from casework.errors import DatabaseUnavailableError, EngineUnavailableError
from web.api.answers import Live, Ready
from web.api.routing import read
from web.site import Check, Site

CHECK_SECONDS = 3.0


def routes(site: Site) -> list[APIRoute]:
    """`live` says nothing of other parts, so that nobody restarts this one for their sake."""

    def live() -> Any:
        return Live()

    async def ready() -> Any:
        states = await asyncio.gather(*(_state(check) for check in site.checks.values()))
        parts = dict(zip(site.checks, states, strict=True))
        if parts.get("database") == "away":
            raise DatabaseUnavailableError("The database is away.", parts=parts)
        if "away" in parts.values():
            raise EngineUnavailableError("The engine or its worker is away.", parts=parts)
        return Ready(parts=parts)

    return [read("/health/live", live, Live, "Live"), read("/health/ready", ready, Ready, "Ready")]


async def _state(check: Check) -> Literal["up", "away"]:
    try:
        there = await asyncio.wait_for(check(), CHECK_SECONDS)
    except Exception:  # noqa: BLE001  whatever it raises, the part cannot be worked with
        return "away"
    return "up" if there else "away"
