"""What the web process stands on: one value, made once and handed to whoever needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from anyio import CapacityLimiter
from temporalio.api.common.v1 import Payload

from casework.models.agency import Agency
from casework.ports import AccessLog, Effects, Links, Outreaches
from casework.signin.entrance import SignIn
from casework.signin.provider import Provider
from starter.cases import Cases
from starter.desk import Desk
from starter.rulebook import Rulebook

HASHING_SLOTS = 2
"""Passwords checked at once: hashing is slow and heavy on purpose, and must not starve everything else."""

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Codec:
    """What opens the engine's payloads for those who may read them."""

    decode: Callable[[Sequence[Payload]], Awaitable[list[Payload]]]
    namespace: str
    pages: str = ""
    """Origin of the engine's own pages, which a browser lets ask here; none where it is empty."""


@dataclass(frozen=True)
class Site:
    """The asking side, what it reads from, and how to tell whether each part is there."""

    cases: Cases
    desk: Desk
    signin: SignIn
    access_log: AccessLog
    codec: Codec
    links: Links
    rulebook: Rulebook
    outreach: Outreaches
    effects: Effects
    provider: Provider | None = None
    """Another provider that people may sign in with."""
    agencies: tuple[Agency, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    """By part (`database`, `engine`, `worker`); each gives False, or raises, where it is away."""
    pages: str = "http://127.0.0.1:8000"
    """Where people reach the pages."""
    tls: bool = False
    """Whether people reach it over TLS."""
    looks_every: timedelta = timedelta(seconds=5)
    """How often it is looked whether something changed for who listens."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is to end: who listens is let go."""
    close: Callable[[], None] = lambda: None
    hashing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(HASHING_SLOTS))
