"""`tuntas up`: one supervising process that runs everything a district needs on one machine."""

import contextlib
import os
from pathlib import Path

from rich.console import Console

from starter.up import applications, cluster, databases, keys, ports, postgres, temporal
from starter.up.place import Place, held
from starter.up.refused import Refused
from starter.up.supervisor import Say, StopAsked, Supervisor

__all__ = ["Refused", "run", "up"]

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
    applied = plan(applications.Ground(place, numbers, secrets, demo_password))
    for task in applied.tasks:
        say(f"running {task.name}")
        supervisor.run(task)
    say("starting " + " and ".join(service.name for service in applied.services))
    supervisor.start(*applied.services)
    return demo_password


def _greet(place: Place, numbers: ports.Ports, demo_password: str, say: Say) -> None:
    say(f"ready: http://{ports.HOST}:{numbers.web}")
    say(f"  PostgreSQL on port {numbers.postgres}, Temporal on port {numbers.temporal}")
    say(f"  data in {place.root}, logs in {place.logs}")
    say(f"  password of the demonstration accounts: {demo_password}")
    say("  Ctrl-C stops everything")
