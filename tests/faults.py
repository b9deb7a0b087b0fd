"""Faults on purpose: processes that die at a named point, and a network that swallows what it is given.

Run as a program it is one of the processes that tests kill: `python -m tests.faults worker` is a worker like the
product's own, `python -m tests.faults ask` gives one command. Every process ends with the test that started it.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters
from casework.commands import RecordService
from casework.db.store import SqlCaseStore
from casework.events import Recording
from casework.models.people import Actor
from casework.models.state import Receipt
from casework.settings import Settings, load
from casework.temporal.connect import connect
from casework.temporal.sandbox import workflow_runner
from starter.up import temporal
from starter.up.launch import __file__ as LAUNCH  # noqa: N812  the file, run as a program
from tests.stack import case_worker, stack, temporal_binary

POINTS = ("asked", "before", "transaction", "committed", "answered", "applied")
"""Where a worker can be made to die, in the order a command passes them.

asked: the command has arrived, the case has not yet decided. before: the activity has begun, the database knows
nothing. transaction: everything is written, nothing committed. committed: the database has committed, the engine has
no answer. answered: the engine has the activity's answer, the case has not heard it. applied: the case has taken the
new state, the engine does not know.
"""

READY_SECONDS = 40.0
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Trap:
    """A point at which the process that has the trap kills itself, once: the file that arms it goes first."""

    file: Path

    def arm(self, point: str) -> None:
        """The next process to pass the point dies there."""
        self.file.write_text(point)

    @property
    def armed(self) -> bool:
        """Whether nobody has died yet."""
        return self.file.exists()

    def passed(self, point: str) -> None:
        """Die, if this is the point."""
        try:
            if self.file.read_text() != point:
                return
            self.file.unlink()
        except FileNotFoundError:
            return  # not armed, or another thread is dying of it
        os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore(SqlCaseStore):
    """The product's store, which may die before, within and after its transaction."""

    def __init__(self, outside: Adapters, trap: Trap) -> None:
        super().__init__(outside.engine)
        self._trap = trap
        event.listen(outside.engine, "commit", lambda _: trap.passed("transaction"))

    def record(self, recording: Recording) -> Receipt:
        """Record, or die of it."""
        self._trap.passed("before")
        receipt = super().record(recording)
        self._trap.passed("committed")
        return receipt


class DeadlyRunner(WorkflowRunner):
    """The product's runner, which may die around a case's turn. Outside the sandbox, so it may."""

    def __init__(self, trap: Trap) -> None:
        self._trap = trap
        self._runner = workflow_runner()

    def prepare_workflow(self, defn: Any) -> None:
        """As the product's."""
        self._runner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        """As the product's."""
        self._runner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance whose turns pass the points."""
        instance, trap = self._runner.create_instance(det), self._trap
        activate = instance.activate

        def watched(act: WorkflowActivation) -> WorkflowActivationCompletion:
            jobs = {job.WhichOneof("variant") for job in act.jobs}
            if "do_update" in jobs:
                trap.passed("asked")
            if "resolve_activity" in jobs:
                trap.passed("answered")
            completion = activate(act)
            if "resolve_activity" in jobs:
                trap.passed("applied")
            return completion

        instance.activate = watched  # type: ignore[method-assign]
        return instance


@dataclass
class Process:
    """A child that is killed with SIGKILL, by its own pid, and never outlives this process."""

    argv: list[str]
    env: dict[str, str] = field(repr=False)
    log: Path
    child: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def start(self) -> None:
        """Start it. Call this from the main thread: the kernel ties the child to the thread that started it."""
        words = [str(os.getpid()), str(int(signal.SIGKILL)), "-1", "-1", str(ROOT)]
        launched = [sys.executable, "-I", "-S", LAUNCH, *words, *self.argv]
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(launched, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it where it stands, and wait until it is gone."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def pause(self) -> None:
        """Stop it without its knowing, until `resume`."""
        assert self.child is not None
        self.child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self.child is not None
        self.child.send_signal(signal.SIGCONT)

    async def gone(self, seconds: float = 30.0) -> int:
        """Its exit status, once it has ended by itself."""
        assert self.child is not None
        until = time.monotonic() + seconds
        while self.child.poll() is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.argv} lives on")
            await asyncio.sleep(0.02)
        return int(self.child.returncode)

    async def said(self, word: str, times: int = 1) -> None:
        """Wait until it has said a word so many times, over all its lives."""
        until = time.monotonic() + READY_SECONDS
        while self.log.read_text(errors="replace").count(word) < times:
            if time.monotonic() > until or (self.child and self.child.poll() is not None):
                raise RuntimeError(f"{self.argv} did not get ready: {self.log.read_text(errors='replace')[-2000:]}")
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Temporal(Process):
    """A development server that keeps its state in a file, so that it can be killed and started again."""

    def __init__(self, home: Path, *namespaces: str) -> None:
        self.port = free_port()
        argv = [temporal_binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"]
        argv += ["--port", str(self.port), "--http-port", str(free_port()), "--metrics-port", str(free_port())]
        argv += ["--db-filename", str(home / "temporal.db")]
        argv += [word for pragma in temporal.PRAGMAS for word in ("--sqlite-pragma", pragma)]
        for name, kind in temporal.SEARCH_ATTRIBUTES.items():
            argv += ["--search-attribute", f"{name}={kind}"]
        for namespace in namespaces:
            argv += ["--namespace", namespace]
        super().__init__(argv, temporal.environment(home), home / "temporal.log")

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def ready(self, namespace: str = "default") -> None:
        """Wait until it serves a namespace."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            # Connecting fails with a RuntimeError, a frontend that is not yet whole with an RPCError.
            with suppress(RuntimeError, RPCError):
                client = await Client.connect(self.address, namespace=namespace)
                await client.count_workflows()
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"Temporal did not start: {self.log.read_text(errors='replace')[-2000:]}")


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process with these settings, and nothing of whoever runs the tests."""
    return {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "KEYSTORE_URL": settings.keystore_url.get_secret_value(),
        "TUNTAS_MASTER_KEY_FILE": str(settings.master_key_file),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "TEMPORAL_NAMESPACE": settings.temporal_namespace,
        "PYTHONUNBUFFERED": "1",
    }


class WorkerProcess(Process):
    """A worker in a process of its own, with a trap."""

    def __init__(self, settings: Settings, home: Path, name: str = "worker") -> None:
        self.trap = Trap(home / f"{name}.trap")
        self.lives = 0
        argv = [sys.executable, "-m", "tests.faults", "worker", str(self.trap.file)]
        super().__init__(argv, environment(settings), home / f"{name}.log")

    async def begin(self) -> None:
        """Start it and wait until it works."""
        self.start()
        self.lives += 1
        await self.said("works", self.lives)


def asking_process(settings: Settings, home: Path, actor: Actor, case_id: str, key: str, body: RecordService) -> Process:
    """A process that gives one command, and says what came of it."""
    words = [actor.model_dump_json(), case_id, key, body.model_dump_json()]
    return Process([sys.executable, "-m", "tests.faults", "ask", *words], environment(settings), home / "asking.log")


class FaultProxy:
    """A TCP way to a server that can be made to swallow everything, both ways, without closing anything."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._flows: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def hang(self) -> None:
        """From now on nothing passes; who connects is taken, and hears nothing."""
        self._call(self._set(flows=False))

    def flow(self) -> None:
        """What was held back passes, and all that follows."""
        self._call(self._set(flows=True))

    def url(self, url: str) -> str:
        """The same database, by this way."""
        return make_url(url).set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    def start(self) -> None:
        """Listen, on a thread of its own: who is asked through it may block the caller's."""
        self._thread.start()
        self._call(self._listen())

    def close(self) -> None:
        """Close every connection."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, what: Any) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _set(self, *, flows: bool) -> None:
        assert self._flows is not None
        if flows:
            self._flows.set()
        else:
            self._flows.clear()

    async def _listen(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._flows is not None
        there: asyncio.StreamWriter | None = None
        with suppress(OSError, asyncio.CancelledError):
            await self._flows.wait()
            back, there = await asyncio.open_connection(*self._target)
            await asyncio.gather(self._pass(reader, there), self._pass(back, writer))
        for end in (writer, there):
            if end:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._flows is not None
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        await self._flows.wait()
        if writer.can_write_eof():
            writer.write_eof()


@contextmanager
def proxied(url: str) -> Iterator[FaultProxy]:
    """A way to the server of a database address."""
    address = make_url(url)
    assert address.host is not None
    assert address.port is not None
    proxy = FaultProxy(address.host, address.port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()


async def work(trap: Trap) -> None:
    """Work as the product's worker does, until killed."""
    from worker import STICKY

    settings = load()
    outside = adapters(settings)
    client = await connect(settings, outside.keys, outside.master)
    one: Worker = case_worker(
        client,
        outside,
        activities=[RecordsActivities(DeadlyStore(outside, trap)).record],
        workflow_runner=DeadlyRunner(trap),
        sticky_queue_schedule_to_start_timeout=STICKY,
    )
    async with one:
        sys.stdout.write("works\n")
        await asyncio.Event().wait()


async def ask(actor: str, case_id: str, key: str, body: str) -> None:
    """Give one command and say its receipt."""
    one = await stack(load())
    given = one.ask(Actor.model_validate_json(actor), case_id, key=key)
    sys.stdout.write("asks\n")
    receipt = await one.cases.record_service(given, RecordService.model_validate_json(body))
    sys.stdout.write(f"{receipt.model_dump_json()}\n")


def main(what: str, *words: str) -> None:
    """Be one of the processes."""
    asyncio.run(work(Trap(Path(words[0]))) if what == "worker" else ask(*words))


if __name__ == "__main__":
    main(*sys.argv[1:])
