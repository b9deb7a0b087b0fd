"""The command line: what it asks of the API, what it prints, and the status it exits with."""

import base64
import io
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework.db.accounts import SqlAccounts
from casework.db.session import engine_for
from casework.directory.agencies import load_agencies
from casework.models.people import Role
from starter.cli import main
from starter.cli.demonstration import accounts_of
from tests.postgres import Scratch, scratch_database
from tests.stub_api import StubApi, stub_api

CASE = "0198c0de-0000-7000-8000-000000000001"
NUMBER = "OKUS-2026-00042-1"
SHOWN = {"id": CASE, "number": NUMBER, "stage": "referral", "revision": 7, "client": {"name": "N\x1b[31mama"}, "links": []}
Outcome = tuple[int, str, str]
Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command: its exit status, output and error stream."""

    def give(*words: object) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return give


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubApi]:
    """A stand-in for the API, named by the environment, with a token."""
    with stub_api() as stub:
        monkeypatch.setenv("TUNTAS_URL", stub.url)
        monkeypatch.setenv("TUNTAS_TOKEN", "secret-token")
        yield stub


def test_show_prints_what_is_known_without_control_characters(run: Run, api: StubApi) -> None:
    """Names come out, escape sequences do not; what is empty is left out."""
    api.answers[f"GET /cases/{CASE}"] = (200, SHOWN)

    status, out, _ = run("show", CASE)

    assert status == 0
    assert f"number\t{NUMBER}\n" in out
    assert "client.name\tN [31mama" in out
    assert "\x1b" not in out
    assert "links" not in out
    assert api.asked[0].headers["Authorization"] == "Bearer secret-token"


def test_a_case_can_be_named_by_its_number(run: Run, api: StubApi) -> None:
    """The number is looked up first."""
    api.answers[f"GET /cases?number={NUMBER}"] = (200, {"items": [SHOWN], "next_cursor": None})
    api.answers[f"GET /cases/{CASE}"] = (200, SHOWN)

    status, out, _ = run("show", NUMBER, "--json")

    assert (status, json.loads(out)) == (0, SHOWN)


def test_an_unknown_number_is_refused_and_a_mistyped_one_bad_usage(run: Run, api: StubApi) -> None:
    """A wrong check digit is found without asking."""
    api.answers[f"GET /cases?number={NUMBER}"] = (200, {"items": [], "next_cursor": None})

    assert run("show", NUMBER)[0] == 1
    assert run("show", "OKUS-2026-00042-2")[0] == 2
    assert len(api.asked) == 1


def test_log_is_read_page_by_page(run: Run, api: StubApi) -> None:
    """Every page is in the answer."""
    rows = [{"sequence": n, "kind": "CaseOpened", "at": "t", "by": "a", "digest": "d"} for n in (1, 2)]
    api.answers[f"GET /cases/{CASE}/log"] = (200, {"items": rows[:1], "next_cursor": "more"})
    api.answers[f"GET /cases/{CASE}/log?cursor=more"] = (200, {"items": rows[1:], "next_cursor": None})

    assert json.loads(run("log", CASE, "--json")[1]) == rows
    assert run("log", CASE)[1].splitlines()[2].startswith("2\tt\tCaseOpened")


def test_outlook_says_who_owes_what_until_when(run: Run, api: StubApi) -> None:
    """One line for each thing it waits for, and whether it is stalled."""
    waiting = {"kind": "plan", "owner": {"role": "caseworker", "agency_id": None}, "due_at": "tomorrow", "overdue": True}
    answer = {"waiting_on": [waiting], "stalled": True, "reasons": ["overdue"]}
    api.answers[f"GET /cases/{CASE}/outlook"] = (200, answer)

    status, out, _ = run("outlook", CASE)

    assert status == 0
    assert "plan\tcaseworker\t\ttomorrow\tyes\t" in out
    assert out.endswith("stalled: overdue\n")


def test_do_sends_the_body_the_command_means(run: Run, api: StubApi) -> None:
    """The name of a decision is part of its body; key and revision travel as headers."""
    api.answers[f"POST /cases/{CASE}/plan/decision"] = (200, SHOWN)

    status, out, _ = run("do", "approve_plan", CASE, "--json", '{"reason": "Baik."}', "--revision", 6, "--key", "k1")

    asked = api.asked[0]
    assert (status, asked.body) == (0, {"reason": "Baik.", "decision": "approve"})
    assert (asked.headers["If-Match"], asked.headers["Idempotency-Key"]) == ('"6"', "k1")
    assert "revision\t7" in out


def test_do_reaches_a_referral_by_its_id(run: Run, api: StubApi, tmp_path: Path) -> None:
    """No case is needed; the body may come from a file."""
    body = tmp_path / "answer.json"
    body.write_text('{"answer": "accepted"}')
    api.answers["POST /referrals/r-1/answer"] = (200, {"id": "r-1", "status": "accepted"})

    status, out, _ = run("do", "answer_referral", "--referral", "r-1", "--file", body, "--print-json")

    assert (status, json.loads(out)["status"], api.asked[0].body) == (0, "accepted", {"answer": "accepted"})


@pytest.mark.parametrize(
    "words",
    [
        ("do", "no_such_command", CASE),
        ("do", "assign_case"),
        ("do", "answer_referral", CASE),
        ("do", "assign_case", CASE, "--referral", "r-1"),
        ("do", "assign_case", CASE, "--json", "{"),
        ("do", "assign_case", CASE, "--json", "[]"),
        ("do", "assign_case", CASE, "--json", "{}", "--file", "-"),
        ("open", "no-such-file.json"),
        ("show",),
        ("show", CASE, "--no-such-option"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_bad_usage_asks_nothing(run: Run, api: StubApi, words: tuple[str, ...]) -> None:
    """Status 2, and no request."""
    assert run(*words)[0] == 2
    assert api.asked == []


def test_a_refusal_shows_code_detail_and_pointers(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 1; each thing that is wrong has a line."""
    problem = {
        "code": "invalid_input",
        "detail": "See each pointer.",
        "errors": [{"pointer": "/client/kind", "code": "missing", "detail": "Say which."}],
        "blockers": [{"kind": "referral_open", "referral_id": "r-1"}],
    }
    api.answers["POST /cases"] = (422, problem)
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))

    status, out, err = run("open", "-")

    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "invalid_input: See each pointer.",
        "  /client/kind  missing: Say which.",
        "  blockers: kind referral_open, referral_id r-1",
    ]


def test_open_says_number_or_queue(run: Run, api: StubApi, tmp_path: Path) -> None:
    """A report taken while the engine is away is taken."""
    report = tmp_path / "report.json"
    report.write_text('{"channel": "phone"}')
    api.answers["POST /cases"] = (202, {"id": CASE, "number": NUMBER, "status": "queued"})

    status, out, _ = run("open", report)

    assert status == 0
    assert f"number\t{NUMBER}" in out
    assert api.asked[0].body == {"channel": "phone"}
    assert len(api.asked[0].headers["Idempotency-Key"]) == 36


def test_an_away_service_is_status_three_with_the_key_to_repeat(run: Run, api: StubApi) -> None:
    """The key is told, so that a repeat is safe."""
    api.answers[f"POST /cases/{CASE}/reopening"] = (503, {"code": "engine_unavailable", "detail": "Away."})

    status, _, err = run("do", "reopen_case", CASE, "--key", "k7")

    assert status == 3
    assert "engine_unavailable: Away." in err
    assert "--key k7" in err


def test_a_silent_or_foreign_server_is_status_three(
    run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody there, or somebody else."""
    api.answers[f"GET /cases/{CASE}"] = (200, "<html>")
    assert run("show", CASE)[0] == 3
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TUNTAS_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")

        status, _, err = run("show", CASE)

    assert (status, "does not answer" in err) == (3, True)


@pytest.mark.parametrize("url", ["", "not-a-url", "ftp://host", "http://", "http://[::1"])
def test_a_wrong_address_is_bad_usage(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """TUNTAS_URL must be an http address."""
    monkeypatch.setenv("TUNTAS_URL", url)

    assert run("show", CASE)[0] == 2


def test_login_prints_the_token_alone(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be put into TUNTAS_TOKEN; without one, reading is bad usage."""
    api.answers["POST /tokens"] = (200, {"token": "t-1", "expires_at": "later"})
    monkeypatch.setenv("TUNTAS_PASSWORD", "kata sandi")
    monkeypatch.delenv("TUNTAS_TOKEN")

    assert run("login", "siti")[:2] == (0, "t-1\n")
    assert api.asked[0].body == {"username": "siti", "password": "kata sandi"}
    assert "Authorization" not in api.asked[0].headers
    assert run("show", CASE)[0] == 2


def test_help_names_every_command(run: Run) -> None:
    """One screen."""
    out = run("--help")[1]

    for name in "open show outlook do log login up worker web migrate seed pathways audit account".split():
        assert f" {name} " in out


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
def scratch() -> Iterator[Scratch]:
    """A case database and a key store."""
    with scratch_database() as made:
        yield made


@pytest.fixture
def machine(scratch: Scratch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scratch:
    """The environment of the machine Tuntas runs on."""
    key = tmp_path / "master.key"
    key.write_bytes(base64.b64encode(bytes(32)))
    for name, value in {
        "DATABASE_URL": scratch.app_url,
        "DATABASE_OWNER_URL": scratch.owner_url,
        "KEYSTORE_URL": scratch.keystore_url,
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


def test_migrate_may_be_repeated(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an owner for the key store, or without one of its own."""
    assert run("migrate")[0] == 0
    monkeypatch.setenv("KEYSTORE_OWNER_URL", machine.keystore_owner_url)
    assert run("migrate")[:2] == (0, "migrated\n")
    monkeypatch.delenv("DATABASE_OWNER_URL")
    assert run("migrate")[0] == 2


def test_a_database_that_is_away_is_status_three(
    run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command asks."""
    away = sa.make_url(machine.app_url).set(port=1).render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", away)

    assert run("audit", "verify")[0] == 3
    assert run("seed")[0] == 3


def test_seed_makes_what_is_missing_once(run: Run, machine: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time it makes nothing; under another password it says so."""
    assert run("seed")[:2] == (0, "demonstration accounts: 24 made\n")
    assert run("seed")[:2] == (0, "demonstration accounts: 0 made\n")
    monkeypatch.setenv("TUNTAS_DEMO_PASSWORD", "another-kata-sandi")
    assert run("seed")[0] == 1


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
    assert run("account", "disable", "siti")[0] == 0
    assert accounts.of_token(token) is None
    assert run("account", "token", "siti")[0] == 1
    assert run("account", "disable", "nobody")[0] == 1
    monkeypatch.setenv("TUNTAS_PASSWORD", "short")
    assert run("account", "add", "budi", "--role", "viewer", "--agency", "bupati")[0] == 1
    engine.dispose()


def test_audit_verify_of_no_cases_finds_nothing(run: Run, machine: Scratch) -> None:
    """And a case that is not there is said."""
    assert run("audit", "verify")[0] == 0
    assert run("audit", "verify", NUMBER)[0] == 1
