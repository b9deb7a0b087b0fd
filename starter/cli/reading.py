"""Commands that read cases."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from casework.ids import is_id
from starter.cli import screen
from starter.cli.api import Api
from starter.cli.board import NOTHING_MORE, stalled, step_in_words
from starter.cli.failures import Refused
from starter.cli.words import in_words

Case = Annotated[str, typer.Argument(metavar="CASE", help="A case's id or number.")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as it came.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (login, logout, show, outlook, log, stalled):
        app.command()(command)


def login(
    username: Annotated[str, typer.Argument(help="The account's name.")],
    otp: Annotated[str | None, typer.Option(metavar="CODE", help="A code of the second factor.")] = None,
) -> None:
    """Sign in; prints a token for TUNTAS_TOKEN. The password is asked for, or read from TUNTAS_PASSWORD."""
    password = os.environ.get("TUNTAS_PASSWORD") or typer.prompt("Password", hide_input=True, err=True)
    with Api.of_environment(signed_in=False) as api:
        code = {} if otp is None else {"otp": otp}
        answer = api.ask("POST", "/tokens", json={"username": username, "password": password, **code})
    screen.say(str(answer["token"]))


def logout() -> None:
    """End the token in TUNTAS_TOKEN."""
    with Api.of_environment() as api:
        api.ask("DELETE", "/tokens/current")
    screen.say("signed out")


def show(case: Case, json: AsJson = False) -> None:
    """A case as you may see it."""
    answer = _read(case, "")
    if json:
        screen.as_json(answer)
    else:
        screen.fields(str(answer.get("number", case)), answer)


def outlook(case: Case, json: AsJson = False) -> None:
    """What a case waits for, on whom, since when, until when, and what happens by itself."""
    answer = _read(case, "/outlook")
    if json:
        screen.as_json(answer)
        return
    columns = ("waits for", "on", "since", "due", "overdue", "rung", "by itself")
    rows = [_wait(item) for item in answer.get("waiting_on", ())]
    screen.table(f"{case} waits for", columns, rows)
    reasons = "; ".join(in_words(reason) for reason in answer.get("reasons", ())) or "yes"
    screen.say(f"stalled: {reasons}" if answer.get("stalled") else "not stalled")


def log(case: Case, json: AsJson = False) -> None:
    """The case log, oldest first; its digests with --json."""
    with Api.of_environment() as api:
        items = list(_all(api, f"/cases/{api.case_id(case)}/log"))
    if json:
        screen.as_json(items)
        return
    columns = ("sequence", "at", "kind", "deadline", "by", "agency", "digest")
    rows = [_logged(item) for item in items]
    screen.table(f"log of {case}", columns, rows, machines=("digest",))


def _read(case: str, what: str) -> Mapping[str, Any]:
    with Api.of_environment() as api:
        answer = api.get(f"/cases/{api.case_id(case)}{what}")
    if not isinstance(answer, dict):
        raise Refused("The answer is not one this version knows; is the server of the same version?")
    return answer


def _all(api: Api, path: str) -> list[Mapping[str, Any]]:
    """Every item of a list, page by page."""
    items: list[Mapping[str, Any]] = []
    query: dict[str, str] = {}
    while True:
        page = api.get(path, **query)
        items += page.get("items", ())
        if not page.get("next_cursor"):
            return items
        query["cursor"] = page["next_cursor"]


def _logged(item: Mapping[str, Any]) -> list[object]:
    about = ", ".join(str(kind).replace("_", " ") for kind in item.get("deadlines") or ())
    # Of another office the answer names no people; their agency stands beside.
    by = item.get("by_name") or ("" if is_id(str(item.get("by"))) else item.get("by"))
    return [
        *(item.get(name) for name in ("sequence", "at", "kind")),
        about,
        by,
        item.get("agency_id"),
        item.get("digest"),
    ]


def _wait(item: Mapping[str, Any]) -> list[object]:
    owner = " ".join(str(value) for value in (item.get("owner") or {}).values() if value)
    by_itself = "; ".join(step_in_words(step) for step in item.get("forecast", ())) or NOTHING_MORE
    late = f"on hold until {item['held_until']}" if item.get("held_until") else item.get("overdue")
    return [item.get("kind"), owner, item.get("since"), item.get("due_at"), late, item.get("rung"), by_itself]
