"""Reports over HTTP and as pages: who is told what, files, and the way from a number to its cases."""

import csv
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.store import SqlCaseStore
from casework.db.tables import access_log
from casework.ports import Keyed
from casework.rules.figures import period_of
from starter.year.plans import district_year
from tests.crowd import Crowd, crowd
from tests.play import ZONE
from tests.short_pathways import hurried
from tests.year_played import ACTORS, played

NOW = datetime.now(UTC)
LAST = period_of(ACTORS["viewer"], None, None, NOW, ZONE)
QUARTER = {"from": LAST.first.isoformat(), "to": LAST.last.isoformat()}
API = "/api/v1/reports"


@pytest.fixture(scope="module")
async def many() -> AsyncIterator[Crowd]:
    """An office with the record of a made-up year, and its people."""
    async with crowd(3) as one:
        store = SqlCaseStore(one.app.outside.engine)
        for plan in district_year(40, NOW - timedelta(days=1), 11, ZoneInfo(ZONE)):
            for recording in played(plan, NOW - timedelta(days=1)).recordings:
                store.record(recording.model_copy(update={"notices": ()}))
        yield one


async def asks(many: Crowd, who: str, path: str, **query: str) -> httpx.Response:
    """The API, as somebody."""
    accounts, account_id = many.app.outside.accounts, many.app.actors[who].account_id
    token, _ = accounts.issue_token(account_id, 600, accounts.scopes_of(account_id))
    headers = {"Authorization": f"Bearer {token}"}
    return await many.client.get(f"{API}{path}", params=query, headers=headers)


def by_id(answer: httpx.Response) -> Mapping[str, Any]:
    assert answer.status_code == 200, answer.text
    return {figure["id"]: figure for figure in answer.json()["figures"]}


async def test_own_office_and_viewer_are_told_of_the_same_quarter(many: Crowd) -> None:
    """The viewer without what is small, and without what is the office's alone; each beside definition and source."""
    own, shared = by_id(await asks(many, "head", "/indicators")), by_id(await asks(many, "viewer", "/indicators"))

    assert own.keys() == shared.keys()
    told = {cell["key"]: cell["count"] for cell in own["by_subdistrict"]["cells"]}
    assert any(0 < count < 5 for count in told.values())
    for name, figure in shared.items():
        assert figure["definition"]["id"] != figure["definition"]["en"]
        assert figure["source"]
        assert not [cell for cell in figure["cells"] if cell["count"] is not None and 0 < cell["count"] < 5], name
    assert shared["staff"]["reason"] == "own_office"
    assert own["staff"]["reason"] is None
    assert own["staff"]["total"] > 0
    assert own["satisfaction"]["reason"] == "no_input"
    assert (own["satisfaction"]["total"], own["satisfaction"]["value"]) == (None, None)


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("viewer", QUARTER, 200),
        ("coordinator", QUARTER, 200),
        ("viewer", {**QUARTER, "to": (LAST.last - timedelta(days=1)).isoformat()}, 422),
        ("coordinator", {"from": QUARTER["from"]}, 422),
        ("supervisor", {"from": "2026-01-02", "to": "2026-01-02"}, 200),
        ("supervisor", {"from": "2026-02-01", "to": "2026-01-01"}, 422),
        ("supervisor", {"from": "x", "to": "2026-01-01"}, 422),
        ("police", QUARTER, 403),
        ("auditor", QUARTER, 403),
        ("administrator", QUARTER, 403),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
async def test_who_may_ask_for_which_days(many: Crowd, who: str, query: dict[str, str], status: int) -> None:
    """The own office for any, others for a whole quarter that is over."""
    answer = await asks(many, who, "/indicators", **query)

    assert answer.status_code == status
    if status == 422:
        assert answer.json()["errors"][0]["pointer"] in ("/from", "/to")


async def test_a_number_leads_to_its_cases_and_that_is_in_the_access_log(many: Crowd) -> None:
    """To as many as were counted; for nobody else than the own office."""
    figure = by_id(await asks(many, "supervisor", "/indicators", **QUARTER))["by_category"]
    cell = max(figure["cells"], key=lambda each: each["count"])

    answer = await asks(many, "supervisor", "/indicators/by_category/cases", **QUARTER, key=cell["key"])

    found = {item["id"] for item in answer.json()["items"]}
    assert len(found) == cell["count"] > 0
    with reading(many.app.outside.engine, ENGINE) as connection:
        rows = connection.execute(select(access_log).order_by(access_log.c.at.desc()).limit(1)).mappings()
        assert set(rows.one()["case_ids"]) == found
    for who in ("viewer", "coordinator"):
        assert (await asks(many, who, "/indicators/by_category/cases", **QUARTER)).status_code == 403
    assert (await asks(many, "supervisor", "/indicators/nothing/cases", **QUARTER)).status_code == 404


async def test_files_hold_what_the_answer_holds(many: Crowd) -> None:
    """As CSV and as a workbook; of a figure without a number a row that has none."""
    figures = by_id(await asks(many, "supervisor", "/indicators", **QUARTER))
    text = await asks(many, "supervisor", "/indicators", **QUARTER, format="csv")
    book = await asks(many, "supervisor", "/indicators", **QUARTER, format="xlsx")

    rows = list(csv.DictReader(StringIO(text.content.decode("utf-8-sig"), newline="")))
    assert text.headers["content-disposition"].startswith("attachment")
    assert len(rows) == sum(max(1, len(figure["cells"])) for figure in figures.values())
    assert [row["count"] for row in rows if row["figure"] == "satisfaction"] == [""]
    assert zipfile.ZipFile(BytesIO(book.content)).testzip() is None


async def test_the_register_list_is_the_own_offices(many: Crowd) -> None:
    """The same cases as JSON and as CSV, each of them noted; without who it is."""
    answer = await asks(many, "supervisor", "/register", **QUARTER)
    text = await asks(many, "supervisor", "/register", **QUARTER, format="csv")

    items = json.loads(answer.content)["items"]
    rows = list(csv.DictReader(StringIO(text.content.decode("utf-8-sig"), newline="")))
    assert [row["number"] for row in rows] == [item["number"] for item in items]
    assert {item["change"] for item in items} == {"new", "changed", "closed"}
    assert "Klien contoh" not in answer.text + text.text
    with reading(many.app.outside.engine, ENGINE) as connection:
        last = connection.execute(select(access_log).order_by(access_log.c.at.desc()).limit(1)).mappings().all()
    assert {case_id for row in last for case_id in row["case_ids"]} == {item["case_id"] for item in items}
    for who in ("viewer", "coordinator", "police"):
        assert (await asks(many, who, "/register", **QUARTER)).status_code == 403


async def test_a_version_of_the_rules_is_tried_on_that_year_on_a_page(many: Crowd) -> None:
    """How many are late now and would be, drawn and in a table, for who keeps the rules; nothing leads to a case."""
    book, keeper = many.app.site.rulebook, many.app.actors["administrator"]
    text = hurried(book.in_force.texts()["common.toml"].decode())
    version_id = book.propose(keeper, "common.toml", text.encode(), Keyed("tried", "digest"))
    path = f"/pathways/versions/{version_id}"
    tally = next(each for each in book.try_out(keeper, version_id).run.tallies if each.kind == "assessment")

    page = await many.opens("administrator", f"{path}/tried")

    assert f'<a href="{path}/tried">' in (await many.opens("administrator", path)).text
    assert page.text.count("<rect") == 2
    assert f">{tally.late_after} " in page.text
    cells = (tally.clocks, tally.late_before, tally.late_after, tally.steps_before, tally.steps_after)
    assert "".join(f"<td>{'–' if count is None else count}</td>" for count in cells) in page.text
    assert 'href="/cases/' not in page.text
    assert (await many.opens("supervisor", f"{path}/tried")).status_code == 403
