"""What a Temporal server gets to see of a case: nothing but codes."""

import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    import pytest
    from temporalio.api.common.v1 import Payload
    from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
    from temporalio.common import SearchAttributePair, TypedSearchAttributes
    from temporalio.converter import WorkflowSerializationContext
    from temporalio.exceptions import ApplicationError
    from temporalio.testing import WorkflowEnvironment
    from temporalio.worker import Replayer, Worker

    from casework.errors import EngineUnavailableError
    from casework.ids import new_id, workflow_id
    from casework.models.base import Model
    from casework.settings import Settings
    from casework.temporal import names
    from casework.temporal.codec import CaseCodec, data_converter
    from casework.temporal.connect import connect
    from casework.temporal.interceptors import interceptors
    from casework.temporal.sandbox import workflow_runner
    from casework.vault.errors import KeyMissingError, VaultError
    from casework.vault.keys import MasterKey
    from casework.vault.keystore import MemoryKeyStore
    from casework.vault.payloads import PayloadKeys

CANARY = "Kenari-Kuning"
MASTER = MasterKey(bytes(range(32)))


class Note(Model):
    """A payload with a time in it, which the default converter could not carry."""

    text: str
    at: datetime


@activity.defn
async def codec_repeat(note: Note) -> Note:
    """Give it back, or fail with its text."""
    if note.text.startswith("fail"):
        raise ApplicationError(note.text, note.text, type="told", non_retryable=True)
    return note


@workflow.defn
class CodecProbe:
    """Has everything that can hold a word: input, memo, summaries, updates, signals, queries, failures."""

    @workflow.init
    def __init__(self, note: Note) -> None:
        self.notes = [note]

    @workflow.run
    async def run(self, note: Note) -> Note:
        """Wait until told to end, then end well or badly."""
        workflow.set_current_details(CANARY)
        await workflow.wait_condition(lambda: "end" in self.notes[-1].text)
        await workflow.sleep(timedelta(milliseconds=1), summary=CANARY)
        if self.notes[-1].text.startswith("fail"):
            raise ApplicationError(note.text, note, type="told", non_retryable=True)
        return note

    @workflow.update
    async def say(self, note: Note) -> Note:
        """Through an activity."""
        return await workflow.execute_activity(
            codec_repeat, note, start_to_close_timeout=timedelta(seconds=5), summary=note.text
        )

    @say.validator
    def _may_say(self, note: Note) -> None:
        if note.text.startswith("refuse"):
            raise ApplicationError(note.text, type="told")

    @workflow.signal
    def tell(self, note: Note) -> None:
        """Without an answer."""
        self.notes.append(note)

    @workflow.query
    def heard(self) -> list[Note]:
        """All of it."""
        return self.notes


def note(text: str) -> Note:
    return Note(text=text, at=datetime(2024, 3, 1, tzinfo=UTC))


def codec_settings(address: str) -> Settings:
    return Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://none",
            "KEYSTORE_URL": "postgresql://none",
            "TUNTAS_MASTER_KEY_FILE": "/none",
            "TEMPORAL_ADDRESS": address,
        }
    )


@pytest.fixture(scope="module")
async def codec_server() -> AsyncIterator[str]:
    """The address of a development server of its own."""
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent))
    assert binary is not None
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary,
        dev_server_log_level="error",
        search_attributes=names.SEARCH_ATTRIBUTES,
    ) as environment:
        yield environment.client.service_client.config.target_host


@asynccontextmanager
async def codec_worker(client: Client, queue: str) -> AsyncIterator[None]:
    async with Worker(
        client,
        task_queue=queue,
        workflows=[CodecProbe],
        activities=[codec_repeat],
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
    ):
        yield


async def start_probe(client: Client, case_id: str, queue: str) -> WorkflowHandle[CodecProbe, Note]:
    return await client.start_workflow(
        CodecProbe.run,
        note(f"input {CANARY}"),
        id=workflow_id(case_id),
        task_queue=queue,
        memo={"memo": CANARY},
        static_summary=CANARY,
        static_details=CANARY,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(names.CASE_STAGE, "intake"),
                SearchAttributePair(names.CASE_DUE, note("").at),
            ]
        ),
    )


async def stored_bytes(handle: WorkflowHandle[Any, Any]) -> bytes:
    """Everything the server holds of a workflow, as it holds it."""
    history = b"".join([event.SerializeToString() async for event in handle.fetch_history_events()])
    described = (await handle.describe()).raw_description.SerializeToString()
    return history + bytes(described)


async def test_the_server_never_sees_a_word(codec_server: str) -> None:
    keys, case_id, queue = MemoryKeyStore(), new_id(), new_id()
    keys.create(case_id)
    client = await connect(codec_settings(codec_server), keys, MASTER)
    async with codec_worker(client, queue):
        handle = await start_probe(client, case_id, queue)
        assert (await handle.execute_update(CodecProbe.say, note(f"said {CANARY}"))).text == f"said {CANARY}"
        for text in (f"refuse {CANARY}", f"fail {CANARY}"):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await handle.execute_update(CodecProbe.say, note(text))
            assert CANARY in _texts_of(refused.value)
        await handle.signal(CodecProbe.tell, note(f"fail at the end {CANARY}"))
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert CANARY in _texts_of(failed.value)
        stored = await stored_bytes(handle)
    assert len(stored) > 2000
    assert CANARY.encode() not in stored
    assert b"CaseStage" in stored  # so the scan did see what is in the clear
    await _replays(client, handle)


async def _replays(client: Client, handle: WorkflowHandle[Any, Any]) -> None:
    replayer = Replayer(
        workflows=[CodecProbe],
        data_converter=client.data_converter,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
    )
    await replayer.replay_workflow(await handle.fetch_history())


def _texts_of(error: BaseException | None) -> str:
    return "" if error is None else f"{error} {getattr(error, 'details', '')} {_texts_of(error.__cause__)}"


async def test_another_client_with_the_same_keys_reads_it(codec_server: str) -> None:
    keys, case_id, queue = MemoryKeyStore(), new_id(), new_id()
    keys.create(case_id)
    first = await connect(codec_settings(codec_server), keys, MASTER)
    second = await connect(codec_settings(codec_server), keys, MASTER, lazy=True)
    async with codec_worker(first, queue):
        handle = await start_probe(first, case_id, queue)
        other: WorkflowHandle[CodecProbe, Note] = second.get_workflow_handle(handle.id, result_type=Note)
        assert await other.query(CodecProbe.heard) == [note(f"input {CANARY}")]
        await other.signal(CodecProbe.tell, note("end"))
        assert await other.result() == note(f"input {CANARY}")
        description = await other.describe()
        assert await description.memo() == {"memo": CANARY}
        assert await description.static_summary() == CANARY


async def test_a_destroyed_key_takes_the_history_with_it(codec_server: str) -> None:
    keys, case_id, queue = MemoryKeyStore(), new_id(), new_id()
    keys.create(case_id)
    client = await connect(codec_settings(codec_server), keys, MASTER)
    async with codec_worker(client, queue):
        handle = await start_probe(client, case_id, queue)
        await handle.signal(CodecProbe.tell, note("end"))
        await handle.result()
    keys.destroy(case_id)
    with pytest.raises(KeyMissingError):
        await handle.result()
    with pytest.raises(KeyMissingError):
        await start_probe(client, case_id, queue)


async def test_a_workflow_of_no_case_is_sealed_too(codec_server: str) -> None:
    queue = new_id()
    client = await connect(codec_settings(codec_server), MemoryKeyStore(), MASTER)
    async with codec_worker(client, queue):
        handle = await client.start_workflow(
            CodecProbe.run, note(f"end {CANARY}"), id=f"patrol-{queue}", task_queue=queue
        )
        assert await handle.result() == note(f"end {CANARY}")
        assert CANARY.encode() not in await stored_bytes(handle)


async def test_an_engine_that_is_away_is_said() -> None:
    with pytest.raises(EngineUnavailableError, match=r"127\.0\.0\.1:9"):
        await connect(codec_settings("127.0.0.1:9"), MemoryKeyStore(), MASTER)


# ---- the codec alone


def codec_of(keys: MemoryKeyStore, case_id: str | None = None) -> CaseCodec:
    codec = CaseCodec(PayloadKeys(keys, MASTER))
    context = WorkflowSerializationContext("default", workflow_id(case_id) if case_id else "patrol")
    return codec.with_context(context)


PAYLOADS = [Payload(metadata={"encoding": b"json/plain", "more": b"m"}, data=b"1"), Payload(data=b"2")]


async def test_decoding_needs_no_context() -> None:
    keys = MemoryKeyStore()
    keys.create("a")
    sealed = await codec_of(keys, "a").encode(PAYLOADS)
    assert {payload.metadata["encryption-key-id"] for payload in sealed} == {b"a:v1"}
    assert await CaseCodec(PayloadKeys(keys, MASTER)).decode(sealed) == PAYLOADS
    assert await codec_of(keys).decode(sealed) == PAYLOADS
    engine = await codec_of(keys).encode(PAYLOADS)
    assert engine[0].metadata["encryption-key-id"] == b"engine"
    assert await codec_of(keys, "a").decode(engine) == PAYLOADS


async def test_a_key_at_hand_costs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not may be asked of a database, and is asked where that holds up nobody."""
    keys, asked = MemoryKeyStore(), []
    keys.create("a")

    async def elsewhere(what: Callable[..., Any], *given: Any) -> Any:
        asked.append(given)
        return what(*given)

    monkeypatch.setattr("casework.temporal.codec.asyncio.to_thread", elsewhere)
    assert await codec_of(keys, "a").decode(await codec_of(keys, "a").encode(PAYLOADS)) == PAYLOADS
    assert asked == []
    with pytest.raises(KeyMissingError):
        await codec_of(keys, "b").encode(PAYLOADS)
    assert asked == [("b",)]


async def test_a_payload_of_one_case_is_not_taken_by_another() -> None:
    keys = MemoryKeyStore()
    keys.create("a")
    keys.create("b")
    sealed = await codec_of(keys, "a").encode(PAYLOADS)
    with pytest.raises(VaultError, match="case a was found at case b"):
        await codec_of(keys, "b").decode(sealed)


def _in_the_clear(payload: Payload) -> None:
    payload.CopyFrom(PAYLOADS[0])


def _of_another_key(payload: Payload) -> None:
    payload.metadata["encryption-key-id"] = b"b:v1"


def _of_a_version_to_come(payload: Payload) -> None:
    payload.metadata["encryption-key-id"] = b"a:v2"


def _changed(payload: Payload) -> None:
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])


def _nameless(payload: Payload) -> None:
    del payload.metadata["encryption-key-id"]


@pytest.mark.parametrize("harm", [_in_the_clear, _of_another_key, _of_a_version_to_come, _changed, _nameless])
async def test_what_we_did_not_seal_is_refused(harm: Callable[[Payload], None]) -> None:
    keys = MemoryKeyStore()
    keys.create("a")
    keys.create("b")
    sealed = await codec_of(keys, "a").encode(PAYLOADS)
    harm(sealed[1])
    with pytest.raises(VaultError):
        await CaseCodec(PayloadKeys(keys, MASTER)).decode(sealed)


async def test_a_missing_key_is_never_made() -> None:
    keys = MemoryKeyStore()
    with pytest.raises(KeyMissingError):
        await codec_of(keys, "a").encode(PAYLOADS)
    with pytest.raises(KeyMissingError):
        keys.get("a")


async def test_the_converter_carries_models_and_times() -> None:
    keys = MemoryKeyStore()
    keys.create("a")
    converter = data_converter(keys, MASTER).with_context(WorkflowSerializationContext("default", "case-a"))
    assert await converter.decode(await converter.encode([note("x")]), [Note]) == [note("x")]
