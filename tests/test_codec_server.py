"""The codec server: who has what the engine keeps opened, what is kept of it, and that it never seals."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import uvicorn
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload

from casework.ids import new_id, workflow_id
from casework.models.people import Actor, Role
from casework.ports import SightQuery
from tests.canary_places import payloads
from tests.stack import Stack, temporal_binary
from tests.test_api_errors import is_problem
from tests.test_walk import assessed, opened
from web.app import create_app
from web.codec import PATH
from web.sessions import COOKIE

PAGES = "https://temporal.example"
ELSEWHERE = "uptd-ppa-sumatera-selatan"
OPENS = {("supervisor", "case"), ("head", "case"), ("supervisor", "clear"), ("head", "clear")} | {
    ("administrator", "none"),
    ("administrator", "clear"),
}
"""Whoever may have what opened: what is of the case, of no case, or was never sealed."""
IN_THE_CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"marker"')


@dataclass
class Server:
    """A web process that serves, and asks it."""

    stack: Stack
    address: str
    client: httpx.AsyncClient

    def token(self, actor: Actor, scopes: tuple[str, ...] | None = None) -> str:
        """A token of an account."""
        return self.stack.outside.accounts.issue_token(actor.account_id, 600, scopes)[0]

    async def decode(self, actor: Actor | None, *asked: Payload, **headers: str) -> httpx.Response:
        """Ask as the engine's pages and command line do."""
        signed_in = {"Authorization": f"Bearer {self.token(actor)}"} if actor else {}
        named = {
            "X-Namespace": "default",
            **signed_in,
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        body = {"payloads": [MessageToDict(each) for each in asked]}
        return await self.client.post(PATH, json=body, headers=named)

    def seen(self) -> dict[str, Any]:
        """The last row of the access log."""
        auditor = self.stack.actor("auditor", Role.AUDITOR)
        return dict(self.stack.outside.access_log.sights(auditor, SightQuery(limit=1))[0][0])


@pytest.fixture(scope="module")
async def server(app: Stack) -> AsyncIterator[Server]:
    """On a port of its own, as the command line of the engine needs it."""
    site = replace(app.site, codec=replace(app.site.codec, pages=PAGES))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = uvicorn.Server(uvicorn.Config(create_app(site), log_config=None, lifespan="off"))
        task = asyncio.create_task(serving.serve(sockets=[listening]))
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            yield Server(app, address, client)
        serving.should_exit = True
        await task


@pytest.fixture(scope="module")
async def case_id(app: Stack) -> str:
    """A case with something in its history."""
    return await assessed(app)


async def sealed(app: Stack, case_id: str | None) -> list[Payload]:
    """Payloads of a case as the engine keeps them; of no case, made here."""
    codec = app.client.data_converter.payload_codec
    assert codec is not None
    if case_id is None:
        return await codec.encode([Payload(metadata={"encoding": b"json/plain"}, data=b'"patrol"')])
    history = await app.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    found = [each for event in history.events for each in payloads(event)]
    return [each for each in found if each.metadata["encoding"] == b"binary/encrypted"]


def opened_of(answer: httpx.Response) -> list[bytes]:
    """What an answer holds, opened."""
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(each.get("data", "")) for each in answer.json()["payloads"]]


# ---- who


def people(app: Stack) -> dict[str, Actor]:
    """One of each role in the office of the case, and some from elsewhere."""
    own = {role.value: app.actor(role.value, role) for role in Role}
    own["supervisor2"] = app.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    own["police"] = app.police
    return own


async def test_who_may_and_nobody_else(server: Server, case_id: str) -> None:
    """Every role, for what is of a case, of no case, and in the clear; a role that is added is refused."""
    app = server.stack
    asked = {"case": await sealed(app, case_id), "none": await sealed(app, None), "clear": [IN_THE_CLEAR]}
    for name, actor in people(app).items():
        for what, kept in asked.items():
            answer = await server.decode(actor, *kept)

            may = (name, what) in OPENS or (name, what) == ("supervisor2", "clear")
            if not may:
                assert answer.status_code in (403, 404), (name, what)
                assert "payloads" not in answer.text
            elif what == "case":
                assert any(case_id.encode() in data for data in opened_of(answer))
            else:
                assert opened_of(answer) == [b'"patrol"' if what == "none" else b'"marker"']


async def test_of_another_office_it_is_as_if_it_were_not_there(server: Server, case_id: str) -> None:
    """And as if its key were unknown."""
    stranger = server.stack.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    kept = (await sealed(server.stack, case_id))[0]
    nowhere = Payload(metadata={**kept.metadata, "encryption-key-id": f"{new_id()}:v1".encode()}, data=kept.data)

    there, not_there = [await server.decode(stranger, each) for each in (kept, nowhere)]

    is_problem(there, 404, "not_found")
    assert (there.content, there.status_code) == (not_there.content, not_there.status_code)


async def test_without_a_whole_token_nothing_is_opened(server: Server, case_id: str) -> None:
    """None, one that is limited, one of an account that was disabled."""
    app = server.stack
    kept = (await sealed(app, case_id))[0]
    is_problem(await server.decode(None, kept), 401, "unauthenticated")
    limited = server.token(app.supervisor, ("cases:read",))
    is_problem(await server.decode(None, kept, Authorization=f"Bearer {limited}"), 403, "forbidden")
    gone = app.actor("gone", Role.HEAD)
    token = server.token(gone)
    app.outside.accounts.disable(gone.account_id)
    is_problem(await server.decode(None, kept, Authorization=f"Bearer {token}"), 401, "unauthenticated")


# ---- what is kept of it


async def test_what_is_opened_is_kept_and_so_is_what_is_refused(server: Server, case_id: str) -> None:
    """Who, when, of which case, on what ground; of no case for what belongs to none."""
    app = server.stack
    stranger = app.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    keeper = app.actor("administrator", Role.ADMINISTRATOR)
    kept, none = (await sealed(app, case_id))[0], (await sealed(app, None))[0]
    wanted: list[tuple[Actor, Payload, tuple[Any, ...]]] = [
        (app.head, kept, ("shown", [case_id], "own_office")),
        (stranger, kept, ("refused", [case_id], None)),
        (keeper, none, ("listed", [], "engine")),
        (app.supervisor, none, ("refused", [], None)),
    ]
    for actor, asked, told in wanted:
        await server.decode(actor, asked)

        seen = server.seen()
        assert (seen["account_id"], seen["thing"]) == (actor.account_id, "codec_decode")
        assert (seen["kind"], seen["case_ids"], seen["ground"]) == told


async def test_what_cannot_be_kept_is_not_shown(server: Server, case_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere."""
    kept = (await sealed(server.stack, case_id))[0]

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("casework.db.access_log.SqlAccessLog.write", fail)
    answer = await server.decode(server.stack.supervisor, kept)

    is_problem(answer, 500, "internal_error")
    assert "payloads" not in answer.text


# ---- what it takes


async def test_what_is_not_ours_is_refused(server: Server, case_id: str) -> None:
    """A payload that was changed, names another key, or is of two cases; another namespace; no JSON of payloads."""
    app = server.stack
    kept, other = (await sealed(app, case_id))[0], (await sealed(app, await opened(app)))[0]
    changed = Payload(metadata=kept.metadata, data=kept.data[:-1] + bytes([kept.data[-1] ^ 1]))
    keys = (f"{case_id}:v9".encode(), b"\xff:v1", b"a:v" + b"9" * 5000, b"..:v1:v1", b"", b"engine:v")
    renamed = [Payload(metadata={**kept.metadata, "encryption-key-id": key}, data=kept.data) for key in keys]
    for asked in ((changed,), (kept, other), *((each,) for each in renamed)):
        is_problem(await server.decode(app.supervisor, *asked), 422, "invalid_input")
    is_problem(await server.decode(app.supervisor, kept, X_Namespace="other"), 422, "invalid_input")
    bodies: list[Any] = [{"payloads": [{"data": "a"}]}, {"payloads": 1}, {"payloads": [{"x": ""}]}, [], "x"]
    headers = {"X-Namespace": "default", "Authorization": f"Bearer {server.token(app.supervisor)}"}
    for body in bodies:
        is_problem(await server.client.post(PATH, json=body, headers=headers), 422, "invalid_input")
    is_problem(await server.client.post(PATH, json={}, headers=headers | {"X-Namespace": ""}), 422, "invalid_input")


async def test_it_never_seals(server: Server) -> None:
    """There is no such address, for anybody."""
    headers = {"X-Namespace": "default", "Authorization": f"Bearer {server.token(server.stack.supervisor)}"}
    for path in ("/codec/encode", "/encode", "/codec/decode/encode"):
        is_problem(await server.client.post(path, json={"payloads": []}, headers=headers), 404, "not_found")
    paths = (await server.client.get("/api/openapi.json")).json()["paths"]
    assert [path for path in paths if "codec" in path] == [PATH]


# ---- browsers


@pytest.fixture
def cookie(app: Stack) -> Iterator[str]:
    """The cookie of a browser that the supervisor is signed in with."""
    account = app.outside.accounts.get(app.supervisor.account_id)
    assert account is not None
    session = app.outside.sessions.begin(account)
    yield f"{COOKIE}={session.secret}"
    app.outside.sessions.end(session.secret)


async def test_the_engines_own_pages_ask_with_the_session_of_the_browser(
    server: Server, case_id: str, cookie: str
) -> None:
    """What the browser asks first is answered; the answer may be read there, and is kept as the person's."""
    question = {"Origin": PAGES, "Access-Control-Request-Method": "POST"}
    question["Access-Control-Request-Headers"] = "content-type,x-namespace"
    kept = (await sealed(server.stack, case_id))[0]

    first = await server.client.options(PATH, headers=question)
    answer = await server.decode(None, kept, Origin=PAGES, Cookie=cookie)

    assert first.status_code == 200
    for told in (first, answer):
        assert told.headers["access-control-allow-origin"] == PAGES
        assert told.headers["access-control-allow-credentials"] == "true"
    assert opened_of(answer) != []
    assert server.seen()["account_id"] == server.stack.supervisor.account_id


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", f"{PAGES}.evil.example", f"{PAGES}:8443", "*"]
)
async def test_no_other_page_has_anything_opened(server: Server, case_id: str, cookie: str, origin: str | None) -> None:
    """Neither with the session, nor is it told that it may read an answer."""
    kept = (await sealed(server.stack, case_id))[0]
    from_there = {"Origin": origin} if origin else {}

    is_problem(await server.decode(None, kept, Cookie=cookie, **from_there), 401, "unauthenticated")
    by_token = await server.decode(server.stack.supervisor, kept, **from_there)
    first = await server.client.options(PATH, headers={**from_there, "Access-Control-Request-Method": "POST"})
    assert first.status_code == 405
    for answer in (by_token, first):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_the_pages_may_ask_for_nothing_else(server: Server, case_id: str, cookie: str) -> None:
    """The rest of the API does not know them."""
    for path in ("/api/v1/cases", f"/api/v1/cases/{case_id}", "/session"):
        answer = await server.client.get(path, headers={"Origin": PAGES, "Cookie": cookie})

        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_unless_pages_are_named_there_are_none(app: Stack, case_id: str, cookie: str) -> None:
    """An empty setting opens to no origin, also not to a request without one."""
    kept = (await sealed(app, case_id))[0]
    body = {"payloads": [MessageToDict(kept)]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.web()), base_url="http://test") as client:
        for origin in ({}, {"Origin": ""}, {"Origin": PAGES}):
            headers = {"X-Namespace": "default", "Cookie": cookie, **origin}
            is_problem(await client.post(PATH, json=body, headers=headers), 401, "unauthenticated")


# ---- the engine's own command line


async def shown(server: Server, case_id: str, *options: str) -> str:
    """What `temporal workflow show` says of a case."""
    address = server.stack.settings.temporal_address
    show = ("workflow", "show", "-w", workflow_id(case_id), "--address", address, "-o", "json", *options)
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TEMPORAL_VERSION_CHECK_DISABLED": "1"}
    running = await asyncio.create_subprocess_exec(
        temporal_binary(), *show, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await running.communicate()
    return out.decode() + err.decode()


def inputs(told: str) -> list[str]:
    """The encodings of what stands in a history."""
    events = json.loads(told)["events"]
    given = events[0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    return [base64.b64decode(each["metadata"]["encoding"]).decode() for each in given]


async def test_the_engines_command_line_shows_a_history_to_who_may(server: Server, case_id: str) -> None:
    """`temporal workflow show --codec-endpoint`: whole for the supervisor, sealed for everybody else."""
    endpoint = ("--codec-endpoint", f"{server.address}/codec", "--codec-auth")

    plain = await shown(server, case_id)
    told = await shown(server, case_id, *endpoint, f"Bearer {server.token(server.stack.supervisor)}")
    refused = await shown(server, case_id, *endpoint, f"Bearer {server.token(server.stack.caseworker)}")

    assert inputs(plain) == ["binary/encrypted"]
    assert inputs(told) == ["json/plain"]
    assert "binary/encrypted" not in base64_of(told)
    assert base64.b64encode(b"json/plain").decode() not in refused
    assert server.seen()["kind"] == "shown"


def base64_of(told: str) -> str:
    """A text with every encoding in it spelled out."""
    return told.replace(base64.b64encode(b"binary/encrypted").decode(), "binary/encrypted")
