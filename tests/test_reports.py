"""Reports over HTTP and as pages: who is told what, files, and the way from a number to its cases."""

import csv
import json
import re
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Browser
from sqlalchemy import select

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.store import SqlCaseStore
from casework.db.tables import access_log
from casework.figures import chapters, definitions
from casework.ports import Keyed
from casework.rules.figures import period_of
from starter.year.plans import district_year
from tests.browsing import TELEPHONE, Person, served
from tests.crowd import Crowd, crowd
from tests.play import ZONE
from tests.short_pathways import hurried
from tests.test_pages import LATER_PAGE, faults
from tests.test_pages_board import counted
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


# ---- pages

DAYS = f"from={LAST.first}&to={LAST.last}"
NUMBER = re.compile(
    r'href="(/figures/(\w+)/cases\?[^"]*)"[^>]*>(?:\s|<text[^>]*>[^<]*</text>|<rect[^>]*/>|<text[^>]*>)*([0-9.]+)'
)
A_ROW = '<td><a href="/cases/'


@pytest.mark.parametrize("who", ["supervisor", "viewer"])
@pytest.mark.parametrize("path", ["/figures", *(f"/figures/{chapter}" for chapter in chapters())])
async def test_every_figure_stands_on_a_light_page_beside_its_words(many: Crowd, who: str, path: str) -> None:
    """Definition in both languages and source; numbers, or why there are none; by the same few statements."""
    with counted(many.app) as statements:
        answer = await many.opens(who, f"{path}?{DAYS}")

    assert answer.status_code == 200, answer.text
    assert len(statements) <= 4, statements
    assert len(answer.content) < LATER_PAGE
    page = unescape(answer.text)
    its = [each for each in definitions() if path in ("/figures", f"/figures/{each.chapter}")]
    assert [each.id for each in its if each.title.id not in page] == []
    if path != "/figures":
        said = [text for each in its for text in (each.definition.id, each.definition.en, each.source)]
        assert [text for text in said if text not in page] == []
        assert [each.id for each in its if each.missing and f"Tidak ada masukan: {each.missing.id}" not in page] == []
    assert ("/cases?" in page) == (who == "supervisor")


async def test_every_number_of_the_pages_leads_to_as_many_cases(many: Crowd) -> None:
    """Where cases are what is counted; a number of something else leads to no more cases than there are of it."""
    numbers: dict[str, tuple[str, int]] = {}
    for chapter in chapters():
        page = (await many.opens("supervisor", f"/figures/{chapter}?{DAYS}")).text
        numbers |= {unescape(where): (figure, int(number)) for where, figure, number in NUMBER.findall(page)}
    units = {each.id: each.unit for each in definitions() if each.counts in ("count", "share")}
    found: Counter[str] = Counter()
    for where, (figure, number) in numbers.items():
        unit = units.get(figure, "")
        if unit == "accounts" or not unit or "key=" not in where:
            continue
        shown = (await many.opens("supervisor", where)).text.count(A_ROW)
        assert 0 < shown <= number, where
        assert unit != "cases" or shown == number, where
        found[unit] += 1
    assert found["cases"] > 25
    assert found["services"] > 0
    assert found["clocks"] > 0


async def test_beyond_the_office_what_is_left_out_is_said_and_leads_nowhere(many: Crowd) -> None:
    """The numbers of a page are those of the answer."""
    told = by_id(await asks(many, "coordinator", "/indicators", **QUARTER))
    for chapter in chapters():
        page = unescape((await many.opens("coordinator", f"/figures/{chapter}?{DAYS}")).text)
        its = [each.id for each in definitions() if each.chapter == chapter]
        withheld = sum(cell["count"] is None for figure in its for cell in told[figure]["cells"])
        assert (chapter, page.count(">tidak ditampilkan")) == (chapter, 2 * withheld)  # in plot and table
        assert "/cases?" not in page
    for who, where in (("viewer", "by_sex/cases"), ("coordinator", "by_sex/cases"), ("police", "about")):
        assert (await many.opens(who, f"/figures/{where}?{DAYS}")).status_code == 403
    assert (await many.opens("viewer", "/")).headers["location"] == "/figures"
    for where in ("nothing", "nothing/cases", "satisfaction/cases"):
        assert (await many.opens("supervisor", f"/figures/{where}?{DAYS}")).status_code == 404


async def test_days_that_cannot_be_asked_for_are_said_above_the_form(many: Crowd) -> None:
    """As they were typed; everybody is offered days that they may ask for."""
    for who, days, reason in (
        ("supervisor", "from=2026-02-02&to=2026-02-01", "Hari terakhir"),
        ("viewer", "from=2026-02-02&to=2026-02-03", "satu triwulan"),
    ):
        answer = await many.opens(who, f"/figures?{days}")
        assert (answer.status_code, reason in answer.text) == (422, True)
        assert ('value="2026-02-02"' in answer.text) == (who == "supervisor")
        for offer in re.findall(r'<a href="(/figures\?from=[^"]*)"', unescape(answer.text)):
            assert (await many.opens(who, offer)).status_code == 200, offer


async def test_files_of_pages_are_those_of_the_api(many: Crowd) -> None:
    """With a session, to be saved."""
    for page, path in (("/figures", "/indicators"), ("/register", "/register")):
        for format_ in ("json", "csv"):
            saved = await many.opens("supervisor", f"{page}?{DAYS}&format={format_}")
            assert saved.headers["content-disposition"].startswith("attachment")
            answer = await asks(many, "supervisor", path, **QUARTER, format=format_)
            assert (path, format_, saved.content) == (path, format_, answer.content)
    book = await many.opens("viewer", f"/figures?{DAYS}&format=xlsx")
    assert zipfile.ZipFile(BytesIO(book.content)).testzip() is None


async def test_the_register_page_says_what_is_to_be_keyed_in_and_what_was(many: Crowd) -> None:
    """The cases of the list; the form that records an entry stands beside each that is open and not recorded."""
    days = {"from": f"{NOW.date() - timedelta(days=60)}", "to": f"{NOW.date()}"}
    items = (await asks(many, "head", "/register", **days)).json()["items"]
    answer = await many.opens("head", f"/register?{urlencode(days)}")
    page = unescape(answer.text)
    rows = dict(re.findall(r'row"><a href="/cases/([^"]+)"(.*?)</tr>', page, re.DOTALL))

    assert list(rows) == [each["case_id"] for each in items]
    asked = {case_id for case_id, row in rows.items() if "do/record_milestone?kind=national_register_entry" in row}
    recorded = {each["case_id"] for each in items if each["entered_at"]}
    assert {case_id for case_id, row in rows.items() if "Tercatat " in row} == recorded
    assert recorded
    assert asked
    assert not asked & recorded
    form = await many.opens("head", f"/cases/{asked.pop()}/do/record_milestone?kind=national_register_entry")
    assert 'value="national_register_entry" selected' in form.text
    assert len(answer.content) < LATER_PAGE


async def test_figures_are_read_on_a_telephone_without_scripts_and_by_keyboard(many: Crowd, chrome: Browser) -> None:
    """In both languages; nothing scrolls sideways, axe finds nothing, and a bar is a link."""
    of_office = ("/register", "/figures/about", "/figures", "/figures/by_sex/cases")
    async with served(many.app) as address:
        for who, paths in (("supervisor", of_office), ("viewer", ("/figures/agencies",))):
            person = await Person.signed_in(chrome, address, who, viewport=TELEPHONE)
            for path in paths:
                await person.opens(f"{path}?{DAYS}")
                wide = await person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
                assert (path, await faults(person), wide) == (path, [], False)
                if path == "/figures/about":
                    await person.clicks("button[name=language]")
            assert person.complaints == []
            await person.context.close()
        person = await Person.signed_in(chrome, address, "head", java_script_enabled=False)
        await person.opens(f"/figures/about?{DAYS}")
        await person.enters("svg.plot a[href*='/by_sex/cases']")
        assert await person.page.locator("main tbody tr").count() > 0
        await person.context.close()
