"""`tuntas audit`: whether the record is what was written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from starter.cli import screen
from starter.cli.environment import database, settings
from starter.cli.failures import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer(help="The case log, checked.", no_args_is_help=True)


@dataclass(frozen=True)
class Finding:
    """Something in a case's record that is not what was written. Holds no content of the case."""

    case_id: str
    number: str
    sequence: int
    problem: str


@app.callback()
def group() -> None:
    """The case log, checked."""


@app.command()
def verify(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="A case's id or number; all without it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="What was found, as JSON.")] = False,
) -> None:
    """Recompute the digests of the case log and of what it names; reads no sealed text."""
    with database(settings().database_url.get_secret_value()) as engine, engine.connect() as connection:
        cases = _cases(connection, case)
        found = [finding for row in _shown(cases) for finding in check(connection, row)]
    if json:
        screen.as_json({"cases": len(cases), "findings": [asdict(finding) for finding in found]})
    if found:
        lines = tuple(f"{f.number} at {f.sequence}: {f.problem}" for f in found)
        raise Refused(f"{len(found)} found in {len(cases)} cases", lines)
    if not json:
        screen.say(f"{len(cases)} cases: every log is as it was written")


def check(connection: "Connection", case: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with the record of one case."""
    from sqlalchemy import select

    from casework.db.tables import case_log
    from casework.rules.chain import CASE_LOG, first_break

    mine = select(case_log).where(case_log.c.case_id == case["id"]).order_by(case_log.c.sequence)
    rows = [dict(row) for row in connection.execute(mine).mappings()]
    broken = first_break(CASE_LOG, rows)
    problems = [(broken.sequence, "the log is not what was written here")] if broken else []
    if len(rows) != case["revision"]:
        problems.append((len(rows), f"the log ends here, the case stands at {case['revision']}"))
    problems += _documents(connection, case["id"], rows)
    return [Finding(case["id"], case["number"], sequence, problem) for sequence, problem in problems]


def _documents(connection: "Connection", case_id: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    from sqlalchemy import select

    from casework.db.tables import documents, locations

    kept: dict[str, str] = {}
    for table in (documents, locations):
        mine = select(table.c.id, table.c.digest).where(table.c.case_id == case_id, table.c.state == "kept")
        kept |= {row.id: row.digest for row in connection.execute(mine)}
    named = [row for row in rows if row["document_id"]]
    return [
        (row["sequence"], "the sealed text it names is missing or another")
        for row in named
        if kept.get(row["document_id"]) != row["document_digest"]
    ]


def _cases(connection: "Connection", case: str | None) -> Sequence[Mapping[str, Any]]:
    from sqlalchemy import or_, select

    from casework.db.tables import cases

    found = select(cases.c.id, cases.c.number, cases.c.revision).order_by(cases.c.opened_at, cases.c.id)
    if case is not None:
        found = found.where(or_(cases.c.id == case, cases.c.number == case))
    rows = connection.execute(found).mappings().all()
    if case is not None and not rows:
        raise Refused(f"not_found: there is no case {case}.")
    return [dict(row) for row in rows]


def _shown(cases: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The cases, with a bar on terminals where there are many."""
    console = Console(stderr=True)
    many = console.is_terminal and len(cases) > 1000
    return track(cases, "checking", console=console, transient=True, disable=not many)
