"""Master keys from wherever they are kept, and the key store whose keys they wrap; `test_rotation` turns them."""

import base64
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from structlog.testing import capture_logs

import web.__main__
import worker
from casework.db.session import engine_for
from casework.errors import DatabaseUnavailableError
from casework.ids import ROOT_KEY, location_key, payload_key
from casework.settings import Settings
from casework.vault.errors import KeyMissingError, VaultError
from casework.vault.keys import MasterKey
from casework.vault.keystore import SqlKeyStore, create_keystore
from casework.vault.masters import masters_of
from casework.vault.root import RootKey
from casework.vault.rotation import Rotation
from casework.vault.transit import TransitKey
from casework.vault.wrapping import MasterKeys
from tests.key_service import KeyService, key_service
from tests.postgres import Scratch, scratch_database

CASE = "0197-case"


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    """An empty key store."""
    with scratch_database() as made:
        yield made


@pytest.fixture
def engine(scratch: Scratch) -> Iterator[sa.Engine]:
    """The key store as the application's role sees it."""
    engine = engine_for(scratch.keystore_url)
    yield engine
    engine.dispose()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[KeyService, Path]]:
    """A key service that runs, and the file with its token."""
    with key_service(tmp_path) as running:
        yield running


def master() -> MasterKey:
    """A fresh master key."""
    return MasterKey(secrets.token_bytes(32))


def stored(engine: sa.Engine) -> list[tuple[str, bytes, str]]:
    """Every key as it lies there."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, wrapped, wrapped_by FROM keys ORDER BY id"))
        return [(row.id, bytes(row.wrapped), row.wrapped_by) for row in rows]


# ---- the settings


def settings(**named: Any) -> Settings:
    """Settings with nothing but databases, and what is named."""
    return Settings.model_validate({"DATABASE_URL": "postgresql://x", "KEYSTORE_URL": "postgresql://x", **named})


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"TUNTAS_MASTER_KEY": ""},
        {"TUNTAS_MASTER_KEY_FILE": "a", "TUNTAS_MASTER_KEY": "b"},
        {"TUNTAS_MASTER_KEY_FILE": "a", "TUNTAS_KMS_URL": "https://keys/v1/transit/keys/tuntas"},
    ],
)
def test_a_process_has_one_master_key_and_none_by_default(
    named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None and two are refused alike; what is refused names the settings and shows no key."""
    for name in ("TUNTAS_MASTER_KEY_FILE", "TUNTAS_MASTER_KEY", "TUNTAS_KMS_URL"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ValidationError, match="name one of TUNTAS_MASTER_KEY_FILE"):
        settings(**named)


def test_the_key_may_come_from_the_environment_and_others_from_files(tmp_path: Path) -> None:
    """All of them open; the first wraps."""
    texts = [base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(3)]
    files = [tmp_path / name for name in ("old", "older")]
    for file, text in zip(files, texts[1:], strict=True):
        file.write_text(text)
    named = {"TUNTAS_MASTER_KEY": texts[0], "TUNTAS_OTHER_MASTER_KEYS": f"{files[0]}, {files[1]},"}

    masters = masters_of(settings(**named))

    assert masters.current() == MasterKey.from_text(texts[0].encode(), "").key_id
    for text in texts:
        wrapped = MasterKey.from_text(text.encode(), "").wrap(b"k" * 32, b"id")
        assert masters.knows(wrapped.by)
        assert masters.unwrap(wrapped, b"id") == b"k" * 32
    assert texts[0] not in repr(settings(**named))


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"TUNTAS_MASTER_KEY": "changeme"}, "TUNTAS_MASTER_KEY: the master key must be 32 bytes"),
        ({"TUNTAS_MASTER_KEY": "?"}, "TUNTAS_MASTER_KEY does not hold base64"),
        ({"TUNTAS_KMS_URL": "https://keys/v1/transit/keys/tuntas"}, "no TUNTAS_KMS_TOKEN_FILE"),
        ({"TUNTAS_KMS_URL": "http://keys/v1/transit/keys/t", "TUNTAS_KMS_TOKEN_FILE": "t"}, "with https"),
        ({"TUNTAS_KMS_URL": "https://keys/v1/transit", "TUNTAS_KMS_TOKEN_FILE": "t"}, "transit/keys/NAME"),
        ({"TUNTAS_KMS_URL": "https://[", "TUNTAS_KMS_TOKEN_FILE": "t"}, "transit/keys/NAME"),
    ],
)
def test_a_master_key_that_is_none_is_refused(named: dict[str, str], says: str) -> None:
    """With where it was named."""
    with pytest.raises(VaultError, match=says):
        masters_of(settings(**named))


@pytest.mark.parametrize("main", [web.__main__.main, worker.main], ids=["web", "worker"])
@pytest.mark.parametrize("key", [None, b"", b"changeme", base64.b64encode(bytes(32))])
def test_a_process_without_a_key_does_not_start(
    main: Callable[[], None], key: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It ends with what is missing before it reaches for database, engine or port; no key is made."""
    file = tmp_path / "master.key"
    if key is not None:
        file.write_bytes(key)
    for name in ("DATABASE_URL", "KEYSTORE_URL"):
        monkeypatch.setenv(name, "postgresql://nobody@127.0.0.1:9/none")
    for name in ("TUNTAS_MASTER_KEY", "TUNTAS_KMS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module_of(main), "configure", lambda _: None)

    monkeypatch.setenv("TUNTAS_MASTER_KEY_FILE", str(file))
    with capture_logs() as said, pytest.raises((VaultError, SystemExit)) as ended:
        main()
    assert "master.key" in f"{ended.value} {said}"
    assert str(ended.value) != "0"
    monkeypatch.delenv("TUNTAS_MASTER_KEY_FILE")
    with pytest.raises(ValidationError, match="name one of TUNTAS_MASTER_KEY_FILE"):
        main()
    assert list(tmp_path.iterdir()) == ([file] if key is not None else [])


def module_of(main: Callable[[], None]) -> ModuleType:
    """Where a process begins."""
    return sys.modules[main.__module__]


# ---- the key service


def test_a_key_service_wraps_and_its_key_is_never_here(service: tuple[KeyService, Path], engine: sa.Engine) -> None:
    """Keys open in their place only; what lies in the key store is the service's own seal."""
    running, token = service
    key = TransitKey(running.address, token)
    store = SqlKeyStore(engine, key)

    made = store.create(CASE)

    assert SqlKeyStore(engine, key).get(CASE) == made
    assert stored(engine)[0][1].startswith(b"vault:v1:")
    wrapped = key.wrap(made, b"one place")
    assert key.unwrap(wrapped, b"one place") == made
    with pytest.raises(VaultError, match="refused to decrypt"):
        key.unwrap(wrapped, b"another")


def test_a_key_rotated_in_its_service_still_opens_and_is_wrapped_anew(
    service: tuple[KeyService, Path], engine: sa.Engine
) -> None:
    """By the number of its version; then the service may forget the earlier one."""
    running, token = service
    key = TransitKey(running.address, token)
    made = SqlKeyStore(engine, key).create(CASE)
    running.versions.append(secrets.token_bytes(32))

    assert (key.current(), SqlKeyStore(engine, key).get(CASE)) == ("transit:tuntas:v2", made)
    assert Rotation(engine, key).rewrap() == 1
    assert Rotation(engine, key).rewrap() == 0
    running.versions[0] = secrets.token_bytes(32)
    assert SqlKeyStore(engine, key).get(CASE) == made


def test_from_a_file_to_a_key_service_and_back(service: tuple[KeyService, Path], engine: sa.Engine) -> None:
    """Each is read while the other wraps."""
    running, token = service
    file, kept = master(), TransitKey(running.address, token)
    made = SqlKeyStore(engine, file).create(CASE)

    for wraps, other in ((kept, file), (file, kept)):
        assert Rotation(engine, MasterKeys(wraps, [other])).rewrap() == 1
        assert SqlKeyStore(engine, wraps).get(CASE) == made
        with pytest.raises(VaultError, match="which the settings do not name"):
            SqlKeyStore(engine, MasterKeys(other)).get(CASE)


def test_a_key_service_that_is_away_is_waited_for_and_one_that_refuses_is_said(
    service: tuple[KeyService, Path], engine: sa.Engine
) -> None:
    """Away is for trying again, as with a database; a wrong token is for a person. Neither makes a key."""
    running, token = service
    store = SqlKeyStore(engine, TransitKey(running.address, token))
    running.away = True
    with pytest.raises(DatabaseUnavailableError, match="key service"):
        store.create(CASE)
    running.away = False
    token.write_text("another")
    with pytest.raises(VaultError, match="refused to encrypt with its key: 403"):
        store.create(CASE)
    token.unlink()
    with pytest.raises(DatabaseUnavailableError):
        store.create(CASE)
    assert stored(engine) == []


# ---- the key store


def test_a_case_has_keys_of_its_own_for_other_ends_and_all_die_with_it(engine: sa.Engine) -> None:
    """Another case's stay."""
    store = SqlKeyStore(engine, master())
    names = [CASE, location_key(CASE), payload_key(CASE, 2)]
    made = {name: store.create(name) for name in (*names, "other", location_key("other"))}

    assert len(set(made.values())) == 5
    store.destroy(CASE)
    for name in names:
        with pytest.raises(KeyMissingError):
            store.get(name)
    assert [row[0] for row in stored(engine)] == ["other", "other/location"]


def test_a_key_made_by_another_process_is_found_though_the_owner_is_cached(engine: sa.Engine) -> None:
    """Only a key that is not there is looked for again."""
    one = master()
    here, there = SqlKeyStore(engine, one), SqlKeyStore(engine, one)
    here.create(CASE)
    assert here.ids(CASE) == (CASE,)
    made = there.create(payload_key(CASE, 2))

    assert here.get(payload_key(CASE, 2)) == made
    assert here.ids(CASE) == (CASE, payload_key(CASE, 2))


def test_the_root_is_made_in_an_empty_key_store_once_and_never_again(scratch: Scratch, engine: sa.Engine) -> None:
    """Not beside keys that were made under another, and nobody's slip destroys it."""
    one = master()
    root = RootKey(SqlKeyStore(engine, one)).derive(b"a")
    assert RootKey(SqlKeyStore(engine, one)).derive(b"a") == root != RootKey(SqlKeyStore(engine, one)).derive(b"b")
    SqlKeyStore(engine, one).create(CASE)
    with pytest.raises(sa.exc.DBAPIError, match="never destroyed"), engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM keys"))
    owner = engine_for(scratch.keystore_owner_url)
    with owner.begin() as connection:
        connection.execute(sa.text("ALTER TABLE keys DISABLE TRIGGER own_keys_stay"))
        connection.execute(sa.text("DELETE FROM keys WHERE id = :root"), {"root": ROOT_KEY})
    owner.dispose()

    with pytest.raises(KeyMissingError, match=ROOT_KEY):
        RootKey(SqlKeyStore(engine, one)).derive(b"a")


def test_a_key_store_of_version_0_1_is_taken_over(scratch: Scratch, engine: sa.Engine) -> None:
    """Its keys open, and what was derived from its master key stays what it was."""
    old, key = master(), secrets.token_bytes(32)
    owner = engine_for(scratch.keystore_owner_url)
    with owner.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE case_keys (case_id text PRIMARY KEY, wrapped bytea NOT NULL, wrapped_by text NOT NULL,"
                " made_at timestamptz NOT NULL DEFAULT now())"
            )
        )
        values = {"id": CASE, "wrapped": old.wrap(key, CASE.encode()).key, "by": old.key_id}
        connection.execute(sa.text("INSERT INTO case_keys VALUES (:id, :wrapped, :by)"), values)
    with pytest.raises(VaultError, match="with the master key file"):
        create_keystore(owner, scratch.keystore_role)
    for _ in range(2):
        create_keystore(owner, scratch.keystore_role, old)
    owner.dispose()

    store = SqlKeyStore(engine, old)
    assert store.get(CASE) == key
    assert RootKey(store).derive(b"command id") == old.derive(b"command id")
