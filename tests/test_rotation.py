"""Keys are turned while cases run: nothing that was sealed, derived or begun before is lost with the old master key."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from temporalio.testing import WorkflowEnvironment

from casework.db.session import engine_for
from casework.errors import IdempotencyKeyReusedError
from casework.ids import new_id, workflow_id
from casework.models.people import ITSELF, Actor
from casework.settings import Settings
from casework.temporal.codec import KEY_ID
from casework.vault.errors import VaultError
from casework.vault.keys import MasterKey
from casework.vault.keystore import SqlKeyStore
from casework.vault.rotation import Rotation
from casework.vault.wrapping import MasterKeys
from starter.replay import open_histories, replay
from tests.command_line import Run, run
from tests.postgres import scratch_database
from tests.stack import Stack, running, stack
from tests.test_once import service
from tests.test_walk import opened, walk_in
from web.api.texts import Texts

__all__ = ["run"]
Turn = Callable[..., tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class Office:
    """What outlives its processes: databases, engine, accounts, and the files with its master keys."""

    servers: dict[str, str]
    keys: Path
    actors: dict[str, Actor] = field(default_factory=dict)

    def named(self, wraps: str, opens: str = "") -> dict[str, str]:
        """The settings of a process that wraps under one master key and still opens with another."""
        others = str(self.keys / opens) if opens else ""
        own = {"TUNTAS_MASTER_KEY_FILE": str(self.keys / wraps), "TUNTAS_OTHER_MASTER_KEYS": others}
        return {**self.servers, **own}


@pytest.fixture(scope="module")
def office(temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with two master keys, `old` and `new`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("old", "new"):
        (folder / name).write_bytes(base64.b64encode(secrets.token_bytes(32)))
    with scratch_database() as scratch:
        named = {
            "DATABASE_URL": scratch.app_url,
            "KEYSTORE_URL": scratch.keystore_url,
            "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        }
        yield Office(named, folder)


@pytest.fixture
def turn(office: Office, run: Run, monkeypatch: pytest.MonkeyPatch) -> Turn:
    """`tuntas keys` as the operator runs it with these master keys: its exit status and outcome."""

    def give(command: str, wraps: str, opens: str = "") -> tuple[int, dict[str, Any]]:
        for name, value in office.named(wraps, opens).items():
            monkeypatch.setenv(name, value)
        status, out, _ = run("keys", command, "--json")
        return status, json.loads(out)

    return give


@asynccontextmanager
async def process(office: Office, wraps: str, opens: str = "") -> AsyncIterator[Stack]:
    """Everything started anew with these master keys."""
    one = await stack(Settings.model_validate(office.named(wraps, opens)))
    one.actors = office.actors
    try:
        async with running(one):
            yield one
    finally:
        one.outside.close()


def narrative(one: Stack, case_id: str) -> str:
    """What was told at the opening, as it is opened now."""
    outside = one.outside
    return str(Texts(outside.reads, outside.documents, outside.vault).read_by(ITSELF).known(case_id)["narrative"])


async def payload_keys(one: Stack, case_id: str) -> set[bytes]:
    """The names of the keys that the engine's history of a case asks for."""
    history = await one.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    inputs = (event.workflow_execution_update_accepted_event_attributes for event in history.events)
    return {payload.metadata[KEY_ID] for each in inputs for payload in each.accepted_request.input.args.payloads}


async def test_everything_goes_on_after_the_master_key_was_turned(office: Office, turn: Turn) -> None:
    """Repeats, sealed texts, running cases, what belongs to no case, and secrets that others hold."""
    body, key = walk_in(), new_id()
    async with process(office, "old") as before:
        actor = before.caseworker
        first = await before.cases.open(before.ask(actor, key=key), body)
        running_case = await opened(before)
        told, secret = narrative(before, first.case_id), before.outside.root.derive(b"webhooks")
        engine = await before.client.data_converter.encode(["patrol"])

    async with process(office, "new", "old") as between:
        assert await between.cases.open(between.ask(actor, key=key), body) == first
        await between.cases.record_service(between.ask(actor, running_case), service())
        assert [turn("status", *named)[0] for named in (("new",), ("new", "old"))] == [1, 0]
        status, outcome = turn("rotate", "new", "old")
        assert (status, outcome["rewrapped"], outcome["others"]) == (0, 4, [])

    async with process(office, "new") as after:
        assert await after.cases.open(after.ask(actor, key=key), body) == first
        with pytest.raises(IdempotencyKeyReusedError):
            await after.cases.open(after.ask(actor, key=key), body.model_copy(update={"narrative": "Lain."}))
        assert narrative(after, first.case_id) == told == body.narrative
        await after.cases.record_service(after.ask(actor, running_case), service())
        assert after.outside.root.derive(b"webhooks") == secret
        assert await after.client.data_converter.decode(engine, [str]) == ["patrol"]
        assert await replay(open_histories(after.client, None, None), after.client.data_converter) == (2, [])


async def test_payload_keys_are_renewed_and_the_earlier_ones_still_open(office: Office, turn: Turn) -> None:
    """A case under way is sealed under the new version from then on; both kinds of payload are read by everybody."""
    async with process(office, "new", "old") as before:
        case_id = await opened(before)
        engine = await before.client.data_converter.encode(["patrol"])
        status, outcome = turn("renew", "new", "old")
        assert (status, outcome["version"], outcome["cases"] > 0) == (0, 2, True)
        async with process(office, "new", "old") as after:
            await after.cases.record_service(after.ask(before.caseworker, case_id), service())
            assert await payload_keys(after, case_id) == {f"{case_id}:v1".encode(), f"{case_id}:v2".encode()}
            anew = await after.client.data_converter.encode(["patrol"])
            assert [each[0].metadata[KEY_ID] for each in (engine, anew)] == [b"engine", b"engine:v2"]
            for each in (engine, anew):
                assert await before.client.data_converter.decode(each, [str]) == ["patrol"]
            found = await replay(open_histories(after.client, None, None), after.client.data_converter)
            assert found[1] == []


# ---- batches


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    """An empty key store as the application's role sees it."""
    with scratch_database() as scratch:
        engine = engine_for(scratch.keystore_url)
        yield engine
        engine.dispose()


def test_what_was_cut_short_goes_on_where_it_stopped(engine: sa.Engine) -> None:
    """Batch after batch; in between every key opens, under whichever it is wrapped."""
    old, new = (MasterKey(secrets.token_bytes(32)) for _ in range(2))
    masters = MasterKeys(new, [old])
    first = SqlKeyStore(engine, old)
    made = {f"case-{n}": first.create(f"case-{n}") for n in range(7)}
    rotation = Rotation(engine, masters)

    assert (rotation.rewrap(3), rotation.wrapped()) == (3, {new.key_id: 3, old.key_id: 4})
    assert {name: SqlKeyStore(engine, masters).get(name) for name in made} == made
    assert [rotation.rewrap(3) for _ in range(3)] == [3, 1, 0]
    assert {name: SqlKeyStore(engine, new).get(name) for name in made} == made

    version = rotation.next_version()
    assert (rotation.renew(version, 5), rotation.behind(version)) == (5, 2)
    assert [rotation.renew(rotation.version(), 5) for _ in range(2)] == [2, 0]
    assert rotation.next_version() == 3


def test_a_key_under_an_unknown_master_key_stops_the_turning_and_stays(engine: sa.Engine) -> None:
    """It is named, and nothing of its batch is half done."""
    old, new, lost = (MasterKey(secrets.token_bytes(32)) for _ in range(3))
    SqlKeyStore(engine, old).create("case-1")
    key = SqlKeyStore(engine, lost).create("case-2")
    rotation = Rotation(engine, MasterKeys(new, [old]))

    with pytest.raises(VaultError, match=lost.key_id):
        rotation.rewrap()

    assert rotation.wrapped() == {old.key_id: 1, lost.key_id: 1}
    assert SqlKeyStore(engine, lost).get("case-2") == key
