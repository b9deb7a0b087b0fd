"""Our own processes: migration and seeding to their end, then worker and web, with the settings they need."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from starter.up.children import ChildSpec
from starter.up.keys import Secrets, write_private
from starter.up.place import Place
from starter.up.ports import HOST, Ports

# Settings of the shell that would send a child, or the libraries in it, to another server.
FOREIGN = ("PG", "TEMPORAL_", "DATABASE_", "KEYSTORE_", "CHECKPOINTS_")

# What signs, and where to: whoever breaks into what people can reach must not find it there.
OF_THE_NOTARY = ("CHECKPOINTS_URL", "TUNTAS_SIGNING_KEY_FILE")


@dataclass(frozen=True)
class Ground:
    """What runs below the applications, and how to reach it."""

    place: Place
    ports: Ports
    secrets: Secrets
    demo_password: str

    def url(self, role: str, database: str) -> str:
        """SQLAlchemy's address of a database, as one of our roles."""
        passwords = {
            "tuntas_owner": self.secrets.tuntas_owner,
            "tuntas_app": self.secrets.tuntas_app,
            "tuntas_notary": self.secrets.tuntas_notary,
        }
        password = passwords[role]
        return f"postgresql+psycopg://{role}:{password}@{HOST}:{self.ports.postgres}/{database}"


@dataclass(frozen=True)
class Applications:
    """Tasks run to their end, in order; then the services are started, in order, and kept running."""

    tasks: tuple[ChildSpec, ...]
    services: tuple[ChildSpec, ...]


Plan = Callable[[Ground], Applications]


def reaching(ground: Ground, pathways: Path | None) -> dict[str, str]:
    """The settings that lead to our servers. The owner's password is not among them."""
    settings = {
        "DATABASE_URL": ground.url("tuntas_app", "tuntas"),
        "KEYSTORE_URL": ground.url("tuntas_app", "tuntas_keys"),
        "CHECKPOINTS_URL": ground.url("tuntas_notary", "tuntas_checkpoints"),
        "TUNTAS_SIGNING_KEY_FILE": str(ground.place.signing_key),
        "TEMPORAL_ADDRESS": f"{HOST}:{ground.ports.temporal}",
        "TUNTAS_MASTER_KEY_FILE": str(ground.place.master_key),
        "TUNTAS_PORT": str(ground.ports.web),
    }
    return settings if pathways is None else {**settings, "TUNTAS_PATHWAYS": str(pathways.resolve())}


def environment(ground: Ground, pathways: Path | None) -> dict[str, str]:
    """The person's environment with our servers in it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    ours = {"TUNTAS_DEMO_PASSWORD": ground.demo_password, "PYTHONUNBUFFERED": "1"}
    return env | reaching(ground, pathways) | ours


def answers(url: str) -> bool:
    """Whether a GET is answered 200. The proxy of the shell, if any, is not asked."""
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def tuntas(pathways: Path | None) -> Plan:
    """The plan of `tuntas up`."""

    def plan(ground: Ground) -> Applications:
        env = environment(ground, pathways)
        write_private(ground.place.settings, json.dumps(reaching(ground, pathways), indent=2) + "\n")
        owner = env | {"DATABASE_OWNER_URL": ground.url("tuntas_owner", "tuntas")}
        health = f"http://{HOST}:{ground.ports.web}/health/ready"

        def module(name: str, *words: str) -> ChildSpec:
            return ChildSpec(name=words[0] if words else name, argv=(sys.executable, "-m", name, *words), env=env)

        migrate, seed = (replace(module("starter", word), env=owner) for word in ("migrate", "seed"))
        # The worker lets running activities finish for up to 30 s.
        worker = replace(module("worker"), grace_seconds=40.0)
        asking = {name: value for name, value in env.items() if name not in OF_THE_NOTARY}
        web = replace(module("web"), env=asking, ready=lambda: answers(health), grace_seconds=15.0)
        return Applications(tasks=(migrate, seed), services=(worker, web))

    return plan
