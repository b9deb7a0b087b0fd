"""Commands that change cases: `open` for a new one, `do` for everything after."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from casework.ids import new_id
from starter.cli import screen
from starter.cli.api import Api
from starter.cli.failures import Away, BadUsage
from starter.cli.routes import COMMANDS, Route

File = Annotated[str, typer.Argument(metavar="FILE.json", help="The report; - reads it from the input.")]
Key = Annotated[str | None, typer.Option(help="Idempotency-Key: a repeat with the same key is applied once.")]
Answer = Annotated[bool, typer.Option("--print-json", help="Print the answer as it came.")]
Subject = Annotated[str | None, typer.Option(metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("open")(open_case)
    app.command("do", epilog="Commands: " + " ".join(COMMANDS))(do)


def open_case(file: File, key: Key = None, json_: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Open a case from a report."""
    body = object_of(text_of(file))
    with Api.of_environment() as api:
        answer = send(api, "/cases", body, headers_of(key, None))
    tell("opened" if answer.get("status") != "queued" else "queued until the engine is back", answer, as_json=json_)


def do(
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="See the end of this help.")],
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="A case's id or number.")] = None,
    json_: Annotated[str | None, typer.Option("--json", metavar="JSON", help="The command's body.")] = None,
    file: Annotated[str | None, typer.Option(metavar="FILE.json", help="The body from a file; - the input.")] = None,
    upload: Annotated[str | None, typer.Option(metavar="FILE", help="The file that add_document sends.")] = None,
    referral: Subject = None,
    notification: Subject = None,
    hold: Subject = None,
    revision: Annotated[int | None, typer.Option(help="Refuse if the case has changed since this revision.")] = None,
    key: Key = None,
    print_json: Answer = False,
) -> None:
    """Give a command on a case, on one of its referrals or holds, or on a notification."""
    route = _route(command)
    named = {"case": case, "referral": referral, "notification": notification, "hold": hold}
    body = {**_body(json_, file), **route.fixed}
    _check_named(command, route, named)
    if route.form is (upload is None):
        raise BadUsage(f"{command} needs --upload FILE." if route.form else f"{command} takes no --upload.")
    with Api.of_environment() as api:
        path = route.path
        for subject in route.subjects:
            given = str(named[subject])
            path = path.replace(f"{{{subject}_id}}", api.case_id(given) if subject == "case" else quote(given, safe=""))
        headers = headers_of(key, revision)
        answer = (
            _send_file(api, path, body, headers, upload) if upload else send(api, path, body, headers, route.method)
        )
    tell(f"{command}: done", answer, as_json=print_json)


def _route(command: str) -> Route:
    try:
        return COMMANDS[command]
    except KeyError:
        raise BadUsage(f"There is no command `{command}`.", ("there are: " + " ".join(COMMANDS),)) from None


def _check_named(command: str, route: Route, named: Mapping[str, str | None]) -> None:
    for subject, given in named.items():
        option = "CASE" if subject == "case" else f"--{subject} ID"
        if subject in route.subjects and not given:
            raise BadUsage(f"{command} needs {option}.")
        if subject not in route.subjects and given and subject != "case":
            raise BadUsage(f"{command} takes no {option}.")


def _body(text: str | None, file: str | None) -> dict[str, Any]:
    if text is not None and file is not None:
        raise BadUsage("Give --json or --file, not both.")
    return object_of(text_of(file) if file is not None else text or "{}")


def text_of(file: str) -> str:
    """What stands in a file, or comes from the input."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadUsage(f"{file} cannot be read: {error}") from None


def object_of(text: str) -> dict[str, Any]:
    """A body as JSON has it."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadUsage(f"The body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadUsage("The body must be a JSON object.")
    return body


def headers_of(key: str | None, revision: int | None) -> dict[str, str]:
    """The key of a request, a fresh one unless told, and the revision that it is based on."""
    match = {} if revision is None else {"If-Match": f'"{revision}"'}
    return {"Idempotency-Key": key or new_id(), **match}


def send(
    api: Api, path: str, body: Mapping[str, Any], headers: Mapping[str, str], method: str = "POST"
) -> dict[str, Any]:
    """Send a body; where nothing is heard, say how it is repeated safely."""
    return _given(method, api, path, headers, {"json": body})


def _given(method: str, api: Api, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer = api.ask(method, path, headers=headers, **body)
    except Away as away:
        away.lines = (*away.lines, f"repeat it safely with --key {headers['Idempotency-Key']}")
        raise
    return answer if isinstance(answer, dict) else {"answer": answer}


def _send_file(api: Api, path: str, body: Mapping[str, Any], headers: Mapping[str, str], file: str) -> dict[str, Any]:
    """In a form, read as it is sent."""
    try:
        with Path(file).open("rb") as content:
            form = {"data": body, "files": {"file": (Path(file).name, content)}}
            return _given("POST", api, path, headers, form)
    except OSError as error:
        raise BadUsage(f"{file} cannot be read: {error.strerror}") from None


def tell(done: str, answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Say what was done, or give the answer as it came."""
    if as_json:
        screen.as_json(answer)
    else:
        screen.fields(done, answer)
