"""The whole of Tuntas on servers of its own, with everything that it could be heard by."""

import asyncio
import base64
import secrets
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from casework.models.notice import Contact
from casework.settings import Settings
from casework.temporal.names import SEARCH_ATTRIBUTES
from starter.workers import deliverer
from tests.canary_places import dump, histories, metrics, on_disk, visible
from tests.conftest import settings
from tests.erasing import erasing
from tests.postgres import Scratch, scratch_database
from tests.some_notices import Mailbox, Receiver, a_contact, free_port, mail_server, receiver
from tests.stack import Stack, stack, temporal_binary
from web.__main__ import config_of


@dataclass
class House:
    """A stack, and where to listen."""

    stack: Stack
    scratch: Scratch
    engine_file: Path
    metrics_port: int
    mailbox: Mailbox
    hooks: Receiver

    async def heard(self, case_ids: Iterable[str]) -> dict[str, bytes]:
        """What both databases hold, what the engine keeps, shows and counts, and what was sent."""
        found = {**dump(self.scratch.owner_url), **dump(self.scratch.keystore_owner_url)}
        for case_id in case_ids:
            found |= {place: told.encode() for place, told in (await histories(self.stack, case_id)).items()}
        return found | {
            "engine lists": await visible(self.stack.client),
            "engine on disk": on_disk(self.engine_file),
            "engine metrics": await metrics(self.metrics_port),
            "mails": b"".join(repr(to).encode() + mail.as_bytes() for to, mail in self.mailbox.mails),
            "mails opened": b"".join(bytes(mail.get_payload(decode=True)) for _, mail in self.mailbox.mails),
            "webhooks": b"".join(repr(each).encode() for each in self.hooks.got),
        }

    def deliver(self) -> None:
        """Send every notice, by mail and by webhook."""
        for actor in self.stack.actors.values():
            for contact in self._contacts(actor.account_id):
                self.stack.outside.accounts.set_contact(actor.account_id, contact)
        sending = deliverer(self.stack.outside, self.stack.outside.notices)
        while sending.deliver_batch():
            pass

    def _contacts(self, account_id: str) -> tuple[Contact, ...]:
        hook = f"http://127.0.0.1:{self.hooks.server_port}/hook"
        ways = a_contact("email", f"{account_id}@dinas.example"), a_contact("webhook", hook)
        return tuple(way.model_copy(update={"confirmed_at": datetime.now(UTC)}) for way in ways)


@asynccontextmanager
async def built(folder: Path) -> AsyncIterator[House]:
    """All of it, on servers that end with it."""
    key, file, port, mailbox = folder / "master.key", folder / "engine.db", free_port(), Mailbox()
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    with scratch_database() as scratch, mail_server(mailbox) as mails, receiver() as (hooks, _):
        async with engine(file, port) as temporal:
            named = settings(scratch.app_url, scratch.keystore_url, key, temporal)
            one = await stack(_sending(named, mails))
            async with erasing(one):
                yield House(one, scratch, file, port, mailbox, hooks)
            one.outside.close()


def _sending(named: Settings, mails: str) -> Settings:
    ways = {"smtp_url": SecretStr(f"smtp://{mails}"), "webhooks": True, "webhook_hosts": "127.0.0.1"}
    return named.model_copy(update=ways)


@asynccontextmanager
async def engine(file: Path, port: int) -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server that keeps everything in one file."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary(),
        dev_server_database_filename=str(file),
        dev_server_log_level="error",
        dev_server_extra_args=["--metrics-port", str(port)],
        search_attributes=SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment


@asynccontextmanager
async def served(app: FastAPI, named: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API as `tuntas web` serves it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = config_of(app, named)
        config.lifespan = "off"  # it would close the stack
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
            yield client
        server.should_exit = True
        await task
