"""The walk that the README shows, run word for word against the whole of Tuntas."""

import asyncio
import json
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from starter.cli.demonstration import accounts_of
from tests.stack import LEAD, PASSWORD, Stack

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SHOWN = "http://127.0.0.1:8000"


@pytest.fixture
async def address(app: Stack) -> AsyncIterator[str]:
    """The API on a port of its own, with the demonstration accounts that the README signs in as."""
    for username, (role, agency_id) in accounts_of(LEAD).items():
        if username in ("caseworker", "supervisor", "police", "hospital", "court"):
            app.actor(username, role, agency_id)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app.web(), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


def blocks_between(start: str, end: str) -> str:
    """The shell shown between two headings."""
    part = README[README.index(start) : README.index(end)]
    return "\n".join(re.findall(r"^```bash\n(.*?)^```$", part, re.MULTILINE | re.DOTALL))


async def shell(script: str, address: str, tmp_path: Path) -> str:
    """What a script prints; it must end well."""
    tuntas = tmp_path / "tuntas"
    tuntas.write_text(f'#!/bin/sh\nexec {sys.executable} -m starter "$@"\n')
    tuntas.chmod(0o700)
    environment = {**os.environ, "TUNTAS_URL": address, "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    password = f"export TUNTAS_DEMO_PASSWORD='{PASSWORD}'"
    script = script.replace(SHOWN, address).replace("export TUNTAS_DEMO_PASSWORD='…'", password)
    script = re.sub(r"^export PATH=.*$", "", script, flags=re.MULTILINE)
    running = await asyncio.create_subprocess_exec(
        "bash", "-euc", script, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    out, err = await running.communicate()
    assert err.decode() == ""
    assert running.returncode == 0
    return out.decode()


async def test_the_walk_works_word_for_word(address: str, tmp_path: Path) -> None:
    """Every answer is the one the text promises, the case is closed, and the command line shows the same case."""
    walk = blocks_between("## A case from report to closure", "## The same from the command line")
    same = blocks_between("## The same from the command line", "## Where things are")

    out = await shell(f"{walk}\necho '=== command line'\n{same}", address, tmp_path)

    curl, line = out.split("=== command line\n")
    answers = [json.loads(answer) for answer in curl.splitlines() if answer.startswith("{")]
    assert [a["code"] for a in answers if "code" in a] == ["referral_blocked", "closure_blocked"]
    blocked = next(a for a in answers if a.get("code") == "closure_blocked")
    assert [blocker["agency_id"] for blocker in blocked["blockers"]] == ["pengadilan-negeri"]
    assert [row["kind"] for row in answers[-1]["items"]][-2:] == ["ClosureRequested", "CaseClosed"]
    assert (answers[-2]["stage"], answers[-2]["status"]) == ("closed", "closed")
    assert "stage\tclosed" in line
    assert "stage\tassessment" in line
