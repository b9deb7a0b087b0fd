"""The board and the caseload as pages: remedies in the row, live while it is looked at, with and without scripts."""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import event, text

from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from tests.browsing import Person
from tests.many_cases import fill
from tests.stack import LEAD, PASSWORD, Stack
from tests.test_pages import LATER_PAGE, faults
from tests.test_walk import assessed, refer
from web.sessions import COOKIE

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
async def case_id(app: Stack, address: str) -> str:
    """A case that stands still: the clocks of its record say that they have run out."""
    one = await assessed(app)
    stop(app, one)
    return one


def stop(app: Stack, case_id: str) -> None:
    """Let the clocks of a case have run out an hour ago, in what is read."""
    with writing(app.outside.engine, ENGINE) as connection:
        late = {"case": case_id, "at": datetime.now(UTC) - HOUR}
        connection.execute(
            text("UPDATE deadlines SET due_at = :at, stalls_at = :at WHERE case_id = :case AND ended_at IS NULL"), late
        )
        connection.execute(text("UPDATE cases SET stalls_at = :at WHERE id = :case"), late)


@contextmanager
def counted(app: Stack) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    statements: list[str] = []

    def note(*call: Any) -> None:
        statements.append(call[2])

    event.listen(app.outside.engine, "before_cursor_execute", note)
    yield statements
    event.remove(app.outside.engine, "before_cursor_execute", note)


async def cookie_of(address: str, username: str) -> dict[str, str]:
    """The cookie of a session, for asking without a browser."""
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.post("/sign-in", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303
        return {"Cookie": answer.headers["set-cookie"].split(";")[0]}


async def test_a_remedy_is_one_click_and_is_said_when_it_is_recorded(
    app: Stack, address: str, case_id: str, chrome: Browser
) -> None:
    """Without scripts: the caseworker is reminded, then the next rung is told; the filters stay."""
    person = await Person.signed_in(chrome, address, "supervisor", java_script_enabled=False)
    for command, kind in (("send_reminder", "ReminderSent"), ("escalate_case", "CaseEscalated")):
        stop(app, case_id)
        await person.opens("/stalled?risk=high")
        assert await shown(person, case_id) == 1
        await person.clicks(f"button[value^='{command} {case_id}']")
        assert await person.page.locator(".done").count() == 1
        assert app.log(case_id)[-1]["kind"] == kind
        assert "risk=high" in person.page.url

    stop(app, case_id)
    await person.opens("/stalled?risk=low")
    assert await shown(person, case_id) == 0
    await person.context.close()


async def test_board_and_inbox_are_worked_by_the_keyboard_alone(
    app: Stack, address: str, case_id: str, chrome: Browser
) -> None:
    """Tab and Enter: past the menu, a remedy in its row; a referral opened, accepted and completed in its agency."""
    stop(app, case_id)
    person = await Person.signed_in(chrome, address, "supervisor", java_script_enabled=False)
    await person.opens("/stalled")
    await person.tabs_to("a.skip")
    await person.page.keyboard.press("Enter")
    await person.enters(f"button[value^='send_reminder {case_id}']")
    assert await person.page.locator(".done").count() == 1
    await person.context.close()

    sent = await app.cases.refer(app.ask(app.caseworker, case_id), refer("rsud-muaradua", "health"))
    officer = await Person.signed_in(chrome, address, "hospital", java_script_enabled=False)
    assert officer.page.url.endswith("/referrals")
    await officer.enters(f"a[href='/referrals/{sent.subject_id}']")
    await officer.enters("a[href*='answer=accepted']")
    await officer.enters("main form[method=post] > .buttons button")
    assert await officer.page.locator(".done").count() == 1
    await officer.enters("a[href$='/do/complete']")
    await officer.tabs_to("select[name=outcome]")
    await officer.page.keyboard.press("ArrowDown")
    await officer.enters("main form[method=post] > .buttons button")
    assert await officer.page.locator(".done").count() == 1
    kinds = [row["kind"] for row in app.log(case_id)]
    assert kinds[-4:] == ["ReminderSent", "ReferralSent", "ReferralAccepted", "ReferralCompleted"]
    await officer.context.close()


async def shown(person: Person, case_id: str) -> int:
    """How often the case stands on the page."""
    return await person.page.locator(f"main h2 a[href='/cases/{case_id}']").count()


async def test_what_cannot_be_done_is_said_on_the_board(
    app: Stack, address: str, case_id: str, chrome: Browser
) -> None:
    """A button of a page that is older than the case, and one that nobody made."""
    stop(app, case_id)
    person = await Person.signed_in(chrome, address, "supervisor")
    for value in (f"send_reminder {case_id} nothing", f"close_case {case_id} x", "send_reminder other x"):
        await person.opens("/stalled")
        button = person.page.locator("button[name=remedy]").first
        await button.evaluate("(button, value) => { button.value = value }", value)
        async with person.page.expect_navigation():
            await button.click()
        assert await person.page.locator(".summary").count() == 1
    assert await faults(person) == []
    await person.context.close()


async def test_the_board_follows_what_happens_until_its_reader_signs_out(
    app: Stack, address: str, case_id: str, chrome: Browser
) -> None:
    """A second case stops and stands there; signed out elsewhere, the board goes."""
    person = await Person.signed_in(chrome, address, "supervisor")
    await person.opens("/stalled")
    other = await assessed(app)
    stop(app, other)
    await expect(person.page.locator(f"main h2 a[href='/cases/{other}']")).to_have_count(1)
    assert await faults(person) == []

    (cookie,) = [each for each in await person.context.cookies() if each.get("name") == COOKIE]
    app.outside.sessions.end(cookie.get("value", ""))
    await expect(person.page.locator("#username")).to_have_count(1)
    assert person.complaints == []
    await person.context.close()


async def test_who_listens_holds_no_connection_and_is_told_nothing_of_a_case(
    app: Stack, address: str, case_id: str
) -> None:
    """More listeners than there are connections; they leave no row in the access log, and keep no session alive."""
    mine = await cookie_of(address, "supervisor")
    stop(app, case_id)
    before = sights(app)
    with counted(app) as statements:
        async with httpx.AsyncClient(base_url=address, headers=mine) as client, AsyncExitStack() as streams:
            for _ in range(app.outside.engine.pool.size() + 2):  # type: ignore[attr-defined]
                answer = await streams.enter_async_context(client.stream("GET", "/stalled/events"))
                lines = answer.aiter_lines()
                retry, _, changed, id_, data, _ = [await anext(lines) for _ in range(6)]
                assert (retry, changed, data) == ("retry: 5000", "event: changed", "data:")
                assert re.fullmatch(r"id: [0-9a-f]{16}", id_)
    assert sights(app) == before
    assert {each.split()[0] for each in statements} <= {"SELECT", "WITH"}


async def test_nobody_else_may_listen(app: Stack, address: str) -> None:
    """A stranger, an agency and the auditor: no stream, which a browser does not ask for again."""
    for headers in ({}, await cookie_of(address, "police"), await cookie_of(address, "auditor")):
        async with httpx.AsyncClient(base_url=address, headers=headers) as client:
            assert (await client.get("/stalled/events")).status_code in (303, 403)
            assert (await client.get("/stalled/rows")).status_code in (303, 403)
            assert (await client.get("/caseload")).status_code in (303, 403)


async def test_every_number_leads_to_its_cases(app: Stack, address: str, case_id: str, chrome: Browser) -> None:
    """As many as it says."""
    person = await Person.signed_in(chrome, address, "head")
    await person.opens("/caseload")
    assert await faults(person) == []
    links = await person.page.locator("main td a[href^='/cases']").evaluate_all(
        "links => links.map(link => [link.getAttribute('href'), link.textContent])"
    )
    assert len(links) >= 4
    for href, number in links:
        await person.opens(href)
        assert (href, await person.page.locator("tbody tr").count()) == (href, int(number))
    await person.context.close()


@pytest.fixture(scope="module")
def many(app: Stack, case_id: str) -> None:
    """Full pages: cases made inside the database, those of which every sixtieth stands still, with two clocks."""
    with writing(app.outside.engine, ENGINE) as connection:
        fill(connection, 1500, datetime.now(UTC))
        connection.execute(text("UPDATE cases SET agency_id = :lead WHERE id LIKE 'case-%'"), {"lead": LEAD})
        connection.execute(text("UPDATE deadlines SET stalls_at = since, due_at = since WHERE id LIKE '%.2'"))


@pytest.mark.parametrize(
    ("path", "most"),
    [("/stalled", 6), ("/stalled/rows", 4), ("/caseload", 5), ("/stalled?reason=overdue&risk=high", 6)],
)
async def test_a_page_takes_few_statements_and_is_light(
    app: Stack, address: str, many: None, path: str, most: int
) -> None:
    """The session, what is shown, promises that are late, the names, and the note that it was."""
    mine = await cookie_of(address, "supervisor")
    async with httpx.AsyncClient(base_url=address, headers=mine) as client:
        with counted(app) as statements:
            answer = await client.get(path)
    assert (path, answer.status_code) == (path, 200)
    assert len(statements) <= most, statements
    assert "OKUS-2026-" in answer.text or path == "/caseload"
    assert len(answer.content) < LATER_PAGE


def sights(app: Stack) -> int:
    """Rows of the access log."""
    with reading(app.outside.engine, ENGINE) as connection:
        return int(connection.execute(text("SELECT count(*) FROM access_log")).scalar_one())
