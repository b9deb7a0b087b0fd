"""Pages as people meet them: on a telephone, without scripts, by the keyboard, in both languages, and by strangers."""

from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser

from casework import commands as c
from casework.ids import new_id
from casework.models.people import Actor, Role
from casework.ports import Keyed, SightQuery
from tests.browsing import TELEPHONE, Person
from tests.stack import Stack
from tests.test_files import PDF
from tests.test_walk import assessed, refer
from web.pages.choices import Choices
from web.pages.commanding import BY_ASKING
from web.pages.fields import every, fields_of
from web.pages.languages import language
from web.pages.sheet import Sheet
from web.pages.visitor import MENUS

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
FIRST_PAGE, LATER_PAGE = 100_000, 30_000
"""Bytes: everything of the first page over the wire, and the HTML of any later one."""


@pytest.fixture(scope="module")
async def case_id(app: Stack, address: str) -> str:
    """A case that is assigned, assessed and referred."""
    one = await assessed(app)
    await app.cases.refer(app.ask(app.caseworker, one), refer("rsud-muaradua", "health"))
    return one


@pytest.fixture(scope="module")
async def supervisor(address: str, chrome: Browser) -> Person:
    return await Person.signed_in(chrome, address, "supervisor")


def pages_of(case_id: str) -> tuple[str, ...]:
    """The pages of a supervisor."""
    return (
        "/",
        "/stalled",
        "/cases",
        "/cases/new",
        "/mailboxes?agency_id=psikolog",
        f"/cases/{case_id}",
        f"/cases/{case_id}/documents",
        f"/cases/{case_id}/do/propose_plan",
    )


async def faults(person: Person) -> list[str]:
    """What axe-core finds wrong in the page as it stands."""
    await person.page.evaluate(AXE)
    found = await person.page.evaluate("options => axe.run(document, options)", RULES)
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


@pytest.mark.timeout(300)
async def test_no_page_has_a_fault_that_axe_knows(supervisor: Person, case_id: str, address: str) -> None:
    """On a desktop in Indonesian, on a telephone in English; nor does one scroll sideways there."""
    for path in pages_of(case_id):
        await supervisor.opens(path)
        assert (path, await faults(supervisor)) == (path, [])
    await supervisor.page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]
    await supervisor.clicks("button[name=language]")
    assert await supervisor.page.get_attribute("html", "lang") == "en"
    for path in pages_of(case_id):
        await supervisor.opens(path)
        wide = await supervisor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (path, await faults(supervisor), wide) == (path, [], False)
    assert supervisor.complaints == []


OF_KEEPERS = {
    "auditor": ("/audit", "/access-log"),
    "administrator": (
        *("/accounts", "/accounts/{account_id}/standing", "/agencies", "/mailboxes", "/calendar"),
        *("/pathways", "/pathways/sexual_violence", "/pathways/versions", "/pathways/files/common"),
        *("/pathways/versions/{version_id}", "/pathways/versions/{version_id}/tried"),
    ),
    "head": ("/caseload",),
}


def different(app: Stack) -> str:
    """A version of the common rules that waits, with a shorter clock, another rung, and a law less."""
    text = app.site.rulebook.in_force.texts()["common.toml"].decode()
    for old, new in (("version = 1", "version = 2"), ('high = "P3D"', 'high = "P2D"'), ('"PT0S"', '"PT1H"')):
        text = text.replace(old, new, 1)
    keeper = app.actors["administrator"]
    return app.site.rulebook.propose(keeper, "common.toml", text.encode(), Keyed(new_id(), "digest"))


@pytest.mark.parametrize("username", OF_KEEPERS)
async def test_who_keeps_and_who_audits_finds_no_fault_either(
    app: Stack, address: str, case_id: str, chrome: Browser, username: str
) -> None:
    """On a telephone, where nothing scrolls sideways; the last of them in both languages."""
    person = await Person.signed_in(chrome, address, username, viewport=TELEPHONE)
    known = {"account_id": app.caseworker.account_id, "version_id": different(app)}
    for path in (*OF_KEEPERS[username], OF_KEEPERS[username][-1]):
        await person.opens(path.format_map(known))
        wide = await person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (path, await faults(person), wide) == (path, [], False)
        if path == OF_KEEPERS[username][-1]:
            await person.clicks("button[name=language]")
    assert person.complaints == []
    await person.context.close()


async def test_the_door_works_without_scripts_and_by_keyboard_alone(address: str, chrome: Browser) -> None:
    """In, to the form of a new case, and out."""
    person = await Person.arrived(chrome, address, java_script_enabled=False)
    await person.page.goto("/")
    await person.page.focus("#username")
    await person.page.keyboard.type("caseworker")
    await person.page.keyboard.press("Tab")
    await person.page.keyboard.type("not the password")
    async with person.page.expect_navigation():
        await person.page.keyboard.press("Enter")
    assert await person.page.locator(".summary").count() == 1
    await person.sign_in("caseworker")
    await person.clicks("a[href='/cases/new']")
    await person.sends()

    assert await person.page.locator(".summary li").count() >= 3
    assert await person.page.locator("[aria-invalid]").count() >= 3


async def test_nothing_is_left_after_signing_out(address: str, case_id: str, chrome: Browser) -> None:
    """The way back in the browser shows the door."""
    person = await Person.signed_in(chrome, address, "supervisor")
    await person.opens(f"/cases/{case_id}")
    await person.clicks("form[action='/sign-out'] button")
    await person.page.go_back()

    assert person.page.url.endswith("/sign-in")
    assert await person.page.locator("ol.path").count() == 0


async def test_a_stranger_sees_no_more_than_through_the_api(address: str, case_id: str, chrome: Browser) -> None:
    """Another office's supervisor, an agency that was not asked, and a caseworker whose case it is not."""
    for username in ("supervisor2", "school", "caseworker2", "auditor", "viewer"):
        person = await Person.signed_in(chrome, address, username)
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/do/assess"):
            answer = await person.page.goto(path)
            assert answer is not None
            assert (username, path, answer.status) == (username, path, 404)
        await person.context.close()


async def test_pages_are_light(address: str, case_id: str, chrome: Browser) -> None:
    """For a thin network: the first with all it loads, every later one by itself."""
    person = await Person.arrived(chrome, address)
    weights: list[int] = []
    person.page.on("response", lambda answer: weights.append(int(answer.headers.get("content-length", 0))))
    await person.page.goto("/", wait_until="networkidle")
    assert 0 < sum(weights) < FIRST_PAGE
    await person.sign_in("supervisor")
    for path in pages_of(case_id):
        answer = await person.page.goto(path)
        assert answer is not None
        assert (path, len(await answer.body()) < LATER_PAGE) == (path, True)


async def test_no_title_and_no_address_tells_of_a_person(supervisor: Person, case_id: str) -> None:
    """Titles stand in histories and on screens that others see."""
    titles = set()
    for path in pages_of(case_id):
        await supervisor.opens(path)
        titles.add(await supervisor.page.title())

    assert all("OKUS" not in title and title.endswith("· Tuntas") for title in titles)


async def test_every_entry_of_every_menu_leads_to_a_page(app: Stack, address: str, chrome: Browser) -> None:
    """For one account of each role that has a menu."""
    names = {"caseworker", "supervisor", "head", "coordinator", "viewer", "police", "auditor", "administrator"}
    assert {app.actors[name].role for name in names} == {*MENUS}
    for username in sorted(names):
        person = await Person.signed_in(chrome, address, username)
        for entry in await person.page.locator("header nav a").evaluate_all("links => links.map(a => a.pathname)"):
            answer = await person.page.goto(entry)
            assert answer is not None
            assert (username, entry, answer.status) == (username, entry, 200)
        await person.context.close()


def test_whatever_is_chosen_has_something_to_choose_from(app: Stack, case_id: str) -> None:
    """A field whose choices no page knows could never be filled in."""
    case = app.outside.reads.case(app.supervisor, case_id)
    standing = app.outside.reads.standing(app.supervisor, case_id)
    assert case is not None
    assert standing is not None
    sheet = Sheet(language("id"), ZoneInfo(app.office.timezone), app.office.now(), {})

    offered = Choices(app.site).of_case(sheet, app.supervisor, case, standing.deadlines)

    bodies = (c.OpenCase, *(row.body for row in BY_ASKING.values()))
    wanted = {field.source for body in bodies for field in every(fields_of(body)) if field.source}
    assert wanted == {source for source, choices in offered.items() if choices}


async def test_no_page_is_read_unseen(app: Stack, address: str, chrome: Browser, case_id: str) -> None:
    """What a page shows of a case is in the access log, and so is what it refused."""
    auditor = app.actor("auditor", Role.AUDITOR)

    def seen(who: Actor) -> set[tuple[str, str]]:
        query = SightQuery(case_id=case_id, account_id=who.account_id)
        return {(row["thing"], row["kind"]) for row in app.outside.access_log.sights(auditor, query)[0]}

    for username in ("head", "supervisor2"):
        person = await Person.signed_in(chrome, address, username)
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/do/assess", "/cases"):
            await person.opens(path)
        await person.context.close()

    assert {thing for thing, kind in seen(app.actors["head"]) if kind != "refused"} == {"case", "do", "cases"}
    assert {kind for _, kind in seen(app.actors["supervisor2"])} == {"refused"}


async def test_a_file_is_kept_and_a_letter_written_and_both_are_saved(supervisor: Person, case_id: str) -> None:
    """From the page of the case; the browser saves what it is given, and shows nothing of it."""
    page = supervisor.page
    await supervisor.opens(f"/cases/{case_id}")
    await supervisor.clicks(f"a[href='/cases/{case_id}/documents']")
    await page.select_option("#kind", "letter")
    await page.fill("#title", "Surat sekolah")
    await page.set_input_files("#file", {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": PDF})
    await supervisor.clicks("form[enctype] button")
    assert await page.locator(".done").count() == 1
    await page.locator("form.letter button").first.click()
    await page.wait_for_url("**done=issue_letter")

    assert "Surat sekolah" in await page.inner_text("main")
    saved = page.locator("a[download]")
    assert await saved.count() == 2
    for link in await saved.all():
        async with page.expect_download() as started:
            await link.click()
        assert (await (await started.value).path()).read_bytes().startswith(b"%PDF")


async def test_a_refused_file_is_said_and_what_was_typed_stays(supervisor: Person, case_id: str) -> None:
    """A file of a kind that is not taken; and a form that is none of ours."""
    await supervisor.opens(f"/cases/{case_id}/documents")
    await supervisor.page.select_option("#kind", "court")
    await supervisor.page.fill("#title", "Penetapan")
    await supervisor.page.set_input_files("#file", {"name": "a.zip", "mimeType": "x/y", "buffer": b"PK\x03\x04"})
    await supervisor.clicks("form[enctype] button")
    assert await supervisor.page.locator(".summary").count() == 1
    assert await supervisor.page.input_value("#title") == "Penetapan"

    await supervisor.page.evaluate("document.querySelector('form[enctype] [name=csrf]').value = 'x'")
    await supervisor.page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    await supervisor.clicks("form[enctype] button")
    assert await supervisor.page.locator(".summary").count() == 1
