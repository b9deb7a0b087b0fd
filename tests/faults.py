"""Faults on purpose: processes that die at a named point, and a network that swallows what it is given.

Every process ends with the test that started it, however that ends.
"""

import asyncio
import base64
import multiprocessing
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters
from casework.commands import RecordService
from casework.db.store import SqlCaseStore
from casework.events import Recording
from casework.ids import workflow_id
from casework.models.people import Actor
from casework.models.state import CaseState, Written
from casework.settings import Settings
from casework.temporal.sandbox import workflow_runner
from starter.asking import Asking
from starter.up.launch import KEEP, die_with
from starter.up.launch import __file__ as LAUNCH  # noqa: N812  the file, run as a program
from starter.up.temporal import PRAGMAS, SEARCH_ATTRIBUTES, environment
from starter.workers import STICKY
from tests.postgres import Scratch
from tests.stack import Stack, case_worker, stack, temporal_binary
from worker import reach
from workflows.case import CaseWorkflow

POINTS = ("asked", "before", "transaction", "committed", "answered", "applied")
"""Where a worker can be made to die, in the order a command passes them.

asked: the command has arrived, the case has not yet decided. before: the activity has begun, the database knows
nothing. transaction: everything is written, nothing committed. committed: the database has committed, the engine has
no answer. answered: the engine has the activity's answer, the case has not heard it. applied: the case has taken the
new state, the engine does not know.
"""

RUNG_POINTS = ("woken", *POINTS[1:])
"""The same for a step that a case takes by itself. woken: its timer has rung, the case does not know."""

ROLL_POINTS = ("rolling", "rolled")
"""rolling: the case asks for a fresh run, the engine does not know. rolled: the fresh run has not yet begun."""

BEFORE_A_TURN = {"do_update": "asked", "fire_timer": "woken", "resolve_activity": "answered"}
READY_SECONDS = 40.0


@dataclass(frozen=True)
class Trap:
    """A point at which the process that has the trap kills itself, once: the file that arms it goes first."""

    file: Path

    def arm(self, point: str) -> None:
        """The next process to pass the point dies there."""
        self.file.write_text(point)

    def disarm(self) -> None:
        """Nobody dies any more, unless it is done already."""
        self.file.unlink(missing_ok=True)

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

    def record(self, recording: Recording) -> Written:
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
            for point in (point for job, point in BEFORE_A_TURN.items() if job in jobs):
                trap.passed(point)
            if any(job.initialize_workflow.continued_from_execution_run_id for job in act.jobs):
                trap.passed("rolled")
            completion = activate(act)
            if "resolve_activity" in jobs:
                trap.passed("applied")
            if any(c.HasField("continue_as_new_workflow_execution") for c in completion.successful.commands):
                trap.passed("rolling")
            return completion

        instance.activate = watched  # type: ignore[method-assign]
        return instance


def free_port() -> int:
    """A port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Temporal:
    """A development server that keeps its state in a file, so that it can be killed and started again."""

    def __init__(self, home: Path, *namespaces: str) -> None:
        home.mkdir(exist_ok=True)
        self.port = free_port()
        self._home = home
        self._log = home / "temporal.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._argv = [temporal_binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
        self._argv += ["--port", str(self.port), "--http-port", str(free_port()), "--metrics-port", str(free_port())]
        self._argv += ["--db-filename", str(home / "temporal.db"), "--log-level", "error"]
        self._argv += [word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)]
        attributes = (f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items())
        self._argv += [word for attribute in attributes for word in ("--search-attribute", attribute)]
        self._argv += [word for namespace in namespaces for word in ("--namespace", namespace)]

    def start(self) -> None:
        """Start it. Call this from the main thread: the kernel ties the child to the thread that started it."""
        words = (str(os.getpid()), str(int(signal.SIGKILL)), str(KEEP), str(KEEP), str(self._home))
        launched = [sys.executable, "-I", "-S", LAUNCH, *words, *self._argv]
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                launched, env=environment(self._home), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kill it where it stands, and wait until it is gone."""
        if self._child:
            self._child.kill()
            self._child.wait()

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
        raise RuntimeError(f"Temporal did not start: {self._log.read_text(errors='replace')[-2000:]}")


class Forked:
    """A process of ours. It is forked from one that has everything imported, since importing takes seconds."""

    def __init__(self, log: Path, run: Callable[..., Coroutine[Any, Any, None]], *words: Any) -> None:
        self._log = log
        self._run = run
        self._words = words
        self._child: ForkServerProcess | None = None
        self._born = 0

    async def begin(self, says: str) -> None:
        """Start it and wait for its first word."""
        self._log.touch()
        self._born = self._log.stat().st_size
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.faults", "pytest"])
        self._child = context.Process(target=live, args=(self._log, self._run, *self._words), daemon=True)
        self._child.start()
        await self.said(says)

    async def said(self, word: str) -> None:
        """Wait until it has said a word in this life."""
        until = time.monotonic() + READY_SECONDS
        while word not in (told := self._log.read_bytes()[self._born :].decode(errors="replace")):
            if time.monotonic() > until or not self.alive:
                raise RuntimeError(f"no {word!r}: {told[-2000:]}")
            await asyncio.sleep(0.05)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.is_alive()

    def kill(self) -> None:
        """Kill it where it stands, and wait until it is gone."""
        if self._child:
            self._child.kill()
            self._child.join()

    async def gone(self, seconds: float = 60.0) -> int | None:
        """Its exit status, once it has ended by itself; SIGKILL is -9."""
        assert self._child is not None
        until = time.monotonic() + seconds
        while self._child.is_alive():
            if time.monotonic() > until:
                raise TimeoutError(f"it lives on: {self._log.read_text()[-2000:]}")
            await asyncio.sleep(0.02)
        return self._child.exitcode


class WorkerProcess(Forked):
    """A worker in a process of its own, with a trap."""

    def __init__(self, settings: Settings, home: Path, name: str = "worker") -> None:
        self.trap = Trap(home / f"{name}.trap")
        super().__init__(home / f"{name}.log", work, settings, self.trap)

    async def begin(self, says: str = "works") -> None:
        """Start it and wait until it works, or until it says that the engine is away (`engine_away`)."""
        await super().begin(says)


class AskingProcess(Forked):
    """A process that records a service under a key, and waits for its receipt."""

    def __init__(self, settings: Settings, home: Path, name: str, asking: Asking, body: RecordService) -> None:
        super().__init__(home / f"{name}.asking.log", ask, settings, asking, body)

    async def begin(self, says: str = "asks") -> None:
        """Start it and wait until it is about to ask."""
        await super().begin(says)


def live(log: Path, run: Callable[..., Coroutine[Any, Any, None]], *words: Any) -> None:
    """What a forked process does: end with who forked it, write to its log, and run."""
    die_with(os.getppid(), signal.SIGKILL)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    asyncio.run(run(*words))


async def work(settings: Settings, trap: Trap) -> None:
    """Work as the product's worker does, until killed."""
    outside = adapters(settings)
    one = case_worker(
        await reach(settings, outside),
        outside,
        activities=[RecordsActivities(DeadlyStore(outside, trap)).record],
        workflow_runner=DeadlyRunner(trap),
        sticky_queue_schedule_to_start_timeout=STICKY,
    )
    async with one:
        os.write(1, b"works\n")
        await asyncio.Event().wait()


async def ask(settings: Settings, asking: Asking, body: RecordService) -> None:
    """Give one command and say its receipt."""
    one = await stack(settings)
    os.write(1, b"asks\n")
    receipt = await one.cases.record_service(asking, body)
    os.write(1, receipt.model_dump_json().encode())


class FaultProxy:
    """A TCP way to a server that can be made to swallow everything, both ways, without closing anything."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._flows: asyncio.Event | None = None
        self._kept: set[asyncio.Task[Any] | None] = set()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
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

    def _run(self) -> None:
        self._loop.run_forever()
        # A connection may have been taken between the last look and the stop.
        self._loop.run_until_complete(self._end())

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
        # Until none is left: one may be taken, or connected through, just as it is told to end.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=0.1)
        await asyncio.sleep(0)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._flows is not None
        own = asyncio.current_task()
        # A connection that rests is known to nobody but itself, and could be collected with its task pending.
        self._kept.add(own)
        there: asyncio.StreamWriter | None = None
        with suppress(OSError, asyncio.CancelledError):
            await self._flows.wait()
            back, there = await asyncio.open_connection(*self._target)
            await asyncio.gather(self._pass(reader, there), self._pass(back, writer))
        for end in (writer, there):
            if end:
                end.transport.abort()
        self._kept.discard(own)

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


class Ground:
    """One database and one master key; engines and workers as each killing needs them."""

    def __init__(self, scratch: Scratch, home: Path) -> None:
        self.scratch = scratch
        self.home = home
        self.key = home / "master.key"
        self.key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
        self.actors: dict[str, Actor] = {}

    def settings(self, engine: Temporal, namespace: str = "default", way: FaultProxy | None = None) -> Settings:
        """Settings for this database, by a way to it if one is given, and one engine."""
        return Settings.model_validate(
            {
                "DATABASE_URL": way.url(self.scratch.app_url) if way else self.scratch.app_url,
                "KEYSTORE_URL": way.url(self.scratch.keystore_url) if way else self.scratch.keystore_url,
                "TUNTAS_MASTER_KEY_FILE": self.key,
                "TEMPORAL_ADDRESS": engine.address,
                "TEMPORAL_NAMESPACE": namespace,
            }
        )

    @asynccontextmanager
    async def asking(self, settings: Settings) -> AsyncIterator[Stack]:
        """The asking side; accounts are those of the database."""
        one = await stack(settings)
        one.actors = self.actors
        one.cases = one.asking(wait=60.0)  # two cores may be busy with others
        try:
            yield one
        finally:
            one.outside.close()


async def revision(app: Stack, case_id: str) -> int:
    """What the workflow takes the case's revision to be."""
    state = await app.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
    assert isinstance(state, CaseState)
    return state.revision
