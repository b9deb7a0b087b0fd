"""Commands for the machine Tuntas runs on: everything at once, or one process."""

import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli import screen
from starter.cli.environment import database, failures, settings
from starter.cli.failures import BadUsage

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from casework.settings import Settings

Port = Annotated[int, typer.Option(help="Port of the pages and the API; the four after it are used too.")]
Data = Annotated[Path, typer.Option(metavar="DIR", help="Where everything is kept.")]
APART = "`tuntas up` migrates by itself; for a database apart see docs/operations.md"
Pathways = Annotated[Path | None, typer.Option(metavar="DIR", help="The district's own pathways.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (up, worker, web, migrate):
        app.command()(command)


def up(data: Data = Path("var"), port: Port = 8000, pathways: Pathways = None) -> None:
    """Run everything on this machine until Ctrl-C: PostgreSQL, Temporal, worker and web."""
    from starter.up import up as run

    raise typer.Exit(run(data, port, pathways))


def worker() -> None:
    """Run the worker; its settings come from the environment."""
    _become("worker")


def web() -> None:
    """Run pages and API; their settings come from the environment."""
    _become("web")


def _become(module: str) -> None:
    # By name: the command line may not import what lies above it.
    sys.argv[1:] = []
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def migrate() -> None:
    """Bring the case database and the key store to this version, as their owner."""
    from sqlalchemy import make_url

    configured = settings()
    if configured.database_owner_url is None:
        raise BadUsage("DATABASE_OWNER_URL is not set.", (APART,))
    owner = configured.database_owner_url.get_secret_value()
    role = make_url(configured.database_url.get_secret_value()).username
    keystore = make_url(configured.keystore_url.get_secret_value())
    if not role or not keystore.username:
        raise BadUsage("DATABASE_URL and KEYSTORE_URL must name the application's role.")
    with failures():
        _migrate_cases(owner, role)
    with database(_owner_of("KEYSTORE_OWNER_URL", owner, keystore)) as engine:
        _make_keystore(engine, keystore.username, configured)
    if configured.checkpoints_url is not None:
        _make_checkpoints(owner, make_url(configured.checkpoints_url.get_secret_value()))
    screen.say("migrated")


def _owner_of(name: str, owner: str, other: "URL") -> str:
    """Another database as its owner: as named, else as the case database's owner, as it is under `tuntas up`."""
    from sqlalchemy import make_url

    named = os.environ.get(name)
    same = make_url(owner).set(host=other.host, port=other.port, database=other.database, query=other.query)
    return named or same.render_as_string(hide_password=False)


def _make_checkpoints(owner: str, place: "URL") -> None:
    from casework.db.checkpoints import create_checkpoints

    if not place.username:
        raise BadUsage("CHECKPOINTS_URL must name the role that adds to them.")
    with database(_owner_of("CHECKPOINTS_OWNER_URL", owner, place)) as engine:
        create_checkpoints(engine, place.username)


def _migrate_cases(owner: str, role: str) -> None:
    from casework.db.migrations import migrate as migrate_cases

    migrate_cases(owner, role)


def _make_keystore(engine: "Engine", role: str, configured: "Settings") -> None:
    from casework.vault.keys import MasterKey
    from casework.vault.keystore import create_keystore

    file = configured.master_key_file
    create_keystore(engine, role, MasterKey.from_file(file) if file else None)
