"""The settings of a command that works on this machine's own databases, and what can go wrong with those."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starter.cli.failures import Away, BadUsage, Refused, of_problem

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.settings import Settings

WHERE = "`tuntas up` sets it; for a process run apart see docs/operations.md"


def settings() -> "Settings":
    """The settings of the environment; bad usage names each one that is missing or wrong."""
    from pydantic import ValidationError

    from casework.settings import load

    try:
        return load()
    except ValidationError as error:
        lines = [": ".join((*map(str, e["loc"]), e["msg"])) for e in error.errors(include_input=False)]
        raise BadUsage("Settings are missing or wrong.", (*lines, WHERE)) from None


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
def database(url: str) -> "Iterator[Engine]":
    """An engine on a database, disposed at the end; its troubles come as failures."""
    from casework.db.session import engine_for

    engine = engine_for(url, size=2, name="tuntas-cli")
    try:
        with failures():
            yield engine
    finally:
        engine.dispose()
