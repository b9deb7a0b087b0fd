"""What holds at the edge for every answer, whatever is asked and however it ends."""

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.api_fakes import Web, web
from tests.test_api_errors import addresses
from web.app import create_app
from web.headers import ANSWER_POLICY, PAGE_POLICY

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-test.txt")
ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": ANSWER_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@pytest.fixture
def app() -> Web:
    return web()


def is_safe(answer: httpx.Response) -> None:
    """The answer carries every header, and none that tells what it was made with."""
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "geolocation=()" in answer.headers["permissions-policy"]
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(answer.headers)


@pytest.mark.parametrize(("method", "path"), [*addresses(), ("GET", "/nowhere"), ("PATCH", "/api/v1/cases")])
async def test_every_answer_carries_the_headers(app: Web, method: str, path: str) -> None:
    """Of every route and of none, given or refused."""
    for username in (None, "supervisor"):
        is_safe(await app.ask(username, method, path))


async def test_a_refused_body_and_a_defect_carry_them_too(app: Web) -> None:
    """Before a route is found, and after one has failed."""
    too_large = await app.ask("caseworker", "POST", "/cases", content=b"x" * 300_000)
    app.memory.broken = True
    defect = await app.get("caseworker", "/cases")

    assert (too_large.status_code, defect.status_code) == (413, 500)
    is_safe(too_large)
    is_safe(defect)


@pytest.mark.parametrize("tls", [True, False])
async def test_browsers_are_held_to_tls_where_there_is_tls(app: Web, tls: bool) -> None:
    """Over plain HTTP the header would mean nothing, and on this machine alone it would lock people out."""
    transport = httpx.ASGITransport(create_app(replace(app.site, tls=tls)))
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
        answer = await client.get("/health/live")

    told = answer.headers.get("strict-transport-security", "")
    assert bool(re.fullmatch(r"max-age=\d{8}; includeSubDomains", told)) is tls


@pytest.mark.parametrize("policy", [ANSWER_POLICY, PAGE_POLICY])
def test_a_policy_allows_nothing_inline_and_nothing_from_elsewhere(policy: str) -> None:
    """No `unsafe-`, no wildcard, no scheme, no host; and what falls back on nothing is named."""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    assert set(rules.values()) <= {"'none'", "'self'"}
    assert {"base-uri", "form-action", "frame-ancestors"} <= set(rules)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_with_its_hashes(lock: str) -> None:
    """What is installed is what was locked: nothing else fits the hash, wherever it is taken from."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    wanted = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    assert wanted
    for line in wanted:
        assert re.match(r"^[A-Za-z0-9._-]+==\S+(\s+;.*?)?\s+--hash=sha256:[0-9a-f]{64}", line), line
