"""The settings of a command that works on this machine's own databases, and what can go wrong with those."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starter.cli.failures import Away, BadUsage, Refused, of_problem

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.settings import Settings

WHERE = (
    "on a machine that runs `tuntas up`: give the command in the directory that holds its `var`, or name its data "
    "directory in TUNTAS_DATA; for a process run apart see docs/operations.md"
)


def settings() -> "Settings":
    """The settings of the environment, else of the `tuntas up` here; bad usage names what is missing or wrong."""
    from pydantic import ValidationError

    from casework.settings import load

    try:
        return load(_of_up())
    except ValidationError as error:
        lines = [": ".join((*map(str, e["loc"]), e["msg"])) for e in error.errors(include_input=False)]
        raise BadUsage("Settings are missing or wrong.", (*lines, WHERE)) from None


def _of_up() -> Mapping[str, str]:
    """What `tuntas up` left in its data directory; nothing where the environment names a database of its own."""
    file = Path(os.environ.get("TUNTAS_DATA", "var")) / "settings.json"
    if "DATABASE_URL" in os.environ:
        return {}
    try:
        left: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise BadUsage(f"{file} cannot be read by this account.", (WHERE,)) from None
    return left


@contextmanager
def failures() -> Iterator[None]:
    """Database, vault and refusals as failures of the command."""
    from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

    from casework.errors import CaseworkError
    from casework.vault.errors import VaultError

    try:
        yield
    except CaseworkError as error:
        raise of_problem(error.status, {"code": error.code, "detail": error.detail, **error.extra}) from None
    except (OperationalError, InterfaceError):
        raise Away("database_unavailable: the database does not answer, or refuses this role.") from None
    except ProgrammingError:
        raise Refused("The database is not as this version expects it.", ("run `tuntas migrate`",)) from None
    except VaultError as error:
        raise Refused(str(error)) from None


@contextmanager
def database(url: str, *, walled: bool = False) -> "Iterator[Engine]":
    """An engine on a database, disposed at the end; its troubles come as failures. The case database is `walled`."""
    from casework.db.session import engine_for

    engine = engine_for(url, size=2, name="tuntas-cli", walled=walled)
    try:
        with failures():
            yield engine
    finally:
        engine.dispose()
