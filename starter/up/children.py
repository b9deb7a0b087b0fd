"""One child process: what it is, how it starts, how it is asked to end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starter.up import launch

LOG_BYTES = 20_000_000  # a log that is longer than this at a start becomes NAME.log.1


@dataclass(frozen=True)
class Account:
    """The user a child runs as when the supervisor is root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class ChildSpec:
    """A program, when it counts as ready, and how it is ended."""

    name: str
    argv: tuple[str, ...]  # argv[0] is an absolute path
    env: Mapping[str, str] = field(repr=False)
    directory: Path = field(default_factory=Path.cwd)
    before: Callable[[], None] | None = None  # runs before each start; may raise Refused
    ready: Callable[[], bool] | None = None  # without one, a child that keeps running is ready
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL  # sent when the supervisor is gone, or the grace is over
    account: Account | None = None


def launched(spec: ChildSpec) -> list[str]:
    """The command line that runs a spec through the launcher, as a child of this process."""
    who = (spec.account.uid, spec.account.gid) if spec.account else (launch.KEEP, launch.KEEP)
    words = (os.getpid(), int(spec.death_signal), *who, spec.directory)
    return [sys.executable, "-I", "-S", launch.__file__, *map(str, words), *spec.argv]


def open_log(file: Path) -> int:
    """A descriptor that appends to a log only its owner reads."""
    if file.exists() and file.stat().st_size > LOG_BYTES:
        file.replace(file.with_name(f"{file.name}.1"))
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Child:
    """A started child. It leads a session of its own, so Ctrl-C in a terminal reaches the supervisor only."""

    def __init__(self, spec: ChildSpec, logs: Path) -> None:
        """Start it. Call this from the main thread: the death signal follows the thread that forked."""
        self.spec = spec
        log = open_log(logs / f"{spec.name}.log")
        try:
            self._process = subprocess.Popen(
                launched(spec),
                env=dict(spec.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal) or None; when it has ended, its group is killed too."""
        if self._process.returncode is None and sys.platform == "linux":
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, self.pid, look) is None:
                return None
            self._kill_group()  # before it is reaped: until then nobody else can have its number
        return self._process.poll()

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Ask it to end, then insist; returns when it is gone. `hurried` cuts the grace short."""
        self._send(self.spec.stop_signal)
        if not self._gone_within(self.spec.grace_seconds, hurried):
            self._send(self.spec.death_signal)
            self._gone_within(10.0, lambda: False)
        self.clear()

    def clear(self) -> None:
        """Kill it with its process group; returns when it is gone."""
        if self.exit_code() is None:
            self._kill_group()
            self._process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.exit_code() is None:
            self._process.send_signal(number)

    def _gone_within(self, seconds: float, hurried: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while self.exit_code() is None:
            if time.monotonic() > end or hurried():
                return False
            time.sleep(0.02)
        return True
