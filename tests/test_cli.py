"""The command line: what it asks of the API, what it prints, and the status it exits with."""

import io
import json
import re
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, run
from tests.stub_api import StubApi, stub_api

CASE = "0198c0de-0000-7000-8000-000000000001"
NUMBER = "OKUS-2026-00042-1"
CLIENT = {"name": "N\x1b[31mama"}
SHOWN = {"id": CASE, "number": NUMBER, "stage": "referral", "revision": 7, "client": CLIENT, "links": []}
__all__ = ["run"]


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


def test_log_names_people_and_deadlines(run: Run, api: StubApi) -> None:
    """By their names where they are known; no id stands for a person."""
    by = {"by": CASE, "agency_id": "rsud-muaradua", "digest": "d"}
    rows = [
        {"sequence": 1, "kind": "ReminderSent", "at": "t", **by, "by_name": "siti", "deadlines": ["plan", "follow_up"]},
        {"sequence": 2, "kind": "ReferralAnswered", "at": "t", **by, "by_name": None, "deadlines": []},
    ]
    api.answers[f"GET /cases/{CASE}/log"] = (200, {"items": rows, "next_cursor": None})

    lines = run("log", CASE)[1].splitlines()

    assert lines[1] == "1\tt\tReminderSent\tplan, follow up\tsiti\trsud-muaradua\td"
    assert lines[2] == "2\tt\tReferralAnswered\t\t\trsud-muaradua\td"


def test_outlook_says_who_owes_what_until_when(run: Run, api: StubApi) -> None:
    """One line for each thing it waits for, and whether it is stalled."""
    owner = {"role": "caseworker", "agency_id": None}
    waiting = {"kind": "plan", "owner": owner, "due_at": "tomorrow", "overdue": True}
    answer = {"waiting_on": [waiting], "stalled": True, "reasons": ["overdue", "no_activity"]}
    api.answers[f"GET /cases/{CASE}/outlook"] = (200, answer)

    status, out, _ = run("outlook", CASE)

    assert status == 0
    assert "plan\tcaseworker\t\ttomorrow\tyes\t\tnothing more; it stays until somebody acts\n" in out
    assert out.endswith("stalled: lewat tenggat (overdue); tidak ada kegiatan (no activity)\n")


def test_outlook_shows_the_rung_the_hold_and_what_happens_by_itself(run: Run, api: StubApi) -> None:
    """The whole forecast, soonest first."""
    steps = [{"action": "release", "to": "police", "at": "T1"}, {"action": "escalate", "to": "head", "at": "T2"}]
    waiting = {"kind": "plan", "owner": {"role": "caseworker"}, "due_at": "T0", "overdue": False, "rung": 1}
    answer = {"waiting_on": [{**waiting, "held_until": "T1", "forecast": steps}], "stalled": False, "reasons": []}
    api.answers[f"GET /cases/{CASE}/outlook"] = (200, answer)

    status, out, _ = run("outlook", CASE)

    assert status == 0
    assert "plan\tcaseworker\t\tT0\ton hold until T1\t1\trelease police T1; escalate head T2\n" in out
    assert out.endswith("not stalled\n")


def board(*items: dict[str, Any], complete: bool = True, cursor: str | None = None) -> tuple[int, Any]:
    """A page of the board."""
    page = {"items": list(items), "next_cursor": cursor, "checked_at": "2026-05-21T03:00:00Z", "complete": complete}
    return 200, page


def stalled_case(**changes: Any) -> dict[str, Any]:
    """A case whose referral is not answered."""
    waiting = [
        {"next": {"action": "escalate", "to": "head", "at": "2026-05-22T03:00:00Z"}, "held_until": None},
        {"next": None, "held_until": None},
        {"next": {"action": "remind", "to": "caseworker", "at": "2026-05-21T09:00:00+07:00"}, "held_until": None},
    ]
    return {
        "case": {"number": NUMBER, "risk": "high"},
        "reasons": ["ref_no_answer", "overdue", "something_new"],
        "holder": {"role": None, "account_id": None, "agency_id": "rsud-muaradua"},
        "since": "2026-05-20T03:00:00Z",
        "outlook": {"waiting_on": waiting},
        "remedies": [{"command": "send_reminder"}, {"command": "hold_clock"}, {"command": "send_reminder"}],
        **changes,
    }


def test_stalled_says_why_on_whom_and_what_to_do(run: Run, api: StubApi) -> None:
    """A line each, the soonest step, each remedy once, and when it was checked."""
    api.answers["GET /stalled"] = board(stalled_case(), cursor="more")
    api.answers["GET /stalled?cursor=more"] = board(stalled_case(holder=None, since=None, remedies=[]))

    status, out, err = run("stalled")

    assert (status, err) == (0, "")
    first = [
        *(NUMBER, "high", "rujukan belum dijawab (referral not answered); lewat tenggat (overdue); something_new"),
        *("2026-05-20T03:00:00Z", "rsud-muaradua", "remind caseworker 2026-05-21T09:00:00+07:00"),
        "send_reminder hold_clock",
    ]
    lines = out.splitlines()
    assert lines[1] == "\t".join(first)
    assert len(lines) == 4
    assert lines[-1] == "2; checked 2026-05-21T03:00:00Z"


def test_nothing_is_stalled_only_where_the_check_was_complete(run: Run, api: StubApi) -> None:
    """Else it warns, and still exits with 0."""
    api.answers["GET /stalled"] = board()
    assert run("stalled")[:2] == (0, "nothing stalled; checked 2026-05-21T03:00:00Z\n")

    api.answers["GET /stalled"] = board(complete=False)
    status, out, _ = run("stalled")
    assert status == 0
    assert "nothing stalled" not in out
    assert "WARNING: The check was not complete" in out

    api.answers["GET /stalled?reason=risk_up"] = board()
    assert "nothing stalled" not in run("stalled", "--reason", "risk_up")[1]


def test_stalled_says_until_when_something_is_on_hold(run: Run, api: StubApi) -> None:
    """It stays listed, and one line says why nothing happens."""
    waiting = [{"next": None, "held_until": until} for until in ("2026-06-02T03:00:00Z", None, "2026-06-01T03:00:00Z")]
    api.answers["GET /stalled"] = board(stalled_case(outlook={"waiting_on": waiting}))

    _, out, _ = run("stalled")

    assert "something_new; on hold until 2026-06-01T03:00:00Z" in out


def test_stalled_passes_its_filters_on_and_gives_the_answer_as_it_came(run: Run, api: StubApi) -> None:
    """Every page in one; complete where each is."""
    query = "reason=ref_no_answer&agency_id=rsud-muaradua"
    api.answers[f"GET /stalled?{query}"] = board(stalled_case(), cursor="more")
    api.answers[f"GET /stalled?{query}&cursor=more"] = board(stalled_case(), complete=False)

    answer = json.loads(run("stalled", "--reason", "ref_no_answer", "--agency", "rsud-muaradua", "--json")[1])

    assert (len(answer["items"]), answer["complete"], answer["next_cursor"]) == (2, False, None)
    assert run("stalled", "--reason", "boredom")[0] == 2


def test_on_a_terminal_the_board_is_coloured_and_local(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """High risk stands out; times are those of the wall."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    api.answers["GET /stalled"] = board(stalled_case(), complete=False)

    _, out, _ = run("stalled")

    assert "\x1b[1;31mhigh" in out
    assert "\x1b[1;33mWARNING" in out
    assert "2026-05-21T03:00:00Z" not in out


@pytest.mark.parametrize(("width", "lined"), [(80, False), (200, True)])
def test_no_word_is_broken_on_a_terminal(
    run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch, width: int, lined: bool
) -> None:
    """Where a table is too wide, what stands still comes one below the other."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    api.answers["GET /stalled"] = board(stalled_case())

    _, out, _ = run("stalled")

    zone = datetime.now().astimezone().tzname()
    assert ("│" in out) is lined
    for word in (NUMBER, "rsud-muaradua", "send_reminder", "(referral", "hold_clock", f"({zone})"):
        assert word in out
    assert max(len(re.sub("\x1b[^m]*m", "", line)) for line in out.splitlines()) <= width


def test_digests_are_for_machines(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets them, a terminal does not."""
    row = {"sequence": 1, "kind": "CaseOpened", "at": "2026-05-21T03:00:00Z", "by": "a", "digest": "da2e01a6"}
    api.answers[f"GET /cases/{CASE}/log"] = (200, {"items": [row], "next_cursor": None})
    assert "da2e01a6" in run("log", CASE)[1]

    monkeypatch.setenv("FORCE_COLOR", "1")
    out = run("log", CASE)[1]

    assert "CaseOpened" in out
    assert "da2e01a6" not in out


def test_do_releases_a_hold_of_a_case(run: Run, api: StubApi) -> None:
    """Both are named."""
    api.answers[f"POST /cases/{CASE}/holds/h-1/release"] = (200, SHOWN)

    status, _, _ = run("do", "release_clock", CASE, "--hold", "h-1")

    assert (status, api.asked[0].body) == (0, {})


def test_do_sends_the_body_the_command_means(run: Run, api: StubApi) -> None:
    """The name of a decision is part of its body; key and revision travel as headers."""
    api.answers[f"POST /cases/{CASE}/plan/decision"] = (200, SHOWN)

    status, out, _ = run("do", "approve_plan", CASE, "--json", '{"reason": "Baik."}', "--revision", 6, "--key", "k1")

    asked = api.asked[0]
    assert (status, asked.body) == (0, {"reason": "Baik.", "decision": "approve"})
    assert (asked.headers["If-Match"], asked.headers["Idempotency-Key"]) == ('"6"', "k1")
    assert "revision\t7" in out


def test_do_sends_a_file_in_a_form_and_a_location_with_its_method(run: Run, api: StubApi, tmp_path: Path) -> None:
    """Each as the API takes it; a file where none is taken, and none where one is needed, is bad usage."""
    file = tmp_path / "surat.pdf"
    file.write_bytes(b"%PDF-1.7 surat")
    api.answers[f"POST /cases/{CASE}/documents"] = (201, SHOWN)
    api.answers[f"PUT /cases/{CASE}/location"] = (200, SHOWN)

    assert run("do", "add_document", CASE, "--json", '{"kind": "letter"}', "--upload", file)[0] == 0
    assert run("do", "set_location", CASE, "--json", '{"address": "Jalan Pipit 3"}')[0] == 0
    assert run("do", "add_document", CASE, "--json", '{"kind": "letter"}')[0] == 2
    assert run("do", "set_location", CASE, "--upload", file)[0] == 2
    assert run("do", "add_document", CASE, "--upload", tmp_path / "none.pdf")[0] == 2

    sent, told = api.asked
    assert [part in sent.body for part in (b"%PDF-1.7 surat", b'name="kind"', b'filename="surat.pdf"')] == [True] * 3
    assert told.body == {"address": "Jalan Pipit 3"}


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
        ("do", "assign_case", CASE, "--hold", "h-1"),
        ("do", "release_clock", CASE),
        ("do", "release_clock", "--hold", "h-1"),
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


def test_a_silent_or_foreign_server_is_status_three(run: Run, api: StubApi, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert run("login", "siti", "--otp", "123456")[:2] == (0, "t-1\n")
    assert api.asked[1].body == {"username": "siti", "password": "kata sandi", "otp": "123456"}
    assert run("show", CASE)[0] == 2


def test_logout_ends_the_token_that_is_there(run: Run, api: StubApi) -> None:
    """Nothing is left to be found in a shell's history that still opens."""
    api.answers["DELETE /tokens/current"] = (200, "")

    assert run("logout")[:2] == (0, "signed out\n")
    assert api.asked[0].headers["Authorization"].startswith("Bearer ")


def test_help_names_every_command(run: Run) -> None:
    """One screen."""
    words = set(run("--help")[1].split())

    assert {"open", "show", "outlook", "stalled", "do", "log", "login", "logout"} <= words
    assert {"up", "worker", "web", "migrate", "seed", "pathways", "audit", "account"} <= words
