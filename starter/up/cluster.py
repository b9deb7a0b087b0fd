"""The files of the database: made once by initdb, as the account the server runs as."""

import os
import shutil
import subprocess
from pathlib import Path

from starter.up import launch, postgres
from starter.up.children import Account, ChildSpec, launched
from starter.up.keys import Secrets, write_private
from starter.up.place import Place
from starter.up.refused import Refused

# No ICU and no locale of the machine: text sorts alike wherever the directory is taken.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def create(place: Place, secrets: Secrets, account: Account | None) -> None:
    """Make the database's files if there are none; refuses a place that the server's account cannot reach.

    A run that is cut short leaves nothing that counts as a database: the directory gets its name when it is whole.
    """
    _hand_over(place.postgres, account)
    _require_reach(place.postgres, account)
    if place.database.exists():
        return
    draft, password = place.postgres / "data.new", place.postgres / "password"
    shutil.rmtree(draft, ignore_errors=True)
    write_private(password, secrets.postgres)
    try:
        _hand_over(password, account)
        words = ("-D", str(draft), "-U", postgres.SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}")
        done = _run("initdb", (*words, *LOCALE), place.postgres, account)
    finally:
        password.unlink()
    if done.returncode != 0:
        raise Refused(f"initdb could not make a database in {place.postgres}:\n{done.stderr.strip()}")
    draft.rename(place.database)


def _hand_over(path: Path, account: Account | None) -> None:
    if not path.exists():
        path.mkdir(mode=0o700)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _require_reach(directory: Path, account: Account | None) -> None:
    """Refuse a directory, or a program, that the server's account cannot get at."""
    done = _run("postgres", ("--version",), directory, account)
    if done.returncode == launch.UNREACHABLE and account is not None:
        why = f"PostgreSQL does not run as root, and the account `{account.name}` cannot enter {done.stderr.strip()}."
        raise Refused(f"{why} Choose another directory with --data, or start as an ordinary user.")
    if done.returncode != 0:
        raise Refused(f"{postgres.binaries() / 'postgres'} does not run here: {done.stderr.strip()}")


def _run(
    program: str, words: tuple[str, ...], directory: Path, account: Account | None
) -> "subprocess.CompletedProcess[str]":
    binary = str(postgres.binaries() / program)
    spec = ChildSpec(program, (binary, *words), postgres.ENVIRONMENT, directory, account=account)
    return subprocess.run(
        launched(spec),
        env=dict(spec.env),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
