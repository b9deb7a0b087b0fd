"""`tuntas up`: one supervising process that runs everything a district needs on one machine."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from starter.up import applications, cluster, databases, keys, ports, postgres, temporal
from starter.up.place import Place, held
from starter.up.refused import Refused
from starter.up.supervisor import Say, StopAsked, Supervisor

__all__ = ["Refused", "run", "stopped", "up"]

LEFTOVER_SECONDS = 10.0


def up(data: Path, port: int, pathways: Path | None) -> int:
    """Run Tuntas in `data`, its pages on `port`, until Ctrl-C or SIGTERM; returns the exit status.

    It starts PostgreSQL, Temporal, worker and web in that order and stops them in the reverse one. Nothing it
    starts outlives it. A start that cannot succeed says why and returns 1. Call it from the main thread.
    """
    return run(data, port, applications.tuntas(pathways))


def run(data: Path, port: int, plan: applications.Plan) -> int:
    """As `up`, with the applications that `plan` names."""
    console = Console(highlight=False)

    def say(text: str) -> None:
        # A terminal that was closed must not keep us from stopping the children.
        with contextlib.suppress(OSError, SystemExit):
            console.print(text, markup=False, soft_wrap=True)

    try:
        with held(data) as place:
            _hold_up(place, ports.following(port), plan, say)
    except (Refused, OSError) as reason:
        say(f"tuntas up: {reason}")
        return 1
    return 0


def _hold_up(place: Place, numbers: ports.Ports, plan: applications.Plan, say: Say) -> None:
    if place.crashed:
        say("the last run did not end by itself; recovering")
    supervisor = Supervisor(place.logs, say)
    with supervisor.signals():
        try:
            ports.check(numbers, LEFTOVER_SECONDS if place.crashed else 0.0)
            demo_password = _start(place, numbers, plan, supervisor, say)
            _greet(place, numbers, demo_password, say)
            supervisor.watch()
        except StopAsked:
            pass  # the way a run is meant to end, at whatever stage it comes
        finally:
            supervisor.stop()
    say("stopped")


def _start(place: Place, numbers: ports.Ports, plan: applications.Plan, supervisor: Supervisor, say: Say) -> str:
    """Everything from nothing to ready; returns the demonstration accounts' password."""
    ground = _ground(place, numbers, supervisor, say)
    services = _prepared(ground, plan, supervisor, say).services
    say("starting " + " and ".join(service.name for service in services))
    supervisor.start(*services)
    return ground.demo_password


def _ground(place: Place, numbers: ports.Ports, supervisor: Supervisor, say: Say) -> applications.Ground:
    """PostgreSQL and Temporal, made if need be, and how to reach them."""
    account = postgres.account_for(place.postgres)
    exists = place.database.exists()
    keys.ensure_signing_key(place.signing_key, place.secrets)
    secrets = keys.load_secrets(place.secrets, exists)
    keys.ensure_master_key(place.master_key, exists)
    say("starting PostgreSQL and Temporal" if exists else "making a database; starting PostgreSQL and Temporal")
    cluster.create(place, secrets, account)
    supervisor.start(postgres.server(place, numbers, secrets, account), temporal.spec(place.temporal, numbers))
    databases.ensure(numbers, secrets)
    demo_password = os.environ.get("TUNTAS_DEMO_PASSWORD") or secrets.demo
    return applications.Ground(place, numbers, secrets, demo_password)


def _prepared(
    ground: applications.Ground, plan: applications.Plan, supervisor: Supervisor, say: Say
) -> applications.Applications:
    """The applications of a plan, their tasks done."""
    applied = plan(ground)
    for task in applied.tasks:
        say(f"running {task.name}")
        supervisor.run(task)
    return applied


@contextlib.contextmanager
def stopped(data: Path, port: int, say: Say) -> Iterator[applications.Ground]:
    """The databases and the engine of a Tuntas that does not run: migrated, with its accounts, without worker and web.

    Raises Refused where it runs, or cannot be started.
    """
    numbers = ports.following(port)
    with held(data) as place:
        supervisor = Supervisor(place.logs, say)
        ports.check(numbers, LEFTOVER_SECONDS if place.crashed else 0.0)
        try:
            ground = _ground(place, numbers, supervisor, say)
            _prepared(ground, applications.tuntas(None), supervisor, say)
            yield ground
        finally:
            supervisor.stop()


def _greet(place: Place, numbers: ports.Ports, demo_password: str, say: Say) -> None:
    say(f"ready: http://{ports.HOST}:{numbers.web}")
    say(f"  PostgreSQL on port {numbers.postgres}, Temporal on port {numbers.temporal}")
    say(f"  data in {place.root}, logs in {place.logs}")
    say(f"  password of the demonstration accounts: {demo_password}")
    say("  Ctrl-C stops everything")
