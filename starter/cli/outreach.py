"""`tuntas outreach`: activities recorded from files, and listed."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from starter.cli import screen
from starter.cli.api import Api
from starter.cli.reading import AsJson
from starter.cli.writing import Key, headers_of, object_of, send, tell, text_of

app = typer.Typer(help="Outreach activities, and what was promised at them.", no_args_is_help=True)
COLUMNS = ("held", "subdistrict", "place", "subjects", "participants", "promised", "overdue", "before", "after", "id")


@app.callback()
def group() -> None:
    """Outreach activities, and what was promised at them."""


@app.command()
def add(
    file: Annotated[str, typer.Argument(metavar="FILE.json", help="The activity; - reads it from the input.")],
    key: Key = None,
    json: AsJson = False,
) -> None:
    """Record an activity."""
    body = object_of(text_of(file))
    with Api.of_environment() as api:
        answer = send(api, "/outreach", body, headers_of(key, None))
    tell("recorded", answer, as_json=json)


@app.command(name="list")
def list_(
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day; with --to.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="The last day; this year unless told.")] = None,
    json: AsJson = False,
) -> None:
    """The activities of this year, or of some days, newest first."""
    asked = {name: day for name, day in (("from", from_), ("to", to)) if day}
    with Api.of_environment() as api:
        items = list(_every(api, asked))
    if json:
        screen.as_json(items)
    else:
        screen.table("outreach", COLUMNS, map(_row, items), machines=("id",))


def _every(api: Api, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    page = api.get("/outreach", **asked)
    yield from page["items"]
    while page["next_cursor"]:
        page = api.get("/outreach", **asked, cursor=page["next_cursor"])
        yield from page["items"]


def _row(one: Mapping[str, Any]) -> list[object]:
    overdue = sum(each["overdue"] for each in one["promises"])
    reports = one["reports"] or {"before": "–", "after": "–"}
    where = (one["held_on"], one["subdistrict"], one["place"], " ".join(one["subjects"]))
    return [*where, one["total"], len(one["promises"]), overdue, reports["before"], reports["after"], one["id"]]
