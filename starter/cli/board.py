"""`tuntas stalled`: what stands still, why and on whom, and what may be done about it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from starter.cli import screen
from starter.cli.api import Api
from starter.cli.failures import BadUsage
from starter.cli.words import REASONS, in_words

COLUMNS = ("case", "risk", "why", "since", "on", "next by itself", "you may")
STYLES = {"high": "bold red", "unassessed": "bold red", "medium": "yellow", "low": "green"}
NOTHING_MORE = "nothing more; it stays until somebody acts"
NOT_COMPLETE = "The check was not complete: watch or patrol gave no sign of life, or the engine did not answer."


def stalled(
    reason: Annotated[str | None, typer.Option(help="Only for this reason: " + " ".join(REASONS))] = None,
    agency: Annotated[str | None, typer.Option(metavar="AGENCY", help="Only of, or with, this agency.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The answer as it came.")] = False,
) -> None:
    """The board: what stands still, most urgent first, and when it was checked."""
    if reason is not None and reason not in REASONS:
        raise BadUsage(f"There is no reason {reason}.", ("there are: " + " ".join(REASONS),))
    asked = {name: value for name, value in (("reason", reason), ("agency_id", agency)) if value}
    with Api.of_environment() as api:
        board = _whole(api, asked)
    if json:
        screen.as_json(board)
        return
    if board["items"]:
        screen.table("stands still", COLUMNS, [_row(item) for item in board["items"]], STYLES)
    _tell(board, filtered=bool(asked))


def _whole(api: Api, asked: Mapping[str, str]) -> dict[str, Any]:
    """Every page as one: checked when the first was, and complete where each of them is."""
    board: dict[str, Any] = api.get("/stalled", **asked)
    while board["next_cursor"]:
        page = api.get("/stalled", **asked, cursor=board["next_cursor"])
        board |= {
            "items": [*board["items"], *page["items"]],
            "next_cursor": page["next_cursor"],
            "complete": board["complete"] and page["complete"],
        }
    return board


def _tell(board: Mapping[str, Any], *, filtered: bool) -> None:
    count = len(board["items"])
    if board["complete"]:
        nothing = "nothing stands still for that" if filtered else "nothing stalled"
        screen.say(f"{count or nothing}; checked {board['checked_at']}")
    else:
        screen.say(f"{count} found; looked at {board['checked_at']}")
        screen.warn(f"{NOT_COMPLETE} More may stand still than is shown.")


def _row(item: Mapping[str, Any]) -> list[object]:
    case = item["case"]
    remedies = dict.fromkeys(remedy["command"] for remedy in item["remedies"])
    held = sorted(waiting["held_until"] for waiting in item["outlook"]["waiting_on"] if waiting["held_until"])
    why = "; ".join([*map(in_words, item["reasons"]), *(f"on hold until {until}" for until in held[:1])])
    on = " ".join(str(value) for value in (item["holder"] or {}).values() if value)
    return [case["number"], case["risk"], why, item["since"], on, _next(item["outlook"]), " ".join(remedies)]


def _next(outlook: Mapping[str, Any]) -> str:
    """What happens by itself first."""
    steps = [waiting["next"] for waiting in outlook["waiting_on"] if waiting["next"]]
    return step_in_words(min(steps, key=lambda step: screen.instant(step["at"]))) if steps else NOTHING_MORE


def step_in_words(step: Mapping[str, Any]) -> str:
    """A step that happens by itself."""
    return " ".join(str(step[name]) for name in ("action", "to", "at") if step.get(name))
