"""The example reports: each is taken as it stands, and each that cannot be true is refused without a trace."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.errors import InvalidInputError
from casework.models.codes import ReporterKind
from casework.models.people import ITSELF, Actor, Role
from casework.models.sealing import merge
from starter.cases import Cases
from starter.desk import Desk
from tests.stack import Stack

FOLDER = Path(__file__).parent.parent / "examples" / "intakes"
TAKEN = sorted(FOLDER.glob("*.json"))
REFUSED = sorted((FOLDER / "refused").glob("*.json"))
KEPT_IN = {"cases": "id"} | dict.fromkeys(("case_log", "reservations", "documents", "deadlines", "notices"), "case_id")


def read(file: Path) -> c.OpenCase:
    """The report of a file; raises ValidationError."""
    return c.OpenCase.model_validate_json(file.read_bytes())


def asking(app: Stack, now: datetime) -> Cases:
    """The asking side of an office whose clock shows a time."""
    desk = replace(app.desk, office=replace(app.office, now=lambda: now))
    assert isinstance(desk, Desk)
    return Cases(app.client, desk, wait=20.0)


def known(app: Stack) -> dict[str, set[str]]:
    """The cases that something is kept of, table by table. Those taken before may go on by themselves meanwhile."""
    with reading(app.outside.engine, ENGINE) as connection:
        return {
            table: set(connection.execute(text(f"SELECT {column} FROM {table}")).scalars())  # noqa: S608
            for table, column in KEPT_IN.items()
        }


def who_gives(app: Stack, body: c.OpenCase) -> Actor:
    """The agency's own officer where an agency reports, else a caseworker."""
    if body.reporter.kind is ReporterKind.AGENCY and body.reporter.agency_id:
        agency = body.reporter.agency_id
        return app.actor(f"officer-{agency}", Role.AGENCY_OFFICER, agency)
    return app.caseworker


@pytest.mark.parametrize("file", TAKEN, ids=lambda file: file.stem)
async def test_taken_as_it_stands(app: Stack, file: Path) -> None:
    """With its own times, an hour after it came; nothing of the report is lost or changed on the way."""
    body = read(file)
    by = who_gives(app, body)

    receipt = await asking(app, body.reported_at + timedelta(hours=1)).open(app.ask(by), body)

    row = app.outside.reads.case(app.supervisor, receipt.case_id)
    assert row is not None
    assert (row["stage"], row["status"], row["risk"]) == ("intake", "open", body.risk.value)
    assert row["categories"] == [category.value for category in body.categories]
    assert row["reported_at"] == body.reported_at
    log = app.log(receipt.case_id)[0]
    assert log["kind"] == "CaseOpened"
    assert opened_again(app, receipt.case_id, log) == body.model_dump(mode="json")


def opened_again(app: Stack, case_id: str, log: Any) -> dict[str, Any]:
    """The report as the log keeps it, its sealed texts put back."""
    if log["document_id"] is None:
        return dict(log["body"])
    sealed = app.outside.documents.get(ITSELF, case_id, log["document_id"])
    assert sealed is not None
    texts = json.loads(app.outside.vault.open(case_id, log["document_id"], sealed))
    return merge(log["body"], texts)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
async def test_refused_without_a_trace(app: Stack, file: Path) -> None:
    """No case, reservation, document, notice or workflow."""
    before = known(app)
    workflows = (await app.client.count_workflows()).count

    async def ask() -> None:
        await asking(app, datetime.now(UTC)).open(app.ask(app.caseworker), read(file))

    with pytest.raises((ValidationError, InvalidInputError)):
        await ask()

    assert known(app) == before
    assert (await app.client.count_workflows()).count == workflows


def test_there_are_examples_of_both() -> None:
    """An empty folder would test nothing."""
    assert len(TAKEN) >= 10
    assert len(REFUSED) >= 5
