"""Real servers for the suite: one PostgreSQL, and a Temporal development server and a database for each test module."""

import asyncio
import base64
import gc
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from casework.settings import Settings
from casework.temporal.names import SEARCH_ATTRIBUTES
from tests.postgres import scratch_database
from tests.stack import Stack, running, stack, temporal_binary


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal development server for the module: its cases are those of the module's database."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary(),
        dev_server_log_level="error",
        search_attributes=SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment
    # The bridge's threads may still hold the interpreter when it exits; a moment's rest avoids an abort.
    gc.collect()
    await asyncio.sleep(0.3)


@pytest.fixture(scope="module")
async def idle(temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole stack on a database of its own, without a worker."""
    key = tmp_path_factory.mktemp("keys") / "master.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    with scratch_database() as scratch:
        one = await stack(settings(scratch.app_url, scratch.keystore_url, key, temporal))
        yield one
        one.outside.close()


def settings(database_url: str, keystore_url: str, key: Path, temporal: WorkflowEnvironment) -> Settings:
    """Settings for the servers of the session."""
    return Settings.model_validate(
        {
            "DATABASE_URL": database_url,
            "KEYSTORE_URL": keystore_url,
            "TUNTAS_MASTER_KEY_FILE": key,
            "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        }
    )


@pytest.fixture(scope="module")
async def app(idle: Stack) -> AsyncIterator[Stack]:
    """The whole stack with a worker."""
    async with running(idle):
        yield idle
