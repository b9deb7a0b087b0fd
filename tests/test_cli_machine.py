"""The command line on the machine Tuntas runs on: migrating, seeding, accounts, pathways and the audit."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework.assembly import adapters, office
from casework.db.accounts import SqlAccounts
from casework.db.clients import SqlClients
from casework.db.factors import SqlFactorRules
from casework.db.identities import SqlIdentities
from casework.db.session import engine_for
from casework.db.store import SqlCaseStore
from casework.db.tables import case_log
from casework.directory.agencies import load_agencies
from casework.models.people import Role
from casework.settings import load
from starter.cli.demonstration import accounts_of
from starter.notaries import notary
from tests.attesting import signing_key_in
from tests.command_line import Run, run
from tests.postgres import Scratch, ScratchCheckpoints, scratch_checkpoints, scratch_database
from tests.recordings import following, opening

VERIFY = ("audit", "verify", "--no-engine")
NUMBER = "OKUS-2026-00042-1"
__all__ = ["run"]


def test_pathways_check_finds_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """The built-in ones are right; a directory with a file that is none is not."""
    (tmp_path / "mine.toml").write_text("")

    assert run("pathways", "check")[0] == 0
    status, out, err = run("pathways", "check", tmp_path, "--json")
    assert (status, len(json.loads(out))) == (1, 1)
    assert "mine.toml" in err


def test_demonstration_accounts_are_at_agencies_that_exist() -> None:
    """Each of the contract's names, each at an agency of the directory."""
    accounts = accounts_of("dinas-pppappkb")

    assert {agency_id for _, agency_id in accounts.values()} <= load_agencies().keys()
    assert {role for role, _ in accounts.values()} == set(Role)
    assert len(accounts) == 24


@pytest.fixture(scope="module")
def kept() -> Iterator[ScratchCheckpoints]:
    """A database for checkpoints."""
    with scratch_checkpoints() as made:
        yield made


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    """A case database and a key store."""
    with scratch_database() as made:
        yield made


@pytest.fixture
def machine(scratch: Scratch, kept: ScratchCheckpoints, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scratch:
    """The environment of the machine Tuntas runs on."""
    key = tmp_path / "master.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    for name, value in {
        "DATABASE_URL": scratch.app_url,
        "DATABASE_OWNER_URL": scratch.owner_url,
        "KEYSTORE_URL": scratch.keystore_url,
        "CHECKPOINTS_URL": kept.url,
        "TUNTAS_SIGNING_KEY_FILE": str(signing_key_in(tmp_path)),
        "TUNTAS_MASTER_KEY_FILE": str(key),
        "TUNTAS_DEMO_PASSWORD": "kata-sandi-uji-coba",
    }.items():
        monkeypatch.setenv(name, value)
    return scratch


def test_settings_that_are_missing_are_named(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad usage, not a trace."""
    monkeypatch.delenv("KEYSTORE_URL")

    status, _, err = run("seed")

    assert (status, "KEYSTORE_URL" in err) == (2, True)


def test_settings_come_from_the_data_directory_of_up(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the environment names no database; one that it names goes before."""
    run("migrate")
    monkeypatch.setenv("TUNTAS_DATA", str(tmp_path))
    left = tmp_path / "settings.json"
    left.write_text(json.dumps({"DATABASE_URL": machine.app_url, "KEYSTORE_URL": "postgresql://nobody@127.0.0.1:1/no"}))
    monkeypatch.delenv("DATABASE_URL")

    assert run(*VERIFY)[0] == 0
    left.write_text("{")
    assert run(*VERIFY)[0] == 2
    left.unlink()
    status, _, err = run(*VERIFY)
    assert (status, "DATABASE_URL" in err, "TUNTAS_DATA" in err) == (2, True, True)

    left.write_text("{")
    monkeypatch.setenv("DATABASE_URL", machine.app_url)
    assert run(*VERIFY)[0] == 0


def test_migrate_may_be_repeated(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an owner for the key store, or without one of its own."""
    assert run("migrate")[0] == 0
    monkeypatch.setenv("KEYSTORE_OWNER_URL", machine.keystore_owner_url)
    assert run("migrate")[:2] == (0, "migrated\n")
    monkeypatch.delenv("DATABASE_OWNER_URL")
    assert run("migrate")[0] == 2


def test_a_database_that_is_away_is_status_three(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever command asks."""
    away = sa.make_url(machine.app_url).set(port=1).render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", away)

    assert run(*VERIFY)[0] == 3
    assert run("seed")[0] == 3


def test_seed_makes_what_is_missing_once(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time it makes nothing; another password is given to all of them."""
    assert run("seed")[:2] == (0, "demonstration accounts: 24 made\n")
    assert run("seed")[:2] == (0, "demonstration accounts: 0 made\n")
    monkeypatch.setenv("TUNTAS_DEMO_PASSWORD", "another-kata-sandi")
    assert run("seed")[:2] == (0, "demonstration accounts: 0 made\n")
    engine = engine_for(machine.app_url)
    assert SqlAccounts(engine).sign_in("supervisor", "another-kata-sandi") is not None
    engine.dispose()


def test_accounts_are_added_given_a_token_and_disabled(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token works until its account is disabled."""
    monkeypatch.setenv("TUNTAS_PASSWORD", "cukup-panjang-sekali")
    add = ("account", "add", "siti", "--role", "caseworker", "--agency")
    assert run(*add, "no-such-agency")[0] == 1
    assert run(*add, "dinas-pppappkb")[0] == 0
    assert run(*add, "dinas-pppappkb")[0] == 1
    token = run("account", "token", "siti")[1].strip()
    engine = engine_for(machine.app_url)
    accounts = SqlAccounts(engine)

    known = accounts.of_token(token)
    assert known is not None
    assert known.username == "siti"
    monkeypatch.setenv("TUNTAS_PASSWORD", "lain-sama-sekali-ini")
    assert run("account", "password", "siti")[0] == 0
    assert accounts.of_token(token) is None
    assert accounts.sign_in("siti", "lain-sama-sekali-ini") is not None
    token = run("account", "token", "siti")[1].strip()
    assert run("account", "disable", "siti")[0] == 0
    assert accounts.of_token(token) is None
    assert run("account", "token", "siti")[0] == 1
    assert run("account", "disable", "nobody")[0] == 1
    monkeypatch.setenv("TUNTAS_PASSWORD", "short")
    assert run("account", "password", "siti")[0] == 1
    assert run("account", "add", "budi", "--role", "viewer", "--agency", "bupati")[0] == 1
    engine.dispose()


def test_a_system_is_added_with_its_scopes_and_its_secret_turned(run: Run, machine: Scratch) -> None:
    """The secret is printed once; a token from the command line is good for no more than the system is."""
    add = ("account", "add-client", "rumah-sakit", "--agency", "rsud-muaradua", "--scope", "cases:open")
    assert run(*add, "--scope", "second_factor")[0] == 2
    status, secret, _ = run(*add)
    assert (status, run(*add)[0]) == (0, 1)
    engine = engine_for(machine.app_url)
    clients = SqlClients(engine)

    known = clients.sign_in("rumah-sakit", secret.strip())
    turned = run("account", "rotate-client", "rumah-sakit", "--keep", "0")[1].strip()

    assert known is not None
    assert (known.role, known.agency_id, known.scopes) == (Role.SYSTEM, "rsud-muaradua", ("cases:open",))
    assert clients.sign_in("rumah-sakit", secret.strip()) is None
    assert clients.sign_in("rumah-sakit", turned) == known
    token = SqlAccounts(engine).of_token(run("account", "token", "rumah-sakit")[1].strip())
    assert token == known
    assert run("account", "rotate-client", "nobody")[0] == 1
    engine.dispose()


def test_a_second_factor_is_required_and_taken_away(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an agency that there is; of an account that there is."""
    monkeypatch.setenv("TUNTAS_PASSWORD", "cukup-panjang-sekali")
    assert run("account", "add", "ratna", "--role", "agency_officer", "--agency", "bapas")[0] == 0
    engine = engine_for(machine.app_url)
    factors, ratna = SqlFactorRules(engine), SqlAccounts(engine).by_username("ratna")
    assert ratna is not None

    assert run("account", "require-factor", "no-such-agency")[0] == 1
    assert run("account", "require-factor", "bapas")[0] == 0
    assert factors.state(ratna) == (False, True)
    assert run("account", "require-factor", "bapas", "--off")[0] == 0
    assert factors.state(ratna) == (False, False)
    token = run("account", "token", "ratna")[1].strip()
    assert run("account", "reset-factor", "ratna")[0] == 0
    assert SqlAccounts(engine).of_token(token) is None
    assert run("account", "reset-factor", "nobody")[0] == 1
    engine.dispose()


def test_an_identity_at_another_provider_is_linked_and_unlinked(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an account that there is, at the provider that there is."""
    monkeypatch.setenv("TUNTAS_PASSWORD", "cukup-panjang-sekali")
    assert run("account", "add", "dewi", "--role", "head", "--agency", "dinas-pppappkb")[0] == 0
    assert run("account", "link", "dewi", "248289761001")[0] == 2
    monkeypatch.setenv("TUNTAS_OIDC_ISSUER", "https://provider.example")
    engine = engine_for(machine.app_url)
    identities, dewi = SqlIdentities(engine), SqlAccounts(engine).by_username("dewi")

    assert run("account", "link", "nobody", "248289761001")[0] == 1
    assert run("account", "link", "dewi", "248289761001")[0] == 0
    assert identities.account_of("https://provider.example", "248289761001") == dewi
    assert run("account", "unlink", "dewi")[0] == 0
    assert identities.account_of("https://provider.example", "248289761001") is None
    engine.dispose()


def test_audit_verify_names_the_row_that_was_changed(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log as it was written is right; a row changed behind its back, or a tail cut off, is found and named."""
    first = opening()
    with signed_now() as store:
        for recording in (first, following(first)):
            store.record(recording)
    number = first.case.number

    status, out, err = run(*VERIFY)
    assert (status, out.splitlines()[0], err) == (0, f"{LOOKED}: as they were written", "")
    assert "the engine's history: it was not asked for" in out
    assert run(*VERIFY, "OKUS-1999-00001-1")[0] == 1
    monkeypatch.setenv("TUNTAS_CHECKPOINT_KEYS", run("audit", "key")[1].strip())
    monkeypatch.delenv("TUNTAS_SIGNING_KEY_FILE")
    assert run(*VERIFY)[0] == 0
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    status, _, err = run("audit", "verify")
    assert (status, "the engine does not answer" in err) == (3, True)
    with owner(machine) as connection:
        connection.execute(sa.update(case_log).where(case_log.c.sequence == 2).values(account_id="somebody-else"))
    status, out, err = run(*VERIFY, number, "--json")
    assert (status, json.loads(out)["findings"][0]["sequence"]) == (1, 2)
    assert f"{number} at 2: the row is not what was written" in err
    with owner(machine) as connection:
        connection.execute(sa.delete(case_log).where(case_log.c.sequence == 2))
    assert f"{number} at 2: the log ends before this, the case stands at 2" in run(*VERIFY)[2]


LOOKED = "1 cases, 2 rows, 0 sealed texts, 0 readings, 1 checkpoints"


@contextmanager
def signed_now() -> Iterator[SqlCaseStore]:
    """What is recorded here is under a checkpoint afterwards."""
    outside = adapters(load())
    with closing(outside):
        yield SqlCaseStore(outside.engine)
        with notary(outside, office(outside.settings)) as signing:
            signing.round()


def test_audit_verify_needs_to_know_what_to_believe(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the checkpoints are and whose are believed: bad usage, not a finding."""
    monkeypatch.delenv("TUNTAS_SIGNING_KEY_FILE")
    status, _, err = run(*VERIFY)
    assert (status, "TUNTAS_CHECKPOINT_KEYS" in err) == (2, True)
    monkeypatch.setenv("TUNTAS_CHECKPOINT_KEYS", "any")
    monkeypatch.delenv("CHECKPOINTS_URL")
    assert run(*VERIFY)[0] == 2


@contextmanager
def owner(machine: Scratch) -> Iterator[sa.Connection]:
    """The database's owner, who can do what the application cannot, triggers of the log set aside."""
    engine = engine_for(machine.owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE case_log DISABLE TRIGGER USER")
        yield connection
        connection.exec_driver_sql("ALTER TABLE case_log ENABLE TRIGGER USER")
    engine.dispose()
