"""Keeps children running: starts them, starts them again, and stops them in the reverse order."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starter.up.children import Child, ChildSpec
from starter.up.refused import Refused

Say = Callable[[str], None]

TICK = 0.05
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
STEADY_SECONDS = 60.0  # a child that ran this long has its earlier failures forgotten
SETTLED_SECONDS = 2.0  # a child that cannot be asked counts as ready when it ran this long
START_ATTEMPTS = 5


class StopAsked(Exception):  # noqa: N818 - not an error: somebody wants us to end
    """A signal came while something was being started."""


@dataclass
class Kept:
    """A child that is to be kept running, and how that is going."""

    spec: ChildSpec
    child: Child | None = None
    ready: bool = False
    was_ready: bool = False
    failures: int = 0
    since: float = 0.0  # of the last start
    due: float = 0.0  # of the next one


def delay_after(failures: int) -> float:
    """Seconds to wait before the next start: doubling, up to half a minute."""
    return float(min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY))


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a child's log."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    return ""


class Supervisor:
    """One thread, the main one: children die with the thread that started them."""

    def __init__(self, logs: Path, say: Say) -> None:
        """Children log into `logs`; what a person should know goes to `say`."""
        self._logs, self._say = logs, say
        self._kept: list[Kept] = []
        self._asked = 0

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Count requests to end while this is open, in place of ending at once."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            numbers.append(signal.SIGHUP)
        old = {number: signal.signal(number, self._ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        self._asked += 1

    def start(self, *specs: ChildSpec) -> None:
        """Start children side by side; returns when all are ready, raises Refused when one will not be."""
        fresh = [Kept(spec) for spec in specs]
        self._kept += fresh
        begin = time.monotonic()
        while not all(kept.ready for kept in fresh):
            self._tick()
            for kept in fresh:
                late = time.monotonic() - begin > kept.spec.ready_seconds
                if not kept.was_ready and (kept.failures >= START_ATTEMPTS or late):
                    raise Refused(self._gave_up(kept.spec, "does not get ready"))

    def run(self, spec: ChildSpec) -> None:
        """Run a task to its end, tending the others meanwhile; raises Refused when it fails."""
        child = Child(spec, self._logs)
        try:
            while (code := child.exit_code()) is None:
                self._tick()
        finally:
            child.clear()
        if code != 0:
            raise Refused(self._gave_up(spec, f"failed ({_ending(code)})"))

    def watch(self) -> None:
        """Keep everything running until somebody asks us to end."""
        with contextlib.suppress(StopAsked):
            while True:
                self._tick()

    def stop(self) -> None:
        """Stop what was started last first. A further request to end cuts every grace short."""
        patience = self._asked
        for kept in reversed(self._kept):
            if kept.child is not None:
                self._say(f"stopping {kept.spec.name}")
                kept.child.stop(hurried=lambda: self._asked > patience)
        self._kept.clear()

    def _tick(self) -> None:
        if self._asked:
            raise StopAsked
        for kept in self._kept:
            self._tend(kept, time.monotonic())
        time.sleep(TICK)

    def _tend(self, kept: Kept, now: float) -> None:
        if kept.child is None:
            if now >= kept.due:
                self._spawn(kept, now)
        elif (code := kept.child.exit_code()) is not None:
            self._lost(kept, now, f"ended ({_ending(code)})")
        elif not kept.ready:
            kept.ready = kept.spec.ready() if kept.spec.ready else now - kept.since > SETTLED_SECONDS
            if kept.ready and kept.was_ready:
                self._say(f"{kept.spec.name} is back")
            kept.was_ready |= kept.ready
        elif now - kept.since > STEADY_SECONDS:
            kept.failures = 0

    def _spawn(self, kept: Kept, now: float) -> None:
        try:
            if kept.spec.before is not None:
                kept.spec.before()
            kept.child, kept.since = Child(kept.spec, self._logs), now
        except (Refused, OSError) as reason:  # OSError: a full disk or process table passes, too
            self._lost(kept, now, f"cannot be started: {reason}")

    def _lost(self, kept: Kept, now: float, how: str) -> None:
        kept.child, kept.ready = None, False
        kept.failures += 1
        wait = delay_after(kept.failures)
        kept.due = now + wait
        self._say(f"{kept.spec.name} {how}; starting it again in {wait:g} s (log: {self._log(kept.spec)})")

    def _log(self, spec: ChildSpec) -> Path:
        return self._logs / f"{spec.name}.log"

    def _gave_up(self, spec: ChildSpec, how: str) -> str:
        log = self._log(spec)
        return f"{spec.name} {how}. The end of {log}:\n{tail(log)}"


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
