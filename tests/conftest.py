"""Real servers for the suite: a PostgreSQL for each worker, a Temporal server and a database for each test module.

The suite is shared among workers by file. A test must have the same name in each of them: give parameters that differ
from run to run (times, random ids, the order of a set) names with `ids`.
"""

import asyncio
import base64
import gc
import os
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from playwright.async_api import Browser
from temporalio.testing import WorkflowEnvironment

from casework.settings import Settings
from casework.temporal.names import SEARCH_ATTRIBUTES
from tests.browsing import browser, served
from tests.entrance import Entrance, entrance
from tests.postgres import scratch_database
from tests.stack import Stack, running, stack, temporal_binary

MOST_WORKERS = 4
"""Each has servers of its own. One more than there are cores works while another waits."""

LONGEST = ("test_canary.py", "test_matrix.py", "test_patrol.py", "test_uncached.py", "test_up.py")
"""Files that take a minute or more: they start first, so that none of them is alone at the end."""

# How long an example takes to draw or to run says how busy the machine is, and nothing of Tuntas.
hypothesis.settings.register_profile("tuntas", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tuntas")

# What is logged is shown of a test that fails: to lay it out for a terminal costs more than many a request.
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.processors.JSONRenderer(default=str)],
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # what a command says is on the other one
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A directory of tests is shared among workers; files that are named run one after another, in this process."""
    whole = any(Path(named).is_dir() for named in config.args)
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS) if whole else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those of few tests: they play with whole servers."""
    of_file = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name not in LONGEST, of_file[item.path], item.path))


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


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """A browser, for every module: each person has a context of their own in it."""
    async with browser() as one:
        yield one


@pytest.fixture(scope="module")
async def address(app: Stack) -> AsyncIterator[str]:
    """Where the pages of the module's stack are served."""
    async with served(app) as one:
        yield one


@pytest.fixture(scope="session")
def one_entrance() -> Iterator[Entrance]:
    """A way in on a database of its own, for every module that signs in."""
    with entrance() as one:
        yield one


@pytest.fixture
def door(one_entrance: Entrance) -> Entrance:
    """The way in, two days later than for the test before: nothing of that counts."""
    one_entrance.time.on(days=2)
    return one_entrance
